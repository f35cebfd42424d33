import Dispatch
import Glibc

/// SIGHUP: somebody has changed a file. However many come, one look at the files at a time is enough, and one after the last.
///
/// Immutable after `init`, hence safe everywhere, although Dispatch does not say so of its source.
final class ReloadSignal: @unchecked Sendable {
    private let source: any DispatchSourceSignal
    /// One element for each SIGHUP, or for several that came meanwhile.
    let signals: AsyncStream<Void>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.signals = stream
        signal(SIGHUP, SIG_IGN)
        self.source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "reload"))
        self.source.setEventHandler { continuation.yield() }
        self.source.resume()
    }
}
