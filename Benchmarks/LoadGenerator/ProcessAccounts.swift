import FoundationEssentials
import Glibc

/// What the kernel says a process has used so far.
final class ProcessAccounts {
    private let folder: String
    /// Nanoseconds of each thread when it was last seen: one that has ended since still counts.
    private var threads: [String: UInt64] = [:]

    init(of process: pid_t) {
        self.folder = "/proc/\(process)"
    }

    /// Nanoseconds on a processor, all threads together.
    func processorTime() -> UInt64 {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "\(self.folder)/task")) ?? []
        for task in tasks {
            let first = self.read("task/\(task)/schedstat").split(separator: " ").first
            guard let time = first.flatMap({ UInt64($0) }) else { continue }
            self.threads[task] = max(self.threads[task] ?? 0, time)
        }
        return self.threads.values.reduce(0, +)
    }

    /// Resident memory in bytes: counted page by page where the kernel offers that, since `status` may lag behind.
    func residentMemory() -> Int {
        for (file, name) in [("smaps_rollup", "Rss:"), ("status", "VmRSS:")] {
            let line = self.read(file).split(separator: "\n").first { $0.hasPrefix(name) }
            if let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
                return kibibytes * 1024
            }
        }
        fail("no memory figures in \(self.folder): is the server still there?")
    }

    private func read(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(self.folder)/\(file)") ?? Data(), as: UTF8.self)
    }
}

/// What a server used between two moments, and what it cost to make it.
struct Window {
    private let accounts: ProcessAccounts
    private let start = now()
    private let generatorStart = generatorTime()
    private let serverStart: UInt64

    init(_ server: ServerProcess) {
        self.accounts = server.accounts
        self.serverStart = self.accounts.processorTime()
    }

    /// Microseconds on a processor of both sides, and seconds of wall time, since the beginning.
    func end() -> (server: Double, generator: Double, seconds: Double) {
        let server = Double(self.accounts.processorTime() - self.serverStart) / 1000
        return (server, Double(generatorTime() - self.generatorStart) / 1000, Double(now() - self.start) / 1e9)
    }
}

/// Nanoseconds of the monotonic clock.
func now() -> UInt64 {
    nanoseconds(CLOCK_MONOTONIC)
}

/// Nanoseconds that this program was on a processor.
private func generatorTime() -> UInt64 {
    nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
