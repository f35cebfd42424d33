import CLinux
import CPushLoop
import FCMNotifier
import Foundation
import Logging
import PluginAPI
import StrictJSON
import Telephony
import WebClient

/// Pushes over one HTTP/2 connection: through the notifier, through a web session, and by a plain loop over libcurl, in turns.
/// The simulator they go to is a process of its own.
@main
enum PushBenchmark {
    private static let rounds = 5
    private static let perRound = 5_000
    private static let accessToken = "benchmark"
    /// What the notifier sends, word for word.
    private static let body =
        #"{"message":{"token":"benchmark","data":{"caller":"4953638195999","url":"https://app.example/","wakeupToken":"f54a5f1a84ef42a54eae39037364c92a"},"android":{"priority":"HIGH","ttl":"29s","collapse_key":"call"},"apns":{"headers":{"apns-push-type":"alert","apns-priority":"10","apns-expiration":"1795439999","apns-collapse-id":"call"},"payload":{"aps":{"alert":{"title":"Incoming call","body":"4953638195999"},"sound":"default","mutable-content":1}}},"webpush":{"headers":{"TTL":"29","Urgency":"high","Topic":"call"}}}}"#

    static func main() async throws {
        let folder = "\(NSTemporaryDirectory())/push-bench-\(getpid())"
        let simulator = try Simulator(folder: folder, accessToken: Self.accessToken)
        defer { simulator.end() }
        bench_pin(1)
        let plugin = try Self.plugin(simulator)
        try await plugin.start()
        var settings = WebSession.Settings()
        settings.authorities = "\(folder)/authority.pem"
        let session = WebSession(settings)
        let url = Self.url(simulator)
        print(
            "\npush: \(Self.rounds) rounds of \(Self.perRound) pushes each over one HTTP/2 connection with TLS, medians"
        )
        for inFlight in [1, 16, 100] {
            var (loops, sessions, plugins): ([Figures], [Figures], [Figures]) = ([], [], [])
            // The first round warms up.
            for round in 0...Self.rounds {
                let loop = Self.measure { Self.loop(simulator, folder, inFlight: inFlight) }
                let bare = await Self.measure(inFlight: inFlight, on: session.executor) {
                    await Self.send(url, session)
                }
                let own = await Self.measure(inFlight: inFlight, on: plugin.executor) { await Self.push(plugin) }
                guard round > 0 else { continue }
                loops.append(loop)
                sessions.append(bare)
                plugins.append(own)
            }
            print("\(inFlight) in flight")
            Self.report("libcurl, a loop in C", loops)
            Self.report("WebSession", sessions)
            Self.report("FCMNotifier", plugins)
            let yardstick = Self.median(loops.map(\.processor))
            print(
                "  CPU to libcurl's: WebSession \(Self.text(Self.median(sessions.map(\.processor)) / yardstick)), FCMNotifier \(Self.text(Self.median(plugins.map(\.processor)) / yardstick))"
            )
        }
        await session.close()
        await plugin.stop()
    }

    private static func plugin(_ simulator: Simulator) throws -> FCMNotifierPlugin {
        let settings: JSONValue = [
            "serviceAccount": .string("\(simulator.folder)/service-account.json"),
            "endpoint": .string(simulator.origin), "authorities": .string("\(simulator.folder)/authority.pem"),
        ]
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let context = PluginContext(name: "bench", logger: logger, baseDirectory: ".")
        return FCMNotifierPlugin(settings: FCMNotifierSettings(from: SettingsReader(settings)), context: context)
    }

    // MARK: Rounds

    private struct Figures {
        /// Microseconds of processor time for each push.
        var processor = 0.0
        var perSecond = 0.0
        var (median, p99) = (0.0, 0.0)
    }

    private static func loop(_ simulator: Simulator, _ folder: String, inFlight: Int) -> [Double] {
        var latencies = [Double](repeating: 0, count: Self.perRound)
        let failed = latencies.withUnsafeMutableBufferPointer { buffer in
            Self.url(simulator).withCString { url in
                "\(folder)/authority.pem".withCString { authorities in
                    "Authorization: Bearer \(Self.accessToken)".withCString { authorization in
                        Self.body.withCString { body in
                            var loop = push_loop(
                                url: url,
                                authorities: authorities,
                                authorization: authorization,
                                body: body,
                                count: Int32(Self.perRound),
                                in_flight: Int32(inFlight),
                                latencies: buffer.baseAddress
                            )
                            return push_loop_run(&loop)
                        }
                    }
                }
            }
        }
        guard failed == 0 else { fail("\(failed) pushes of the loop in C have failed") }
        return latencies
    }

    private static func url(_ simulator: Simulator) -> String {
        "\(simulator.origin)/v1/projects/anynode-test/messages:send"
    }

    private static func send(_ url: String, _ session: WebSession) async -> Bool {
        let request = WebRequest(
            url: url,
            headers: [("Authorization", "Bearer \(Self.accessToken)"), ("Content-Type", "application/json")],
            body: Array(Self.body.utf8)
        )
        guard case .success(let response) = await session.send(request, within: .seconds(30)) else { return false }
        return response.status == 200
    }

    private static func push(_ plugin: FCMNotifierPlugin) async -> Bool {
        guard let caller = DialString("4953638195999") else { return false }
        let notice = WakeupNotice(
            caller: caller,
            url: "https://app.example/",
            wakeupToken: Secret("f54a5f1a84ef42a54eae39037364c92a")
        )
        return await plugin.wake(NotificationTarget(token: "benchmark"), for: notice, within: .seconds(30)) == .waiting
    }

    private static func measure(_ round: () -> [Double]) -> Figures {
        let (processor, wall) = (Self.time(CLOCK_PROCESS_CPUTIME_ID), Self.time(CLOCK_MONOTONIC))
        return Self.figures(round(), since: processor, wall)
    }

    private static func measure(
        inFlight: Int,
        on executor: (any TaskExecutor)?,
        _ push: @escaping @Sendable () async -> Bool
    ) async -> Figures {
        let (processor, wall) = (Self.time(CLOCK_PROCESS_CPUTIME_ID), Self.time(CLOCK_MONOTONIC))
        let latencies = await withTaskGroup(of: [Double].self) { group in
            let share = Self.perRound / inFlight
            for _ in 0..<inFlight {
                group.addTask(executorPreference: executor) {
                    var latencies: [Double] = []
                    latencies.reserveCapacity(share)
                    for _ in 0..<share {
                        let begun = Self.time(CLOCK_MONOTONIC)
                        guard await push() else { fail("a push has failed") }
                        latencies.append(Self.time(CLOCK_MONOTONIC) - begun)
                    }
                    return latencies
                }
            }
            return await group.reduce(into: [], +=)
        }
        return Self.figures(latencies, since: processor, wall)
    }

    private static func figures(_ latencies: [Double], since processor: Double, _ wall: Double) -> Figures {
        let sorted = latencies.sorted()
        return Figures(
            processor: (Self.time(CLOCK_PROCESS_CPUTIME_ID) - processor) / Double(sorted.count),
            perSecond: Double(sorted.count) / (Self.time(CLOCK_MONOTONIC) - wall) * 1e6,
            median: sorted[sorted.count / 2],
            p99: sorted[sorted.count * 99 / 100]
        )
    }

    // MARK: Report

    private static func report(_ name: String, _ rounds: [Figures]) {
        let padded = name + String(repeating: " ", count: max(0, 24 - name.count))
        print(
            """
              \(padded) \(Int(Self.median(rounds.map(\.perSecond)))) a second, \(Self.text(Self.median(rounds.map(\.processor)))) µs CPU, \
            p50 \(Int(Self.median(rounds.map(\.median)))) µs, p99 \(Int(Self.median(rounds.map(\.p99)))) µs
            """
        )
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted[sorted.count / 2]
    }

    private static func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    /// Microseconds.
    private static func time(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}

/// The simulator as a process of its own, from beside this one.
private final class Simulator {
    let folder: String
    private(set) var origin = ""
    private let process = Process()

    init(folder: String, accessToken: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path(percentEncoded: false)
        self.process.executableURL = URL(filePath: "\(path)/push-simulator")
        self.process.arguments = ["--port", "0", "--directory", folder, "--access-token", accessToken, "--quiet"]
        let output = Pipe()
        self.process.standardOutput = output
        try self.process.run()
        let begin = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let address = begin.split(separator: " ").first(where: { $0.hasPrefix("https://") }) else {
            fail("the simulator does not say where it is: \(begin)")
        }
        self.origin = String(address.hasSuffix(".") ? address.dropLast() : address)
    }

    func end() {
        self.process.terminate()
        self.process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: self.folder)
    }
}

/// Ends the benchmark.
private func fail(_ problem: String) -> Never {
    print(problem)
    exit(1)
}
