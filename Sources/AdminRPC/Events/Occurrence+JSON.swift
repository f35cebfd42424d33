import StrictJSON
import Telephony

extension Occurrence.Event {
    /// The event as subscribers know it.
    var name: String {
        switch self {
        case .registration(.created, _, _, _): "registration.created"
        case .registration(.lost, _, _, _): "registration.lost"
        case .registration(.returned, _, _, _): "registration.returned"
        case .registration(.ended, _, _, _): "registration.ended"
        case .call(.started, _, _, _, _): "call.started"
        case .call(.ringing, _, _, _, _): "call.ringing"
        case .call(.answered, _, _, _, _): "call.answered"
        case .call(.held, _, _, _, _): "call.held"
        case .call(.retrieved, _, _, _, _): "call.retrieved"
        case .call(.transferred, _, _, _, _): "call.transferred"
        case .call(.ended, _, _, _, _): "call.ended"
        }
    }
}

extension Occurrence {
    /// Writes the params of the notification without their opening brace, byte by byte: there may be thousands a second
    /// (benchmark `events`).
    func write(into bytes: inout [UInt8], at time: String) {
        bytes += #""event":""#.utf8
        bytes += self.event.name.utf8
        bytes += #"","at":""#.utf8
        bytes += time.utf8
        bytes += #"","data":{"#.utf8
        switch self.event {
        case .registration(let event, let id, let address, let username):
            Self.write("registration", id.description, into: &bytes, isFirst: true)
            Self.write("dialString", address.dialString.text, into: &bytes)
            if let username { Self.write("username", username.text, into: &bytes) }
            if case .ended(let departure) = event { Self.write("reason", departure.reason.rawValue, into: &bytes) }
        case .call(let event, let call, let caller, let dialled, let id):
            Self.write("call", call.description, into: &bytes, isFirst: true)
            Self.write("caller", caller.dialString.text, into: &bytes)
            Self.write("dialled", dialled.dialString.text, into: &bytes)
            if let id { Self.write("registration", id.description, into: &bytes) }
            switch event {
            case .ended(let reason): Self.write("reason", reason.rawValue, into: &bytes)
            case .transferred(let other): Self.write("other", other.description, into: &bytes)
            case .started, .ringing, .answered, .held, .retrieved: break
            }
        }
        bytes += "}}".utf8
    }

    private static func write(_ name: String, _ value: String, into bytes: inout [UInt8], isFirst: Bool = false) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes += name.utf8
        bytes += #"":""#.utf8
        if value.utf8.contains(where: JSONText.mustBeEscaped) {
            JSONText.escape(value.utf8) { bytes.append($0) }
        } else {
            bytes += value.utf8
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
