import AdminRPC
import ArgumentParser
import Core
import Logging
import PluginAPI
import ServerLog

/// Starts the server and runs until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the server (this is what happens without a subcommand)."
    )

    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        // First of all, or a signal that comes early ends the process.
        let (stop, reload) = (StopSignals(), ReloadSignal())
        let manager = ServiceManager()
        DescriptorBudget.raiseLimit()
        let (document, configuration) = try self.file.loadDocument()
        let log = try ServerLog.bootstrap(level: configuration.log.level)
        configuration.log.format.apply(to: log)
        defer { log.flush(within: Self.patienceWithReaders) }
        let logger = Logger(label: "anynode")

        let sockets = try self.sockets(for: configuration)
        let host = try self.makeHost(configuration, logger)
        let tokens = try self.file.tokenVerifier(for: configuration, logger)
        let keeper = try self.makeKeeper(configuration, logger)
        do {
            try await host.start()
        } catch {
            throw Failure(self.file.describe(error))
        }
        await keeper?.start()
        let server = SignalingServer(
            configuration: configuration,
            directory: host,
            authentication: host,
            notifications: host,
            notificationConfiguration: host.clientConfiguration,
            keeper: keeper,
            tokens: tokens,
            serverDescription: Version.description,
            inherited: sockets,
            onListenerLost: { stop.stop(because: .listenerLost($0)) },
            logger: logger
        )
        let office = AdminOffice(
            path: self.file.path,
            document: document,
            configuration: configuration,
            server: server,
            host: host,
            keeper: keeper,
            log: log,
            stop: stop,
            logger: logger
        )
        do {
            // First the place where an operator would find out that another server is here already.
            let places = try await office.open()
            self.announce(try await server.start(), configuration, places)
        } catch {
            await office.close()
            await keeper?.stop()
            await host.stop()
            throw Failure("\(error)")
        }
        manager.notify(.ready, status: "serving")
        let companions = [
            Task { await self.reload(office, at: reload, manager, logger) },
            Task { await self.reassure(manager, about: server) },
        ]
        let cause = await stop.first()
        manager.notify(.stopping, status: "draining")
        logger.info("draining; a second signal stops at once")
        await server.drain(deadline: cause.deadline)
        companions.forEach { $0.cancel() }
        await office.close()
        await keeper?.stop()
        await host.stop()
        logger.info("stopped")
        if case .listenerLost(let name) = cause {
            // With a status that has us started again.
            throw Failure("listener \"\(name)\" was closed by the system")
        }
    }

    /// How long the last lines of the log are waited for, should nobody read them.
    private static let patienceWithReaders = Duration.seconds(2)

    /// The sockets of systemd, each of which must be some listener's.
    private func sockets(for configuration: ServerConfiguration) throws -> [String: InheritedSocket] {
        let sockets = try ServiceManager.takeSockets()
        let names = Set(configuration.listeners.map(\.name))
        let unclaimed = sockets.keys.filter { !names.contains($0) }.sorted()
        guard unclaimed.isEmpty else {
            throw Failure(
                "expected a listener for each inherited socket, found none called \(unclaimed.joined(separator: ", "))"
            )
        }
        return sockets
    }

    /// Reads all files again whenever SIGHUP asks for it.
    private func reload(
        _ office: AdminOffice,
        at signal: ReloadSignal,
        _ manager: ServiceManager,
        _ logger: Logger
    ) async {
        for await _ in signal.signals {
            manager.notify(.reloading)
            do throws(RPCError) {
                let outcome = try await office.desk.reload()
                logger.notice(
                    "configuration, certificates and keys read again",
                    metadata: ["changes": "\(outcome.changes.map(\.pointer))", "restart": "\(outcome.restartRequired)"]
                )
            } catch {
                logger.error(
                    "the configuration is not taken over; the old one stays",
                    metadata: ["problem": "\(error.message)"]
                )
            }
            manager.notify(.ready)
        }
    }

    /// Tells systemd that we are well, as long as every loop answers.
    private func reassure(_ manager: ServiceManager, about server: SignalingServer) async {
        guard let interval = manager.watchdogInterval else { return }
        while !Task.isCancelled {
            await server.awaitHeartbeat()
            manager.notify(.alive)
            try? await Task.sleep(for: interval)
        }
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

    private func makeKeeper(_ configuration: ServerConfiguration, _ logger: Logger) throws -> RegistrationKeeper? {
        guard let store = configuration.store else { return nil }
        do {
            return try RegistrationKeeper.make(
                store,
                catalog: PluginCatalog.all,
                baseDirectory: configuration.baseDirectory,
                logger: logger
            )
        } catch {
            throw Failure(self.file.describe(error))
        }
    }

    /// Says where it listens, for people and for scripts that wait for `ready`.
    private func announce(
        _ endpoints: [SignalingServer.Endpoint],
        _ configuration: ServerConfiguration,
        _ places: [String]
    ) {
        for (endpoint, listener) in zip(endpoints, configuration.listeners) {
            say("listening \(endpoint.name) \(endpoint)")
            if listener.webRoot != nil {
                let scheme = endpoint.scheme == .wss ? "https" : "http"
                let host = endpoint.host == "0.0.0.0" ? "localhost" : endpoint.host
                say("page      \(scheme)://\(host):\(endpoint.port)/")
            }
        }
        for place in places {
            say("admin     \(place)")
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
