import Dispatch
import Glibc
import Synchronization

/// The one thread on which operators' requests are worked on, so that whoever pages through a million registrations takes no
/// processor from callers: the system serves it last.
final class AdminLane: TaskExecutor {
    /// Of the 20 steps down there are (setpriority(2)).
    private static let niceness: CInt = 10

    private let jobs = Mutex<[UnownedJob]>([])
    private let work = DispatchSemaphore(value: 0)

    init() {
        let lane = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                // Its own reference: it lives as long as the process, as the API does.
                Unmanaged<AdminLane>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            lane
        )
        precondition(code == 0, "no thread for the admin API")
        pthread_detach(thread)
    }

    private func run() {
        // Of this thread alone: on Linux that is what 0 means.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
        while true {
            self.work.wait()
            let jobs = self.jobs.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            for job in jobs { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.jobs.withLock { $0.append(job) }
        self.work.signal()
    }
}
