import Dispatch
import Glibc

/// SIGTERM and SIGINT: the first asks the server to go, the second does not wait for it.
///
/// Immutable after `init`, hence safe everywhere, although Dispatch does not say so of its sources.
final class StopSignals: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]
    private let stream: AsyncStream<Void>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        self.stream = stream
        let queue = DispatchQueue(label: "signals")
        let counter = Counter()
        self.sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if counter.increment() == 1 {
                    continuation.yield()
                } else {
                    exit(1)
                }
            }
            source.resume()
            return source
        }
    }

    /// Returns after the first signal.
    func first() async {
        for await _ in self.stream {
            return
        }
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
