import Core
import PluginAPI
import StaticDirectory
import StrictJSON

/// A configuration document, read as `plugins.json` is.
enum ConfigurationTarget {
    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let document = try? JSONValue(parsing: bytes) else { return }
        try require(
            (try? JSONValue(parsing: document.text.utf8)) == document,
            "a document can be written and read again"
        )
        guard !Self.leadsAway(document) else { return }
        let result = Self.read(document)
        switch result {
        case .success(let configuration):
            try require((try? Self.read(document).get()) == configuration, "a document says the same twice")
            try require(!configuration.listeners.isEmpty, "a server listens")
            try require((1...64).contains(configuration.threads), "a server has threads")
        case .failure(let problems):
            try require(!problems.list.isEmpty, "a document is refused for a reason")
            for problem in problems.list {
                try require(problem.pointer.isEmpty || problem.pointer.hasPrefix("/"), "a problem has a place")
                try require(!problem.problem.isEmpty, "a problem is named")
            }
            try Self.checkSecrets(of: document, bytes, problems.description)
        }
    }

    private static func read(_ document: JSONValue) -> Result<ServerConfiguration, ConfigurationProblems> {
        ServerConfiguration.read(
            document,
            baseDirectory: "no-such-folder",
            catalog: [StaticDirectoryPlugin.self],
            environment: [:]
        )
    }

    /// Whether a secret is to be fetched from a file outside the folder that is not there: no run may depend on those.
    private static func leadsAway(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object):
            object.members.contains { member in
                if member.name == "$file", case .string(let path) = member.value {
                    path.hasPrefix("/") || path.contains("..")
                } else {
                    Self.leadsAway(member.value)
                }
            }
        case .array(let elements): elements.contains(where: Self.leadsAway)
        case .null, .bool, .number, .string: false
        }
    }

    /// What stands where a password belongs, and nowhere else in the document, must not be shown.
    private static func checkSecrets(
        of document: JSONValue,
        _ bytes: [UInt8],
        _ shown: String
    ) throws(BrokenProperty) {
        for secret in Self.passwords(in: document) where secret.utf8.count >= 8 {
            guard bytes.count(of: Array(secret.utf8)) == 1 else { continue }
            try require(Array(shown.utf8).count(of: Array(secret.utf8)) == 0, "a problem does not show a password")
        }
    }

    private static func passwords(in document: JSONValue) -> [String] {
        guard case .array(let plugins)? = document["plugins"] else { return [] }
        return plugins.flatMap { plugin -> [String] in
            guard plugin["kind"] == .string(StaticDirectoryPlugin.kind),
                case .array(let entries)? = plugin["settings"]?["entries"]
            else { return [] }
            return entries.compactMap { entry in
                if case .string(let password)? = entry["password"] { password } else { nil }
            }
        }
    }
}

extension JSONValue {
    fileprivate subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }
}

extension [UInt8] {
    /// How often other bytes stand among these.
    fileprivate func count(of other: [UInt8]) -> Int {
        guard let first = other.first else { return 0 }
        return self.indices.count { self[$0] == first && self[$0...].starts(with: other) }
    }
}
