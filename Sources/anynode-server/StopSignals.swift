import Dispatch
import Glibc

/// SIGTERM and SIGINT: the first asks the server to go, the second does not wait for it.
///
/// Immutable after `init`, hence safe everywhere, although Dispatch does not say so of its sources.
final class StopSignals: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]
    private let stream: AsyncStream<Cause>
    private let continuation: AsyncStream<Cause>.Continuation

    /// Why the server goes.
    enum Cause: Sendable {
        case signal
        case listenerLost(String)
        /// An operator said so; calls may go on that long, if he said that too.
        case administrator(Duration?)

        var deadline: Duration? {
            if case .administrator(let deadline) = self { deadline } else { nil }
        }
    }

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Cause.self)
        (self.stream, self.continuation) = (stream, continuation)
        let queue = DispatchQueue(label: "signals")
        let counter = Counter()
        self.sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if counter.increment() == 1 {
                    continuation.yield(.signal)
                } else {
                    exit(1)
                }
            }
            source.resume()
            return source
        }
    }

    /// Asks the server to go, as a first signal does.
    func stop(because cause: Cause) {
        self.continuation.yield(cause)
    }

    /// Returns after the first signal.
    func first() async -> Cause {
        for await cause in self.stream {
            return cause
        }
        return .signal
    }

    /// Used on the signals' queue only.
    private final class Counter: @unchecked Sendable {
        private var count = 0

        func increment() -> Int {
            self.count += 1
            return self.count
        }
    }
}
