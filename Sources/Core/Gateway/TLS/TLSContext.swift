import NIOCore
import NIOSSL

/// The TLS library's settings, as ours say.
enum TLSContext {
    /// Those of TLS 1.2 with forward secrecy and authenticated encryption (RFC 9325 §4.2); TLS 1.3 has no others.
    private static let cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// - Parameter identities: in the order of the settings, at least one.
    static func make(
        _ settings: TLSSettings,
        identities: [TLSIdentity],
        authorities: [NIOSSLCertificate],
        closeWait: TimeAmount
    ) throws(TLSProblem) -> NIOSSLContext {
        guard let first = identities.first else { throw TLSProblem("expected a certificate, found none") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.sources,
            privateKey: .privateKey(first.key)
        )
        configuration.minimumTLSVersion =
            switch settings.minimumVersion {
            case .tls12: .tlsv12
            case .tls13: .tlsv13
            }
        configuration.cipherSuites = self.cipherSuites
        // A browser that may would speak HTTP/2 instead, and there is no upgrade to WebSocket as we know it in that.
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = closeWait
        configuration.renegotiationSupport = .none
        if let clients = settings.clientCertificates {
            configuration.certificateVerification =
                clients.required ? .noHostnameVerification : .optionalVerification
            configuration.trustRoots = .certificates(authorities)
            configuration.sendCANameList = true
        }
        if identities.count > 1 {
            configuration.sslContextCallback = self.chooser(among: identities)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSProblem("expected certificates for TLS, found some that are unusable together: \(error)")
        }
    }

    /// Answers at once, but costs a turn of the event loop; a listener with one certificate does without it.
    private static func chooser(among identities: [TLSIdentity]) -> NIOSSLContextCallback {
        let table = ServerNameTable(identities.map(\.names))
        let overrides = identities.map { identity in
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = identity.sources
            override.privateKey = .privateKey(identity.key)
            return override
        }
        return { values, promise in
            promise.succeed(overrides[table.index(for: values.serverHostname)])
        }
    }
}

extension TLSIdentity {
    fileprivate var sources: [NIOSSLCertificateSource] { self.chain.map { .certificate($0) } }
}
