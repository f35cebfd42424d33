internal import Logging
package import PluginAPI
package import StrictJSON
internal import Synchronization

/// Why a plugin's settings were not changed. The old ones are in force.
package enum PluginChangeFailure: Error, Sendable, Equatable {
    /// No plugin of that name is switched on.
    case unknownPlugin
    /// The settings make no sense, or cannot work.
    case invalidSettings(ConfigurationProblems)
    /// Somebody else is changing it, or the server is stopping.
    case conflict
    /// The plugin failed to take them over, or the new one failed to start.
    case failed(String)
    /// The plugin took too long; it may still take them over.
    case timeout
}

extension PluginHost {
    /// Gives a running plugin new settings without a question going unanswered.
    ///
    /// A plugin that cannot change while it runs is replaced: the new one is started before the old one is stopped.
    package func reconfigure(name: String, settings: JSONValue) async throws(PluginChangeFailure) {
        var slot = try self.claim(name)
        defer { _ = self.change(name) { $0.isChanging = false } }
        slot.configuration.settings = settings
        let maker = self.maker
        do {
            if slot.instance.isRunning {
                do {
                    try await slot.instance.reconfigure(slot.configuration, context: maker.context(for: name))
                    _ = self.change(name) { $0.configuration.settings = settings }
                    self.logger.info("plugin reconfigured", metadata: ["plugin": .string(name)])
                    return
                } catch PluginError.cannotReconfigure {
                    // Expected of most: replaced below.
                }
            }
            let successor = try maker.make(slot.configuration, of: slot.kind)
            try await successor.start()
            let isInPlace = self.change(name) {
                $0.configuration.settings = settings
                $0.instance = successor
            }
            guard isInPlace else {
                await successor.stop()
                throw PluginError.unavailable("the server is stopping")
            }
            self.logger.info("plugin replaced", metadata: ["plugin": .string(name)])
            await slot.instance.stop()
        } catch {
            let failure = self.failure(error, at: slot.configuration.pointer)
            self.logger.warning(
                "plugin keeps its old settings",
                metadata: ["plugin": .string(name), "problem": .string(String(describing: failure))]
            )
            throw failure
        }
    }

    var maker: PluginMaker {
        PluginMaker(
            baseDirectory: self.baseDirectory,
            logger: self.logger,
            deadlines: self.deadlines,
            clock: self.clock
        )
    }

    func failure(_ error: any Error, at pointer: String) -> PluginChangeFailure {
        switch error {
        case is DeadlinePassed:
            .timeout
        case let problems as ConfigurationProblems:
            .invalidSettings(problems)
        case PluginError.invalidSettings(let problem):
            .invalidSettings(ConfigurationProblems([ConfigurationProblem(pointer: pointer, problem: problem)]))
        default:
            .failed(PluginInstance.describe(error, late: "took too long"))
        }
    }

    private func claim(_ name: String) throws(PluginChangeFailure) -> Slot {
        let claimed: Result<Slot, PluginChangeFailure> = self.table.withLock { table in
            guard let index = table.slots.firstIndex(where: { $0.configuration.name == name }) else {
                return .failure(.unknownPlugin)
            }
            guard !table.isStopped, !table.isChanging, !table.slots[index].isChanging else {
                return .failure(.conflict)
            }
            table.slots[index].isChanging = true
            return .success(table.slots[index])
        }
        return try claimed.get()
    }

    /// Whether there was something left to change: not after ``stop()``.
    private func change(_ name: String, _ change: (inout Slot) -> Void) -> Bool {
        self.table.withLock { table in
            guard !table.isStopped,
                let index = table.slots.firstIndex(where: { $0.configuration.name == name })
            else { return false }
            change(&table.slots[index])
            return true
        }
    }
}
