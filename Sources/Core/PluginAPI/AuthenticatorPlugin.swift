public import Telephony

/// Decides whether somebody is who he says (§4.1).
///
/// Authenticators are asked in the order of `plugins.json` until one says anything but ``AuthenticationOutcome/notMine``.
public protocol AuthenticatorPlugin: Plugin {
    /// Judges one log-in. Throws when it cannot find out; the client is then told to try again later.
    ///
    /// A user it does not know must cost the same time as a wrong password, or strangers learn who works here.
    func authenticate(_ credential: Credential) async throws -> AuthenticationOutcome
}

/// What somebody shows to prove who he is.
public enum Credential: Sendable {
    /// A user name and a password, from HTTP Basic (RFC 7617). The password is never empty and holds no NUL.
    case password(username: Username, password: Secret)
    /// The answer to an HTTP Digest challenge (RFC 7616). An authenticator that stores no HA1 has to say
    /// ``AuthenticationOutcome/notMine``.
    case digest(DigestResponse)
}

/// What an authenticator makes of a credential.
public enum AuthenticationOutcome: Sendable, Equatable {
    /// It is the user of that name.
    case accepted(Username)
    /// It is not, and nobody else need be asked.
    case refused
    /// This authenticator knows nothing of that user.
    case notMine
}
