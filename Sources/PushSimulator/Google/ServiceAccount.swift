internal import StrictJSON

/// The service account the simulator plays Google for.
struct ServiceAccount: Sendable {
    let project: String
    let email: String
    let keyIdentifier: String
    let key: RSAKeyPair

    private static let sharedKey = Result<RSAKeyPair, KeyFailure> { () throws(KeyFailure) in try RSAKeyPair() }

    init(project: String, hasOwnKey: Bool) throws(KeyFailure) {
        self.project = project
        self.email = "push@\(project).iam.gserviceaccount.com"
        self.keyIdentifier = "5f1c0123456789abcdef0123456789abcdef0123"
        self.key = hasOwnKey ? try RSAKeyPair() : try Self.sharedKey.get()
    }

    /// The file that Google gives for download.
    ///
    /// - Parameter origin: Of the simulator, as in `https://127.0.0.1:8443`.
    func file(origin: String) throws(KeyFailure) -> JSONValue {
        [
            "type": "service_account",
            "project_id": .string(self.project),
            "private_key_id": .string(self.keyIdentifier),
            "private_key": .string(try self.key.privateKeyPEM),
            "client_email": .string(self.email),
            "client_id": "104000000000000000000",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": .string("\(origin)/token"),
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "universe_domain": "googleapis.com",
        ]
    }
}
