internal import CLDAP
internal import Glibc
internal import PluginAPI

/// A connection to a directory server, as libldap sees it.
///
/// Until ``makeNonBlocking()`` calls wait for the server; from then on none does.
///
/// - Important: Not for two threads at a time. It is made on a thread that may wait, and handed over as a whole to the one
///   that works with it.
final class LDAPHandle: @unchecked Sendable {
    private let pointer: OpaquePointer
    /// The server's time for one search, whole seconds.
    private var searchTime = timeval(tv_sec: 5, tv_usec: 0)

    /// What libldap keeps for the whole process is set up once, before two threads can meet there.
    private static let isReady: Bool = {
        // libldap writes to its sockets as to files, so that one the server has closed would end the process. swift-nio
        // ignores the signal, too, but may come later.
        signal(SIGPIPE, SIG_IGN)
        var version: Int32 = 0
        return ldap_get_option(nil, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS
    }()

    /// Which library of TLS libldap was built with.
    static let speaksGnuTLS: Bool = {
        var name: UnsafeMutablePointer<CChar>?
        guard ldap_get_option(nil, LDAP_OPT_X_TLS_PACKAGE, &name) == LDAP_OPT_SUCCESS, let name else { return false }
        defer { ldap_memfree(name) }
        return String(cString: name) == "GnuTLS"
    }()

    /// A handle of a server that nobody has spoken to yet.
    init(url: String) throws(LDAPFailure) {
        _ = Self.isReady
        var pointer: OpaquePointer?
        let code = ldap_initialize(&pointer, url)
        guard code == LDAP_SUCCESS, let pointer else { throw LDAPFailure(code: code, doing: "can't use the URL") }
        self.pointer = pointer
    }

    deinit {
        ldap_unbind_ext_s(self.pointer, nil, nil)
    }

    // MARK: Options

    func set(_ option: Int32, to value: Int32) throws(LDAPFailure) {
        var value = value
        try self.check(ldap_set_option(self.pointer, option, &value))
    }

    func set(_ option: Int32, to text: String) throws(LDAPFailure) {
        try self.check(ldap_set_option(self.pointer, option, text))
    }

    func set(_ option: Int32, to duration: Duration) throws(LDAPFailure) {
        var time = timeval(duration)
        try self.check(ldap_set_option(self.pointer, option, &time))
    }

    /// For options that are switches.
    func switchOff(_ option: Int32) throws(LDAPFailure) {
        try self.check(ldap_set_option(self.pointer, option, nil))
    }

    func setSearchTime(_ duration: Duration) {
        self.searchTime = timeval(duration)
        // Whole seconds count here, and none at all would mean "as long as you like".
        if self.searchTime.tv_usec > 0 || self.searchTime.tv_sec == 0 { self.searchTime.tv_sec += 1 }
        self.searchTime.tv_usec = 0
    }

    private func check(_ code: Int32) throws(LDAPFailure) {
        guard code == LDAP_OPT_SUCCESS else {
            throw LDAPFailure(code: code, "libldap refuses an option of the connection")
        }
    }

    // MARK: While calls may wait

    /// Connects, and for an `ldaps` URL agrees on TLS.
    func connect() throws(LDAPFailure) {
        try self.succeed(ldap_connect(self.pointer), "can't connect")
    }

    /// Agrees on TLS (RFC 4511 §4.14).
    func startTLS() throws(LDAPFailure) {
        try self.succeed(ldap_start_tls_s(self.pointer, nil, nil), "StartTLS")
    }

    /// Logs in; without a name and a password as nobody (RFC 4513 §5.1.1).
    func bind(name: String?, password: Secret?) throws(LDAPFailure) {
        let code = (password ?? Secret("")).withCredentials { credentials in
            ldap_sasl_bind_s(self.pointer, name, nil, &credentials, nil, nil, nil)
        }
        try self.succeed(code, "log-in of the service account")
    }

    /// Logs in as whom the connection itself proves: a client certificate, or the user of a local socket (RFC 4513 §5.2.3).
    func bindExternally() throws(LDAPFailure) {
        // Credentials that are empty, not missing: without any, the server would ask for them (RFC 4513 §5.2.1.4).
        let code = Secret("").withCredentials { nobody in
            ldap_sasl_bind_s(self.pointer, nil, "EXTERNAL", &nobody, nil, nil, nil)
        }
        try self.succeed(code, "log-in of the service account by EXTERNAL")
    }

    private func succeed(_ code: Int32, _ action: String) throws(LDAPFailure) {
        guard code == LDAP_SUCCESS else { throw self.failure(code, action) }
    }

    private func failure(_ code: Int32, _ action: String) -> LDAPFailure {
        var words: UnsafeMutablePointer<CChar>?
        ldap_get_option(self.pointer, LDAP_OPT_DIAGNOSTIC_MESSAGE, &words)
        defer { ldap_memfree(words) }
        return LDAPFailure(code: code, diagnostic: words.map { String(cString: $0) } ?? "", doing: action)
    }

    /// From now on calls return at once.
    ///
    /// - Returns: The socket, which stays libldap's own.
    func makeNonBlocking() throws(LDAPFailure) -> Int32 {
        var descriptor: Int32 = -1
        guard ldap_get_option(self.pointer, LDAP_OPT_DESC, &descriptor) == LDAP_OPT_SUCCESS, descriptor >= 0,
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
        else { throw LDAPFailure(code: LDAP_SERVER_DOWN, "the connection is gone") }
        return descriptor
    }

    /// Whether TLS is spoken.
    var isEncrypted: Bool { ldap_tls_inplace(self.pointer) != 0 }

    // MARK: While calls return at once

    /// Sends a search off.
    ///
    /// - Returns: The number that its answer comes back with.
    func send(_ search: LDAPSearch) throws(LDAPFailure) -> Int32 {
        var control: UnsafeMutablePointer<LDAPControl>?
        if let page = search.page {
            let code = page.cookie.withBerval { ldap_create_page_control(self.pointer, page.size, $0, 0, &control) }
            guard code == LDAP_SUCCESS else { throw self.failure(code, "paging") }
        }
        defer { if let control { ldap_control_free(control) } }
        var number: Int32 = 0
        var time = self.searchTime
        let code = withControls(control) { controls in
            ldap_search_ext(
                self.pointer,
                search.base,
                search.scope.code,
                search.filter,
                search.attributes.pointers,
                0,
                controls,
                nil,
                &time,
                search.sizeLimit,
                &number
            )
        }
        guard code == LDAP_SUCCESS else { throw self.failure(code, "search") }
        return number
    }

    /// Sends off the question whether a name and a password belong together.
    func send(bindAs name: String, password: Secret) throws(LDAPFailure) -> Int32 {
        var number: Int32 = 0
        let code = password.withCredentials { credentials in
            ldap_sasl_bind(self.pointer, name, nil, &credentials, nil, nil, &number)
        }
        guard code == LDAP_SUCCESS else { throw self.failure(code, "log-in") }
        return number
    }

    /// Takes a question back; its answer will not come (RFC 4511 §4.11).
    func abandon(_ number: Int32) {
        ldap_abandon_ext(self.pointer, number, nil, nil)
    }

    /// The next whole answer that has come, if one has; nothing waits.
    ///
    /// - Parameter attributes: What the question of that number asked for.
    /// - Throws: When the connection is lost.
    func takeAnswer(attributes: (Int32) -> LDAPAttributes) throws(LDAPFailure) -> (number: Int32, answer: LDAPAnswer)? {
        var noTime = timeval(tv_sec: 0, tv_usec: 0)
        var chain: OpaquePointer?
        let kind = ldap_result(self.pointer, LDAP_RES_ANY, Int32(LDAP_MSG_ALL), &noTime, &chain)
        guard kind != 0 else { return nil }
        guard kind > 0, let chain else {
            var code: Int32 = LDAP_SERVER_DOWN
            ldap_get_option(self.pointer, LDAP_OPT_RESULT_CODE, &code)
            throw self.failure(code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code, "connection lost")
        }
        defer { ldap_msgfree(chain) }
        let number = ldap_msgid(chain)
        // What nobody asked for is the server's farewell (RFC 4511 §4.4.1).
        guard number != 0 else { throw LDAPFailure(code: LDAP_SERVER_DOWN, "the server closes the connection") }
        return (number, try self.read(chain, attributes(number)))
    }

    private func read(_ chain: OpaquePointer, _ attributes: LDAPAttributes) throws(LDAPFailure) -> LDAPAnswer {
        var entries: [LDAPEntry] = []
        var references = 0
        var result: LDAPAnswer?
        var message = ldap_first_message(self.pointer, chain)
        while let current = message {
            switch ber_tag_t(bitPattern: Int(ldap_msgtype(current))) {
            case ber_tag_t(LDAP_RES_SEARCH_ENTRY): entries.append(self.entry(current, attributes))
            case ber_tag_t(LDAP_RES_SEARCH_REFERENCE): references += 1
            default: result = try self.result(current)
            }
            message = ldap_next_message(self.pointer, current)
        }
        guard var result else { throw LDAPFailure(code: LDAP_DECODING_ERROR, "an answer without a result") }
        result.entries = entries
        result.references = references
        return result
    }

    private func result(_ message: OpaquePointer) throws(LDAPFailure) -> LDAPAnswer {
        var code: Int32 = 0
        var words: UnsafeMutablePointer<CChar>?
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?
        let parsed = ldap_parse_result(self.pointer, message, &code, nil, &words, nil, &controls, 0)
        defer {
            ldap_memfree(words)
            ldap_controls_free(controls)
        }
        guard parsed == LDAP_SUCCESS else { throw self.failure(parsed, "an answer that can't be read") }
        var answer = LDAPAnswer(code: code, diagnostic: words.map { String(cString: $0) } ?? "")
        if let control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nil) {
            var estimate: Int32 = 0
            var cookie = berval()
            if ldap_parse_pageresponse_control(self.pointer, control, &estimate, &cookie) == LDAP_SUCCESS {
                if cookie.bv_len > 0 { answer.cookie = Array(cookie.buffer) }
                ldap_memfree(cookie.bv_val)
            }
        }
        return answer
    }

    /// Reads an entry where it stands, in one pass.
    private func entry(_ message: OpaquePointer, _ attributes: LDAPAttributes) -> LDAPEntry {
        var place: OpaquePointer?
        var name = berval()
        ldap_get_dn_ber(self.pointer, message, &place, &name)
        defer { ber_free(place, 0) }
        var values = [[String]](repeating: [], count: attributes.names.count)
        while true {
            var attribute = berval()
            var list: UnsafeMutablePointer<berval>?
            guard ldap_get_attribute_ber(self.pointer, message, place, &attribute, &list) == LDAP_SUCCESS,
                attribute.bv_val != nil
            else { break }
            defer { ldap_memfree(list) }
            attributes.places(of: attribute.buffer) { index in
                guard var next = list else { return }
                while next.pointee.bv_val != nil {
                    if let text = String(validating: next.pointee.buffer, as: UTF8.self) { values[index].append(text) }
                    next += 1
                }
            }
        }
        return LDAPEntry(name: String(decoding: name.buffer, as: UTF8.self), values: values)
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}

extension berval {
    fileprivate var buffer: UnsafeBufferPointer<UInt8> {
        UnsafeRawBufferPointer(start: self.bv_val, count: Int(self.bv_len)).assumingMemoryBound(to: UInt8.self)
    }
}

extension [UInt8]? {
    /// Lends the bytes as libldap wants them; nothing for `nil`.
    fileprivate func withBerval<Result>(_ use: (UnsafeMutablePointer<berval>?) -> Result) -> Result {
        guard var bytes = self else { return use(nil) }
        return bytes.withUnsafeMutableBytes { buffer in
            var value = berval(
                bv_len: ber_len_t(buffer.count),
                bv_val: buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            )
            return use(&value)
        }
    }
}

extension Secret {
    /// Lends the password with its length, so that a NUL does not end it.
    fileprivate func withCredentials<Result>(_ use: (inout berval) -> Result) -> Result {
        self.withText { text in
            // One byte more, since of no bytes libldap makes no password instead of an empty one.
            var bytes = Array(text.utf8) + [0]
            return bytes.withUnsafeMutableBytes { buffer in
                var value = berval(
                    bv_len: ber_len_t(buffer.count - 1),
                    bv_val: buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                )
                return use(&value)
            }
        }
    }
}

/// Lends a control as the list that libldap wants; nothing for `nil`.
private func withControls<Result>(
    _ control: UnsafeMutablePointer<LDAPControl>?,
    _ use: (UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?) -> Result
) -> Result {
    guard let control else { return use(nil) }
    var list: [UnsafeMutablePointer<LDAPControl>?] = [control, nil]
    return list.withUnsafeMutableBufferPointer { use($0.baseAddress) }
}
