internal import StrictJSON
import Telephony

/// A snapshot as text for the store: JSON of our own, read by nobody but the next process.
///
/// - Important: an older process may read what a newer one wrote, and the other way round: new members must be optional, and
///   what can't be read costs its call or registration only. ``version`` changes when that is not enough.
extension ExchangeSnapshot {
    private static let version: JSONValue = 1

    /// The bytes to store.
    func text() -> [UInt8] {
        let document: JSONValue = [
            "version": Self.version,
            "registrations": .array(self.registrations.map(\.json)),
            "calls": .array(self.calls.map(\.json)),
            "wakeups": .array(
                self.wakeups.map {
                    ["token": .string($0.token.bytes.hexadecimal), "registration": $0.registration.json]
                }
            ),
        ]
        var bytes: [UInt8] = []
        document.write(into: &bytes)
        return bytes
    }

    /// `nil` for bytes of another version, or of something else.
    init?(text: [UInt8]) {
        guard let document = try? JSONValue(parsing: text), document["version"] == Self.version else { return nil }
        self.init()
        self.registrations = document.list("registrations").compactMap(RegistrationRecord.init(json:))
        self.calls = document.list("calls").compactMap(CallRecord.init(json:))
        self.wakeups = document.list("wakeups").compactMap { json in
            guard let token = json.digest("token"), let registration = RegistrationID(json: json["registration"]) else {
                return nil
            }
            return WakeupRecord(token: token, registration: registration)
        }
    }
}

extension ExchangeSnapshot.RegistrationRecord {
    fileprivate var json: JSONValue {
        var object = self.address.json
        object["id"] = self.id.json
        object["digest"] = self.digest.map { .string($0.bytes.hexadecimal) }
        object["record"] = self.record.map { .number(String($0)) }
        object["username"] = self.username.map { .string($0.text) }
        object["description"] = self.description.map { .string($0) }
        object["notificationToken"] = self.notification.map { .string(String(decoding: $0.token, as: UTF8.self)) }
        object["notificationUrl"] = self.notification?.url.map { .string($0) }
        if let lease = self.lease {
            object["leaseEnd"] = .number(String(lease.end.milliseconds))
            object["leaseKey"] = lease.key.map { key in
                let (first, second, third, fourth) = key.words
                return .array([first, second, third, fourth].map { .number(String($0)) })
            }
        }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let id = RegistrationID(json: json["id"]), let address = PartyAddress(json: json) else { return nil }
        var lease: Lease?
        if let end = json.number("leaseEnd") {
            let words = json.list("leaseKey").compactMap { UInt64($0.digits ?? "") }
            let key = words.count == 4 ? RenewalKey(words[0], words[1], words[2], words[3]) : nil
            lease = Lease(key: key, end: CalendarTime(milliseconds: end))
        }
        self.init(
            id: id,
            digest: json.digest("digest"),
            record: json.number("record"),
            username: json.text("username").flatMap { Username($0) },
            address: address,
            description: json.text("description"),
            notification: json.text("notificationToken").map {
                NotificationData(token: Array($0.utf8), url: json.text("notificationUrl"))
            },
            lease: lease
        )
    }
}

extension CallRecord {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["phase"] = .string(self.phase.rawValue)
        object["isForked"] = .bool(self.isForked)
        object["failure"] = self.failure.map { .string($0.rawValue) }
        object["offered"] = .array(self.offered.map(\.json))
        object["freshOfferFrom"] = self.freshOfferFrom.map { .number(String($0.number)) }
        object["lastSeat"] = .number(String(self.lastSeat))
        object["legs"] = .array(self.legs.map(\.json))
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let phase = json.text("phase").flatMap(Call.Phase.init(rawValue:)) else { return nil }
        self.init(
            phase: phase,
            isForked: json["isForked"] == true,
            failure: json.text("failure").flatMap(Reason.init(rawValue:)),
            offered: json.media("offered"),
            freshOfferFrom: json.seat("freshOfferFrom"),
            lastSeat: json.seat("lastSeat")?.number ?? 0,
            legs: json.list("legs").compactMap(Leg.init(json:))
        )
    }
}

extension Leg {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["seat"] = .number(String(self.seat.number))
        object["registration"] = self.registration.json
        object["identifier"] = .string(self.label.identifier.text)
        object["local"] = .object(self.label.local.json)
        object["remote"] = .object(self.label.remote.json)
        object["remoteDescription"] = self.label.remoteDescription.map { .string($0) }
        object["progress"] = .string(self.progress.rawValue)
        object["holds"] = .bool(self.holds)
        object["description"] = self.description.map { .string($0) }
        object["kept"] = .array(self.kept.all.map(\.json))
        object["early"] = .array(self.early.all.map(\.json))
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let seat = json.seat("seat"), let registration = RegistrationID(json: json["registration"]),
            let identifier = json.text("identifier").flatMap({ CallIdentifier($0) }),
            let local = json["local"].flatMap(PartyAddress.init(json:)),
            let remote = json["remote"].flatMap(PartyAddress.init(json:)),
            let progress = json.text("progress").flatMap(Leg.Progress.init(rawValue:))
        else { return nil }
        let label = LegLabel(
            identifier: identifier,
            local: local,
            remote: remote,
            remoteDescription: json.text("remoteDescription")
        )
        self.init(
            seat: seat,
            registration: registration,
            label: label,
            isPresent: false,
            description: json.text("description")
        )
        self.progress = progress
        self.holds = json["holds"] == true
        self.kept = KeptMedia(json.media("kept"))
        self.early = KeptMedia(json.media("early"))
    }
}

extension SessionDescription {
    fileprivate var json: JSONValue {
        [
            "kind": .string(self.kind.rawValue), "members": .string(String(decoding: self.members, as: UTF8.self)),
            "hasSDP": .bool(self.hasSDP),
        ]
    }

    fileprivate init?(json: JSONValue) {
        guard let kind = json.text("kind").flatMap(Kind.init(rawValue:)), let members = json.text("members") else {
            return nil
        }
        self.init(kind: kind, members: Array(members.utf8), hasSDP: json["hasSDP"] == true)
    }
}

extension PartyAddress {
    fileprivate var json: JSONObject {
        var object = JSONObject()
        object["dialString"] = .string(self.dialString.text)
        object["displayName"] = self.displayName.map { .string($0) }
        return object
    }

    fileprivate init?(json: JSONValue) {
        guard let text = json.text("dialString") else { return nil }
        let isAnonymous = text == DialString.anonymous.text
        guard let dialString = isAnonymous ? .anonymous : DialString(text) else { return nil }
        self.init(dialString: dialString, displayName: json.text("displayName"))
    }
}

extension Handle {
    fileprivate var json: JSONValue { .string(self.description) }

    fileprivate init?(json: JSONValue?) {
        guard case .string(let text) = json else { return nil }
        let parts = text.split(separator: ".").compactMap { UInt32($0) }
        guard parts.count == 2 else { return nil }
        self.init(index: parts[0], generation: parts[1])
    }
}

extension JSONValue {
    fileprivate subscript(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    fileprivate var digits: String? {
        if case .number(let digits) = self { digits } else { nil }
    }

    fileprivate func text(_ name: String) -> String? {
        if case .string(let text) = self[name] { text } else { nil }
    }

    fileprivate func number(_ name: String) -> Int64? {
        self[name]?.digits.flatMap { Int64($0) }
    }

    fileprivate func list(_ name: String) -> [JSONValue] {
        if case .array(let elements) = self[name] { elements } else { [] }
    }

    fileprivate func media(_ name: String) -> [SessionDescription] {
        self.list(name).compactMap(SessionDescription.init(json:))
    }

    fileprivate func seat(_ name: String) -> Seat? {
        self.number(name).flatMap { Int(exactly: $0) }.flatMap { (0...1_000_000).contains($0) ? Seat($0) : nil }
    }

    fileprivate func digest(_ name: String) -> SecretDigest? {
        guard let text = self.text(name) else { return nil }
        return [UInt8](hexadecimal: text).flatMap { SecretDigest($0) }
    }
}
