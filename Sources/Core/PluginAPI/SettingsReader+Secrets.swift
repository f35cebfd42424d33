internal import StrictJSON

/// Members that point outside the document: secrets and paths.
extension SettingsReader {
    /// A secret, written as itself, as `{"$env":"NAME"}` or as `{"$file":"path"}`; missing it is a problem.
    public func secret(_ name: String, summary: String) -> Secret {
        self.secret(name, isRequired: true, summary: summary) ?? Secret("")
    }

    /// A secret, or `nil` when the member is missing.
    public func optionalSecret(_ name: String, summary: String) -> Secret? {
        self.secret(name, isRequired: false, summary: summary)
    }

    /// A secret that stands for itself and nothing else, or `nil` when the member is missing: for what comes from outside, where a
    /// name of a file would be one of the sender's choice.
    package func optionalPlainSecret(_ name: String, summary: String) -> Secret? {
        let shape = SettingsShape(
            expected: "a string",
            schema: ["type": "string", "minLength": 1, "writeOnly": true],
            isSecret: true
        )
        return self.read(name, shape, summary: summary) { written in
            guard case .string(let text) = written else { return .unexpected }
            return text.isEmpty ? .refused("expected a secret, found an empty one") : .good(Secret(text))
        }
    }

    private func secret(_ name: String, isRequired: Bool, summary: String) -> Secret? {
        self.read(name, .secret, isRequired: isRequired, summary: summary) { written in
            switch written {
            case .string(let text):
                self.noteSecret(at: name)
                return text.isEmpty ? .refused("expected a secret, found an empty one") : .good(Secret(text))
            case .object(let object):
                guard object.members.count == 1, case .string(let place) = object.members[0].value, !place.isEmpty
                else { return .unexpected }
                let source = object.members[0].name
                guard source == "$env" || source == "$file" else { return .unexpected }
                guard self.resolvesSecrets else {
                    self.noteUnresolved(name)
                    return .noted
                }
                return source == "$env" ? self.secret(fromVariable: place) : self.secret(fromFile: place)
            case .null, .bool, .number, .array:
                return .unexpected
            }
        }
    }

    private func secret(fromVariable name: String) -> SettingsReading<Secret> {
        guard let text = self.environment[name] else {
            return .refused("expected a secret in the environment variable \(name), found no such variable")
        }
        guard !text.isEmpty else {
            return .refused("expected a secret in the environment variable \(name), found it empty")
        }
        return .good(Secret(text))
    }

    private func secret(fromFile path: String) -> SettingsReading<Secret> {
        let path = self.absolute(path)
        do throws(FileProblem) {
            var bytes = try FileContents(path: path, limit: 64 << 10).bytes[...]
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .refused("expected a secret in the file \(path), found bytes that are not UTF-8")
            }
            guard !text.isEmpty else { return .refused("expected a secret in the file \(path), found it empty") }
            return .good(Secret(text))
        } catch {
            return .refused("expected a secret in the file \(path), found \(error.found)")
        }
    }

    /// A path, made absolute; missing it is a problem. Whether something is there is for `start()` to find out.
    public func path(_ name: String, summary: String) -> String {
        self.read(name, .path, isRequired: true, summary: summary, self.readPath) ?? self.baseDirectory
    }

    /// A path, made absolute, or `nil` when the member is missing.
    public func optionalPath(_ name: String, summary: String) -> String? {
        self.read(name, .path, summary: summary, self.readPath)
    }

    private func readPath(_ written: JSONValue) -> SettingsReading<String> {
        guard case .string(let text) = written, !text.isEmpty, !text.utf8.contains(0) else { return .unexpected }
        return .good(self.absolute(text))
    }

    private func absolute(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : "\(self.baseDirectory)/\(path)"
    }
}

extension SettingsShape {
    fileprivate static var secret: SettingsShape {
        let place: JSONValue = ["type": "string", "minLength": 1]
        let forms: JSONValue = [
            ["type": "string", "minLength": 1],
            ["type": "object", "properties": ["$env": place], "required": ["$env"], "additionalProperties": false],
            ["type": "object", "properties": ["$file": place], "required": ["$file"], "additionalProperties": false],
        ]
        return SettingsShape(
            expected: #"a string, {"$env":"NAME"} or {"$file":"path"}"#,
            schema: ["anyOf": forms],
            isSecret: true
        )
    }

    fileprivate static var path: SettingsShape {
        SettingsShape(expected: "a path", schema: ["type": "string", "minLength": 1])
    }
}
