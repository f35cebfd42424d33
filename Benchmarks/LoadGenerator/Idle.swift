import ArgumentParser
import CLinux

/// What a registered client costs that says nothing.
struct Idle: Benchmark {
    static let configuration = CommandConfiguration(abstract: "Resident memory per idle registered connection.")

    @OptionGroup var options: Options
    @Option(help: "Connections.") var connections = 10_000
    @Flag(help: "Over TLS.") var secure = false
    @Option(help: "Rounds, each with a fresh server.") var rounds = 3

    func validate() throws {
        guard self.connections > 0, self.rounds > 0 else {
            throw ValidationError("there must be some connections and rounds")
        }
    }

    func measure(into notebook: Notebook) {
        let count = self.options.quick ? min(1000, self.connections) : self.connections
        let most = Int(clamping: bench_raise_open_files()) - 100
        guard count <= most else { fail("a process may have \(most) connections here, not \(count)") }
        var results: [(before: Double, after: Double, idleShare: Double)] = []
        for _ in 0..<(self.options.quick ? 1 : self.rounds) {
            results.append(self.round(count))
        }
        var report = Report(
            "idle",
            "\(count) registered \(self.secure ? "wss" : "ws") connections, each round with a fresh server"
        )
        report.add("server RSS MiB without clients", results.map { $0.before / 1_048_576 }, digits: 1)
        report.add("server RSS MiB with all clients", results.map { $0.after / 1_048_576 }, digits: 1)
        report.add("RSS KiB per connection", results.map { ($0.after - $0.before) / 1024 / Double(count) })
        report.add("server CPU % while idle", results.map(\.idleShare))
        notebook.add(report)
    }

    private func round(_ count: Int) -> (before: Double, after: Double, idleShare: Double) {
        let server = ServerProcess(server: self.options.serverPath, people: count, isSecure: self.secure)
        // What the first connections cost once and for all is not what each costs.
        let first = Fleet(of: server, count: 10, register: true)
        first.leave()
        let before = self.settledMemory(of: server, turning: first)
        let fleet = Fleet(of: server, count: count, register: true)
        let after = self.settledMemory(of: server, turning: fleet)
        let window = Window(server)
        fleet.run(seconds: self.options.quick ? 0.5 : 2)
        let used = window.end()
        return (before, after, used.server / used.seconds / 10_000)
    }

    /// The memory once it no longer moves by a thousandth in a second, or after ten.
    private func settledMemory(of server: ServerProcess, turning fleet: Fleet) -> Double {
        var last = Double(server.accounts.residentMemory())
        for _ in 0..<10 {
            fleet.run(seconds: 1)
            let memory = Double(server.accounts.residentMemory())
            if abs(memory - last) < last / 1000 { return memory }
            last = memory
        }
        return last
    }
}
