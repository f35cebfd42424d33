package import Logging
package import PluginAPI
internal import StrictJSON
package import Telephony

/// Judges access tokens (§4.2, RFC 7519) by the keys of the issuers that are configured. May be asked on any thread.
///
/// The key's kind fixes the algorithm, and the header must name exactly that one; nothing that the token itself brings or
/// points to (`jwk`, `jku`, `x5c`, `x5u`) is looked at.
package final class TokenVerifier: Sendable {
    private struct Issuer {
        let configuration: TokenIssuer
        let keys: IssuerKeys
    }

    private let issuers: [Issuer]
    private let leeway: Duration
    private let calendar: @Sendable () -> CalendarTime

    /// Reads the keys that stand in files; those behind a URL are fetched by ``reloadKeys()``.
    ///
    /// - Throws: Files that can't be used, each with the place in the configuration that names it.
    package init(
        _ configuration: TokenConfiguration,
        now: @escaping @Sendable () -> Moment = { .now },
        calendar: @escaping @Sendable () -> CalendarTime = { .now },
        logger: Logger
    ) throws(ConfigurationProblems) {
        self.leeway = configuration.leeway
        self.calendar = calendar
        self.issuers = configuration.issuers.map { issuer in
            Issuer(configuration: issuer, keys: IssuerKeys(of: issuer, now: now, logger: logger))
        }
        var problems: [ConfigurationProblem] = []
        for (index, issuer) in self.issuers.enumerated() {
            do throws(KeyProblem) {
                try issuer.keys.loadFile()
            } catch {
                let pointer = "/authentication/token/issuers/\(index)"
                problems.append(ConfigurationProblem(pointer: pointer, problem: error.problem))
            }
        }
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
    }

    /// What keeps new keys from being used, for health.
    package var problems: [String] { self.issuers.compactMap(\.keys.problem) }

    /// Looks whether there are new keys: call it every few seconds, and when an operator asks for it.
    package func reloadKeys() async {
        for issuer in self.issuers {
            await issuer.keys.look(isUrgent: false)
        }
    }

    // MARK: Judging

    /// Judges a token by what is known now: a few microseconds for HS256, some 30 for RS256.
    package func verify(_ text: String) -> TokenVerdict {
        do throws(TokenFault) {
            let token = try SignedToken(text)
            let issuer = try self.issuer(of: token)
            guard let keys = issuer.keys.current else { return issuer.keys.canChange ? .unknownKey : .unavailable }
            switch keys.judge(token) {
            case .right: return .accepted(try self.read(token, of: issuer.configuration))
            case .wrong: return .refused(.signature)
            case .unknownKey: return .unknownKey
            case .ambiguous: return .refused(.key)
            }
        } catch {
            return .refused(error)
        }
    }

    /// Judges a token whose key was unknown a moment ago, after a look for new keys. Never `unknownKey`.
    package func verifyAfterReloadingKeys(_ text: String) async -> TokenVerdict {
        let issuer: Issuer
        do throws(TokenFault) {
            issuer = try self.issuer(of: SignedToken(text))
        } catch {
            return .refused(error)
        }
        await issuer.keys.look(isUrgent: true)
        guard issuer.keys.current != nil else { return .unavailable }
        let verdict = self.verify(text)
        return verdict == .unknownKey ? .refused(.key) : verdict
    }

    /// Who claims to have signed it, by the algorithm it names.
    private func issuer(of token: SignedToken) throws(TokenFault) -> Issuer {
        guard case .string(let name)? = token.claims["iss"] else { throw .issuer }
        // Swift's == takes different bytes for the same text.
        let named = self.issuers.filter { Array($0.configuration.name.utf8) == Array(name.utf8) }
        guard !named.isEmpty else { throw .issuer }
        let algorithm = Array(token.algorithm.utf8)
        guard let issuer = named.first(where: { Array($0.configuration.algorithm.rawValue.utf8) == algorithm }) else {
            throw .algorithm
        }
        return issuer
    }

    /// What a token says whose signature is right.
    private func read(_ token: SignedToken, of issuer: TokenIssuer) throws(TokenFault) -> AccessToken {
        let now = self.calendar()
        guard let expiry = try token.moment("exp"), expiry.milliseconds > 0 else { throw .claims }
        let end = expiry + self.leeway
        guard now < end else { throw .expired }
        if let start = try token.moment("nbf"), now + self.leeway < start { throw .notYetValid }
        if let audience = issuer.audience, !token.isMeant(for: audience) { throw .audience }
        var username: Username?
        if let name = try token.text("username") {
            guard let valid = Username(name) else { throw .claims }
            username = valid
        }
        return AccessToken(
            issuer: issuer.name,
            algorithm: issuer.algorithm,
            username: username,
            displayName: token.displayName,
            expiry: end,
            mayCallUnregistered: issuer.callMe,
            renewalKey: token.nonce.map { RenewalKey(nonce: $0, username: username, of: issuer) }
        )
    }
}

extension RenewalKey {
    /// A digest of all that must be the same; each part with its length, so that no two lists of parts look alike.
    fileprivate init(nonce: String, username: Username?, of issuer: TokenIssuer) {
        var bytes: [UInt8] = []
        for part in [issuer.algorithm.rawValue, issuer.name, username.map { "u\($0.text)" } ?? "n", nonce] {
            let length = UInt32(clamping: part.utf8.count)
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
            bytes += part.utf8
        }
        let digest = MessageDigest.sha256(bytes)
        let words = (0..<4).map { word in
            digest.dropFirst(word * 8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        self.init(words[0], words[1], words[2], words[3])
    }
}
