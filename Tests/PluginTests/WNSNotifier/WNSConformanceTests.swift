import PluginAPI
import PushSimulator
import StrictJSON
import Testing
import WNSNotifier

@Suite("WNSNotifier: contract", .serialized, .timeLimit(.minutes(2)))
struct WNSConformanceTests {
    /// Servers that are not WNS, written so that somebody might think they are (SECURITY.md I21).
    static let lookAlikes = [
        "http://a.notify.windows.com/?t", "https://notify.windows.com.example/?t", "https://evilnotify.windows.com/?t",
        "https://a.notify.windows.com@127.0.0.1/?t", "https://user@a.notify.windows.com/?t",
        "https://a.notify.windows.com:8443/?t", "https://127.0.0.1/?t", "https://[::1]/?t", "https://2130706433/?t",
        "https://a.notify.windows.com%2eexample/?t", "https://a.notify.windows.com\\@127.0.0.1/?t",
        "https://127.0.0.1#a.notify.windows.com/?t", "https://127.0.0.1?.notify.windows.com",
        "https://a.notify.windows.com /?t", "https://a.notify.windows.com/?t\r\nX: y",
        "https://a.notify.windows.com/\u{0}",
        "https://a.notify.windows.com./?t", "https://ｎotify.windows.com/?t", "https://.notify.windows.com/?t",
        "ftp://a.notify.windows.com/?t", "//a.notify.windows.com/?t", "a.notify.windows.com", "file:///etc/passwd",
        "https:a.notify.windows.com", "https:///a.notify.windows.com", "https://a..notify.windows.com/?t",
    ]

    private static var strangers: [JSONValue] {
        Self.lookAlikes.map { .string($0) } + Self.lookAlikes.map { ["service": "wns", "channelUri": .string($0)] } + [
            "fcm-token-AAA:xyz", ["service": "fcm", "token": "abc"], ["service": "wns"],
            ["service": "wns", "channelUri": 5],
            ["service": "wns", "channelUri": ""],
        ]
    }

    @Test("It keeps the contract of notifiers, with either log-in", arguments: PushFixture.WNSLogIn.allCases)
    func contract(_ logIn: PushFixture.WNSLogIn) async throws {
        let fixture = try await PushFixture()
        try await checkNotifierConformance(
            WNSNotifierPlugin.self,
            settings: fixture.wns(logIn),
            fixture: fixture,
            endpoint: .wns,
            target: fixture.channel(of: logIn),
            strangers: Self.strangers
        )
        await fixture.simulator.stop()
    }

    @Test("Channels of WNS are served, whatever their sub-domain")
    func channels() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        for channel in [
            "https://wns2-par02p.notify.windows.com/w/?token=AwYAAAD%2bx", "https://A.B.Notify.Windows.Com/?token=x",
            "https://db5.notify.windows.com:443/?token=x",
        ] {
            #expect(plugin.serves(NotificationTarget(token: .string(channel))), "\(channel)")
            #expect(plugin.serves(NotificationTarget(token: ["service": "wns", "channelUri": .string(channel)])))
        }
        await plugin.stop()
        await fixture.simulator.stop()
    }
}
