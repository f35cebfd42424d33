internal import Glibc
internal import StrictJSON

/// The exit codes of `anynodectl`.
package enum ExitStatus {
    /// Done, and the answer is yes where there is one.
    package static let success: Int32 = 0
    /// The server said no.
    package static let refused: Int32 = 1
    /// The command line, or a file it names, can't be used.
    package static let usage: Int32 = 2
    /// Nobody answers.
    package static let noServer: Int32 = 3
}

extension AdminFailure {
    /// What the process ends with.
    package var exitStatus: Int32 {
        switch self {
        case .refused: ExitStatus.refused
        case .noServer, .broken: ExitStatus.noServer
        }
    }

    /// What goes to standard error, harmless on a terminal.
    package func report(_ location: SocketLocation) -> [String] {
        let path = location.path.shown
        switch self {
        case .refused(let refusal):
            return ["error \(refusal.code): \(refusal.message.shown)"] + refusal.problems.map { "  \($0.line)" }
                + Self.advice(refusal)
        case .noServer(_, let code):
            return ["error: no server answers at \(path): \(systemMessage(code))"]
                + location.trail.map { "  \($0)" } + ["  \(Self.advice(code))"]
        case .broken(.closed(let insideLine)):
            let place = insideLine ? "in the middle of an answer" : "without an answer"
            return [
                "error: the server at \(path) closed the connection \(place)",
                "  it was stopped, or your user is not among those it lets in (admin.allowedUIDs); its log says which",
            ]
        case .broken(.system(let code)):
            return ["error: the connection to \(path) failed: \(systemMessage(code))"]
        case .broken(.timeout(let seconds)):
            return ["error: no answer from \(path) within \(seconds.short) seconds (--timeout)"]
        case .broken(.garbage(let what)):
            return ["error: \(path) does not speak the admin API: \(what.shown)"]
        case .broken(.lineTooLong):
            return ["error: an answer from \(path) has no end"]
        }
    }

    private static func advice(_ refusal: Refusal) -> [String] {
        guard refusal.code == Refusal.Code.conflict else { return [] }
        let now = refusal.revision.map { ", the revision is \($0.words.shown) now" } ?? ""
        return ["  somebody else changed the configuration\(now): see \"anynodectl config get\", then try again"]
    }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case EACCES, EPERM: "only root, the server's own user and those in admin.allowedUIDs may connect: try sudo"
        case ENAMETOOLONG: "a socket's path has 1 to 107 bytes: use a relative one"
        case ENOTSOCK, EPROTOTYPE, ENOTDIR: "name the server's socket with \(SocketLocation.option) PATH"
        default: "start anynode-server, or name its socket with \(SocketLocation.option) PATH"
        }
    }
}

extension Problem {
    /// One line: where and what.
    package var line: String {
        "\(self.pointer.isEmpty ? "(whole document)" : self.pointer.shown): \(self.text.shown)"
    }
}
