internal import AdminClient
internal import ArgumentParser
internal import Glibc

/// What goes with every command.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's admin socket.", valueName: "path"), completion: .file())
    var socket: String?

    @Flag(help: "Print the server's answer as JSON.")
    var json = false

    @Option(help: ArgumentHelp("How long to wait for an answer.", valueName: "seconds"))
    var timeout = Seconds(value: 30)

    /// Where the server is looked for.
    var location: SocketLocation {
        SocketLocation(
            option: self.socket,
            environment: Environment[SocketLocation.variable],
            exists: { access($0, F_OK) == 0 }
        )
    }

    /// The parser knows these options behind the command only; people write them before it too.
    static func movedBehindTheCommand(_ arguments: [String]) -> [String] {
        var moved: [String] = []
        var rest = arguments[...]
        while let first = rest.first {
            if first == "--json" || first.hasPrefix("--socket=") || first.hasPrefix("--timeout=") {
                moved.append(first)
                rest = rest.dropFirst()
            } else if first == "--socket" || first == "--timeout", rest.count > 1 {
                moved += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        // Alone they are no command, and the parser says so.
        guard !moved.isEmpty, !rest.isEmpty else { return arguments }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + moved + Array(rest[end...])
    }
}

/// A length of time on the command line.
struct Seconds: ExpressibleByArgument, Hashable, CustomStringConvertible {
    static let most = 1e6
    let value: Double

    init(value: Double) {
        self.value = value
    }

    init?(argument: String) {
        guard let value = Double(argument), value.isFinite, value >= 0, value <= Self.most else { return nil }
        self.value = value
    }

    var description: String { self.value.short }
    var defaultValueDescription: String { self.description }
}

/// The variables of the process.
enum Environment {
    static subscript(name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
