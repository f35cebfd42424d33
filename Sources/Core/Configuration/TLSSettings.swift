package import PluginAPI

/// How a listener with the scheme `wss` encrypts, and whom it believes.
package struct TLSSettings: Sendable, Equatable {
    /// The oldest version of TLS that is spoken.
    package enum MinimumVersion: String, Sendable, CaseIterable {
        /// RFC 5246, with forward secrecy and authenticated encryption only (RFC 9325 §4.2).
        case tls12 = "1.2"
        /// RFC 8446.
        case tls13 = "1.3"
    }

    /// A certificate with its key.
    package struct Certificate: Sendable, Equatable {
        /// A PEM file: the server's own certificate, then those between it and the root.
        package var certificate: String
        /// A PEM file.
        package var privateKey: String
        /// What opens the key, where it is encrypted.
        package var passphrase: Secret?

        package init(certificate: String, privateKey: String, passphrase: Secret? = nil) {
            self.certificate = certificate
            self.privateKey = privateKey
            self.passphrase = passphrase
        }
    }

    /// What is asked of clients.
    package struct ClientCertificates: Sendable, Equatable {
        /// A PEM file of the authorities whose certificates are accepted.
        package var authorities: String
        /// Whether a client without a certificate is sent away.
        package var required: Bool

        package init(authorities: String, required: Bool = true) {
            self.authorities = authorities
            self.required = required
        }
    }

    /// The first is for clients that name no host, or one that no certificate covers.
    package var certificates: [Certificate]
    package var minimumVersion = MinimumVersion.tls12
    package var clientCertificates: ClientCertificates?
    /// How often the files are looked at.
    package var reload = Duration.seconds(10)

    package init(certificates: [Certificate]) {
        self.certificates = certificates
    }

    /// Reads the member `tls` of a listener.
    package init(from reader: SettingsReader) {
        self.certificates = reader.objects(
            "certificates",
            atLeast: 1,
            summary: """
                Certificates with their keys; a client gets the one for the host it names (SNI), or else the first.
                """,
            Certificate.init(from:)
        )
        self.minimumVersion = reader.choice(
            "minimumVersion",
            default: .tls12,
            summary: "The oldest version of TLS that is spoken."
        )
        self.clientCertificates = reader.optionalObject(
            "clientCertificates",
            summary: "Asks clients for certificates too; without it they need none.",
            ClientCertificates.init(from:)
        )
        self.reload = reader.duration(
            "reload",
            default: .seconds(10),
            in: .seconds(1) ... .seconds(86400),
            summary: "How often to look whether one of the files has changed."
        )
    }
}

extension TLSSettings.Certificate {
    /// More would not be handed to the TLS library.
    private static let longestPassphrase = 1023

    fileprivate init(from reader: SettingsReader) {
        self.certificate = reader.path(
            "certificate",
            summary: "A PEM file: the server's certificate, then those between it and the root."
        )
        self.privateKey = reader.path("privateKey", summary: "A PEM file: the key of the first certificate.")
        self.passphrase = reader.optionalSecret("passphrase", summary: "What opens the key, if it is encrypted.")
        // The TLS library traps on bytes from 128 on.
        let isUsable = self.passphrase?.withText { text in
            text.utf8.count <= Self.longestPassphrase && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        }
        if isUsable == false {
            reader.problem(
                at: "passphrase",
                "expected at most \(Self.longestPassphrase) printable ASCII characters, found others or more"
            )
        }
    }
}

extension TLSSettings.ClientCertificates {
    fileprivate init(from reader: SettingsReader) {
        self.authorities = reader.path(
            "authorities",
            summary: "A PEM file of the authorities whose certificates are accepted."
        )
        self.required = reader.bool(
            "required",
            default: true,
            summary: "Whether a client without a certificate is sent away; a wrong one always is."
        )
    }
}
