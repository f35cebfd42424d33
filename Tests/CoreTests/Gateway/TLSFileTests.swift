import Core
import Foundation
import Logging
import NIOCore
import PluginAPI
import StrictJSON
import Telephony
import Testing

@Suite("TLS: certificates at start")
struct TLSFileTests {
    private let authority: TestAuthority
    private let good: TestCertificate

    init() async throws {
        self.authority = try await TestAuthority()
        self.good = try await self.authority.issue("server")
    }

    private func load(
        _ certificate: TLSSettings.Certificate,
        authorities: String? = nil,
        logging handler: any LogHandler = SwiftLogNoOpLogHandler(),
        now: @escaping @Sendable () -> CalendarTime = { .now }
    ) throws(TLSProblem) -> TLSIdentities {
        var settings = TLSSettings(certificates: [certificate])
        settings.clientCertificates = authorities.map { TLSSettings.ClientCertificates(authorities: $0) }
        return try TLSIdentities(
            settings: settings,
            listener: "public",
            closeWait: .seconds(5),
            logger: Logger(label: "test") { _ in handler },
            now: now
        )
    }

    private func setting(
        _ certificate: String? = nil,
        _ key: String? = nil,
        passphrase: Secret? = nil
    ) -> TLSSettings.Certificate {
        TLSSettings.Certificate(
            certificate: certificate ?? self.good.certificate,
            privateKey: key ?? self.good.privateKey,
            passphrase: passphrase
        )
    }

    /// What is wrong, and the message without the folder.
    private func problem(_ certificate: TLSSettings.Certificate, authorities: String? = nil) -> String? {
        do throws(TLSProblem) {
            _ = try self.load(certificate, authorities: authorities)
            return nil
        } catch {
            return error.description.replacingOccurrences(of: "\(self.authority.folder.path)/", with: "")
        }
    }

    @Test("Each mistake is told with its file, what was expected and what was found")
    func mistakes() async throws {
        let folder = self.authority.folder
        let other = try await self.authority.issue("other")
        let garbage = try folder.write("garbage", to: "garbage.pem")
        let empty = try folder.write("", to: "empty.pem")
        let torn = try folder.write(
            String(try String(contentsOfFile: self.good.certificate, encoding: .utf8).dropLast(60)),
            to: "torn.pem"
        )
        #expect(self.problem(self.setting()) == nil)
        #expect(
            self.problem(self.setting(nil, other.privateKey))
                == "other.key: expected the key of the certificate in server.pem, found another key"
        )
        #expect(
            self.problem(self.setting(garbage)) == "garbage.pem: expected certificates in PEM, found something else"
        )
        #expect(self.problem(self.setting(torn)) == "torn.pem: expected certificates in PEM, found something else")
        #expect(self.problem(self.setting(empty)) == "empty.pem: expected certificates in PEM, found an empty file")
        #expect(
            self.problem(self.setting(self.good.privateKey))
                == "server.key: expected certificates in PEM, found something else"
        )
        #expect(
            self.problem(self.setting("\(folder.path)/none.pem"))
                == "none.pem: expected certificates in PEM, found an error: No such file or directory"
        )
        #expect(
            self.problem(self.setting("/dev/zero"))
                == "/dev/zero: expected certificates in PEM, found something that is not a file"
        )
        #expect(
            self.problem(self.setting(nil, garbage))
                == "garbage.pem: expected a private key in PEM, found something else"
        )
        #expect(
            self.problem(self.setting(nil, empty)) == "empty.pem: expected a private key in PEM, found an empty file"
        )
        #expect(
            self.problem(self.setting(), authorities: garbage)
                == "garbage.pem: expected certificates in PEM, found something else"
        )
    }

    @Test("An encrypted key is opened by its passphrase, which no message shows")
    func passphrase() async throws {
        let path = "\(self.authority.folder.path)/encrypted.key"
        try await TestAuthority.openssl([
            "pkey", "-in", self.good.privateKey, "-aes256", "-passout", "pass:open sesame", "-out", path,
        ])
        #expect(self.problem(self.setting(nil, path, passphrase: Secret("open sesame"))) == nil)
        #expect(
            self.problem(self.setting(nil, path, passphrase: Secret("wrong")))
                == "encrypted.key: expected a private key in PEM, found one that the passphrase does not open"
        )
        #expect(
            self.problem(self.setting(nil, path))
                == "encrypted.key: expected a private key in PEM, found an encrypted one, "
                + "and no passphrase in the configuration"
        )
        #expect(self.problem(self.setting(passphrase: Secret("needless"))) == nil)
    }

    @Test(
        "A certificate that has expired is served all the same at a start, with a warning, and is a problem of health"
    )
    func expired() async throws {
        let expired = try await self.authority.issue("server", days: -1)
        let log = LogRecorder()
        let identities = try self.load(self.setting(expired.certificate, expired.privateKey), logging: log)
        #expect(identities.problems.count == 1)
        #expect(identities.problems.first?.contains("found one that expired at 20") == true)
        #expect(log.entries.map(\.level) == [.warning])
        #expect(log.entries.first?.metadata["listener"] == "public")
    }

    @Test(
        "Validity is judged by the time that is now, with both ends",
        arguments: [(-2, "is valid only from 20"), (1, nil), (29, nil), (31, "expired at 20")] as [(Int, String?)]
    )
    func validity(days: Int, problem: String?) throws {
        let identities = try self.load(
            self.setting(),
            now: { CalendarTime.now + .seconds(days * 86400) }
        )
        #expect(identities.problems.count == (problem == nil ? 0 : 1))
        if let problem { #expect(identities.problems.first?.contains(problem) == true, "\(identities.problems)") }
    }

    @Test("A replacement that is not valid yet is refused")
    func notYetValid() async throws {
        let identities = try self.load(self.setting(), now: { CalendarTime.now + .seconds(-10 * 86400) })
        _ = try await self.authority.issue("server")
        await identities.reload()
        #expect(identities.problems.first?.hasSuffix("the certificate of before stays in force") == true)
    }

    @Test("A server with a bad file does not start, and says which listener it is")
    func start() async throws {
        try self.authority.folder.write("garbage", to: "server.key")
        let error = await #expect(throws: ListenError.self) {
            try await withServer(encryptedListener([self.good])) { _ in }
        }
        #expect(error?.listener == "public")
        #expect(error?.description.contains("server.key: expected a private key in PEM") == true)
    }
}
