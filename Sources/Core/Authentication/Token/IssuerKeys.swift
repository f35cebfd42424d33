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
        let (keys, version) = try self.read(path)
        self.state.withLock { state in
            state.keys = keys
            state.file = version
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
        var result: Result<(TokenKeys, FileVersion?), KeyProblem>?
        if let path = self.path {
            let seen = self.state.withLock(\.file)
            if let version = try? FileVersion(path: path), version == seen {
                result = nil
            } else {
                do throws(KeyProblem) {
                    let (keys, version) = try self.read(path)
                    result = .success((keys, version))
                } catch {
                    result = .failure(error)
                }
            }
        } else if case .keySetURL(let url) = self.source {
            result = await self.fetch(url)
        }
        self.note(result)
    }

    private func note(_ result: Result<(TokenKeys, FileVersion?), KeyProblem>?) {
        let isNewProblem = self.state.withLock { state in
            state.look = nil
            switch result {
            case nil:
                return false
            case .success(let (keys, version))?:
                state.keys = keys
                state.file = version
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

    private func read(_ path: String) throws(KeyProblem) -> (TokenKeys, FileVersion) {
        let contents: FileContents
        do throws(FileProblem) {
            contents = try FileContents(path: path, limit: Self.largestFile)
        } catch {
            throw KeyProblem("expected a key in the file \(path), found \(error.found)")
        }
        do throws(KeyProblem) {
            let keys: TokenKeys =
                switch self.source {
                case .certificate: .key(try RSAPublicKey(certificatePEM: contents.bytes))
                case .publicKey: .key(try RSAPublicKey(publicKeyPEM: contents.bytes))
                case .keySet, .keySetURL, .secret: try TokenKeys(keySet: contents.bytes)
                }
            return (keys, contents.version)
        } catch {
            throw KeyProblem("\(path): \(error.problem)")
        }
    }

    private func fetch(_ url: String) async -> Result<(TokenKeys, FileVersion?), KeyProblem> {
        let bytes: [UInt8]
        do throws(WebFailure) {
            bytes = try await WebClient.get(url)
        } catch {
            return .failure(KeyProblem("expected a JSON Web Key Set at \(url), found an error: \(error)"))
        }
        do throws(KeyProblem) {
            return .success((try TokenKeys(keySet: bytes), nil))
        } catch {
            return .failure(KeyProblem("\(url): \(error.problem)"))
        }
    }
}
