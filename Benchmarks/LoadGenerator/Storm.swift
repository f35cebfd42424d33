import ArgumentParser
import CLinux

/// All clients lose their sockets at once, and come back to their registrations, while a call of others goes on.
struct Storm: Benchmark {
    static let configuration = CommandConfiguration(
        abstract: "Clients cut at once that restore: time until all are back, and what a call feels of it."
    )

    @OptionGroup var options: Options
    @Option(help: "Clients.") var clients = 10_000
    @Option(help: "Handshakes under way at a time.") var window = 500
    @Option(help: "Handshakes a second that the server admits; 0: no limit.") var limit = 0
    @Option(help: "Rounds, with one server.") var rounds = 3

    func validate() throws {
        guard self.clients > 0, self.window > 0, self.limit >= 0, self.rounds > 0 else {
            throw ValidationError("there must be some clients, handshakes and rounds")
        }
    }

    func measure(into notebook: Notebook) {
        let count = self.options.quick ? min(500, self.clients) : self.clients
        let most = Int(clamping: bench_raise_open_files()) - 200
        guard count <= most else { fail("a process may have \(most) connections here, not \(count)") }
        let server = ServerProcess(
            server: self.options.serverPath,
            people: count + 2,
            handshakesPerSecond: self.limit == 0 ? nil : self.limit
        )
        let call = OngoingCall(at: server, from: count)
        // A limit is for the storm, which comes from one address.
        let mostPerAddress = self.limit == 0 ? nil : self.limit
        let fleet = Fleet(of: server, count: count, register: true, mostPerAddress: mostPerAddress)
        var results: [(calm: Statistics, storm: Statistics, homecoming: Fleet.Homecoming, cpu: Double)] = []
        for _ in 0..<(self.options.quick ? 1 : self.rounds) {
            let before = Window(server)
            let calm = call.latencies { fleet.run(seconds: self.options.quick ? 0.5 : 2) }
            let idle = before.end()
            var homecoming = Fleet.Homecoming()
            let usage = Window(server)
            let latencies = call.latencies {
                homecoming = fleet.storm(window: self.window, server: server)
            }
            // What the call costs anyway is not the storm's.
            let used = usage.end()
            let cpu = (used.server - idle.server / idle.seconds * used.seconds) / Double(count)
            results.append((Statistics(calm), Statistics(latencies), homecoming, cpu))
        }
        call.hangUp()
        let limit = self.limit == 0 ? "" : ", of which \(self.limit) a second are admitted"
        var report = Report(
            "storm",
            "\(count) clients cut at once restore, \(self.window) handshakes at a time\(limit)"
        )
        report.add("seconds until all are back", results.map(\.homecoming.seconds))
        report.add("sent away and come again", results.map { Double($0.homecoming.refusals) }, digits: 0)
        report.add("server CPU µs per client", results.map(\.cpu), digits: 1)
        for percent in [50.0, 99, 100] {
            let name = percent == 100 ? "longest" : "p\(percent.text(0))"
            report.add("call in the storm, ms there and back \(name)", results.map { $0.storm.percentile(percent) })
            report.add("call in calm, ms there and back \(name)", results.map { $0.calm.percentile(percent) })
        }
        notebook.add(report)
    }
}
