import StrictJSON
import Telephony

extension MessageMembers {
    /// A message of the register operation (§9.1).
    func registerRequest(_ action: RegisterAction) throws(JSONSyntaxError) -> RegisterRequest {
        do throws(MessageFault) {
            switch action {
            case .start:
                return .start(try self.assignment(), description: try self.description())
            case .status:
                return .status(
                    identifier: try self.registrationIdentifier(),
                    try self.notificationData(),
                    confirm: try self.wantsConfirmation()
                )
            case .terminate:
                return .terminate(identifier: try self.registrationIdentifier())
            }
        } catch {
            switch error {
            case .malformed: return .malformed(action)
            case .notJSON(let syntaxError): throw syntaxError
            }
        }
    }

    private func assignment() throws(MessageFault) -> Assignment {
        guard let (username, dialString) = try self[.assignment]?.members("username", "dialString") else {
            throw .malformed
        }
        guard username != nil || dialString != nil else { throw .malformed }
        return Assignment(username: try username.text(), dialString: try dialString.text())
    }

    /// As it was written: whether it names this registration is for others to judge.
    private func registrationIdentifier() throws(MessageFault) -> String? {
        try self[.identifier].text()
    }

    private func wantsConfirmation() throws(MessageFault) -> Bool {
        guard let written = self[.confirm] else { return false }
        guard let confirm = written.bool else { throw .malformed }
        return confirm
    }

    /// What a push needs; nothing without a token, since the URL alone wakes nobody.
    private func notificationData() throws(MessageFault) -> NotificationData? {
        let url = try self[.notificationUrl].text().flatMap { $0.isFitForNotification ? $0 : nil }
        guard let token = self[.notificationToken] else { return nil }
        guard token.isString || token.isObject, token.bytes.count <= NotificationLimit.token else { throw .malformed }
        return NotificationData(token: Array(token.bytes), url: url)
    }
}

/// Sizes in bytes, of the order of what messaging services admit in a push.
private enum NotificationLimit {
    static let token = 4096
    static let url = 2048
}

extension MemberValue? {
    /// A string's text; `nil` without a value.
    fileprivate func text() throws(MessageFault) -> String? {
        guard let value = self else { return nil }
        guard let text = value.text() else { throw .malformed }
        return text
    }
}

extension String {
    /// Whether a client may be handed this URL back in a push: a page of the web, and nothing that breaks a line.
    ///
    /// Never fetched by the server, hence not parsed any further (§8.1.10).
    fileprivate var isFitForNotification: Bool {
        let start = self.utf8.prefix(8).map { $0 | 0x20 }
        return self.utf8.count <= NotificationLimit.url
            && (start.starts(with: "http://".utf8) || start.starts(with: "https://".utf8))
            && self.unicodeScalars.allSatisfy { !$0.isControl }
    }
}
