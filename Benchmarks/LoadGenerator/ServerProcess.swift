import FoundationEssentials
import Glibc

/// A server under test: a child process pinned to one core, measured by what the kernel accounts for it.
final class ServerProcess {
    let port: UInt16
    /// Whether its port is spoken to by TLS.
    let isSecure: Bool
    let accounts: ProcessAccounts
    private let pid: pid_t
    /// Stays open: a server that prints something later must not be ended by it.
    private let output: Int32
    /// What it was configured with, and may read again at any time.
    let folder: String?

    /// Starts a program on the first core and waits until it prints `ready`. Its `listening` line says the port.
    ///
    /// - Parameter folder: removed at the end.
    init(command: [String], folder: String? = nil, isSecure: Bool = false) {
        self.isSecure = isSecure
        var pipeEnds: [Int32] = [0, 0]
        guard pipe(&pipeEnds) == 0 else { fail("no pipe: \(String(cString: strerror(errno)))") }
        pipeEnds.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], 1)
        // The server must not outlive a benchmark that is killed.
        let arguments = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", "0"] + command
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        var pid: pid_t = 0
        guard posix_spawnp(&pid, "setpriv", &actions, nil, &pointers, environ) == 0 else {
            fail("can't start \(command)")
        }
        pointers.forEach { free($0) }
        posix_spawn_file_actions_destroy(&actions)
        close(pipeEnds[1])
        self.pid = pid
        self.output = pipeEnds[0]
        self.folder = folder
        self.port = Self.waitUntilReady(pipeEnds[0], command)
        self.accounts = ProcessAccounts(of: pid)
    }

    private static func waitUntilReady(_ descriptor: Int32, _ command: [String]) -> UInt16 {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.split(separator: "\n").contains("ready") {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 30_000) > 0 else { fail("\(command) is not ready after 30 s: \(text)") }
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { fail("\(command) ended before it was ready: \(text)") }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("listening") } ?? ""
        let digits = line.split(separator: ":").last?.prefix { $0.isWholeNumber } ?? ""
        guard let port = UInt16(digits) else { fail("\(command) did not say its port: \(text)") }
        return port
    }

    deinit {
        kill(self.pid, SIGKILL)
        var status: Int32 = 0
        waitpid(self.pid, &status, 0)
        close(self.output)
        if let folder = self.folder {
            Self.folders.remove(folder)
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Those that are still to be removed.
    ///
    /// - Important: all servers are started and ended on the first thread.
    nonisolated(unsafe) private static var folders: Set<String> = []

    nonisolated(unsafe) fileprivate static var foldersMade = 0

    /// For a benchmark that fails, and so never lets its servers go. They end with it; what they read does not.
    static func removeFolders() {
        for folder in self.folders {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }
}

extension ServerProcess {
    /// The server with `count` people in its directory, anonymous log-in, and limits out of the way.
    ///
    /// - Parameter handshakesPerSecond: the one limit that can be left in the way; as many may come at once.
    convenience init(
        server path: String,
        people count: Int,
        isSecure: Bool = false,
        handshakesPerSecond: Int? = nil
    ) {
        var people = "username,dialString,displayName,password\n"
        for index in 0..<count {
            people += "user\(index),\(Messages.dialString(of: index)),User \(index),\n"
        }
        self.init(
            server: path,
            plugin: #"{"name": "static", "kind": "StaticDirectory", "settings": {"file": "people.csv"}}"#,
            people: people,
            isSecure: isSecure,
            handshakesPerSecond: handshakesPerSecond
        )
    }

    /// The same with an LDAP directory, on this machine.
    convenience init(server path: String, directory url: String, base: String) {
        let settings = #"{"urls": ["\#(url)"], "tls": {"startTLS": "off"}, "users": {"base": "\#(base)"}}"#
        self.init(
            server: path,
            plugin: #"{"name": "ldap", "kind": "LDAPDirectory", "settings": \#(settings)}"#
        )
    }

    /// Further members of `limits`, for servers that are started from now on.
    nonisolated(unsafe) static var furtherLimits = ""

    private convenience init(
        server path: String,
        plugin: String,
        people: String? = nil,
        isSecure: Bool = false,
        handshakesPerSecond: Int? = nil
    ) {
        // As high as each limit goes.
        let configuration = """
            {"threads": 1,
             "listeners": [{"name": "public", \(isSecure ? Self.tls : "\"scheme\": \"ws\""), "host": "127.0.0.1", "port": 0,
                            "paths": ["/"], "origins": ["*"]}],
             "authentication": {"anonymous": true, "token": {"issuers": [
                 {"issuer": "\(Token.issuer)", "algorithm": "HS256", "secret": "\(Token.secret)"}]}},
             "limits": {"connections": 100000, "connectionsPerAddress": 100000, "messagesPerSecond": 100000,
                        "handshakesPerSecond": \(handshakesPerSecond ?? 100_000),
                        "handshakeBurst": \(handshakesPerSecond ?? 1_000_000), "messageBurst": 100000,
                        "callsPerRegistration": 1000, "callStartsPerSecond": 10000\(Self.furtherLimits)},
             "plugins": [\(plugin)],
             "log": {"level": "warning"}}
            """
        // Each of its own: some benchmarks have two servers.
        Self.foldersMade += 1
        let name = "anynode-bench-\(getpid())-\(Self.foldersMade)"
        let folder = "\(FileManager.default.temporaryDirectory.path)/\(name)"
        Self.folders.insert(folder)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try people?.write(toFile: "\(folder)/people.csv", atomically: false, encoding: .utf8)
            try configuration.write(toFile: "\(folder)/plugins.json", atomically: false, encoding: .utf8)
        } catch {
            fail("can't write the server's configuration to \(folder): \(error)")
        }
        if isSecure { Self.makeCertificate(in: folder) }
        self.init(command: [path, "--config", "\(folder)/plugins.json"], folder: folder, isSecure: isSecure)
    }

    private static let tls = """
        "scheme": "wss", "tls": {"certificates": [{"certificate": "certificate.pem", "privateKey": "key.pem"}]}
        """

    /// By the openssl command: a key as servers have them today (P-256), and a certificate that nobody checks.
    private static func makeCertificate(in folder: String) {
        let arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "\(folder)/key.pem", "-out",
            "\(folder)/certificate.pem",
        ]
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { pointers.forEach { free($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var (pid, status): (pid_t, Int32) = (0, -1)
        guard posix_spawnp(&pid, "openssl", &actions, nil, &pointers, environ) == 0, waitpid(pid, &status, 0) == pid,
            status == 0
        else { fail("the openssl command made no certificate") }
    }
}
