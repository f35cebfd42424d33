import ArgumentParser
import Core
import Logging
import PluginAPI
import StaticDirectory
import StrictJSON
import Telephony

/// Reads the configuration and says what is wrong with it, without starting anything.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check the configuration file and stop.")

    @OptionGroup var file: ConfigurationFile

    func run() throws {
        let configuration = try self.file.load()
        let logger = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        _ = try self.file.tokenVerifier(for: configuration, logger)
        do throws(ConfigurationProblems) {
            try SignalingServer.checkCertificates(of: configuration, logger: logger)
        } catch {
            throw Failure(self.file.describe(error))
        }
        say("\(self.file.path): ok")
    }
}

/// Makes what stands as `password`, or as `digest`, in the static directory.
struct HashPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash-password",
        abstract: "Read a password from standard input and print its hash for plugins.json."
    )

    @Option(help: "Print what HTTP Digest needs for this user instead; it holds for the name and realm given.")
    var digest: String?

    @Option(help: "The realm of a digest: `authentication.realm` in plugins.json.")
    var realm = "anynode"

    func run() throws {
        guard let password = readLine(strippingNewline: true), !password.isEmpty else {
            throw Failure("expected a password on one line of standard input")
        }
        guard let digest else { return say(try PasswordHash.make(password)) }
        guard let username = Username(digest) else {
            throw Failure("expected a user name of 1 to \(Username.longest) bytes without control characters")
        }
        var hashes = JSONObject()
        for algorithm in DigestAlgorithm.allCases {
            let hash = DigestCalculation.ha1(algorithm, username: username, realm: self.realm, password: password)
            hashes[algorithm.rawValue] = .string(hash)
        }
        say(JSONValue.object(hashes).text)
    }
}

/// Prints the JSON Schema of `plugins.json`.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the JSON Schema of the configuration file.")

    func run() {
        print(ServerConfiguration.schema(catalog: PluginCatalog.all).indentedText, terminator: "")
    }
}
