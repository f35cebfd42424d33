/// Requests to one web service, many at once over few connections: libcurl's multi interface, on one thread of its own.
///
/// Over HTTP/2 all requests share one connection. As with ``WebClient``, no redirect is followed, nothing but the protocol
/// that was asked for is spoken, certificates are checked, and an answer has a largest size. Every function may be called on
/// any thread.
package final class WebSession: Sendable {
    /// How to speak to the service.
    package struct Settings: Sendable, Hashable {
        /// The version of HTTP.
        package enum Version: Sendable, Hashable {
            case http1
            /// Over TLS by ALPN; without TLS at once ("prior knowledge").
            case http2
        }

        package var version = Version.http2
        /// A PEM file of certificate authorities to trust instead of the system's.
        package var authorities: String?
        /// A proxy's URL; empty for none. `nil`: what the environment says (`HTTPS_PROXY`), but none for `http:`.
        package var proxy: String?
        /// Whether `http:` is spoken as well: for services on this machine.
        package var allowsPlainText = false
        /// For the name, TCP, the proxy and TLS together.
        package var connectTimeout = Duration.seconds(3)
        /// The longest answer, in bytes of its body.
        package var longestAnswer = 64 * 1024

        package init() {}
    }

    package init(_ settings: Settings) {
    }

    /// Sends a request and waits for the whole answer. A cancelled task gets ``WebFailure/Cause/cancelled`` at once.
    package func send(_ request: WebRequest, within time: Duration) async -> Result<WebResponse, WebFailure> {
        .failure(WebFailure("not built yet"))
    }

    /// Ends all requests with ``WebFailure/Cause/cancelled``, closes all connections, and returns when the thread is gone.
    package func close() async {
    }
}
