/// Why a request came to nothing. The description holds no secret: neither URL query nor header.
package struct WebFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What to make of it.
    package enum Cause: Sendable, Hashable {
        /// The request can't be sent as it is: a URL of another scheme, a line break in a header.
        case invalid
        /// No connection: name, route, proxy, certificate.
        case unreachable
        /// No whole answer in time.
        case timeout
        /// The connection was lost before the whole answer had come.
        case interrupted
        /// The answer is too long or is no HTTP.
        case unusable
        /// Nobody waits for it any more.
        case cancelled
    }

    package let cause: Cause
    package let description: String

    init(_ description: String, _ cause: Cause = .unusable) {
        self.cause = cause
        self.description = description
    }
}
