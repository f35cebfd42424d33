import Foundation
import Synchronization

/// A program that a test runs, and that never outlives the tests.
///
/// Each has a thread that starts it and waits for its end: Linux tells a child about the death of the *thread* that
/// started it (prctl(2), PR_SET_PDEATHSIG), so that thread has to live as long as the child does.
final class ChildProcess: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let command: String
        let status: Int32
        let output: String

        var description: String { "\(self.command) ended with \(self.status): \(self.output)" }
    }

    private struct State {
        /// As waitpid(2) tells it, once it is over.
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    let identifier: pid_t
    private let state = Mutex(State())

    private init(_ identifier: pid_t) {
        self.identifier = identifier
    }

    /// Starts a program that is looked for in the usual places.
    ///
    /// - Parameters:
    ///   - input: A file to read from.
    ///   - output: A file for everything it prints.
    static func start(
        _ arguments: [String],
        input: String = "/dev/null",
        output: String = "/dev/null"
    ) async throws -> ChildProcess {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                do {
                    let identifier = try Self.spawn(["setpriv", "--pdeathsig", "KILL"] + arguments, input, output)
                    let child = ChildProcess(identifier)
                    continuation.resume(returning: child)
                    child.reap()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: What it printed.
    @discardableResult
    static func run(_ arguments: [String], input text: String? = nil) async throws -> String {
        let folder = TemporaryFolder()
        let output = "\(folder.path)/output"
        let input = try text.map { try folder.write($0, to: "input") }
        let child = try await Self.start(arguments, input: input ?? "/dev/null", output: output)
        let status = await child.ended()
        let printed = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
        guard status == 0 else {
            throw Failure(command: arguments.first ?? "", status: status, output: printed)
        }
        return printed
    }

    var isOver: Bool { self.state.withLock { $0.status != nil } }

    /// Sends a signal, unless it is over.
    func signal(_ number: Int32) {
        self.state.withLock { state in
            guard state.status == nil else { return }
            _ = Foundation.kill(self.identifier, number)
        }
    }

    /// Waits for the end.
    @discardableResult
    func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = self.state.withLock { state in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    private func reap() {
        var information = siginfo_t()
        // Looks without taking it away, so that its number can't be given to another while somebody sends a signal.
        while waitid(P_PID, id_t(self.identifier), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        let (status, waiting) = self.state.withLock { state in
            var status: Int32 = 0
            _ = waitpid(self.identifier, &status, 0)
            state.status = status
            defer { state.waiting = [] }
            return (status, state.waiting)
        }
        waiting.forEach { $0.resume(returning: status) }
    }

    private static func spawn(_ arguments: [String], _ input: String, _ output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // What tests have open is none of its business, least of all the other ends of their sockets.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let words = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        // Programs such as slapd stand in /usr/sbin, which not every user's path names.
        let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = [strdup(path), strdup("LC_ALL=C.UTF-8"), strdup("LDAPNOINIT=1"), nil]
        defer { environment.forEach { free($0) } }
        var identifier: pid_t = 0
        let problem = posix_spawn(&identifier, "/usr/bin/setpriv", &actions, &attributes, words, environment)
        guard problem == 0 else {
            throw Failure(command: arguments.joined(separator: " "), status: problem, output: "not started")
        }
        return identifier
    }
}
