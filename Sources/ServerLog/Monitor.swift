internal import Glibc

/// A state that threads share and can wait for a change of.
final class Monitor<State>: @unchecked Sendable {
    // Unchecked, because all access to `state` is under `mutex`, which Swift can't see.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Not a stored property, each access to which Swift would check although the mutex has already.
    private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

    init(_ state: sending State) {
        self.state.initialize(to: state)
        pthread_mutex_init(self.mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines must not move when somebody sets the clock.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.state.deinitialize(count: 1)
        self.state.deallocate()
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return body(&self.state.pointee)
    }

    /// Wakes all who wait.
    func announceChange() {
        pthread_cond_broadcast(self.condition)
    }

    /// Asks under the lock until there is an answer, and sleeps between changes. `nil` when the deadline, in monotonic
    /// time, comes first.
    func wait<Answer>(until deadline: timespec? = nil, for answer: (inout State) -> Answer?) -> Answer? {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let answer = answer(&self.state.pointee) { return answer }
            if var deadline {
                if pthread_cond_timedwait(self.condition, self.mutex, &deadline) == ETIMEDOUT {
                    return answer(&self.state.pointee)
                }
            } else {
                pthread_cond_wait(self.condition, self.mutex)
            }
        }
    }
}
