package import Core
import StrictJSON

extension PluginConfiguration {
    /// What a change of the configuration does to plugins.
    package struct Change: Sendable, Equatable {
        package let plugin: String
        /// `added`, `removed`, `enabled`, `disabled` or `configured`.
        package let status: String
    }

    package static func changes(
        from old: [PluginConfiguration],
        to new: [PluginConfiguration]
    ) -> [Change] {
        let removed = old.filter { plugin in !new.contains { $0.name == plugin.name } }
        return removed.map { Change(plugin: $0.name, status: "removed") }
            + new.compactMap { plugin in
                guard let before = old.first(where: { $0.name == plugin.name }) else {
                    return Change(plugin: plugin.name, status: "added")
                }
                if before.enabled != plugin.enabled {
                    return Change(plugin: plugin.name, status: plugin.enabled ? "enabled" : "disabled")
                }
                let isSame =
                    before.kind == plugin.kind && before.settings == plugin.settings && before.cache == plugin.cache
                return isSame ? nil : Change(plugin: plugin.name, status: "configured")
            }
    }
}

extension EventHub {
    /// Tells what became of plugins.
    package func publish(_ changes: [PluginConfiguration.Change]) {
        for change in changes {
            self.publish("plugin.changed", ["plugin": .string(change.plugin), "status": .string(change.status)])
        }
    }
}
