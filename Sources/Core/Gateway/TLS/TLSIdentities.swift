import FoundationEssentials
package import Logging
package import NIOCore
import NIOPosix
package import NIOSSL
import PluginAPI
import Synchronization
package import Telephony

/// Who a listener is: its certificates and keys, as they stand in files, and whose certificates it accepts.
///
/// The files are watched. Each one that is replaced by something unusable stays in force as it was, and ``problems`` says
/// so. A change is for new connections only: those that are there keep what they began with.
///
/// Sessions are resumed with tickets, as the TLS library does of itself: RFC 8446 §4.6.1 and RFC 5077, with keys of the
/// library's own that live in memory and change every two days at most. A ticket of before a change is worth nothing
/// after it, so that no client certificate outlives the authority that was taken out.
package final class TLSIdentities: Sendable {
    private struct State {
        var identities: [TLSIdentity]
        var authorities: [NIOSSLCertificate]
        var context: NIOSSLContext
        /// What stood at each path when the files were last read, right or wrong.
        var seen: [String: Result<FileVersion, FileProblem>]
        /// Why files that stand there now are not in force.
        var failures: [String] = []
        var watch: Task<Void, Never>?
    }

    private let settings: TLSSettings
    private let listener: String
    private let closeWait: TimeAmount
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> CalendarTime
    private let state: Mutex<State>
    /// Held while files are read: one after the other.
    private let reading = Mutex(())

    /// Reads all files; a certificate that has expired is worth a warning, anything else that is wrong is thrown.
    ///
    /// - Parameters:
    ///   - closeWait: How long to wait for a client's answer to the end of TLS.
    ///   - clock: For the watch.
    ///   - now: The time by which certificates have expired or not.
    package init(
        settings: TLSSettings,
        listener: String,
        closeWait: TimeAmount,
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> CalendarTime = { .now }
    ) throws(TLSProblem) {
        let seen = Self.versions(of: settings)
        var identities: [TLSIdentity] = []
        for certificate in settings.certificates {
            identities.append(try TLSIdentity(certificate))
        }
        let authorities = try settings.clientCertificates.map { clients throws(TLSProblem) in
            try PEMFile.certificates(at: clients.authorities)
        }
        let context = try TLSContext.make(
            settings,
            identities: identities,
            authorities: authorities ?? [],
            closeWait: closeWait
        )
        self.settings = settings
        self.listener = listener
        self.closeWait = closeWait
        self.logger = logger
        self.clock = clock
        self.now = now
        let time = now()
        for problem in identities.compactMap({ $0.invalidity(at: time) }) {
            logger.warning("certificate is not valid", metadata: ["listener": "\(listener)", "problem": "\(problem)"])
        }
        self.state = Mutex(
            State(identities: identities, authorities: authorities ?? [], context: context, seen: seen)
        )
    }

    /// The TLS of one new connection.
    package func makeHandler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: self.state.withLock(\.context))
    }

    /// What an operator should know: files that are not in force, and certificates in force that are not valid.
    package var problems: [String] {
        let (failures, identities) = self.state.withLock { ($0.failures, $0.identities) }
        let time = self.now()
        return failures + identities.compactMap { $0.invalidity(at: time)?.description }
    }

    // MARK: Reload

    /// Reads all files again, changed or not.
    package func reload() async {
        await self.read(onlyIfChanged: false)
    }

    /// Looks at the files again and again, until ``stop()``.
    package func watch() {
        let interval = self.settings.reload
        let watch = Task { [weak self, clock] in
            repeat {
                do {
                    try await clock.sleep(for: interval)
                } catch {
                    return
                }
                await self?.read(onlyIfChanged: true)
            } while self != nil
        }
        let previous = self.state.withLock { state in
            defer { state.watch = watch }
            return state.watch
        }
        previous?.cancel()
    }

    /// Ends the watch.
    package func stop() {
        let watch = self.state.withLock { state in
            defer { state.watch = nil }
            return state.watch
        }
        watch?.cancel()
    }

    /// Reads on a thread that may wait for a disk.
    private func read(onlyIfChanged: Bool) async {
        try? await NIOThreadPool.singleton.runIfActive {
            self.reading.withLock { _ in
                // Looked at before they are read, so that a change in between is seen next time.
                let seen = Self.versions(of: self.settings)
                guard !onlyIfChanged || seen != self.state.withLock(\.seen) else { return }
                self.takeOver(seen: seen)
            }
        }
    }

    /// Puts in force whatever is usable, file by file.
    private func takeOver(seen: [String: Result<FileVersion, FileProblem>]) {
        var (identities, authorities) = self.state.withLock { ($0.identities, $0.authorities) }
        var failures: [String] = []
        var isChanged = false
        for (index, certificate) in self.settings.certificates.enumerated() {
            do throws(TLSProblem) {
                let identity = try TLSIdentity(certificate)
                guard identity != identities[index] else { continue }
                if let problem = identity.invalidity(at: self.now()) { throw problem }
                identities[index] = identity
                isChanged = true
            } catch {
                failures.append("\(error); the certificate of before stays in force")
            }
        }
        if let clients = self.settings.clientCertificates {
            do throws(TLSProblem) {
                let read = try PEMFile.certificates(at: clients.authorities)
                if read != authorities {
                    authorities = read
                    isChanged = true
                }
            } catch {
                failures.append("\(error); the authorities of before stay in force")
            }
        }
        let context: NIOSSLContext?
        do throws(TLSProblem) {
            // Only when it must be: with it go the sessions that could be resumed.
            context =
                isChanged
                ? try TLSContext.make(
                    self.settings,
                    identities: identities,
                    authorities: authorities,
                    closeWait: self.closeWait
                ) : nil
        } catch {
            failures.append("\(error); what was before stays in force")
            context = nil
        }
        self.state.withLock { state in
            state.seen = seen
            state.failures = failures
            guard let context else { return }
            state.identities = identities
            state.authorities = authorities
            state.context = context
        }
        self.log(failures, isChanged: context != nil)
    }

    private func log(_ failures: [String], isChanged: Bool) {
        for failure in failures {
            self.logger.error(
                "certificate file not taken over",
                metadata: ["listener": "\(self.listener)", "problem": "\(failure)"]
            )
        }
        if isChanged {
            self.logger.info("certificates loaded", metadata: ["listener": "\(self.listener)"])
        }
    }

    private static func versions(of settings: TLSSettings) -> [String: Result<FileVersion, FileProblem>] {
        var paths = settings.certificates.flatMap { [$0.certificate, $0.privateKey] }
        if let clients = settings.clientCertificates { paths.append(clients.authorities) }
        var versions: [String: Result<FileVersion, FileProblem>] = [:]
        for path in paths {
            versions[path] = Result { () throws(FileProblem) in try FileVersion(path: path) }
        }
        return versions
    }
}
