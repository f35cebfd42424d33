package import Logging
package import PluginAPI
internal import StrictJSON
internal import Synchronization

/// Runs the plugins of `plugins.json` and puts the server's questions to them.
///
/// Whatever a plugin does, an answer comes within the deadline, and a plugin that fails costs the server that plugin's
/// answers and nothing else.
package final class PluginHost: Sendable {
    /// How one plugin is.
    package struct Status: Sendable, Equatable {
        package let name: String
        package let kind: String
        package let health: PluginHealth
        package let statistics: PluginStatistics
    }

    /// One entry of `plugins.json` that is switched on, and what runs for it.
    struct Slot {
        var configuration: PluginConfiguration
        let kind: PluginKind
        var instance: PluginInstance
        /// Somebody is changing its settings.
        var isChanging = false
    }

    /// What changes while the host is at work.
    struct Table {
        var slots: [Slot]
        /// Somebody is changing the list itself.
        var isChanging = false
        var isStopped = false
    }

    let catalog: [PluginKind]
    let table: Mutex<Table>
    let baseDirectory: String
    let deadlines: PluginDeadlines
    let clock: any Clock<Duration>
    let logger: Logger

    /// Makes all plugins that are switched on; none is started yet.
    ///
    /// - Throws: What the plugins find wrong with their settings, all of it.
    package init(
        _ configurations: [PluginConfiguration],
        catalog: [any Plugin.Type],
        baseDirectory: String,
        logger: Logger,
        deadlines: PluginDeadlines = PluginDeadlines(),
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(ConfigurationProblems) {
        self.catalog = catalog.map { PluginKind($0) }
        self.baseDirectory = baseDirectory
        self.deadlines = deadlines
        self.clock = clock
        self.logger = logger
        let maker = PluginMaker(baseDirectory: baseDirectory, logger: logger, deadlines: deadlines, clock: clock)
        var slots: [Slot] = []
        var problems: [ConfigurationProblem] = []
        for configuration in configurations where configuration.enabled {
            guard let kind = self.catalog.first(where: { $0.name == configuration.kind }) else {
                problems.append(Self.unknownKind(configuration))
                continue
            }
            do throws(ConfigurationProblems) {
                let instance = try maker.make(configuration, of: kind)
                slots.append(Slot(configuration: configuration, kind: kind, instance: instance))
            } catch {
                problems += error.list
            }
        }
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
        self.table = Mutex(Table(slots: slots))
    }

    static func unknownKind(_ configuration: PluginConfiguration) -> ConfigurationProblem {
        ConfigurationProblem(
            pointer: configuration.pointer,
            problem: "expected settings of a kind of plugin this build has, found \"\(configuration.kind)\""
        )
    }

    /// Starts all plugins at once, so that one that has to wait for its service does not keep the others.
    ///
    /// One that fails is logged, is ill from then on, and the server goes on without it: its questions count as failed.
    ///
    /// - Throws: What plugins found wrong with their settings only now; all plugins are stopped again.
    package func start() async throws(ConfigurationProblems) {
        let slots = self.table.withLock(\.slots)
        let problems = await withTaskGroup(of: ConfigurationProblem?.self) { group in
            for slot in slots {
                group.addTask { await self.start(slot) }
            }
            return await group.reduce(into: [ConfigurationProblem]()) { list, problem in
                if let problem { list.append(problem) }
            }
        }
        guard !problems.isEmpty else { return }
        await self.stop()
        throw ConfigurationProblems(problems.sorted { $0.pointer < $1.pointer })
    }

    private func start(_ slot: Slot) async -> ConfigurationProblem? {
        let name = slot.configuration.name
        do {
            try await slot.instance.start()
            self.logger.info("plugin started", metadata: ["plugin": .string(name)])
            return nil
        } catch PluginError.invalidSettings(let problem) {
            return ConfigurationProblem(pointer: slot.configuration.pointer, problem: problem)
        } catch {
            let problem = PluginInstance.describe(error, late: "took longer than \(self.deadlines.start)")
            self.logger.error(
                "plugin does not start, going on without it",
                metadata: ["plugin": .string(name), "problem": .string(problem)]
            )
            return nil
        }
    }

    /// Stops all plugins, the last one first.
    package func stop() async {
        let slots = self.table.withLock { table in
            table.isStopped = true
            return table.slots
        }
        for slot in slots.reversed() {
            await slot.instance.stop()
        }
    }

    /// How all plugins are that are switched on, in their order.
    package func health() async -> [Status] {
        let slots = self.table.withLock(\.slots)
        return await withTaskGroup(of: (Int, PluginHealth).self) { group in
            for (index, slot) in slots.enumerated() {
                group.addTask { (index, await slot.instance.health()) }
            }
            var health = Array(repeating: PluginHealth.ok, count: slots.count)
            for await (index, answer) in group { health[index] = answer }
            return zip(slots, health).map { slot, health in
                Status(
                    name: slot.configuration.name,
                    kind: slot.configuration.kind,
                    health: health,
                    statistics: slot.instance.statistics
                )
            }
        }
    }
}
