import ArgumentParser

/// The project's own load generator. Figures are CPU time as the kernel accounts for it, and ratios within one run:
/// machines are noisy, and wall time says little.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anynode-bench",
        abstract: "Measures the server over real loopback sockets.",
        subcommands: [
            All.self, Calls.self, Relay.self, Idle.self, Register.self, Directory.self, Secure.self, Storm.self,
            Watching.self,
        ]
    )
}

/// One after the other.
struct All: Benchmark {
    static let configuration = CommandConfiguration(abstract: "Everything, with its defaults.")

    @OptionGroup var options: Options

    func measure(into notebook: Notebook) {
        var arguments = ["--server", self.options.serverPath, "--echo", self.options.echoPath]
        if self.options.quick { arguments.append("--quick") }
        do {
            try Calls.parse(arguments).measure(into: notebook)
            try Calls.parse(arguments + ["--rate", "1000", "--pairs", "500"]).measure(into: notebook)
            try Relay.parse(arguments).measure(into: notebook)
            try Register.parse(arguments).measure(into: notebook)
            try Directory.parse(arguments).measure(into: notebook)
            try Secure.parse(arguments).measure(into: notebook)
            try Idle.parse(arguments).measure(into: notebook)
            try Idle.parse(arguments + ["--secure", "--rounds", "1"]).measure(into: notebook)
            try Storm.parse(arguments).measure(into: notebook)
            try Watching.parse(arguments).measure(into: notebook)
        } catch {
            fail("\(error)")
        }
    }
}
