/// One open connection and the questions under way on it.
///
/// - Important: Belongs to its client's thread.
final class LDAPConnection {
    let url: String
    /// Which of the servers it leads to.
    let server: Int
    let descriptor: Int32
    /// By the numbers their answers come back with.
    private(set) var underWay: [Int32: LDAPRequest] = [:]
    let opened: Duration
    /// When it was last asked or heard.
    private(set) var used: Duration
    /// Since when it owes an answer without a sign of life; `nil` when it owes none.
    private(set) var silentSince: Duration?
    /// It has been asked whether it is still there.
    var isPinged = false
    /// It owes an answer that was taken back. A bind can't be taken back, so nothing else may follow it.
    private(set) var isSpent = false
    let isEncrypted: Bool
    private var handle: LDAPHandle?

    init(_ handle: LDAPHandle, descriptor: Int32, url: String, server: Int, at now: Duration) {
        self.handle = handle
        self.isEncrypted = handle.isEncrypted
        self.descriptor = descriptor
        self.url = url
        self.server = server
        self.opened = now
        self.used = now
    }

    func send(_ request: LDAPRequest, at now: Duration) throws(LDAPFailure) {
        guard let handle = self.handle else { throw LDAPFailure(code: -1, "the connection is closed") }
        let number =
            switch request.operation {
            case .search(let search): try handle.send(search)
            case .bind(let name, let password): try handle.send(bindAs: name, password: password)
            }
        self.underWay[number] = request
        self.used = now
        if self.silentSince == nil { self.silentSince = now }
    }

    /// The next answer, and whose it is; `nil` for nobody's.
    func takeAnswer(at now: Duration) throws(LDAPFailure) -> (LDAPRequest?, LDAPAnswer)? {
        guard let handle = self.handle,
            let (number, answer) = try handle.takeAnswer(attributes: { self.underWay[$0]?.attributes ?? .none })
        else { return nil }
        let request = self.underWay.removeValue(forKey: number)
        self.used = now
        self.silentSince = self.underWay.isEmpty ? nil : now
        self.isPinged = false
        return (request, answer)
    }

    func abandon(_ number: Int32) {
        guard let request = self.underWay.removeValue(forKey: number) else { return }
        switch request.operation {
        case .search: self.handle?.abandon(number)
        case .bind: self.isSpent = true
        }
        if self.underWay.isEmpty { self.silentSince = nil }
    }

    /// - Returns: Who still waited.
    func close() -> [LDAPRequest] {
        self.handle = nil
        defer { self.underWay = [:] }
        return Array(self.underWay.values)
    }
}
