import ArgumentParser
import FoundationEssentials
import Glibc

/// What every benchmark is told.
struct Options: ParsableArguments {
    @Option(help: "The server's program.") var server = ".build/release/anynode-server"
    @Option(help: "The yardstick's program.") var echo = ".build/release/echo-nio"
    @Option(help: "Append the figures to this file, one JSON object a line.") var json: String?
    @Flag(help: "A few seconds in all: whether it works, not how fast it is.") var quick = false
}

/// The figures of one benchmark, as a table and as JSON.
struct Report {
    private let title: String
    private let options: Options
    private var rows: [(name: String, text: String, value: Double)] = []

    init(_ title: String, options: Options) {
        self.title = title
        self.options = options
    }

    /// A figure of several rounds: the median, and from where to where.
    mutating func add(_ name: String, _ statistics: Statistics, digits: Int = 2) {
        self.rows.append((name, statistics.summary(digits: digits), statistics.median))
    }

    mutating func add(_ name: String, _ value: Double, digits: Int) {
        self.rows.append((name, value.text(digits), value))
    }

    func print() {
        Swift.print("\n\(self.title)")
        let width = self.rows.map(\.name.count).max() ?? 0
        for row in self.rows {
            Swift.print("  \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(row.text)")
        }
        fflush(nil)
        guard let path = self.options.json else { return }
        let members = self.rows.map { "\"\($0.name)\":\($0.value)" }
        let line = "{\"benchmark\":\"\(self.title)\",\(members.joined(separator: ","))}\n"
        var text = (FileManager.default.contents(atPath: path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        text += line
        try? text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
