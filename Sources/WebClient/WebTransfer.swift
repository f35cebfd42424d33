internal import CCurl

/// One request on its way, and what has come of its answer. Used by one thread, the session's; `add` hands it over.
final class WebTransfer: @unchecked Sendable {
    typealias Outcome = Result<WebResponse, WebFailure>

    private static let (mostHeaders, longestHeaders) = (100, 32 * 1024)

    let request: WebRequest
    let time: Duration
    private let longestAnswer: Int
    private var continuation: CheckedContinuation<Outcome, Never>?
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var problem: String?
    /// Kept for libcurl while the request is on its way.
    var list: UnsafeMutablePointer<curl_slist>?
    var number: UInt64 = 0

    init(
        _ request: WebRequest,
        within time: Duration,
        longestAnswer: Int,
        continuation: CheckedContinuation<Outcome, Never>
    ) {
        self.request = request
        self.time = time
        self.longestAnswer = longestAnswer
        self.continuation = continuation
    }

    /// Gives whoever waits the answer; only the first one counts.
    func finish(_ outcome: Outcome) {
        self.continuation.take()?.resume(returning: outcome)
    }

    /// The answer as it came, or why there is none.
    func outcome(_ code: CURLcode, status: Int) -> Outcome {
        if let problem = self.problem { return .failure(WebFailure(problem, .unusable)) }
        guard code == CURLE_OK else { return .failure(WebFailure(code)) }
        return .success(WebResponse(status: status, headers: self.headers, body: self.body))
    }

    // MARK: What libcurl calls

    static let receiveBody: curl_write_callback = { data, size, count, argument in
        guard let data, let argument else { return 0 }
        let transfer = Unmanaged<WebTransfer>.fromOpaque(argument).takeUnretainedValue()
        let (length, isBeyond) = size.multipliedReportingOverflow(by: count)
        guard !isBeyond, length <= transfer.longestAnswer - transfer.body.count else {
            transfer.problem = "the answer is longer than \(transfer.longestAnswer) bytes"
            return 0
        }
        data.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
            transfer.body.append(contentsOf: UnsafeBufferPointer(start: bytes, count: length))
        }
        return length
    }

    static let receiveHeader: curl_write_callback = { data, size, count, argument in
        guard let data, let argument else { return 0 }
        let transfer = Unmanaged<WebTransfer>.fromOpaque(argument).takeUnretainedValue()
        let (length, isBeyond) = size.multipliedReportingOverflow(by: count)
        guard !isBeyond else { return 0 }
        return data.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
            transfer.receive(headerLine: UnsafeBufferPointer(start: bytes, count: length)) ? length : 0
        }
    }

    private func receive(headerLine line: UnsafeBufferPointer<UInt8>) -> Bool {
        if line.starts(with: "HTTP/".utf8) {
            // Of an interim answer, or of a proxy, there was one before: what counts is the last.
            self.headers = []
            self.headerBytes = 0
            return true
        }
        self.headerBytes += line.count
        guard self.headers.count < Self.mostHeaders, self.headerBytes <= Self.longestHeaders else {
            self.problem = "the answer has too many headers"
            return false
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        let value = line[(colon + 1)...].drop(while: isSpace)
        let end = value.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? value.startIndex
        self.headers.append(
            (
                String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                String(decoding: value[..<end], as: UTF8.self)
            )
        )
        return true
    }
}

extension WebFailure {
    /// What libcurl says.
    init(_ code: CURLcode) {
        let cause: Cause =
            switch code {
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY,
                CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_ISSUER_ERROR:
                .unreachable
            case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM,
                CURLE_HTTP2:
                .interrupted
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalid
            default: .unusable
            }
        self.init(String(cString: curl_easy_strerror(code)), cause)
    }
}
