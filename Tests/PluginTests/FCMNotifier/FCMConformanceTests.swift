import FCMNotifier
import PluginAPI
import PushSimulator
import StrictJSON
import Testing

@Suite("FCMNotifier: contract", .serialized, .timeLimit(.minutes(2)))
struct FCMConformanceTests {
    private static let strangers: [JSONValue] = [
        "https://wns2-par02p.notify.windows.com/?token=x",
        ["service": "wns", "channelUri": "https://a.notify.windows.com/"],
        ["service": "fcm"], ["service": "fcm", "token": "a", "fid": "b"], ["service": "fcm", "token": ""],
        ["service": "fcm", "token": 5], ["service": "fcm", "topic": "everybody"],
        ["service": "fcm", "condition": "'a' in topics"],
        .string(String(repeating: "x", count: 5000)),
    ]

    @Test(
        "It keeps the contract of notifiers, with every form of a token",
        arguments: [
            "fcm-token-AAA:xyz", ["service": "fcm", "token": "fcm-token-AAA:xyz"],
            ["service": "fcm", "fid": "fid-abc"],
        ] as [JSONValue]
    )
    func contract(_ token: JSONValue) async throws {
        let fixture = try await PushFixture()
        try await checkNotifierConformance(
            FCMNotifierPlugin.self,
            settings: fixture.fcm(),
            fixture: fixture,
            endpoint: .fcm,
            target: NotificationTarget(token: token),
            strangers: Self.strangers
        )
        await fixture.simulator.stop()
    }
}
