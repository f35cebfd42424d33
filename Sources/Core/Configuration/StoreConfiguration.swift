internal import PluginAPI
package import StrictJSON

/// Where the server writes down what must outlive its process.
package struct StoreConfiguration: Sendable, Equatable {
    package var enabled = true
    /// Which of the catalog's stores it is.
    package var kind: String
    /// What its ``PluginSettings`` are read from; an object.
    package var settings: JSONValue = [:]
    /// How often calls are written down, so that they outlive a crash.
    package var snapshotInterval = Self.standardInterval
    /// Where ``settings`` stands in the document (RFC 6901).
    package var pointer = "/store/settings"

    private static let standardInterval = Duration.seconds(2)

    /// A store with these settings.
    package init(kind: String, settings: JSONValue = [:]) {
        self.kind = kind
        self.settings = settings
    }

    /// The store that is configured; without a member of that name the first of the catalog at its defaults. `nil` when
    /// there is none, or it is switched off.
    static func read(from reader: SettingsReader, catalog: [any Plugin.Type]) -> StoreConfiguration? {
        let stores = catalog.filter { $0 is any StorePlugin.Type }
        let written = reader.optionalObject(
            "store",
            summary:
                "Where clients that can be woken, and calls, are written down; `SQLiteStore` at its defaults unless given."
        ) { StoreConfiguration(from: $0, stores: stores) }
        let store = written ?? stores.first.map { StoreConfiguration(kind: $0.kind) }
        return store?.enabled == true ? store : nil
    }

    private init(from reader: SettingsReader, stores: [any Plugin.Type]) {
        self.enabled = reader.bool(
            "enabled",
            default: true,
            summary: "Whether anything is written down. Without, nobody who sleeps outlives a restart."
        )
        let chosen = reader.variant(
            "settings",
            by: "kind",
            of: stores.map { PluginKind($0).variant },
            resolvesSecrets: self.enabled,
            deciderSummary: "Which store it is.",
            summary: "What the store is told; see the README of its folder."
        )
        self.snapshotInterval = reader.duration(
            "snapshotInterval",
            default: Self.standardInterval,
            in: .seconds(1) ... .seconds(3600),
            summary: """
                How often registrations and calls are written down, if anything has happened, so that they outlive a crash; \
                when the server is told to stop they always are.
                """
        )
        self.kind = chosen?.word ?? ""
        self.settings = chosen?.value ?? [:]
        self.pointer = "\(reader.pointer)/settings"
    }
}
