import FCMNotifier
import Foundation
import Logging
import PluginAPI
import PushSimulator
import StrictJSON
import Telephony
import Testing

/// A push simulator, and a notifier that is to use it.
struct PushFixture: Sendable {
    let simulator: PushSimulator
    let folder = TemporaryFolder()
    let recorder = LogRecorder()

    init(_ security: PushSimulator.Settings.Security, port: Int = 0) async throws {
        var settings = PushSimulator.Settings()
        settings.security = security
        settings.port = port
        try await self.init(settings)
    }

    init(_ settings: PushSimulator.Settings = PushSimulator.Settings()) async throws {
        self.simulator = try await PushSimulator.start(settings)
        try self.folder.write(self.simulator.serviceAccount.text, to: "service-account.json")
        try self.folder.write(self.simulator.authorityPEM, to: "authority.pem")
    }

    /// FCMNotifier's settings for the simulator, with these members changed or, by `nil`, left out.
    func fcm(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var object = JSONObject()
        object["serviceAccount"] = .string("\(self.folder.path)/service-account.json")
        object["endpoint"] = .string(self.simulator.origin)
        object["authorities"] = .string("\(self.folder.path)/authority.pem")
        object["proxy"] = ""
        // Tests on a busy machine are slow at first.
        object["connectTimeout"] = "30s"
        for (name, value) in changes { object[name] = value }
        return .object(object)
    }

    /// A notifier with these settings, started, that logs into the recorder.
    func start<Kind: NotifierPlugin>(_ kind: Kind.Type, _ json: JSONValue) async throws -> Kind {
        let settings = try PluginFixture.settings(kind, json, baseDirectory: self.folder.path)
        let context = PluginContext(name: "test", logger: self.recorder.logger, baseDirectory: self.folder.path)
        let plugin = try Kind(settings: settings, context: context)
        try await plugin.start()
        return plugin
    }

    func startFCM(_ changes: [String: JSONValue?] = [:]) async throws -> FCMNotifierPlugin {
        try await self.start(FCMNotifierPlugin.self, self.fcm(changes))
    }
}

/// What a push says in tests.
enum PushSample {
    static let caller = "4953638195999"
    static let url = "https://app.example.test/call"
    static let ticket = "wt-5f1c-never-in-a-log"

    static func notice(url: String? = Self.url, ticket: String = Self.ticket) throws -> WakeupNotice {
        WakeupNotice(caller: try #require(DialString(Self.caller)), url: url, wakeupToken: Secret(ticket))
    }

    static func cancelNotice(url: String? = Self.url) throws -> CancelNotice {
        CancelNotice(caller: try #require(DialString(Self.caller)), url: url)
    }
}

extension NotificationOutcome {
    /// What it is, without the words an administrator reads.
    enum Sort: Sendable, Hashable {
        case waiting, rejected, failed, gone, throttledForClient, throttledForEverybody, misconfigured
    }

    var sort: Sort {
        switch self {
        case .waiting: .waiting
        case .rejected: .rejected
        case .failed: .failed
        case .gone: .gone
        case .throttled(.client, _): .throttledForClient
        case .throttled(.everybody, _): .throttledForEverybody
        case .misconfigured: .misconfigured
        }
    }

    /// When the service wants to be asked again.
    var retryAfter: Duration? {
        switch self {
        case .failed(_, let retryAfter), .throttled(_, let retryAfter): retryAfter
        case .waiting, .rejected, .gone, .misconfigured: nil
        }
    }

    /// Whether an operator should hear of it.
    var isAlarming: Bool {
        switch self {
        case .gone(_, let alarm): alarm
        case .misconfigured: true
        case .waiting, .rejected, .failed, .throttled: false
        }
    }

    /// The words, if there are any.
    var words: String? {
        switch self {
        case .rejected(let text), .failed(let text, _), .gone(let text, _), .misconfigured(let text): text
        case .waiting, .throttled: nil
        }
    }
}
