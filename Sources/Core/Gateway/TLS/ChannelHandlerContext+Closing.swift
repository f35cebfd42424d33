package import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Closes the socket now, encrypted or not.
    ///
    /// `close` says goodbye first where there is TLS, and waits for the answer (`close_notify`, RFC 8446 §6.1). That is not
    /// for a client that neither reads nor answers, nor for one whose time is up.
    package func closeAtOnce() {
        // What the TLS handler's own context is told does not pass the TLS handler.
        if let below = try? self.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) {
            below.close(promise: nil)
        } else {
            self.close(promise: nil)
        }
    }
}
