internal import CCurl
internal import Foundation
internal import Synchronization

/// The thread of a ``WebSession``: libcurl's multi handle and everything that belongs to it never leave it.
///
/// Tasks may run on it as well (``WebExecutor``): what they ask, and the answers, then need no other thread.
final class WebLoop: @unchecked Sendable {
    struct Work: Sendable {
        let job: UnownedJob
        let executor: UnownedTaskExecutor
    }

    private struct Inbox {
        var jobs: [Work] = []
        var transfers: [WebTransfer] = []
        var cancelled: [UInt64] = []
        var isStarted = false
        /// No request is sent any more.
        var isClosed = false
        /// Those who wait until everything is closed; `nil` when it is.
        var closing: [CheckedContinuation<Void, Never>]? = []
        /// Nobody is left who could have work for the thread.
        var isEnding = false
        /// The thread sleeps, and nobody has woken it up.
        var isAsleep = false

        var isEmpty: Bool { self.jobs.isEmpty && self.transfers.isEmpty && self.cancelled.isEmpty }
    }

    /// Over HTTP/1 each request needs a connection of its own.
    private static let mostConnections = (http1: 8, http2: 1)
    private static let mostSpareHandles = 256
    /// So many rounds of jobs, one leading to the next, before sockets are looked at.
    private static let patience = 16

    private let settings: WebSession.Settings
    private let inbox = Mutex(Inbox())
    /// Used by the thread alone, but for waking it up: then under the lock of ``inbox``.
    private var multi: UnsafeMutableRawPointer?
    private var underWay: [UInt64: (handle: UnsafeMutableRawPointer, transfer: WebTransfer)] = [:]
    private var numbers: [UnsafeMutableRawPointer: UInt64] = [:]
    private var spare: [UnsafeMutableRawPointer] = []
    private var isClosed = false

    init(_ settings: WebSession.Settings) {
        _ = WebClient.library
        self.settings = settings
        self.multi = curl_multi_init()
        let connections = settings.version == .http2 ? Self.mostConnections.http2 : Self.mostConnections.http1
        if let multi = self.multi {
            _ = anynode_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
            _ = anynode_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections)
        }
    }

    deinit {
        if let multi = self.multi { curl_multi_cleanup(multi) }
    }

    // MARK: From any thread

    func enqueue(_ work: Work) {
        self.change { $0.jobs.append(work) }
    }

    func add(_ transfer: WebTransfer, number: UInt64) {
        transfer.number = number
        let isRefused = self.change { inbox in
            if inbox.isClosed { return true }
            inbox.transfers.append(transfer)
            return false
        }
        if isRefused { transfer.finish(.failure(.closed)) }
    }

    func cancel(_ number: UInt64) {
        self.change { inbox in
            if !inbox.isClosed { inbox.cancelled.append(number) }
        }
    }

    /// Ends all requests and closes all connections.
    func close() async {
        await withCheckedContinuation { continuation in
            let isOver = self.change { inbox in
                inbox.isClosed = true
                guard inbox.closing != nil else { return true }
                inbox.closing?.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// The thread ends when its work is done.
    func end() {
        self.change { inbox in
            inbox.isClosed = true
            inbox.isEnding = true
        }
    }

    @discardableResult
    private func change<Result>(_ change: (inout Inbox) -> Result) -> Result {
        let (result, starts) = self.inbox.withLock { inbox -> (Result, Bool) in
            let result = change(&inbox)
            if inbox.isAsleep, let multi = self.multi {
                inbox.isAsleep = false
                curl_multi_wakeup(multi)
            }
            // Without anything to do there is no thread.
            let starts = !inbox.isStarted && !(inbox.isEmpty && inbox.isEnding)
            inbox.isStarted = inbox.isStarted || starts
            return (result, starts)
        }
        if starts {
            let thread = Thread { self.run() }
            thread.name = "web-session"
            thread.start()
        }
        return result
    }

    // MARK: The thread

    private func run() {
        var rounds = 0
        while true {
            let inbox = self.inbox.withLock { inbox in
                defer {
                    inbox.jobs = []
                    inbox.transfers = []
                    inbox.cancelled = []
                }
                return inbox
            }
            for work in inbox.jobs { work.job.runSynchronously(on: work.executor) }
            for transfer in inbox.transfers { self.begin(transfer) }
            for number in inbox.cancelled { self.stop(number) }
            if inbox.isClosed, !self.isClosed { self.closeAll() }
            if inbox.isEnding, inbox.isEmpty { return }
            rounds += 1
            if !inbox.jobs.isEmpty, rounds < Self.patience { continue }
            rounds = 0
            self.look()
        }
    }

    /// Lets libcurl do what can be done, and waits for more unless there is other work.
    private func look() {
        guard let multi = self.multi else { return }
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        self.takeDone()
        let isIdle = self.inbox.withLock { inbox in
            // Closed meanwhile: nobody will wake us up for that again.
            inbox.isAsleep = inbox.isEmpty && !inbox.isEnding && inbox.isClosed == self.isClosed
            return inbox.isAsleep
        }
        curl_multi_poll(multi, nil, 0, isIdle ? 60_000 : 0, nil)
        if isIdle { self.inbox.withLock { $0.isAsleep = false } }
    }

    private func closeAll() {
        self.isClosed = true
        for number in Array(self.underWay.keys) {
            self.stop(number)
        }
        for handle in self.spare {
            curl_easy_cleanup(handle)
        }
        self.spare = []
        // Another in its place, to sleep on.
        let (old, waiting) = self.inbox.withLock { inbox in
            defer {
                self.multi = curl_multi_init()
                inbox.closing = nil
            }
            return (self.multi, inbox.closing ?? [])
        }
        if let old { curl_multi_cleanup(old) }
        waiting.forEach { $0.resume() }
    }

    private func begin(_ transfer: WebTransfer) {
        guard !self.isClosed, let multi = self.multi, let handle = self.spare.popLast() ?? self.newHandle() else {
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
        if let multi = self.multi {
            _ = anynode_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, Self.mostConnections.http1)
        }
        return CURL_HTTP_VERSION_1_1
    }

    /// What is the same for all requests; handles are used again as they are.
    private func newHandle() -> UnsafeMutableRawPointer? {
        guard let handle = curl_easy_init() else { return nil }
        let isHTTP2 = self.settings.version == .http2
        var codes = [
            anynode_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
            anynode_curl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            anynode_curl_set_long(handle, CURLOPT_PIPEWAIT, isHTTP2 ? 1 : 0),
            anynode_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, self.settings.connectTimeout.inMilliseconds),
            anynode_curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1),
            anynode_curl_set_text(handle, CURLOPT_USERAGENT, "anynode-server"),
        ]
        if let authorities = self.settings.authorities {
            codes.append(anynode_curl_set_text(handle, CURLOPT_CAINFO, authorities))
        }
        if let proxy = self.settings.proxy {
            codes.append(anynode_curl_set_text(handle, CURLOPT_PROXY, proxy))
        }
        guard codes.allSatisfy({ $0 == CURLE_OK }) else {
            curl_easy_cleanup(handle)
            return nil
        }
        return handle
    }

    private func prepare(_ handle: UnsafeMutableRawPointer, for transfer: WebTransfer) -> Bool {
        let (request, argument) = (transfer.request, Unmanaged.passUnretained(transfer).toOpaque())
        let isHTTPS = request.url.utf8.prefix(6).elementsEqual("https:".utf8)
        let version =
            switch self.settings.version {
            case .http1: CURL_HTTP_VERSION_1_1
            case .http2: isHTTPS ? CURL_HTTP_VERSION_2TLS : self.plainTextVersion
            }
        transfer.list = Self.list(of: request.headers)
        var codes = [
            anynode_curl_set_text(handle, CURLOPT_URL, request.url),
            anynode_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, isHTTPS ? "https" : "http"),
            anynode_curl_set_long(handle, CURLOPT_HTTP_VERSION, version),
            anynode_curl_set_long(handle, CURLOPT_TIMEOUT_MS, transfer.time.inMilliseconds),
            anynode_curl_set_list(handle, CURLOPT_HTTPHEADER, transfer.list),
            anynode_curl_set_pointer(handle, CURLOPT_PRIVATE, argument),
            anynode_curl_set_receiver(handle, WebTransfer.receiveBody, argument),
            anynode_curl_set_header_receiver(handle, WebTransfer.receiveHeader, argument),
        ]
        if request.method == "GET" {
            codes.append(anynode_curl_set_long(handle, CURLOPT_HTTPGET, 1))
        } else {
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
        let isUsual = ["GET", "POST"].contains(request.method)
        codes.append(anynode_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, isUsual ? nil : request.method))
        if self.settings.proxy == nil {
            // A service on this machine: what the environment says about proxies is not for it.
            codes.append(anynode_curl_set_text(handle, CURLOPT_NOPROXY, isHTTPS ? nil : "*"))
        }
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    private static func list(
        of headers: [(name: String, value: String)]
    ) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        var hasExpect = false
        for header in headers {
            // An empty value needs a semicolon in the place of the colon.
            list = curl_slist_append(list, header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
            hasExpect = hasExpect || header.name.lowercased() == "expect"
        }
        return hasExpect ? list : curl_slist_append(list, "Expect:")
    }

    private func takeDone() {
        guard let multi = self.multi else { return }
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
        guard let multi = self.multi, let (handle, transfer) = self.underWay.removeValue(forKey: number) else {
            return
        }
        self.numbers[handle] = nil
        curl_multi_remove_handle(multi, handle)
        self.giveBack(handle, transfer)
    }

    private func giveBack(_ handle: UnsafeMutableRawPointer, _ transfer: WebTransfer) {
        // It must not keep what is gone.
        _ = anynode_curl_set_list(handle, CURLOPT_HTTPHEADER, nil)
        curl_slist_free_all(transfer.list)
        transfer.list = nil
        if self.spare.count < Self.mostSpareHandles {
            self.spare.append(handle)
        } else {
            curl_easy_cleanup(handle)
        }
    }
}

extension WebFailure {
    static let cancelled = WebFailure("nobody waits for it any more", .cancelled)
}

/// Tasks on the thread of a session. The thread ends when nobody holds this object any more.
final class WebExecutor: TaskExecutor {
    let loop: WebLoop

    init(_ loop: WebLoop) {
        self.loop = loop
    }

    deinit {
        self.loop.end()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        self.loop.enqueue(.init(job: UnownedJob(job), executor: self.asUnownedTaskExecutor()))
    }
}

extension Duration {
    /// For libcurl, to which 0 would mean for ever.
    fileprivate var inMilliseconds: Int {
        let (seconds, attoseconds) = self.components
        return Int(clamping: max(1, min(max(seconds, 0), 86_400) * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
