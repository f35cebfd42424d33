import StrictJSON
import Telephony

/// What a client can ask of a call (§10.1); `status` is the server's.
private enum SignalingAction: String {
    case start
    case accept
    case answer
    case terminate
    case hold
    case retrieve
    case transfer
}

private enum Operation: String {
    case register
    case signaling
    case media
}

extension MessageMembers {
    /// What the message says, its version being ours.
    func message() throws(JSONSyntaxError) -> ClientMessage {
        guard let operation = self[.operation]?.keyword(Operation.self), let action = self[.action] else {
            return .discarded
        }
        switch operation {
        case .media:
            guard let kind = action.keyword(SessionDescription.Kind.self) else { return .discarded }
            return try self.call { () throws(MessageFault) in .media(try self.media(kind)) }
        case .signaling:
            guard let action = action.keyword(SignalingAction.self) else { return .discarded }
            return try self.call { () throws(MessageFault) in try self.request(action) }
        case .register:
            guard let action = action.keyword(RegisterAction.self) else { return .discarded }
            return .register(try self.registerRequest(action))
        }
    }

    /// A message about a call: without a proper identifier there is no call to answer for (§10.2).
    private func call(_ request: () throws(MessageFault) -> CallRequest) throws(JSONSyntaxError) -> ClientMessage {
        guard let written = self[.identifier]?.text(longest: CallIdentifier.longest) else {
            return .invalidCallIdentifier(echo: nil)
        }
        guard let identifier = CallIdentifier(written) else { return .invalidCallIdentifier(echo: written) }
        do throws(MessageFault) {
            return .call(identifier, try request())
        } catch {
            switch error {
            case .malformed: return .call(identifier, .malformed)
            case .notJSON(let syntaxError): throw syntaxError
            }
        }
    }

    private func request(_ action: SignalingAction) throws(MessageFault) -> CallRequest {
        switch action {
        case .start:
            guard let remote = self[.remoteAddress] else { throw .malformed }
            // The server knows this side's address: what the client says of it is only looked at (§8.1.11).
            guard self[.localAddress].map({ $0.isString || $0.isObject }) ?? true else { throw .malformed }
            return .start(to: try remote.dialString(), description: try self.description())
        case .accept: return .accept
        case .answer: return .answer
        case .hold: return .hold
        case .retrieve: return .retrieve
        case .terminate:
            guard let written = self[.reason] else { return .terminate(nil) }
            guard let reason = written.keyword(Reason.self), reason.isForClients else { throw .malformed }
            return .terminate(reason)
        case .transfer:
            switch (self[.transferIdentifier], self[.remoteAddress]) {
            case (let written?, nil):
                let text = written.text(longest: CallIdentifier.longest)
                guard let other = text.flatMap(CallIdentifier.init) else { throw .malformed }
                return .transfer(to: other)
            case (nil, let remote?):
                return .redirect(to: try remote.dialString())
            case (nil, nil), (_?, _?):
                throw .malformed
            }
        }
    }

    /// The one copy that is made of a session description between the two sockets.
    private func media(_ kind: SessionDescription.Kind) throws(MessageFault) -> SessionDescription {
        let sdp = self[.sdp]
        let ice = self[.ice]
        guard sdp != nil || ice != nil else { throw .malformed }
        var members: [UInt8] = []
        members.reserveCapacity((sdp?.bytes.count ?? 0) + (ice?.bytes.count ?? 0) + 13)
        if let sdp {
            members.append(contentsOf: "\"sdp\":".utf8)
            members.append(contentsOf: sdp.bytes)
        }
        if let ice {
            members.append(contentsOf: (sdp == nil ? "\"ice\":" : ",\"ice\":").utf8)
            members.append(contentsOf: ice.bytes)
        }
        return SessionDescription(kind: kind, members: members, hasSDP: sdp != nil)
    }

    /// How the client's program describes itself (§8.1.13), fit to be shown to the other side.
    func description() throws(MessageFault) -> String? {
        guard let written = self[.localSideDescription] else { return nil }
        guard let text = written.text(longest: 256) else { throw .malformed }
        let shown = text.presentable
        return shown.isEmpty ? nil : shown
    }
}

extension MemberValue {
    /// What is dialled, given as an address or as a bare string; `nil` when nothing can have that number.
    fileprivate func dialString() throws(MessageFault) -> DialString? {
        var written = self
        if !self.isString {
            let address = try self.members("dialString", "displayName")
            guard let dialString = address.first, dialString.isString, address.second?.isString ?? true else {
                throw .malformed
            }
            written = dialString
        }
        return written.text(longest: DialString.longestForm).flatMap { DialString($0) }
    }
}

extension Reason {
    /// Whether a client may give it when it ends a call.
    fileprivate var isForClients: Bool {
        switch self {
        case .normal, .busy, .rejected: true
        default: false
        }
    }
}
