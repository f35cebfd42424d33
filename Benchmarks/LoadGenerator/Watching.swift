import ArgumentParser
import Foundation
import Synchronization

/// What an operator who watches costs the callers: calls with and without a subscriber to all events, and with and without the
/// stories of calls, in turns.
struct Watching: Benchmark {
    static let configuration = CommandConfiguration(
        commandName: "watching",
        abstract: "Calls a second while somebody follows all events; CPU of calls with and without their stories."
    )

    @OptionGroup var options: Options
    @Option(help: "Pairs of registered clients.") var pairs = 100
    @Option(help: "Seconds a round.") var seconds = 3.0
    @Option(help: "Rounds.") var rounds = 7

    func measure(into notebook: Notebook) {
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = self.options.quick ? 1 : self.seconds
        let server = ServerProcess(server: self.options.serverPath, people: self.pairs * 2)
        ServerProcess.furtherLimits = #", "rememberedCalls": 0"#
        let untold = ServerProcess(server: self.options.serverPath, people: self.pairs * 2)
        ServerProcess.furtherLimits = ""
        let (load, untoldLoad) = (
            CallLoad(server: server, pairs: self.pairs), CallLoad(server: untold, pairs: self.pairs)
        )
        for load in [load, untoldLoad] { load.run(seconds: 1, rate: 0) }
        var (alone, followed, untoldCost): ([Cost], [Cost], [Cost]) = ([], [], [])
        var events = 0
        for _ in 0..<rounds {
            alone.append(self.measure(load, server, seconds))
            let follower = Follower(socket: "\(server.folder ?? ".")/run/admin.sock")
            followed.append(self.measure(load, server, seconds))
            events += follower.stop()
            untoldCost.append(self.measure(untoldLoad, untold, seconds))
        }
        var report = Report("watching", "closed loop, \(self.pairs) pairs, rounds of \(seconds.text(0)) s in turns")
        report.add("calls/s, nobody follows", alone.map(\.rate), digits: 0)
        report.add("calls/s, all events followed", followed.map(\.rate), digits: 0)
        report.add("ratio followed / alone", zip(followed, alone).map { $0.rate / $1.rate }, digits: 3)
        report.add("server CPU µs per call, with stories", alone.map(\.cost))
        report.add("server CPU µs per call, without", untoldCost.map(\.cost))
        report.add("ratio with / without stories", zip(alone, untoldCost).map { $0.cost / $1.cost }, digits: 3)
        report.add("events told", [Double(events)], digits: 0)
        notebook.add(report)
    }

    private struct Cost {
        /// Calls a second.
        let rate: Double
        /// Microseconds of the server's processor.
        let cost: Double
    }

    private func measure(_ load: CallLoad, _ server: ServerProcess, _ seconds: Double) -> Cost {
        let window = Window(server)
        let figures = load.run(seconds: seconds, rate: 0)
        let used = window.end()
        let calls = Double(max(1, figures.completed))
        return Cost(rate: calls / used.seconds, cost: used.server / calls)
    }
}

/// Somebody who subscribes to all events and reads them as fast as they come, on a thread of his own.
private final class Follower: Sendable {
    private let descriptor: CInt
    private let count = Atomic<Int>(0)
    private let isOver = DispatchSemaphore(value: 0)

    init(socket path: String) {
        self.descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isConnected == 0 else { fail("no admin socket at \(path)") }
        let request =
            Array(#"{"jsonrpc":"2.0","method":"events.subscribe","params":{"topics":["*"]},"id":1}"#.utf8) + [10]
        _ = request.withUnsafeBytes { write(self.descriptor, $0.baseAddress, $0.count) }
        Thread.detachNewThread { [self] in self.read() }
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(self.descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            self.count.add(buffer[..<count].count { $0 == 10 }, ordering: .relaxed)
        }
        self.isOver.signal()
    }

    /// Returns how many events there were.
    func stop() -> Int {
        shutdown(self.descriptor, CInt(SHUT_RDWR))
        self.isOver.wait()
        close(self.descriptor)
        return self.count.load(ordering: .relaxed) - 1
    }
}
