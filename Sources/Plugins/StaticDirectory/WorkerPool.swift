internal import Dispatch
internal import Glibc
internal import PluginAPI
internal import Synchronization

/// A few threads for work that keeps a processor or a disk busy, and a line of bounded length before them.
///
/// A password hash is meant to cost tens of milliseconds. On the threads that all tasks share, a handful of log-ins
/// would be felt by everybody.
final class WorkerPool: Sendable {
    /// As many as can run at once.
    static var cores: Int { max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) }

    private let queues: [DispatchQueue]
    private let limit: Int
    /// How many jobs each queue has, the one it is at included.
    private let jobs: Mutex<[Int]>

    /// - Parameters:
    ///   - width: How many jobs run at once.
    ///   - waiting: How many more may wait.
    init(name: String, width: Int, waiting: Int) {
        self.queues = (0..<width).map { DispatchQueue(label: "static-directory.\(name).\($0)") }
        self.limit = width + waiting
        self.jobs = Mutex(Array(repeating: 0, count: width))
    }

    /// Does the work on one of the threads. A job whose caller has given up by its turn is dropped.
    ///
    /// - Throws: ``PluginError/unavailable(_:)`` when the line is full; what the work throws.
    func run<Value: Sendable>(_ work: @Sendable @escaping () throws -> Value) async throws -> Value {
        let queue: Int? = self.jobs.withLock { jobs in
            guard jobs.reduce(0, +) < self.limit, let idlest = jobs.indices.min(by: { jobs[$0] < jobs[$1] })
            else { return nil }
            jobs[idlest] += 1
            return idlest
        }
        guard let queue else { throw PluginError.unavailable("\(self.limit) requests are waiting already") }
        let isGivenUp = Atomic(false)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.queues[queue].async {
                    defer { self.jobs.withLock { $0[queue] -= 1 } }
                    guard !isGivenUp.load(ordering: .relaxed) else {
                        continuation.resume(throwing: CancellationError())
                        return
                    }
                    continuation.resume(with: Result { try work() })
                }
            }
        } onCancel: {
            isGivenUp.store(true, ordering: .relaxed)
        }
    }
}
