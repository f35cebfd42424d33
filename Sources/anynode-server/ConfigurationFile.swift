import ArgumentParser
import Core
import Glibc
import Logging
import PluginAPI
import StrictJSON

/// The option that says where `plugins.json` is, and how its problems are told.
struct ConfigurationFile: ParsableArguments {
    @Option(name: [.short, .customLong("config")], help: "The configuration file.")
    var path = "plugins.json"

    func load() throws -> ServerConfiguration {
        switch ServerConfiguration.load(path: self.path, catalog: PluginCatalog.all) {
        case .success(let configuration): return configuration
        case .failure(let problems): throw Failure(self.describe(problems))
        }
    }

    /// What stands in the file, and what it means.
    func loadDocument() throws -> (JSONValue, ServerConfiguration) {
        let configuration = try self.load()
        switch ServerConfiguration.document(at: self.path) {
        case .success(let document): return (document, configuration)
        case .failure(let problems): throw Failure(self.describe(problems))
        }
    }

    /// With the keys of all issuers, as far as they stand in files.
    func tokenVerifier(for configuration: ServerConfiguration, _ logger: Logger) throws -> TokenVerifier? {
        do throws(ConfigurationProblems) {
            guard let token = configuration.authentication.token else { return nil }
            return try TokenVerifier(token, logger: logger)
        } catch {
            throw Failure(self.describe(error))
        }
    }

    /// One line a problem, each with its place.
    func describe(_ problems: ConfigurationProblems) -> String {
        let count = problems.list.count
        let lines = problems.list.map { "  \($0)" }
        return (["\(self.path): \(count) problem\(count == 1 ? "" : "s")"] + lines).joined(separator: "\n")
    }
}

/// Writes a line to standard output at once, whatever it is connected to.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
