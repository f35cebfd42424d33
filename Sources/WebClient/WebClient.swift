internal import CCurl
internal import Dispatch

/// Requests to web services of others, by libcurl and within limits: no redirect is followed, nothing but the protocol that
/// was asked for is spoken, certificates are checked, and nobody can make us wait or read for ever.
package enum WebClient {
    /// What a request may cost.
    package struct Limits: Sendable, Hashable {
        /// For all of it, from the name to the last byte.
        package var seconds = 10
        /// Of the answer.
        package var bytes = 256 * 1024

        package init() {}
    }

    /// Blocking work has threads of its own: those that all tasks share are few.
    private static let threads = DispatchQueue(label: "web-client", attributes: .concurrent)

    /// Fetches a document.
    ///
    /// - Parameters:
    ///   - url: `https:`; `http:` is for servers on this machine and must have been checked before.
    ///   - authorities: A PEM file of certificate authorities to trust instead of the system's.
    package static func get(
        _ url: String,
        authorities: String? = nil,
        limits: Limits = Limits()
    ) async throws(WebFailure) -> [UInt8] {
        let result = await withCheckedContinuation { continuation in
            self.threads.async {
                continuation.resume(returning: self.perform(url, authorities: authorities, limits: limits))
            }
        }
        return try result.get()
    }

    private static func perform(
        _ url: String,
        authorities: String?,
        limits: Limits
    ) -> Result<[UInt8], WebFailure> {
        _ = self.library
        guard let handle = curl_easy_init() else { return .failure(WebFailure("libcurl can't be used")) }
        defer { curl_easy_cleanup(handle) }
        let answer = Answer(limit: limits.bytes)
        var codes = [
            anynode_curl_set_text(handle, CURLOPT_URL, url),
            anynode_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, url.hasPrefix("https:") ? "https" : "http"),
            anynode_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
            anynode_curl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            anynode_curl_set_long(handle, CURLOPT_TIMEOUT, limits.seconds),
            anynode_curl_set_long(handle, CURLOPT_MAXFILESIZE, limits.bytes),
            anynode_curl_set_text(handle, CURLOPT_ACCEPT_ENCODING, nil),
            anynode_curl_set_text(handle, CURLOPT_USERAGENT, "anynode-server"),
            anynode_curl_set_receiver(handle, Answer.receive, Unmanaged.passUnretained(answer).toOpaque()),
        ]
        if url.hasPrefix("http:") {
            // A server on this machine: what the environment says about proxies is not for it.
            codes.append(anynode_curl_set_text(handle, CURLOPT_NOPROXY, "*"))
        }
        if let authorities {
            codes.append(anynode_curl_set_text(handle, CURLOPT_CAINFO, authorities))
        }
        guard codes.allSatisfy({ $0 == CURLE_OK }) else { return .failure(WebFailure("libcurl refuses the request")) }
        let code = withExtendedLifetime(answer) { curl_easy_perform(handle) }
        guard !answer.isTooLong else { return .failure(WebFailure("the answer is longer than \(limits.bytes) bytes")) }
        guard code == CURLE_OK else { return .failure(WebFailure(String(cString: curl_easy_strerror(code)))) }
        var status = 0
        _ = anynode_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        guard status == 200 else { return .failure(WebFailure("the answer has status \(status)")) }
        return .success(answer.bytes)
    }

    /// Set up once, before the first request.
    static let library: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// What has arrived. Used by one thread, the one that performs the request.
    private final class Answer {
        private let limit: Int
        private(set) var bytes: [UInt8] = []
        private(set) var isTooLong = false

        init(limit: Int) {
            self.limit = limit
        }

        static let receive: curl_write_callback = { data, size, count, argument in
            guard let data, let argument else { return 0 }
            let answer = Unmanaged<Answer>.fromOpaque(argument).takeUnretainedValue()
            let (length, isBeyond) = size.multipliedReportingOverflow(by: count)
            guard !isBeyond, length <= answer.limit - answer.bytes.count else {
                answer.isTooLong = true
                return 0
            }
            data.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
                answer.bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: length))
            }
            return length
        }
    }
}
