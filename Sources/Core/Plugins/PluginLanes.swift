internal import Dispatch
internal import Synchronization

/// A few threads of one plugin's own, on which its code runs.
///
/// A plugin may call a C library that blocks. On the threads that Swift shares among all tasks, one of them a core,
/// two such calls would stop the whole server, deadlines included; here they stop their own plugin.
final class PluginLanes: TaskExecutor {
    /// A serial queue gets a thread of its own, whatever the other queues of the process are doing.
    private let lanes: [DispatchQueue]
    /// How many jobs each lane has before it.
    private let waiting: Mutex<[Int]>

    init(name: String, count: Int) {
        self.lanes = (0..<max(count, 1)).map { DispatchQueue(label: "plugin.\(name).\($0)") }
        self.waiting = Mutex(Array(repeating: 0, count: max(count, 1)))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let lane = self.waiting.withLock { waiting in
            let idlest = waiting.indices.min { waiting[$0] < waiting[$1] } ?? 0
            waiting[idlest] += 1
            return idlest
        }
        self.lanes[lane].async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            self.waiting.withLock { $0[lane] -= 1 }
        }
    }
}
