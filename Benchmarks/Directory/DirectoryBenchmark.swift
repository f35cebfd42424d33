import BenchSlapd
import CDirectoryLoop
import CLinux
import Glibc
import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Telephony

/// People looked up in a real directory: through the plugin, and by a plain loop over libldap, in turns.
@main
enum DirectoryBenchmark {
    private static let people = 100_000
    private static let rounds = 5
    private static let perRound = 20_000

    static func main() async throws {
        guard let directory = try BenchSlapd(people: Self.people) else {
            print("directory: slapd is not installed, nothing measured")
            return
        }
        defer { directory.end() }
        bench_pin(1)
        let plugin = try Self.plugin(directory)
        try await plugin.start()
        print("\ndirectory: \(Self.people) people, \(Self.rounds) rounds of \(Self.perRound) look-ups each, medians")
        for inFlight in [1, 16, 64] {
            var (loops, plugins, threads): ([Figures], [Figures], [Figures]) = ([], [], [])
            // The first round warms up.
            for round in 0...Self.rounds {
                let loop = Self.measure { Self.loop(directory, inFlight: inFlight, first: round) }
                let pool = Self.measure { Self.pool(directory, threads: inFlight, first: round) }
                let own = try await Self.measure(plugin, inFlight: inFlight, first: round)
                guard round > 0 else { continue }
                loops.append(loop)
                threads.append(pool)
                plugins.append(own)
            }
            print("\(inFlight) in flight")
            Self.report("libldap, one connection", loops)
            if inFlight > 1 { Self.report("libldap, a thread and a connection each", threads) }
            Self.report("plugin", plugins)
            let ratio = Self.median(plugins.map(\.processor)) / Self.median(loops.map(\.processor))
            print("  plugin's CPU to libldap's: \(Self.text(ratio))")
        }
        await plugin.stop()
    }

    private static func plugin(_ directory: BenchSlapd) throws -> LDAPDirectoryPlugin {
        let settings: JSONValue = [
            "urls": [.string(directory.url)], "users": ["base": .string(directory.base)], "numbers": ["refresh": "1h"],
        ]
        let reader = SettingsReader(settings)
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let context = PluginContext(name: "bench", logger: logger, baseDirectory: ".")
        return try LDAPDirectoryPlugin(settings: LDAPDirectorySettings(from: reader), context: context)
    }

    // MARK: Rounds

    private struct Figures {
        /// Microseconds of processor time for each look-up.
        var processor = 0.0
        var perSecond = 0.0
        var (median, p99) = (0.0, 0.0)
    }

    private static func loop(_ directory: BenchSlapd, inFlight: Int, first: Int) -> [Double] {
        var latencies = [Double](repeating: 0, count: Self.perRound)
        let code = latencies.withUnsafeMutableBufferPointer { buffer in
            directory.url.withCString { url in
                directory.base.withCString { base in
                    var loop = directory_loop(
                        url: url,
                        base: base,
                        people: Int32(directory.people),
                        first: Int32(first),
                        count: Int32(Self.perRound),
                        in_flight: Int32(inFlight),
                        latencies: buffer.baseAddress
                    )
                    return directory_loop_run(&loop)
                }
            }
        }
        guard code == 0 else { fail("the loop over libldap has failed") }
        return latencies
    }

    /// The other way to have several searches under way.
    private static func pool(_ directory: BenchSlapd, threads: Int, first: Int) -> [Double] {
        let share = Self.perRound / threads
        let all = UnsafeMutableBufferPointer<Double>.allocate(capacity: share * threads)
        defer { all.deallocate() }
        let workers = (0..<threads).map { index in
            Worker(
                directory,
                first: first * 31 + index,
                latencies: UnsafeMutableBufferPointer(rebasing: all[(index * share)..<((index + 1) * share)])
            )
        }
        workers.forEach { $0.start() }
        workers.forEach { $0.join() }
        return Array(all)
    }

    private static func measure(_ round: () -> [Double]) -> Figures {
        let (processor, wall) = (Self.time(CLOCK_PROCESS_CPUTIME_ID), Self.time(CLOCK_MONOTONIC))
        let latencies = round()
        return Self.figures(latencies, since: processor, wall)
    }

    private static func measure(_ plugin: LDAPDirectoryPlugin, inFlight: Int, first: Int) async throws -> Figures {
        let (processor, wall) = (Self.time(CLOCK_PROCESS_CPUTIME_ID), Self.time(CLOCK_MONOTONIC))
        let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
            let share = Self.perRound / inFlight
            for task in 0..<inFlight {
                group.addTask(executorPreference: plugin.executor) {
                    var latencies: [Double] = []
                    latencies.reserveCapacity(share)
                    for index in 0..<share {
                        let person = (first + (task * share + index) * 7919) % Self.people
                        guard let username = Username("user\(person)") else { continue }
                        let begun = Self.time(CLOCK_MONOTONIC)
                        guard try await plugin.entry(forUsername: username) != nil else { fail("nobody found") }
                        latencies.append(Self.time(CLOCK_MONOTONIC) - begun)
                    }
                    return latencies
                }
            }
            return try await group.reduce(into: [], +=)
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
        let padded = name + String(repeating: " ", count: max(0, 42 - name.count))
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

/// A thread with a connection of its own, that looks people up one after the other.
private final class Worker {
    private let url: UnsafeMutablePointer<CChar>
    private let base: UnsafeMutablePointer<CChar>
    private let loop: UnsafeMutablePointer<directory_loop>
    private var thread = pthread_t()

    init(_ directory: BenchSlapd, first: Int, latencies: UnsafeMutableBufferPointer<Double>) {
        self.url = strdup(directory.url)
        self.base = strdup(directory.base)
        self.loop = .allocate(capacity: 1)
        self.loop.initialize(
            to: directory_loop(
                url: self.url,
                base: self.base,
                people: Int32(directory.people),
                first: Int32(first),
                count: Int32(latencies.count),
                in_flight: 1,
                latencies: latencies.baseAddress
            )
        )
    }

    deinit {
        free(self.url)
        free(self.base)
        self.loop.deallocate()
    }

    func start() {
        pthread_create(
            &self.thread,
            nil,
            { loop in
                if directory_loop_run(loop?.assumingMemoryBound(to: directory_loop.self)) != 0 {
                    fail("a thread over libldap has failed")
                }
                return nil
            },
            self.loop
        )
    }

    func join() {
        pthread_join(self.thread, nil)
    }
}

/// Ends the benchmark.
private func fail(_ problem: String) -> Never {
    print(problem)
    exit(1)
}
