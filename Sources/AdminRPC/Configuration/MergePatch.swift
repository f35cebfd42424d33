import StrictJSON

/// JSON Merge Patch (RFC 7396): an object says what changes, `null` what goes.
enum MergePatch {
    static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = JSONObject()
        if case .object(let object) = target { result = object }
        for (name, value) in changes.members {
            result[name] = value == .null ? nil : self.apply(value, to: result[name] ?? .null)
        }
        return .object(result)
    }
}
