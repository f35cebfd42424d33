internal import Synchronization

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

    private let settings: Settings
    private let threads: WebExecutor
    private let lastNumber = Atomic<UInt64>(0)

    /// Opens nothing; the thread begins with the first request, or the first task.
    package init(_ settings: Settings) {
        self.settings = settings
        self.threads = WebExecutor(WebLoop(settings))
    }

    /// The session's thread: a task that runs on it meets its answers without changing threads. It must not block.
    package var executor: any TaskExecutor { self.threads }

    /// Sends a request and waits for the whole answer. A cancelled task gets ``WebFailure/Cause/cancelled`` at once.
    ///
    /// - Parameter time: How long that may take; nothing and less is too late at once.
    package func send(_ request: WebRequest, within time: Duration) async -> Result<WebResponse, WebFailure> {
        if let problem = request.problem(allowsPlainText: self.settings.allowsPlainText) {
            return .failure(WebFailure(problem, .invalid))
        }
        guard time >= .milliseconds(1) else { return .failure(WebFailure("no time is left", .timeout)) }
        let loop = self.threads.loop
        let number = self.lastNumber.add(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let transfer = WebTransfer(
                    request,
                    within: time,
                    longestAnswer: self.settings.longestAnswer,
                    continuation: continuation
                )
                loop.add(transfer, number: number)
                // Cancelled before there was anything to cancel.
                if Task.isCancelled { loop.cancel(number) }
            }
        } onCancel: {
            loop.cancel(number)
        }
    }

    /// Ends all requests with ``WebFailure/Cause/cancelled``, closes all connections, and returns when that is done.
    package func close() async {
        await self.threads.loop.close()
    }
}

extension WebFailure {
    static let closed = WebFailure("the session is closed", .cancelled)
}

extension WebRequest {
    /// Why it can't be sent as it is.
    fileprivate func problem(allowsPlainText: Bool) -> String? {
        let isHTTPS = self.url.utf8.prefix(8).elementsEqual("https://".utf8)
        guard isHTTPS || allowsPlainText && self.url.utf8.prefix(7).elementsEqual("http://".utf8) else {
            return allowsPlainText ? "the URL is neither https: nor http:" : "the URL is not https:"
        }
        guard self.url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "the URL has a character that must be escaped"
        }
        guard !self.method.isEmpty, self.method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            return "the method is not in capital letters"
        }
        for header in self.headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isToken) else {
                return "a header has a name that is none"
            }
            guard header.value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else {
                return "the header \(header.name) has a control character in its value"
            }
        }
        return nil
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default:
            false
        }
    }
}
