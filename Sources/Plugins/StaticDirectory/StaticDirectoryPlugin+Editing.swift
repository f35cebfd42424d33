package import PluginAPI
package import StrictJSON
package import Telephony

/// Entries that stand in the settings can be changed; those of a file belong to whoever writes the file.
extension StaticDirectoryPlugin: EditableDirectoryPlugin {
    package func entries(from start: Int, limit: Int) async -> (entries: [DirectoryEntry], next: Int?) {
        self.page(from: start, limit: limit)
    }

    package static func settings(
        _ settings: JSONValue,
        putting edit: DirectoryEdit
    ) throws -> (settings: JSONValue, isNew: Bool) {
        var (object, entries) = self.parts(of: settings)
        let index = self.place(of: edit.username, in: entries)
        var entry = JSONObject()
        if let index, case .object(let present) = entries[index] { entry = present }
        entry["username"] = .string(edit.username.text)
        entry["dialString"] = .string(edit.dialString.text)
        entry["displayName"] = edit.displayName.map { .string($0) }
        if let password = edit.password {
            do {
                entry["password"] = .string(try password.withText { try PasswordHash.make($0) })
            } catch {
                throw PluginError.invalidSettings("expected a password without NUL, found one that can't be used")
            }
            // They are of the password of before.
            entry["digest"] = nil
        }
        if let index { entries[index] = .object(entry) } else { entries.append(.object(entry)) }
        object["entries"] = .array(entries)
        return (.object(object), index == nil)
    }

    package static func settings(_ settings: JSONValue, removing username: Username) -> JSONValue? {
        var (object, entries) = self.parts(of: settings)
        guard let index = self.place(of: username, in: entries) else { return nil }
        entries.remove(at: index)
        object["entries"] = .array(entries)
        return .object(object)
    }

    private static func parts(of settings: JSONValue) -> (JSONObject, [JSONValue]) {
        guard case .object(let object) = settings else { return (JSONObject(), []) }
        guard case .array(let entries)? = object["entries"] else { return (object, []) }
        return (object, entries)
    }

    private static func place(of username: Username, in entries: [JSONValue]) -> Int? {
        entries.firstIndex { entry in
            guard case .object(let object) = entry, case .string(let name)? = object["username"] else { return false }
            return Username(name) == username
        }
    }
}
