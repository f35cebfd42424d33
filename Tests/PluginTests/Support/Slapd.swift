import Foundation
import Synchronization
import Testing

/// A real OpenLDAP server of one test's own: a throw-away tree in a temporary folder, on free ports of this machine.
final class Slapd: Sendable {
    /// What it is, beyond ``Company``.
    struct Options: Sendable {
        /// LDIF, without the entry of the suffix.
        var tree = Company.tree
        /// Further schema definitions.
        var schema = ""
        /// Speaks TLS with this certificate: on a port of its own, and by StartTLS.
        var certificate: TestCertificate?
        /// Who signs the clients' certificates; then it demands one.
        var clientAuthority: TestAuthority?
        /// Whether it tells anybody who has not logged in what is in the tree.
        var isOpen = true
        /// Lines of slapd.conf that concern the whole server.
        var directives: [String] = []
        /// Lines of slapd.conf that concern the tree, such as overlays.
        var databaseDirectives: [String] = []
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let rootName = "cn=root,\(Company.suffix)"
    static let rootPassword = "root-secret"

    let folder = TemporaryFolder()
    let port: Int
    /// Where it speaks TLS from the first byte; 0 when it has no certificate.
    let securePort: Int
    private let options: Options
    private let child: Mutex<ChildProcess?> = Mutex(nil)

    var url: String { "ldap://127.0.0.1:\(self.port)" }
    var secureURL: String { "ldaps://127.0.0.1:\(self.securePort)" }
    /// A socket in its folder.
    var localURL: String { "ldapi://\(self.folder.path.replacingOccurrences(of: "/", with: "%2F"))%2Fldapi" }

    /// Starts one, and returns when it answers.
    static func start(_ options: Options = Options()) async throws -> Slapd {
        var problem = ""
        for _ in 0..<10 {
            let server = Slapd(options)
            try await server.load()
            do {
                try await server.start()
                return server
            } catch let failure as Failure {
                // Somebody else may have taken the port meanwhile.
                problem = failure.description
            }
        }
        throw Failure(description: problem)
    }

    private init(_ options: Options) {
        self.options = options
        self.port = LoopbackPort.free()
        self.securePort = options.certificate == nil ? 0 : LoopbackPort.free()
    }

    // MARK: Its life

    /// Starts it again, on the same ports, with the same tree.
    func start() async throws {
        let urls = [self.url, self.localURL] + (self.securePort == 0 ? [] : [self.secureURL])
        let child = try await ChildProcess.start(
            [
                "slapd", "-f", "\(self.folder.path)/slapd.conf", "-h", urls.joined(separator: " "), "-d", "stats",
            ],
            output: "\(self.folder.path)/slapd.log"
        )
        self.child.withLock { $0 = child }
        while true {
            do {
                try await ChildProcess.run(["ldapwhoami", "-x", "-H", self.localURL, "-o", "nettimeout=5"])
                return
            } catch is ChildProcess.Failure {
                guard !child.isOver else { throw Failure(description: "slapd does not start: \(self.log)") }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    /// Ends it as an operator does.
    func stop() async {
        let child = self.child.withLock { $0 }
        child?.signal(SIGCONT)
        child?.signal(SIGTERM)
        await child?.ended()
    }

    /// Ends it as a failure does.
    func kill() async {
        let child = self.child.withLock { $0 }
        child?.signal(SIGKILL)
        await child?.ended()
    }

    /// Lets it hang: connections are accepted by the system, and nothing is answered.
    func freeze() async throws {
        guard let child = self.child.withLock({ $0 }) else { return }
        child.signal(SIGSTOP)
        // The signal reaches its threads one after the other.
        let tasks = "/proc/\(child.identifier)/task"
        try await eventually {
            try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
                let data = FileManager.default.contents(atPath: "\(tasks)/\(task)/stat") ?? Data()
                return String(decoding: data, as: UTF8.self).contains(") T ")
            }
        }
    }

    /// Lets it go on.
    func thaw() {
        self.child.withLock { $0 }?.signal(SIGCONT)
    }

    /// Kills it and starts it again.
    func restart() async throws {
        await self.kill()
        try await self.start()
    }

    // MARK: What it knows

    /// Changes the tree (LDIF with `changetype`, or whole entries to add).
    func modify(_ ldif: String) async throws {
        try await ChildProcess.run(
            ["ldapmodify", "-a", "-x", "-H", self.localURL, "-D", Self.rootName, "-w", Self.rootPassword],
            input: ldif
        )
    }

    /// What it has logged: each connection, each operation and its result.
    var log: String {
        let data = FileManager.default.contents(atPath: "\(self.folder.path)/slapd.log") ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// The lines of its log that hold a text.
    func logged(_ text: String) -> [String] {
        self.log.split(separator: "\n").map(String.init).filter { $0.contains(text) }
    }

    /// How many clients are connected, itself not counted.
    func connections() async throws -> Int {
        let text = try await ChildProcess.run([
            "ldapsearch", "-x", "-LLL", "-H", self.localURL, "-D", Self.rootName, "-w", Self.rootPassword, "-b",
            "cn=Current,cn=Connections,cn=Monitor", "-s", "base", "monitorCounter",
        ])
        let counter = text.split(separator: "\n").first { $0.hasPrefix("monitorCounter:") }
        guard let counter, let count = Int(counter.split(separator: " ").last ?? "") else {
            throw Failure(description: "no counter in \(text)")
        }
        return count - 1
    }

    // MARK: Making it

    private func load() async throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(self.folder.path)/db", withIntermediateDirectories: true)
        try self.folder.write(self.options.schema, to: "test.schema")
        try self.folder.write(self.configuration(), to: "slapd.conf")
        try self.folder.write(Company.root + self.options.tree, to: "tree.ldif")
        try await ChildProcess.run([
            "slapadd", "-q", "-f", "\(self.folder.path)/slapd.conf", "-b", Company.suffix, "-l",
            "\(self.folder.path)/tree.ldif",
        ])
    }

    private func configuration() -> String {
        var lines = ["core", "cosine", "inetorgperson"].map { "include /etc/ldap/schema/\($0).schema" }
        lines += [
            "include \(self.folder.path)/test.schema",
            "modulepath /usr/lib/ldap",
            "moduleload back_mdb", "moduleload back_monitor", "moduleload memberof", "moduleload retcode",
            "pidfile \(self.folder.path)/pid",
            // Who comes over the socket, or shows a certificate of this name, is the service.
            "authz-regexp \"^gidNumber=[0-9]+[+]uidNumber=[0-9]+,cn=peercred,cn=external,cn=auth$\" \"\(Company.service)\"",
            "authz-regexp \"^cn=anynode$\" \"\(Company.service)\"",
        ]
        if let certificate = self.options.certificate {
            lines += [
                "TLSCertificateFile \(certificate.certificate)", "TLSCertificateKeyFile \(certificate.privateKey)",
            ]
        }
        if let authority = self.options.clientAuthority {
            lines += ["TLSCACertificateFile \(authority.path)", "TLSVerifyClient demand"]
        }
        lines += self.options.directives
        lines += [
            "access to attrs=userPassword by anonymous auth by * none",
            "access to * by dn.exact=\"\(Company.service)\" read by users none by anonymous \(self.options.isOpen ? "read" : "auth")",
            "database monitor", "access to * by dn.exact=\"\(Self.rootName)\" read by * none",
            "rootdn \"\(Self.rootName)\"",
            "database mdb", "suffix \"\(Company.suffix)\"",
            "rootdn \"\(Self.rootName)\"", "rootpw \(Self.rootPassword)",
            "directory \(self.folder.path)/db", "dbnosync", "maxsize 268435456",
            "index objectClass eq", "index uid eq", "index telephoneNumber eq,sub", "index cn eq", "index member eq",
        ]
        lines += self.options.databaseDirectives
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Lends a server for the time of a test.
func withSlapd(_ options: Slapd.Options = Slapd.Options(), _ test: (Slapd) async throws -> Void) async throws {
    let server = try await Slapd.start(options)
    do {
        try await test(server)
    } catch {
        await server.kill()
        throw error
    }
    await server.kill()
}
