import ArgumentParser

/// Whole calls: start, ringing, answer, active, offer and answer of 1.5 kB, terminate.
struct Calls: Benchmark {
    static let configuration = CommandConfiguration(abstract: "Calls a second, set-up latency, CPU per call.")

    @OptionGroup var options: Options
    @Option(help: "Pairs of registered clients.") var pairs = 100
    @Option(help: "Calls a second, started whether or not earlier ones are done; 0: as fast as the pairs can.")
    var rate = 0
    @Option(help: "Seconds a round.") var seconds = 4.0
    @Option(help: "Rounds.") var rounds = 5

    func validate() throws {
        guard self.pairs > 0, self.rate >= 0, self.seconds > 0, self.rounds > 0 else {
            throw ValidationError("there must be some pairs, seconds and rounds")
        }
    }

    func measure(into notebook: Notebook) {
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = self.options.quick ? 1 : self.seconds
        let server = ServerProcess(server: self.options.serverPath, people: self.pairs * 2)
        let load = CallLoad(server: server, pairs: self.pairs)
        load.run(seconds: 1, rate: self.rate)
        var results: [(load: CallLoad.Figures, calls: Double, server: Double, generator: Double, seconds: Double)] = []
        for _ in 0..<rounds {
            let window = Window(server)
            let figures = load.run(seconds: seconds, rate: self.rate)
            let used = window.end()
            results.append((figures, Double(max(1, figures.completed)), used.server, used.generator, used.seconds))
        }
        let mode = self.rate == 0 ? "closed loop" : "open loop at \(self.rate) calls/s"
        var report = Report("calls", "\(mode), \(self.pairs) pairs, rounds of \(seconds.text(0)) s")
        report.add("calls/s", results.map { $0.calls / $0.seconds }, digits: 0)
        report.add("messages/s", results.map { Double($0.load.messages) / $0.seconds }, digits: 0)
        report.add("server CPU µs per call", results.map { $0.server / $0.calls })
        report.add("server CPU µs per message", results.map { $0.server / Double(max(1, $0.load.messages)) })
        report.add("server CPU %", results.map { $0.server / $0.seconds / 10_000 }, digits: 0)
        report.add("generator CPU µs per message", results.map { $0.generator / Double(max(1, $0.load.messages)) })
        for percent in [50, 99, 99.9] {
            let name = percent == 99.9 ? "99.9" : percent.text(0)
            let latencies = results.map { Statistics($0.load.latencies).percentile(percent) / 1000 }
            report.add("set-up latency ms p\(name)", latencies, digits: 3)
        }
        if self.rate > 0 {
            // Not in the latencies: more of them than none, and the server can't keep up with this rate.
            report.add("calls never started", results.map { Double($0.load.unstarted) }, digits: 0)
        }
        notebook.add(report)
    }
}
