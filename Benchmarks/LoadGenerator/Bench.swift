import ArgumentParser

/// The project's own load generator. Figures are CPU time as the kernel accounts for it, and ratios within one run:
/// machines are noisy, and wall time says little.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anynode-bench",
        abstract: "Measures the server over real loopback sockets.",
        subcommands: [All.self, Calls.self, Relay.self, Idle.self, Register.self]
    )
}

/// One after the other.
struct All: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Everything, with its defaults.")

    @OptionGroup var options: Options

    func run() throws {
        var arguments = ["--server", self.options.server, "--echo", self.options.echo]
        if let json = self.options.json { arguments += ["--json", json] }
        if self.options.quick { arguments.append("--quick") }
        try Calls.parse(arguments).run()
        try Calls.parse(arguments + ["--rate", "1000", "--pairs", "500"]).run()
        try Relay.parse(arguments).run()
        try Register.parse(arguments).run()
        try Idle.parse(arguments).run()
    }
}
