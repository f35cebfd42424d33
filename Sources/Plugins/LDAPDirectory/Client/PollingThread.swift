internal import CLDAP
internal import Glibc
internal import PluginAPI
internal import Synchronization

/// One thread that an actor lives on, and that sleeps until there is work for it or one of its sockets can be read.
///
/// Questions and answers so meet on one thread without waiting for each other: what libldap keeps is touched from nowhere
/// else, and a burst of answers is taken in at one wake-up. The thread ends when nobody holds this object any more.
final class PollingThread: SerialExecutor, TaskExecutor {
    private let core: Core

    /// - Throws: ``PluginError/unavailable(_:)`` when the system has no thread or no descriptor left.
    init(name: String) throws(PluginError) {
        let core = Core()
        guard core.isUsable else { throw .unavailable("the system gives no descriptor") }
        self.core = core
        let passed = Unmanaged.passRetained(core)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Core>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            passed.toOpaque()
        )
        guard code == 0 else {
            passed.release()
            throw .unavailable("the system gives no thread")
        }
        pthread_setname_np(thread, String(name.prefix(15)))
        pthread_detach(thread)
    }

    deinit {
        self.core.end()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let (actors, tasks) = (self.asUnownedSerialExecutor(), self.asUnownedTaskExecutor())
        self.core.add(Work(job: UnownedJob(job), actors: actors, tasks: tasks))
    }

    func checkIsolated() {
        precondition(self.core.isCurrent, "not on the thread of the connections")
    }

    /// Calls back on the thread whenever there is something to read, or the other side is gone.
    ///
    /// - Important: Take the socket off by ``unwatch(_:)`` before it is closed.
    func watch(_ descriptor: Int32, _ isReadable: @escaping @Sendable () -> Void) {
        self.core.watch(descriptor, isReadable)
    }

    func unwatch(_ descriptor: Int32) {
        self.core.unwatch(descriptor)
    }

    private struct Work: Sendable {
        let job: UnownedJob
        let actors: UnownedSerialExecutor
        let tasks: UnownedTaskExecutor
    }

    /// What the thread holds on to, so that the executor itself can go.
    private final class Core: Sendable {
        private struct State {
            var jobs: [Work] = []
            var watched: [Int32: @Sendable () -> Void] = [:]
            var isWatchChanged = true
            var thread: pthread_t?
            var isAsleep = false
            var isEnding = false
        }

        private let state = Mutex(State())
        private static let patience = 32
        /// Written to in order to end the sleep.
        private let alarm = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

        deinit {
            if self.isUsable { close(self.alarm) }
        }

        var isUsable: Bool { self.alarm >= 0 }

        var isCurrent: Bool {
            self.state.withLock { state in state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
        }

        func add(_ work: Work) {
            self.change { $0.jobs.append(work) }
        }

        func watch(_ descriptor: Int32, _ isReadable: @escaping @Sendable () -> Void) {
            self.change { state in
                state.watched[descriptor] = isReadable
                state.isWatchChanged = true
            }
        }

        func unwatch(_ descriptor: Int32) {
            self.change { state in
                state.watched[descriptor] = nil
                state.isWatchChanged = true
            }
        }

        func end() {
            self.change { $0.isEnding = true }
        }

        private func change(_ change: (inout State) -> Void) {
            let wasAsleep = self.state.withLock { state in
                change(&state)
                defer { state.isAsleep = false }
                return state.isAsleep
            }
            if wasAsleep { eventfd_write(self.alarm, 1) }
        }

        func run() {
            self.state.withLock { $0.thread = pthread_self() }
            var jobs: [Work] = []
            var polled: [pollfd] = []
            var rounds = 0
            while true {
                jobs.removeAll(keepingCapacity: true)
                let isEnding = self.state.withLock { state in
                    swap(&jobs, &state.jobs)
                    state.isAsleep = jobs.isEmpty
                    if state.isWatchChanged {
                        polled = (Array(state.watched.keys) + [self.alarm]).map {
                            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                        }
                        state.isWatchChanged = false
                    }
                    return state.isEnding
                }
                for work in jobs { work.job.runSynchronously(isolatedTo: work.actors, taskExecutor: work.tasks) }
                if jobs.isEmpty, isEnding { return }
                // One job leads to the next; sockets are looked at when there is none, or when there is no end to them.
                rounds += 1
                if !jobs.isEmpty, rounds < Self.patience { continue }
                rounds = 0
                self.look(at: &polled, waiting: jobs.isEmpty)
            }
        }

        private func look(at polled: inout [pollfd], waiting: Bool) {
            let count = poll(&polled, nfds_t(polled.count), waiting ? -1 : 0)
            // Nobody need ring any more.
            if waiting { self.state.withLock { $0.isAsleep = false } }
            guard count > 0 else { return }
            for socket in polled where socket.revents != 0 {
                if socket.fd == self.alarm {
                    var rings: eventfd_t = 0
                    eventfd_read(self.alarm, &rings)
                } else {
                    self.state.withLock { $0.watched[socket.fd] }?()
                }
            }
        }
    }
}
