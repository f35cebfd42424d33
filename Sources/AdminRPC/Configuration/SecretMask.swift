import PluginAPI
package import StrictJSON

/// Hides the secrets of a document, and puts them back where somebody sends a mask instead of a secret.
package enum SecretMask {
    /// What stands in the place of a secret.
    package static let mask = "***"

    /// The document with a mask at each of these places (RFC 6901).
    package static func hide(_ pointers: some Sequence<String>, in document: JSONValue) -> JSONValue {
        let places = Set(pointers)
        return places.isEmpty ? document : self.hide(places, in: document, at: "")
    }

    private static func hide(_ places: Set<String>, in value: JSONValue, at pointer: String) -> JSONValue {
        if places.contains(pointer) { return .string(self.mask) }
        switch value {
        case .object(let object):
            var hidden = JSONObject()
            for (name, member) in object.members {
                hidden[name] = self.hide(places, in: member, at: "\(pointer)/\(JSONPointer.escaped(name))")
            }
            return .object(hidden)
        case .array(let elements):
            return .array(elements.enumerated().map { self.hide(places, in: $1, at: "\(pointer)/\($0)") })
        case .null, .bool, .number, .string:
            return value
        }
    }

    /// The document with the secrets of another in the place of masks. Elements of arrays are recognised by what names them,
    /// so that they may be moved.
    ///
    /// - Parameter unknown: Gets the places of masks that stand for nothing.
    package static func restore(
        _ document: JSONValue,
        from known: JSONValue?,
        at pointer: String = "",
        unknown: inout [String]
    ) -> JSONValue {
        switch document {
        case .string(self.mask):
            guard let known else {
                unknown.append(pointer)
                return document
            }
            return known
        case .object(let object):
            var restored = JSONObject()
            var other = JSONObject()
            if case .object(let object)? = known { other = object }
            for (name, member) in object.members {
                let place = "\(pointer)/\(JSONPointer.escaped(name))"
                restored[name] = self.restore(member, from: other[name], at: place, unknown: &unknown)
            }
            return .object(restored)
        case .array(let elements):
            var others: [JSONValue] = []
            if case .array(let elements)? = known { others = elements }
            return .array(
                elements.enumerated().map { index, element in
                    let other = self.counterpart(of: element, at: index, among: others)
                    return self.restore(element, from: other, at: "\(pointer)/\(index)", unknown: &unknown)
                }
            )
        case .null, .bool, .number, .string:
            return document
        }
    }

    /// What the elements of the configuration's arrays are recognised by.
    private static let names = ["name", "username", "issuer", "urls"]

    private static func counterpart(of element: JSONValue, at index: Int, among others: [JSONValue]) -> JSONValue? {
        if case .object(let object) = element, let name = self.names.first(where: { object[$0] != nil }) {
            return others.first { other in
                guard case .object(let candidate) = other else { return false }
                return candidate[name] == object[name]
            }
        }
        return index < others.count ? others[index] : nil
    }
}
