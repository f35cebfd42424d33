internal import AdminClient
internal import Glibc
internal import StrictJSON

/// What standard output is, and how to write to it.
struct Screen: Hashable {
    /// Columns to keep within; `nil` where lines may be as long as they are.
    var width: Int?
    var paint: Paint
    var isTerminal: Bool

    /// A file or a pipe.
    static let plain = Screen(width: nil, paint: .plain, isTerminal: false)

    /// Standard output of this process.
    static var current: Screen {
        let isTerminal = isatty(1) == 1
        return Screen(
            width: isTerminal ? Self.terminalWidth : nil,
            paint: Paint(isTerminal: isTerminal) { Environment[$0] },
            isTerminal: isTerminal
        )
    }

    private static var terminalWidth: Int? {
        if let columns = Environment["COLUMNS"].flatMap(Int.init), columns > 0 { return columns }
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// JSON for people on a terminal, on one line for programs.
    func json(_ value: JSONValue) -> String {
        (self.isTerminal ? value.indentedText : value.text + "\n").shownJSON
    }

    /// Prints lines on standard output.
    static func say(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        Self.write(lines.joined(separator: "\n") + "\n", to: 1)
    }

    /// Prints a remark that is no part of the output.
    static func remark(_ line: String) {
        Self.write(line + "\n", to: 2)
    }

    /// Writes all of it; a reader that went away ends the process as it ends any other (SIGPIPE).
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
