internal import Glibc

/// A log sink could not be made.
package struct LogSinkError: Error, CustomStringConvertible {
    /// What the system said, as in errno(3).
    package let code: Int32

    package var description: String { "no thread for the log: \(String(cString: strerror(self.code)))" }
}

/// The thread of a sink.
enum LogWriterThread {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Runs something on a thread that no signal reaches: not SIGPIPE, which would end the process when the reader of a
    /// pipe is gone, and none that the server waits for elsewhere.
    static func start(_ body: @escaping @Sendable () -> Void) throws(LogSinkError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

        // Before the thread begins, which inherits it: there is no moment without.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            work.toOpaque()
        )
        guard code == 0 else {
            work.release()
            throw LogSinkError(code: code)
        }
    }
}
