import Logging
import PluginAPI
import Synchronization
import Telephony
import WebClient

/// Keeps one issuer's keys up to date: from the configuration, a file, or a URL. May be asked on any thread.
final class IssuerKeys: Sendable {
    /// A token with an unknown key makes us look for new ones, but not more often than this: anybody can make such tokens.
    private static let shortestPause = Duration.seconds(30)
    /// Published keys are looked at again after this time, so that one that was withdrawn is forgotten.
    private static let longestTrust = Duration.seconds(600)
    private static let largestFile = 256 * 1024

    private struct State {
        var keys: TokenKeys?
        /// The version of the file that was read last, whether it could be used or not.
        var file: FileVersion?
        var problem: String?
        /// When somebody last went to look for new keys.
        var lastLook: Moment?
        /// The look that is under way.
        var look: Task<Void, Never>?
    }

    private let source: TokenIssuer.Key
    private let name: String
    private let logger: Logger
    private let now: @Sendable () -> Moment
    private let state = Mutex(State())

    init(of issuer: TokenIssuer, now: @escaping @Sendable () -> Moment, logger: Logger) {
        self.source = issuer.key
        self.name = issuer.name
        self.now = now
        self.logger = logger
        if case .secret(let secret) = issuer.key {
            let bytes = secret.withText { Array($0.utf8) }
            self.state.withLock { $0.keys = .secret(bytes) }
        }
    }

    var current: TokenKeys? { self.state.withLock(\.keys) }
    /// Why what stands in the file or at the URL now is not in force.
    var problem: String? { self.state.withLock(\.problem) }

    /// Whether a token with an unknown key could be worth a look for new ones.
    var canChange: Bool {
        switch self.source {
        case .keySet, .keySetURL: true
        case .secret, .certificate, .publicKey: false
        }
    }

    // MARK: Looking

    /// Reads a file for the first time. What can't be used is a mistake in the configuration.
    func loadFile() throws(KeyProblem) {
        guard let path = self.path else { return }
        let contents = try self.contents(path)
        let keys = try self.keys(in: contents.bytes, of: path)
        self.state.withLock { state in
            state.keys = keys
            state.file = contents.version
        }
    }

    /// Looks for new keys: at a file when it has changed, at a URL after a while, or at once when `isUrgent` and it has not
    /// been looked at just now. Who comes while somebody is looking waits for that.
    func look(isUrgent: Bool) async {
        let task: Task<Void, Never>? = self.state.withLock { state in
            if let look = state.look { return look }
            let now = self.now()
            let pause = isUrgent ? Self.shortestPause : Self.longestTrust
            if case .keySetURL = self.source, let last = state.lastLook, now < last + pause { return nil }
            if case .secret = self.source { return nil }
            state.lastLook = now
            let look = Task { await self.lookNow() }
            state.look = look
            return look
        }
        await task?.value
    }

    private func lookNow() async {
        if let path = self.path {
            self.note(self.lookAtFile(path))
        } else if case .keySetURL(let url) = self.source {
            self.note(await self.fetch(url))
        }
    }

    /// `nil` when the file is as it was. A broken one is not read again either until it changes: tokens with unknown keys,
    /// which anybody can make, would have it read each time.
    private func lookAtFile(_ path: String) -> Result<TokenKeys, KeyProblem>? {
        let seen = self.state.withLock(\.file)
        if let version = try? FileVersion(path: path), version == seen { return nil }
        // Should it not be readable now, it is worth reading again as it is.
        self.state.withLock { $0.file = nil }
        // Should it not be readable now, it is worth reading again as it is.
        self.state.withLock { $0.file = nil }
        do throws(KeyProblem) {
            let contents = try self.contents(path)
            self.state.withLock { $0.file = contents.version }
            return .success(try self.keys(in: contents.bytes, of: path))
        } catch {
            return .failure(error)
        }
    }

    private func note(_ result: Result<TokenKeys, KeyProblem>?) {
        let isNewProblem = self.state.withLock { state in
            state.look = nil
            switch result {
            case nil:
                return false
            case .success(let keys)?:
                state.keys = keys
                state.problem = nil
                return false
            case .failure(let problem)?:
                defer { state.problem = problem.problem }
                return state.problem != problem.problem
            }
        }
        switch result {
        case .success?:
            self.logger.info("keys of an issuer loaded", metadata: ["issuer": "\(self.name)"])
        case .failure(let problem)? where isNewProblem:
            self.logger.error(
                "keys of an issuer not taken over, the old ones stay",
                metadata: ["issuer": "\(self.name)", "problem": "\(problem.problem)"]
            )
        case .failure?, nil:
            break
        }
    }

    private var path: String? {
        switch self.source {
        case .certificate(let path), .publicKey(let path), .keySet(let path): path
        case .secret, .keySetURL: nil
        }
    }

    private func contents(_ path: String) throws(KeyProblem) -> FileContents {
        do throws(FileProblem) {
            return try FileContents(path: path, limit: Self.largestFile)
        } catch {
            throw KeyProblem("expected a key in the file \(path), found \(error.found)")
        }
    }

    /// - Parameter place: Path or URL, for problems.
    private func keys(in bytes: [UInt8], of place: String) throws(KeyProblem) -> TokenKeys {
        do throws(KeyProblem) {
            switch self.source {
            case .certificate: return .key(try RSAPublicKey(certificatePEM: bytes))
            case .publicKey: return .key(try RSAPublicKey(publicKeyPEM: bytes))
            case .keySet, .keySetURL, .secret: return try self.keys(inSet: bytes)
            }
        } catch {
            throw KeyProblem("\(place): \(error.problem)")
        }
    }

    private func keys(inSet bytes: [UInt8]) throws(KeyProblem) -> TokenKeys {
        let (keys, passedOver) = try TokenKeys.read(keySet: bytes)
        // The first few tell an operator enough.
        for problem in passedOver.prefix(5) {
            self.logger.warning(
                "key of an issuer passed over",
                metadata: ["issuer": "\(self.name)", "problem": "\(problem)"]
            )
        }
        return keys
    }

    private func fetch(_ url: String) async -> Result<TokenKeys, KeyProblem> {
        let bytes: [UInt8]
        do throws(WebFailure) {
            bytes = try await WebClient.get(url)
        } catch {
            return .failure(KeyProblem("expected a JSON Web Key Set at \(url), found an error: \(error)"))
        }
        do throws(KeyProblem) {
            return .success(try self.keys(in: bytes, of: url))
        } catch {
            return .failure(error)
        }
    }
}
