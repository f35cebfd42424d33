internal import CCurl
internal import Foundation
internal import Synchronization

/// The thread of a ``WebSession``: libcurl's multi handle and everything that belongs to it never leave it.
final class WebLoop: @unchecked Sendable {
    private struct Inbox {
        var transfers: [WebTransfer] = []
        var cancelled: [UInt64] = []
        var isClosed = false
    }

    private enum End {
        case running
        case awaited([CheckedContinuation<Void, Never>])
        case ended
    }

    /// Over HTTP/1 each request needs a connection of its own.
    private static let mostConnections = (http1: 8, http2: 1)
    private static let mostSpareHandles = 256

    private let settings: WebSession.Settings
    private let inbox = Mutex(Inbox())
    private let end = Mutex(End.running)
    /// Used by the thread alone, but for waking it up, which libcurl allows on any.
    private let multi: OpaquePointer?
    private var underWay: [UInt64: (handle: UnsafeMutableRawPointer, transfer: WebTransfer)] = [:]
    private var numbers: [UnsafeMutableRawPointer: UInt64] = [:]
    private var spare: [UnsafeMutableRawPointer] = []

    init(_ settings: WebSession.Settings) {
        _ = WebClient.library
        self.settings = settings
        self.multi = curl_multi_init().map { OpaquePointer($0) }
        let connections = settings.version == .http2 ? Self.mostConnections.http2 : Self.mostConnections.http1
        if let multi = self.rawMulti {
            _ = anynode_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
            _ = anynode_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections)
        }
        let thread = Thread { self.run() }
        thread.name = "web-session"
        thread.start()
    }

    private var rawMulti: UnsafeMutableRawPointer? { self.multi.map { UnsafeMutableRawPointer($0) } }

    // MARK: From any thread

    func add(_ transfer: WebTransfer, number: UInt64) {
        transfer.number = number
        let isRefused = self.inbox.withLock { inbox in
            if inbox.isClosed { return true }
            inbox.transfers.append(transfer)
            return false
        }
        if isRefused { return transfer.finish(.failure(.closed)) }
        self.wakeUp()
    }

    func cancel(_ number: UInt64) {
        self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return }
            inbox.cancelled.append(number)
        }
        self.wakeUp()
    }

    func close() {
        self.inbox.withLock { $0.isClosed = true }
        self.wakeUp()
    }

    /// Returns when the thread is gone.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = self.end.withLock { end in
                switch end {
                case .running: end = .awaited([continuation])
                case .awaited(let others): end = .awaited(others + [continuation])
                case .ended: return true
                }
                return false
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func wakeUp() {
        // After the end there is nothing to wake up, and the handle is gone.
        self.end.withLock { end in
            if case .ended = end { return }
            if let multi = self.rawMulti { curl_multi_wakeup(multi) }
        }
    }

    // MARK: The thread

    private func run() {
        guard let multi = self.rawMulti else { return self.finish() }
        while self.takeInbox() {
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            self.takeDone()
            curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        self.finish()
    }

    /// `false` when it is over.
    private func takeInbox() -> Bool {
        let inbox = self.inbox.withLock { inbox in
            defer {
                inbox.transfers = []
                inbox.cancelled = []
            }
            return inbox
        }
        for transfer in inbox.transfers {
            self.begin(transfer)
        }
        for number in inbox.cancelled {
            self.stop(number)
        }
        return !inbox.isClosed
    }

    private func begin(_ transfer: WebTransfer) {
        guard let multi = self.rawMulti, let handle = self.spare.popLast() ?? curl_easy_init() else {
            return transfer.finish(.failure(WebFailure("libcurl can't be used")))
        }
        guard self.prepare(handle, for: transfer), curl_multi_add_handle(multi, handle) == CURLM_OK else {
            self.giveBack(handle, transfer)
            return transfer.finish(.failure(WebFailure("libcurl refuses the request", .invalid)))
        }
        self.underWay[transfer.number] = (handle, transfer)
        self.numbers[handle] = transfer.number
    }

    /// HTTP/2 without TLS, unless libcurl is older than 8.0: that can't use such a connection a second time.
    private var plainTextVersion: Int {
        if let version = curl_version_info(CURLVERSION_FIRST), version.pointee.version_num >= 0x08_00_00 {
            return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        }
        if let multi = self.rawMulti {
            _ = anynode_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, Self.mostConnections.http1)
        }
        return CURL_HTTP_VERSION_1_1
    }

    private func prepare(_ handle: UnsafeMutableRawPointer, for transfer: WebTransfer) -> Bool {
        let (request, argument) = (transfer.request, Unmanaged.passUnretained(transfer).toOpaque())
        let isHTTPS = request.url.utf8.prefix(6).elementsEqual("https:".utf8)
        let version =
            switch self.settings.version {
            case .http1: CURL_HTTP_VERSION_1_1
            case .http2: isHTTPS ? CURL_HTTP_VERSION_2TLS : self.plainTextVersion
            }
        let milliseconds = { (duration: Duration) -> Int in
            let (seconds, attoseconds) = duration.components
            return Int(clamping: min(max(seconds, 0), 86_400) * 1000 + attoseconds / 1_000_000_000_000_000)
        }
        var list: UnsafeMutablePointer<curl_slist>?
        var hasExpect = false
        for header in request.headers {
            // An empty value needs a semicolon in the place of the colon.
            list = curl_slist_append(list, header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
            hasExpect = hasExpect || header.name.lowercased() == "expect"
        }
        if !hasExpect { list = curl_slist_append(list, "Expect:") }
        transfer.list = list
        var codes = [
            anynode_curl_set_text(handle, CURLOPT_URL, request.url),
            anynode_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, isHTTPS ? "https" : "http"),
            anynode_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
            anynode_curl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            anynode_curl_set_long(handle, CURLOPT_HTTP_VERSION, version),
            anynode_curl_set_long(handle, CURLOPT_PIPEWAIT, self.settings.version == .http2 ? 1 : 0),
            anynode_curl_set_long(handle, CURLOPT_TIMEOUT_MS, max(1, milliseconds(transfer.time))),
            anynode_curl_set_long(
                handle,
                CURLOPT_CONNECTTIMEOUT_MS,
                max(1, milliseconds(self.settings.connectTimeout))
            ),
            anynode_curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1),
            anynode_curl_set_text(handle, CURLOPT_USERAGENT, "anynode-server"),
            anynode_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method),
            anynode_curl_set_list(handle, CURLOPT_HTTPHEADER, list),
            anynode_curl_set_pointer(handle, CURLOPT_PRIVATE, argument),
            anynode_curl_set_receiver(handle, WebTransfer.receiveBody, argument),
            anynode_curl_set_header_receiver(handle, WebTransfer.receiveHeader, argument),
        ]
        if request.method != "GET" {
            codes.append(anynode_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, request.body.count))
            codes.append(
                request.body.withUnsafeBytes { body in
                    anynode_curl_set_pointer(
                        handle,
                        CURLOPT_COPYPOSTFIELDS,
                        UnsafeMutableRawPointer(mutating: body.baseAddress ?? UnsafeRawPointer(handle))
                    )
                }
            )
        }
        if let authorities = self.settings.authorities {
            codes.append(anynode_curl_set_text(handle, CURLOPT_CAINFO, authorities))
        }
        if let proxy = self.settings.proxy {
            codes.append(anynode_curl_set_text(handle, CURLOPT_PROXY, proxy))
        } else if !isHTTPS {
            codes.append(anynode_curl_set_text(handle, CURLOPT_NOPROXY, "*"))
        }
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    private func takeDone() {
        guard let multi = self.rawMulti else { return }
        var code = CURLE_OK
        while let handle = anynode_curl_multi_next_done(multi, &code) {
            guard let number = self.numbers[handle], let (_, transfer) = self.underWay[number] else { continue }
            var status = 0
            _ = anynode_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
            let outcome = transfer.outcome(code, status: status)
            self.remove(number)
            transfer.finish(outcome)
        }
    }

    /// Ends one request, whatever has become of it; the others on its connection go on.
    private func stop(_ number: UInt64) {
        // Or it was answered already.
        guard let (_, transfer) = self.underWay[number] else { return }
        self.remove(number)
        transfer.finish(.failure(.cancelled))
    }

    private func remove(_ number: UInt64) {
        guard let multi = self.rawMulti, let (handle, transfer) = self.underWay.removeValue(forKey: number) else {
            return
        }
        self.numbers[handle] = nil
        curl_multi_remove_handle(multi, handle)
        self.giveBack(handle, transfer)
    }

    private func giveBack(_ handle: UnsafeMutableRawPointer, _ transfer: WebTransfer) {
        curl_easy_reset(handle)
        curl_slist_free_all(transfer.list)
        transfer.list = nil
        if self.spare.count < Self.mostSpareHandles {
            self.spare.append(handle)
        } else {
            curl_easy_cleanup(handle)
        }
    }

    private func finish() {
        for number in Array(self.underWay.keys) {
            self.stop(number)
        }
        let late = self.inbox.withLock { inbox in
            inbox.isClosed = true
            defer { inbox.transfers = [] }
            return inbox.transfers
        }
        for transfer in late {
            transfer.finish(.failure(.closed))
        }
        for handle in self.spare {
            curl_easy_cleanup(handle)
        }
        let waiting = self.end.withLock { end in
            defer { end = .ended }
            if let multi = self.rawMulti { curl_multi_cleanup(multi) }
            if case .awaited(let waiting) = end { return waiting }
            return []
        }
        waiting.forEach { $0.resume() }
    }
}

extension WebFailure {
    static let cancelled = WebFailure("nobody waits for it any more", .cancelled)
}
