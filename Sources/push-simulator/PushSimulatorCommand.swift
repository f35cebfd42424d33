internal import ArgumentParser
internal import Foundation
internal import PushSimulator
internal import StrictJSON

/// FCM and WNS on this machine, to try push wakeups out without an account anywhere.
@main
struct PushSimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push-simulator",
        abstract: "Plays FCM and WNS on this machine, and prints every push as a line of JSON.",
        discussion: """
            Writes service-account.json and authority.pem into the directory, new with every start, and prints the
            settings for plugins.json. The pushes show their wakeup tokens: it is a tool for development only.
            """
    )

    @Option(help: "The port of 127.0.0.1 to listen on; 0 for any.")
    var port = 8443

    @Option(help: "Where to write service-account.json and authority.pem.")
    var directory = "."

    @Option(help: "An access token that FCM takes without a log-in, for load generators.")
    var accessToken: String?

    @Flag(help: "Print no pushes.")
    var quiet = false

    @Flag(help: "HTTP without TLS.")
    var plainText = false

    func run() async throws {
        var settings = PushSimulator.Settings()
        settings.port = self.port
        settings.security = self.plainText ? .plainText : .tls
        settings.hasOwnKey = true
        settings.knownAccessToken = self.accessToken
        if !self.quiet { settings.observer = { Self.printLine(of: $0) } }
        let simulator = try await PushSimulator.start(settings)

        let folder = URL(fileURLWithPath: self.directory, isDirectory: true).standardizedFileURL
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let account = folder.appendingPathComponent("service-account.json")
        let authority = folder.appendingPathComponent("authority.pem")
        try Self.write(simulator.serviceAccount.text + "\n", to: account)
        try Self.write(simulator.authorityPEM, to: authority)

        print(Self.advice(simulator, account: account.path, authority: authority.path))
        fflush(nil)
        // Until a signal ends the process.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    /// Only for us to read: one of them is a key.
    private static func write(_ text: String, to file: URL) throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: file.path, contents: Data(text.utf8), attributes: attributes)
        else {
            throw ValidationError("can't write \(file.path)")
        }
    }

    private static func advice(_ simulator: PushSimulator, account: String, authority: String) -> String {
        let isPlain = simulator.origin.hasPrefix("http:")
        var fcm = JSONObject()
        fcm["serviceAccount"] = .string(account)
        fcm["endpoint"] = .string(simulator.origin)
        if !isPlain { fcm["authorities"] = .string(authority) }
        let microsoft = PushSimulator.Settings().microsoft
        return """
            Listening on \(simulator.origin). Every push is printed below.

            FCMNotifier settings:
            \(JSONValue.object(fcm).text)

            WNS: channels are \(simulator.origin)/channels/… (log-in \(simulator.origin)/\(microsoft.tenant)/oauth2/v2.0/token,
            client \(microsoft.client), secret \(microsoft.secret)) and \(simulator.origin)/channels/uwp/…
            (log-in \(simulator.origin)/accesstoken.srf, package SID \(microsoft.packageSID), secret \(microsoft.packageSecret)).

            """
    }

    private static func printLine(of request: PushRequest) {
        var line = JSONObject()
        line["time"] = .string(Date().ISO8601Format())
        line["service"] = .string(request.endpoint.rawValue)
        if let target = request.target { line["target"] = .string(target) }
        if !request.data.isEmpty {
            var data = JSONObject()
            for (name, value) in request.data.sorted(by: { $0.key < $1.key }) { data[name] = .string(value) }
            line["data"] = .object(data)
        }
        if let complaint = request.complaint { line["complaint"] = .string(complaint) }
        line["answer"] = request.answered.map { .number(String($0)) } ?? .null
        print(JSONValue.object(line).text)
        fflush(nil)
    }
}
