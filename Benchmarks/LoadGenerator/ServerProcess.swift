import CLinux
import FoundationEssentials
import Glibc

/// A server under test: a child process pinned to one core, measured by what the kernel accounts for it.
final class ServerProcess {
    let name: String
    let port: UInt16
    private let pid: pid_t

    /// Starts a program and waits until it prints `ready`. Its `listening` line says the port.
    init(name: String, command: [String], core: Int) {
        self.name = name
        var pipeEnds: [Int32] = [0, 0]
        pipe(&pipeEnds)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], 1)
        posix_spawn_file_actions_addclose(&actions, pipeEnds[0])
        // The server must not outlive a benchmark that is killed.
        let arguments = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", "\(core)"] + command
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        var pid: pid_t = 0
        guard posix_spawnp(&pid, "setpriv", &actions, nil, &pointers, environ) == 0 else {
            fatalError("can't start \(command)")
        }
        pointers.forEach { free($0) }
        posix_spawn_file_actions_destroy(&actions)
        close(pipeEnds[1])
        self.pid = pid
        self.port = Self.waitUntilReady(pipeEnds[0], command)
    }

    private static func waitUntilReady(_ descriptor: Int32, _ command: [String]) -> UInt16 {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains("ready") {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { fatalError("\(command) ended before it was ready: \(text)") }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("listening") } ?? ""
        let digits = line.split(separator: ":").last?.prefix { $0.isWholeNumber } ?? ""
        guard let port = UInt16(digits) else { fatalError("no port in \(text)") }
        return port
    }

    /// Nanoseconds on a processor, all threads together.
    var processorTime: UInt64 {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.pid)/task")) ?? []
        return tasks.reduce(0) { sum, task in
            let path = "/proc/\(self.pid)/task/\(task)/schedstat"
            guard let data = FileManager.default.contents(atPath: path) else { return sum }
            let first = String(decoding: data, as: UTF8.self).split(separator: " ").first
            return sum + (first.flatMap { UInt64($0) } ?? 0)
        }
    }

    /// Resident memory in bytes.
    var residentMemory: Int {
        let data = FileManager.default.contents(atPath: "/proc/\(self.pid)/status") ?? Data()
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return kibibytes * 1024
    }

    func stop() {
        kill(self.pid, SIGKILL)
        var status: Int32 = 0
        waitpid(self.pid, &status, 0)
    }

    deinit {
        self.stop()
    }
}

/// A server under test with `count` people in its directory, anonymous log-in and limits out of the way.
func startServer(_ path: String, people count: Int) -> ServerProcess {
    let folder = "\(FileManager.default.temporaryDirectory.path)/anynode-bench-\(getpid())"
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var people = "username,dialString,displayName,password\n"
    for index in 0..<count {
        people += "user\(index),\(100_000 + index),User \(index),\n"
    }
    let configuration = """
        {"threads": 1,
         "listeners": [{"name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0, "origins": ["*"]}],
         "authentication": {"anonymous": true},
         "limits": {"connections": 100000, "connectionsPerAddress": 100000, "messagesPerSecond": 100000,
                    "messageBurst": 100000, "callsPerRegistration": 1000, "callStartsPerSecond": 10000},
         "plugins": [{"name": "static", "kind": "StaticDirectory", "settings": {"file": "people.csv"}}],
         "log": {"level": "warning"}}
        """
    try? people.write(toFile: "\(folder)/people.csv", atomically: false, encoding: .utf8)
    try? configuration.write(toFile: "\(folder)/plugins.json", atomically: false, encoding: .utf8)
    return ServerProcess(name: "anynode-server", command: [path, "--config", "\(folder)/plugins.json"], core: 0)
}

/// Keeps the load generator off the server's core.
func pinGenerator() {
    bench_pin(1)
}

/// Nanoseconds of the monotonic clock.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
