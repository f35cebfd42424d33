import ArgumentParser

/// What a registered client costs that says nothing.
struct Idle: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Resident memory per idle registered connection.")

    @OptionGroup var options: Options
    @Option(help: "Connections.") var connections = 10_000

    func run() throws {
        pinGenerator()
        let count = self.options.quick ? 1000 : self.connections
        let server = startServer(self.options.server, people: count)
        // What the first connections cost once and for all is not theirs alone.
        let first = Fleet(of: server, count: 10, register: true)
        first.run(nanoseconds: 1_000_000_000)
        first.closeAll()
        first.run(nanoseconds: 1_000_000_000)
        let before = server.residentMemory
        let fleet = Fleet(of: server, count: count, register: true)
        fleet.run(nanoseconds: 3_000_000_000)
        let after = server.residentMemory
        let window = Window(server)
        fleet.run(nanoseconds: 2_000_000_000)
        let used = window.end()
        var report = Report("idle (\(count) registered connections)", options: self.options)
        report.add("server RSS MiB before", Double(before) / 1_048_576, digits: 1)
        report.add("server RSS MiB with them", Double(after) / 1_048_576, digits: 1)
        report.add("RSS KiB per connection", Double(after - before) / 1024 / Double(count), digits: 2)
        report.add("server CPU % while idle", used.processor / used.seconds / 10_000, digits: 2)
        report.print()
    }
}
