import Core
import Glibc

/// What systemd tells us by the environment, and what we tell it: sockets that listen already (sd_listen_fds(3)), and how we
/// are (sd_notify(3)). Without systemd there is nothing of either.
///
/// The protocols are a few lines each, and stable by promise; so no libsystemd.
struct ServiceManager {
    /// The first descriptor that is passed (`SD_LISTEN_FDS_START`).
    private static let firstDescriptor: CInt = 3

    private let notifySocket: String?
    /// Open from the start, and for as long as the process lives: it has to speak when descriptors have run out, too.
    private let descriptor: CInt
    /// Half of the time in which systemd wants to hear of us.
    let watchdogInterval: Duration?

    /// Takes the variables out of the environment, so that no process of ours believes they are meant for it.
    init() {
        self.notifySocket = Self.take("NOTIFY_SOCKET")
        self.descriptor =
            self.notifySocket == nil ? -1 : socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let watchdog = Self.take("WATCHDOG_USEC").flatMap(Int64.init)
        let isForUs = Self.take("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        self.watchdogInterval = watchdog.flatMap { $0 > 0 && isForUs ? .microseconds(max(1000, $0 / 2)) : nil }
    }

    private static func take(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        defer { unsetenv(name) }
        return String(cString: value)
    }

    // MARK: Sockets

    /// The sockets that listen already, by name; those without one are called `unknown` by systemd.
    static func takeSockets() throws(Failure) -> [String: InheritedSocket] {
        let (pid, count, names) = (self.take("LISTEN_PID"), self.take("LISTEN_FDS"), self.take("LISTEN_FDNAMES"))
        guard let count = count.flatMap(Int.init), count > 0, pid == String(getpid()) else { return [:] }
        let given = names.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) } ?? []
        var sockets: [String: InheritedSocket] = [:]
        for index in 0..<min(count, 1024) {
            let descriptor = self.firstDescriptor + CInt(index)
            let name = index < given.count ? given[index] : "unknown"
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            guard let socket = InheritedSocket(descriptor) else {
                throw Failure("expected a listening TCP socket as inherited socket \"\(name)\", found something else")
            }
            guard sockets.updateValue(socket, forKey: name) == nil else {
                throw Failure("expected inherited sockets with different names, found two called \"\(name)\"")
            }
        }
        return sockets
    }

    // MARK: Notifications

    enum State {
        case ready
        case reloading
        case stopping
        case alive
    }

    /// Says how we are; without systemd, to nobody. Never waits.
    func notify(_ state: State, status: String? = nil) {
        guard let path = self.notifySocket, self.descriptor >= 0 else { return }
        var lines: [String]
        switch state {
        case .ready: lines = ["READY=1"]
        case .reloading:
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            lines = ["RELOADING=1", "MONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)"]
        case .stopping: lines = ["STOPPING=1"]
        case .alive: lines = ["WATCHDOG=1"]
        }
        if let status { lines.append("STATUS=\(status)") }
        self.send(lines.joined(separator: "\n"), to: path)
    }

    private func send(_ text: String, to path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // An abstract socket has a NUL where its name is written with an @.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(text.utf8)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(
                    self.descriptor,
                    bytes,
                    bytes.count,
                    CInt(MSG_NOSIGNAL | MSG_DONTWAIT),
                    address,
                    length
                )
            }
        }
    }
}
