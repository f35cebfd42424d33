import PluginAPI
package import StrictJSON

/// One place at which two documents differ.
package struct DocumentChange: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case added
        case removed
        case changed
    }

    /// The place (RFC 6901).
    package let pointer: String
    package let kind: Kind

    /// All differences, as deep as objects go; arrays of different lengths differ as a whole.
    package static func all(from old: JSONValue, to new: JSONValue, at pointer: String = "") -> [DocumentChange] {
        switch (old, new) {
        case (.object(let old), .object(let new)):
            var changes: [DocumentChange] = []
            for (name, value) in old.members {
                let place = "\(pointer)/\(JSONPointer.escaped(name))"
                if let other = new[name] {
                    changes += self.all(from: value, to: other, at: place)
                } else {
                    changes.append(DocumentChange(pointer: place, kind: .removed))
                }
            }
            for (name, _) in new.members where old[name] == nil {
                changes.append(DocumentChange(pointer: "\(pointer)/\(JSONPointer.escaped(name))", kind: .added))
            }
            return changes
        case (.array(let old), .array(let new)) where old.count == new.count:
            return zip(old, new).enumerated().flatMap { index, pair in
                self.all(from: pair.0, to: pair.1, at: "\(pointer)/\(index)")
            }
        default:
            return old == new ? [] : [DocumentChange(pointer: pointer, kind: .changed)]
        }
    }

    var json: JSONValue { ["pointer": .string(self.pointer), "change": .string(self.kind.rawValue)] }
}
