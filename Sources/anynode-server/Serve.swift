import ArgumentParser
import Core
import Logging
import PluginAPI

/// Starts the server and runs until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the server (this is what happens without a subcommand)."
    )

    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        let configuration = try self.file.load()
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "anynode")
        logger.logLevel = configuration.log.level

        let signals = StopSignals()
        let host = try self.makeHost(configuration, logger)
        let tokens = try self.file.tokenVerifier(for: configuration, logger)
        do {
            try await host.start()
        } catch {
            throw Failure(self.file.describe(error))
        }
        let server = SignalingServer(
            configuration: configuration,
            directory: host,
            authentication: host,
            tokens: tokens,
            serverDescription: Version.description,
            logger: logger
        )
        do {
            self.announce(try await server.start(), configuration)
        } catch let error as ListenError {
            await host.stop()
            throw Failure("\(error)")
        }
        await signals.first()
        logger.info("draining; a second signal stops at once")
        await server.drain()
        await host.stop()
        logger.info("stopped")
    }

    private func makeHost(_ configuration: ServerConfiguration, _ logger: Logger) throws -> PluginHost {
        do {
            return try PluginHost(
                configuration.plugins,
                catalog: PluginCatalog.all,
                baseDirectory: configuration.baseDirectory,
                logger: logger
            )
        } catch {
            throw Failure(self.file.describe(error))
        }
    }

    /// Says where it listens, for people and for scripts that wait for `ready`.
    private func announce(_ endpoints: [SignalingServer.Endpoint], _ configuration: ServerConfiguration) {
        for (endpoint, listener) in zip(endpoints, configuration.listeners) {
            say("listening \(endpoint.name) \(endpoint)")
            if listener.webRoot != nil {
                let scheme = endpoint.scheme == .wss ? "https" : "http"
                let host = endpoint.host == "0.0.0.0" ? "localhost" : endpoint.host
                say("page      \(scheme)://\(host):\(endpoint.port)/")
            }
        }
        say("ready")
    }
}

/// What ends a command with a message and status 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
