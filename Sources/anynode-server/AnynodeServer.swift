import ArgumentParser

/// The server, and what an operator needs around it on the command line.
@main
struct AnynodeServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anynode-server",
        abstract: "A WebRTC signaling server: web pages and apps register for telephone numbers and call each other.",
        version: Version.current,
        subcommands: [Serve.self, Check.self, HashPassword.self, Schema.self],
        defaultSubcommand: Serve.self
    )
}

/// This build.
enum Version {
    static let current = "0.1.0"
    /// What clients are told as `localSideDescription` (§8.1.13).
    static let description = "anynode-server \(current)"
}
