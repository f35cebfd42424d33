import ArgumentParser
import BenchSlapd

/// Registrations with numbers from LDAP.
struct Directory: Benchmark {
    static let configuration = CommandConfiguration(
        abstract: "Registrations with numbers from LDAP, next to the static directory; and from a slow one."
    )

    @OptionGroup var options: Options
    @Option(help: "Seconds a round.") var seconds = 3.0
    @Option(help: "Rounds.") var rounds = 5

    private static let people = 100_000

    func measure(into notebook: Notebook) {
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = self.options.quick ? 1 : self.seconds
        let slapd: BenchSlapd
        do {
            guard let installed = try BenchSlapd(people: Self.people) else {
                print("\ndirectory: slapd is not installed, nothing measured")
                return
            }
            slapd = installed
        } catch {
            fail("\(error)")
        }
        defer { slapd.end() }
        self.compare(slapd, rounds, seconds, into: notebook)
        self.slow(slapd, rounds, seconds, into: notebook)
    }

    /// The same fifty people over and over, so that what they are is remembered.
    private func compare(_ slapd: BenchSlapd, _ rounds: Int, _ seconds: Double, into notebook: Notebook) {
        let clients = 50
        let path = self.options.serverPath
        let fixed = Cycles(ServerProcess(server: path, people: clients), clients: clients, users: clients)
        let directory = Cycles(
            ServerProcess(server: path, directory: slapd.url, base: slapd.base),
            clients: clients,
            users: clients
        )
        var (ofFixed, ofDirectory): ([Double], [Double]) = ([], [])
        // The first round warms up.
        for round in 0...rounds {
            let one = fixed.round(of: seconds)
            let other = directory.round(of: seconds)
            guard round > 0 else { continue }
            ofFixed.append(one.server / one.cycles)
            ofDirectory.append(other.server / other.cycles)
        }
        var report = Report("directory", "\(clients) at a time, remembered, rounds of \(seconds.text(0)) s in turns")
        report.add("static: server CPU µs per registration", ofFixed, digits: 1)
        report.add("LDAP: server CPU µs per registration", ofDirectory, digits: 1)
        report.add("LDAP to static", zip(ofDirectory, ofFixed).map { $0 / $1 })
        notebook.add(report)
    }

    /// Always somebody else, and 50 ms until the directory has answered.
    private func slow(_ slapd: BenchSlapd, _ rounds: Int, _ seconds: Double, into notebook: Notebook) {
        let clients = 200
        let relay = DelayingRelay(to: slapd.socket, delay: .milliseconds(50))
        let server = ServerProcess(
            server: self.options.serverPath,
            directory: "ldap://127.0.0.1:\(relay.port)",
            base: slapd.base
        )
        let cycles = Cycles(server, clients: clients, users: Self.people)
        // Until all numbers are listed, each registration takes a second search.
        _ = cycles.round(of: self.options.quick ? seconds : 30)
        let results = (0..<rounds).map { _ in cycles.round(of: seconds) }
        var report = Report("slow directory", "answers after 50 ms, \(clients) at a time, each another user")
        report.add("registrations/s", results.map { $0.cycles / $0.seconds }, digits: 0)
        report.add("server CPU µs per registration", results.map { $0.server / $0.cycles }, digits: 1)
        notebook.add(report)
        withExtendedLifetime(relay) {}
    }
}
