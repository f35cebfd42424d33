import FoundationEssentials
import NIOSSL
import PluginAPI
import Telephony

/// Why TLS cannot be spoken as configured, fit to be shown to an operator.
package struct TLSProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// Names the file, what was expected and what was found. Never a secret's value.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A certificate chain with its key, read and found to belong together.
struct TLSIdentity: Sendable, Equatable {
    /// The server's own certificate first.
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// The DNS names of the first certificate (RFC 5280 §4.2.1.6), as they stand there.
    let names: [[UInt8]]
    private let path: String
    private let notBefore: CalendarTime
    private let notAfter: CalendarTime

    init(_ settings: TLSSettings.Certificate) throws(TLSProblem) {
        self.path = settings.certificate
        self.chain = try PEMFile.certificates(at: settings.certificate)
        self.key = try PEMFile.privateKey(at: settings.privateKey, passphrase: settings.passphrase)
        guard let own = self.chain.first else {
            throw TLSProblem("\(settings.certificate): expected a certificate, found none")
        }
        self.names = own.dnsNames
        self.notBefore = CalendarTime(milliseconds: Self.milliseconds(own.notValidBefore))
        self.notAfter = CalendarTime(milliseconds: Self.milliseconds(own.notValidAfter))
        try self.check(settings)
    }

    /// Lets the TLS library say whether it can serve these two together.
    private func check(_ settings: TLSSettings.Certificate) throws(TLSProblem) {
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: self.chain.map { .certificate($0) },
                    privateKey: .privateKey(self.key)
                )
            )
        } catch NIOSSLError.failedToLoadPrivateKey {
            throw TLSProblem(
                "\(settings.privateKey): expected the key of the certificate in \(settings.certificate), found another key"
            )
        } catch {
            throw TLSProblem(
                "\(settings.certificate): expected a certificate for TLS, found one that is unusable: \(error)"
            )
        }
    }

    /// What is wrong with the certificate at a time, if anything is: it has its time, and outside of it clients refuse it.
    func invalidity(at time: CalendarTime) -> TLSProblem? {
        if time < self.notBefore {
            return TLSProblem(
                "\(self.path): expected a valid certificate, found one that is valid only from \(Self.text(self.notBefore))"
            )
        }
        if self.notAfter < time {
            return TLSProblem(
                "\(self.path): expected a valid certificate, found one that expired at \(Self.text(self.notAfter))"
            )
        }
        return nil
    }

    private static func milliseconds(_ seconds: Int) -> Int64 {
        let (milliseconds, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : milliseconds
    }

    /// As in 2026-11-23T05:33:39Z.
    private static func text(_ time: CalendarTime) -> String {
        Date(timeIntervalSince1970: Double(time.milliseconds) / 1000).formatted(.iso8601)
    }
}

/// Files in the format of RFC 7468, read within limits.
enum PEMFile {
    /// The largest file that is read: a chain is a few thousand bytes, all authorities of the world 200,000.
    private static let limit = 1 << 20

    /// All certificates of a file, at least one.
    static func certificates(at path: String) throws(TLSProblem) -> [NIOSSLCertificate] {
        let bytes = try self.read(path, expecting: "certificates in PEM")
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw TLSProblem("\(path): expected certificates in PEM, found something else")
        }
    }

    static func privateKey(at path: String, passphrase: Secret?) throws(TLSProblem) -> NIOSSLPrivateKey {
        let bytes = try self.read(path, expecting: "a private key in PEM")
        do {
            guard let passphrase else { return try NIOSSLPrivateKey(bytes: bytes, format: .pem) }
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { setPassphrase in
                setPassphrase(passphrase.withText { Array($0.utf8) })
            }
        } catch {
            let isEncrypted = bytes.contains(Array("ENCRYPTED".utf8))
            let found =
                switch (isEncrypted, passphrase) {
                case (true, nil): "an encrypted one, and no passphrase in the configuration"
                case (true, .some): "one that the passphrase does not open"
                case (false, _): "something else"
                }
            throw TLSProblem("\(path): expected a private key in PEM, found \(found)")
        }
    }

    private static func read(_ path: String, expecting expected: String) throws(TLSProblem) -> [UInt8] {
        let bytes: [UInt8]
        do throws(FileProblem) {
            bytes = try FileContents(path: path, limit: self.limit).bytes
        } catch {
            throw TLSProblem("\(path): expected \(expected), found \(error.found)")
        }
        // The TLS library traps on no bytes at all.
        guard !bytes.isEmpty else { throw TLSProblem("\(path): expected \(expected), found an empty file") }
        return bytes
    }
}

extension NIOSSLCertificate {
    fileprivate var dnsNames: [[UInt8]] {
        self._subjectAlternativeNames().filter { $0.nameType == .dnsName }.map { Array($0.contents) }
    }
}
