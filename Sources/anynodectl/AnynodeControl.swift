internal import AdminClient
internal import ArgumentParser
internal import Glibc

/// The operator's command line client of the admin API.
struct AnynodeControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anynodectl",
        abstract: "Looks after a running anynode-server, over its admin socket.",
        discussion: """
            What is wrong, in a minute:
              anynodectl status
              anynodectl calls trace 30        why did 30 not ring?
              anynodectl events --follow

            The socket is that of --socket, else of ANYNODE_ADMIN_SOCKET, else /run/anynode/admin.sock where it
            exists, else run/admin.sock in the working directory. --socket, --json and --timeout go with every command.

            Exit codes: 0 done; 1 refused by the server, or the answer is no; 2 unusable command line or file;
            3 no server answers.

            Completion: anynodectl --generate-completion-script bash (or zsh, fish)
            """,
        subcommands: [
            Status.self, Registrations.self, Calls.self, Plugins.self, Config.self, Directory.self, Auth.self,
            Notifications.self, Events.self, Log.self, Drain.self, Resume.self, Shutdown.self, RPC.self,
        ]
    )
}

@main
enum EntryPoint {
    static func main() {
        let arguments = GlobalOptions.movedBehindTheCommand(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try AnynodeControl.parseAsRoot(arguments)
            try command.run()
        } catch {
            let ending = Ending(error)
            if !ending.text.isEmpty { Screen.write(ending.text + "\n", to: ending.isError ? 2 : 1) }
            exit(ending.status)
        }
    }
}

/// How the process ends when a command threw.
struct Ending: Hashable {
    var status: Int32
    var text: String
    /// Whether the text goes to standard error.
    var isError: Bool

    init(_ error: any Error) {
        switch error {
        case let failure as LocatedFailure:
            let lines = failure.failure.report(failure.location)
            (self.status, self.text, self.isError) = (failure.failure.exitStatus, lines.joined(separator: "\n"), true)
        case let failure as LocalFailure:
            (self.status, self.text, self.isError) = (failure.status, "error: \(failure.message)", true)
        default:
            // Help and completion scripts are "errors" of the parser too, with the code 0.
            let code = AnynodeControl.exitCode(for: error)
            let isUsage = code == .validationFailure
            self.status = isUsage ? ExitStatus.usage : code.rawValue
            self.text = AnynodeControl.fullMessage(for: error)
            self.isError = !code.isSuccess
        }
    }
}

/// The server's no, or its absence, with the place where it was looked for.
struct LocatedFailure: Error {
    let failure: AdminFailure
    let location: SocketLocation
}

/// What went wrong on this side.
struct LocalFailure: Error {
    let message: String
    var status = ExitStatus.usage
}
