import Core
import PluginAPI
import StrictJSON
import Synchronization

/// A notifier that serves tokens with a certain beginning, and says what it is told to say.
final class StubNotifier: NotifierPlugin {
    struct Settings: PluginSettings {
        let prefix: String
        let says: [String]
        let configuration: JSONValue?

        init(from reader: SettingsReader) {
            self.prefix = reader.string("prefix", default: "", summary: "Which tokens are its own.")
            self.says = reader.strings("says", summary: "What it says, one after the other; the last one for ever.")
            self.configuration = reader.raw("configuration", summary: "For clients.")
        }
    }

    static let kind = "StubNotifier"
    /// How often each token was pushed to, whatever the instance.
    static let pushes = Mutex<[String: Int]>([:])

    private let settings: Settings
    private let next = Mutex(0)

    init(settings: Settings, context: PluginContext) {
        self.settings = settings
    }

    var clientConfiguration: JSONValue? { self.settings.configuration }

    func serves(_ target: NotificationTarget) -> Bool {
        if case .string(let token) = target.token { token.hasPrefix(self.settings.prefix) } else { false }
    }

    func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        within time: Duration
    ) async -> NotificationOutcome {
        if case .string(let token) = target.token { Self.pushes.withLock { $0[token, default: 0] += 1 } }
        let index = self.next.withLock { next in
            defer { next += 1 }
            return next
        }
        let words = self.settings.says
        switch words.isEmpty ? "waiting" : words[min(index, words.count - 1)] {
        case "failed": return .failed("503", retryAfter: .seconds(7))
        case "gone": return .gone("unregistered")
        case "foreign": return .gone("another project's", alarm: true)
        case "client": return .throttled(.client, retryAfter: .seconds(10))
        case "everybody": return .throttled(.everybody, retryAfter: .seconds(20))
        case "misconfigured": return .misconfigured("invalid_grant")
        case "never":
            try? await Task.sleep(for: .seconds(3600))
            return .waiting
        default: return .waiting
        }
    }

    func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async {
        if case .string(let token) = target.token { Self.pushes.withLock { $0["cancel \(token)", default: 0] += 1 } }
    }
}
