internal import CLDAP
internal import Glibc
internal import PluginAPI
internal import Synchronization

/// One thread that an actor lives on, and that sleeps until there is work for it or one of its sockets can be read.
///
/// Questions and answers so meet on one thread without waiting for each other: what libldap keeps is touched from nowhere
/// else, and a burst of answers is taken in at one wake-up. The thread ends when nobody holds this object any more.
final class PollingThread: SerialExecutor {
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
        self.core.add(UnownedJob(job), for: self.asUnownedSerialExecutor())
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

    /// What the thread holds on to, so that the executor itself can go.
    private final class Core: Sendable {
        private struct State {
            var jobs: [(UnownedJob, UnownedSerialExecutor)] = []
            var watched: [Int32: @Sendable () -> Void] = [:]
            var thread: pthread_t?
            var isAsleep = false
            var isEnding = false
        }

        private let state = Mutex(State())
        /// Written to in order to end the sleep.
        private let alarm = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

        deinit {
            if self.isUsable { close(self.alarm) }
        }

        var isUsable: Bool { self.alarm >= 0 }

        var isCurrent: Bool {
            self.state.withLock { state in state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
        }

        func add(_ job: UnownedJob, for executor: UnownedSerialExecutor) {
            self.change { $0.jobs.append((job, executor)) }
        }

        func watch(_ descriptor: Int32, _ isReadable: @escaping @Sendable () -> Void) {
            self.change { $0.watched[descriptor] = isReadable }
        }

        func unwatch(_ descriptor: Int32) {
            self.change { $0.watched[descriptor] = nil }
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
            while true {
                let (jobs, descriptors, isEnding) = self.state.withLock { state in
                    let jobs = state.jobs
                    state.jobs.removeAll(keepingCapacity: true)
                    state.isAsleep = jobs.isEmpty
                    return (jobs, Array(state.watched.keys), state.isEnding)
                }
                for (job, executor) in jobs { job.runSynchronously(on: executor) }
                if jobs.isEmpty, isEnding { return }
                self.look(at: descriptors, waiting: jobs.isEmpty)
            }
        }

        private func look(at descriptors: [Int32], waiting: Bool) {
            var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            polled.append(pollfd(fd: self.alarm, events: Int16(POLLIN), revents: 0))
            let count = poll(&polled, nfds_t(polled.count), waiting ? -1 : 0)
            guard count > 0 else { return }
            if let alarm = polled.popLast(), alarm.revents != 0 {
                var rings: eventfd_t = 0
                eventfd_read(self.alarm, &rings)
            }
            for socket in polled where socket.revents != 0 {
                self.state.withLock { $0.watched[socket.fd] }?()
            }
        }
    }
}
