/// What `/proc/PID/stat` says of a process (proc(5)).
struct ProcessStatus: Sendable, Hashable {
    /// Ticks of the processor's time it has used, in user mode and in the kernel.
    var processorTicks: UInt64
    var threads: UInt64
    /// When it started, in ticks after the system's start.
    var startTicks: UInt64
    /// Bytes of virtual memory.
    var virtualMemory: UInt64
    /// Pages in memory.
    var residentPages: UInt64

    /// `nil` when it isn't such a text.
    ///
    /// The second field is the name of the program in parentheses, which may itself have spaces, parentheses and line feeds,
    /// and looks like fields when somebody wants it to. No other field has a parenthesis: so the last one ends the name.
    init?(stat bytes: some BidirectionalCollection<UInt8>) {
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[bytes.index(after: end)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        // The first of these is number 3 in the manual.
        func field(_ number: Int) -> UInt64? {
            fields.indices.contains(number - 3) ? Self.number(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let resident = field(24)
        else { return nil }
        let (ticks, overflow) = user.addingReportingOverflow(system)
        guard !overflow else { return nil }
        self.processorTicks = ticks
        self.threads = threads
        self.startTicks = start
        self.virtualMemory = virtual
        self.residentPages = resident
    }

    /// When the system started, in seconds after 1970: the line `btime` of `/proc/stat`.
    static func bootTime(stat bytes: some Collection<UInt8>) -> UInt64? {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            if words.count == 2, let name = words.first, name.elementsEqual("btime".utf8) {
                return Self.number(words[1])
            }
        }
        return nil
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tens, tooMany) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooLarge) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !tooMany, !tooLarge else { return nil }
            value = sum
        }
        return value
    }
}
