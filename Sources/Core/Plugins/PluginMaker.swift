internal import Logging
internal import PluginAPI

/// Makes plugins from their entries, at the start and whenever one has to be made anew.
struct PluginMaker {
    let baseDirectory: String
    let logger: Logger
    let deadlines: PluginDeadlines
    let clock: any Clock<Duration>

    /// What the host lends to the plugin of this name.
    func context(for name: String) -> PluginContext {
        PluginContext(name: name, logger: self.logger, baseDirectory: self.baseDirectory)
    }

    func make(
        _ configuration: PluginConfiguration,
        of kind: PluginKind
    ) throws(ConfigurationProblems) -> PluginInstance {
        let context = self.context(for: configuration.name)
        do {
            return PluginInstance(
                try kind.make(configuration, context: context),
                name: configuration.name,
                cache: configuration.cache,
                logger: context.logger,
                deadlines: self.deadlines,
                clock: self.clock
            )
        } catch let problems as ConfigurationProblems {
            throw problems
        } catch {
            let problem = PluginInstance.describe(error, late: "took too long")
            throw ConfigurationProblems([ConfigurationProblem(pointer: configuration.pointer, problem: problem)])
        }
    }
}
