package import NIOCore
package import StrictJSON
package import Telephony

/// Writes the server's messages (docs/protocol.md, sections 3 to 5), by hand and straight into the socket's buffer.
package struct MessageEncoder: Sendable {
    /// What every `registered` ends with, from the server's own description to the closing brace: it never changes.
    private let registeredEnd: [UInt8]

    /// - Parameters:
    ///   - serverDescription: what clients are told about this program (§8.1.13).
    ///   - iceServers: an array of RTCIceServer objects.
    ///   - notificationConfiguration: passed to clients as it is (§8.1.8).
    package init(serverDescription: String, iceServers: JSONValue?, notificationConfiguration: JSONValue?) {
        var end: [UInt8] = []
        let members: [(name: StaticString, value: JSONValue?)] = [
            ("localSideDescription", .string(serverDescription)),
            ("notificationConfiguration", notificationConfiguration),
            ("iceServers", iceServers),
        ]
        for case (let name, let value?) in members {
            end.append(contentsOf: ",\"\(name)\":".utf8)
            value.write(into: &end)
        }
        end.append(UInt8(ascii: "}"))
        self.registeredEnd = end
    }

    /// Appends the message that tells a client this.
    package func encode(_ indication: Indication, into buffer: inout ByteBuffer) {
        switch indication {
        case .call(let label, let indication):
            self.encode(indication, about: label, into: &buffer)
        case .callRefused(let identifier, let reason):
            buffer.writeStaticString(Start.terminatedStatus)
            buffer.writeMember(",\"reason\":\"", reason.rawValue)
            if let identifier {
                buffer.writeEscapedMember(",\"identifier\":\"", identifier)
            }
            buffer.writeStaticString("}")
        case .registered(let label):
            buffer.writeStaticString(Start.registered)
            buffer.writeMember(",\"identifier\":\"", label.identifier.secretText)
            buffer.writeAddress(",\"localAddress\":", label.address)
            buffer.writeBytes(self.registeredEnd)
        case .registerFailed(let reason):
            self.encodeRefusal(of: .start, reason, into: &buffer)
        case .registerRefused(let action, let reason):
            self.encodeRefusal(of: action, reason, into: &buffer)
        case .registrationEnded(let identifier, let reason):
            buffer.writeStaticString(Start.registrationEnded)
            buffer.writeMember(",\"reason\":\"", reason.rawValue)
            buffer.writeMember(",\"identifier\":\"", identifier.secretText)
            buffer.writeStaticString("}")
        case .notificationStored(let identifier):
            buffer.writeStaticString(Start.notificationStored)
            buffer.writeMember(",\"identifier\":\"", identifier.secretText)
            buffer.writeStaticString("}")
        }
    }

    private func encode(_ indication: CallIndication, about label: LegLabel, into buffer: inout ByteBuffer) {
        switch indication {
        case .media(let description):
            buffer.reserveCapacity(minimumWritableBytes: description.members.count + 256)
            buffer.writeStaticString(description.kind == .offer ? Start.offer : Start.answer)
            buffer.writeMember(",\"identifier\":\"", label.identifier.text)
            buffer.writeStaticString(",")
            buffer.writeBytes(description.members)
        case .offerRequest:
            buffer.writeStaticString(Start.offer)
            buffer.writeMember(",\"identifier\":\"", label.identifier.text)
        case .status(let state, let reason):
            buffer.writeStaticString(Start.status)
            buffer.writeMember(",\"state\":\"", state.rawValue)
            if let reason {
                buffer.writeMember(",\"reason\":\"", reason.rawValue)
            }
            self.encodeParties(of: label, into: &buffer)
        case .start:
            buffer.writeStaticString(Start.call)
            self.encodeParties(of: label, into: &buffer)
        }
        buffer.writeStaticString("}")
    }

    private func encodeParties(of label: LegLabel, into buffer: inout ByteBuffer) {
        buffer.writeMember(",\"identifier\":\"", label.identifier.text)
        buffer.writeAddress(",\"localAddress\":", label.local)
        buffer.writeAddress(",\"remoteAddress\":", label.remote)
        if let description = label.remoteDescription {
            buffer.writeEscapedMember(",\"localSideDescription\":\"", description)
        }
    }

    private func encodeRefusal(of action: RegisterAction, _ reason: Reason, into buffer: inout ByteBuffer) {
        buffer.writeMember(Start.register, action.rawValue)
        buffer.writeStaticString(",\"state\":\"failed\"")
        buffer.writeMember(",\"reason\":\"", reason.rawValue)
        buffer.writeStaticString("}")
    }
}

/// What the messages begin with, as far as it is the same in all of one kind.
private enum Start {
    static let call: StaticString = #"{"version":1,"operation":"signaling","action":"start""#
    static let status: StaticString = #"{"version":1,"operation":"signaling","action":"status""#
    static let terminatedStatus: StaticString =
        #"{"version":1,"operation":"signaling","action":"status","state":"terminated""#
    static let offer: StaticString = #"{"version":1,"operation":"media","action":"offer""#
    static let answer: StaticString = #"{"version":1,"operation":"media","action":"answer""#
    static let register: StaticString = #"{"version":1,"operation":"register","action":""#
    static let registered: StaticString =
        #"{"version":1,"operation":"register","action":"start","state":"registered","reason":"success""#
    static let registrationEnded: StaticString =
        #"{"version":1,"operation":"register","action":"terminate","state":"terminated""#
    static let notificationStored: StaticString =
        #"{"version":1,"operation":"register","action":"status","state":"registered","reason":"success""#
}
