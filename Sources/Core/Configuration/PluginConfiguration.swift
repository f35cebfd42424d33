internal import PluginAPI
package import StrictJSON

/// One entry of `plugins`.
package struct PluginConfiguration: Sendable, Equatable {
    /// For logs and administrators; unique.
    package var name: String
    /// Which of the catalog's plugins it is.
    package var kind: String
    package var enabled = true
    /// What its ``PluginSettings`` are read from; an object.
    package var settings: JSONValue = [:]
    /// For a directory: how long its answers are kept.
    package var cache = DirectoryCachePolicy()
    /// Where ``settings`` stands in the document (RFC 6901).
    package var pointer: String

    package init(
        name: String,
        kind: String,
        enabled: Bool = true,
        settings: JSONValue = [:],
        cache: DirectoryCachePolicy = DirectoryCachePolicy(),
        pointer: String = "/settings"
    ) {
        self.cache = cache
        self.name = name
        self.kind = kind
        self.enabled = enabled
        self.settings = settings
        self.pointer = pointer
    }

    static func list(from reader: SettingsReader, catalog: [any Plugin.Type]) -> [PluginConfiguration] {
        let plugins = reader.objects("plugins", summary: "Directories, authenticators, notifiers; asked in this order.")
        {
            PluginConfiguration(from: $0, catalog: catalog)
        }
        for (index, plugin) in plugins.enumerated() {
            guard let other = plugins[..<index].firstIndex(where: { $0.name == plugin.name }), !plugin.name.isEmpty
            else { continue }
            reader.problem(
                at: "plugins",
                index: index,
                "expected names that differ, found \"\(plugin.name)\" here and at /plugins/\(other)"
            )
        }
        return plugins
    }

    private init(from reader: SettingsReader, catalog: [any Plugin.Type]) {
        self.name = reader.string("name", summary: "A name of A–Z a–z 0–9 - _; no two plugins share one.")
        self.enabled = reader.bool("enabled", default: true, summary: "Whether the plugin is used.")
        // A plugin that is switched off may lack its secrets, but not its senses.
        let chosen = reader.variant(
            "settings",
            by: "kind",
            of: catalog.map { PluginKind($0).variant },
            resolvesSecrets: self.enabled,
            deciderSummary: "Which plugin it is.",
            summary: "What the plugin is told; see the README of its folder."
        )
        self.cache = reader.object(
            "cache",
            summary:
                "For a directory: how long its answers are kept. Of no effect on a `StaticDirectory`, which answers from memory."
        ) { DirectoryCachePolicy(from: $0) }
        self.kind = chosen?.word ?? ""
        self.settings = chosen?.value ?? [:]
        self.pointer = "\(reader.pointer)/settings"
        if !Self.isName(self.name), !reader.hasProblem(at: "name") {
            reader.problem(at: "name", "expected a name of A–Z a–z 0–9 - _, found \(JSONValue.string(self.name).found)")
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }
}
