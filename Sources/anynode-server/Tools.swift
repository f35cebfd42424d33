import ArgumentParser
import Core
import StaticDirectory
import StrictJSON

/// Reads the configuration and says what is wrong with it, without starting anything.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check the configuration file and stop.")

    @OptionGroup var file: ConfigurationFile

    func run() throws {
        _ = try self.file.load()
        say("\(self.file.path): ok")
    }
}

/// Makes what stands as `password` in the static directory.
struct HashPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash-password",
        abstract: "Read a password from standard input and print its hash for plugins.json."
    )

    func run() throws {
        guard let password = readLine(strippingNewline: true), !password.isEmpty else {
            throw Failure("expected a password on one line of standard input")
        }
        say(try PasswordHash.make(password))
    }
}

/// Prints the JSON Schema of `plugins.json`.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the JSON Schema of the configuration file.")

    func run() {
        print(ServerConfiguration.schema(catalog: PluginCatalog.all).indentedText, terminator: "")
    }
}
