import PluginAPI
import PushSimulator
import StrictJSON
import Telephony
import Testing

/// The contract of a notifier as a test: call it with a simulator and settings under which the plugin uses it.
///
/// - Parameters:
///   - target: A token it serves; the simulator must take pushes for it.
///   - endpoint: Where the simulator gets these pushes.
///   - strangers: Tokens it must not serve, beside those that no notifier serves.
func checkNotifierConformance<Kind: NotifierPlugin>(
    _ kind: Kind.Type,
    settings json: JSONValue,
    fixture: PushFixture,
    endpoint: PushRequest.Endpoint,
    target: NotificationTarget,
    strangers: [JSONValue]
) async throws {
    try await PluginFixture.checkLife(kind, json, baseDirectory: fixture.folder.path)
    let plugin = try await fixture.start(kind, json)
    let journal = fixture.simulator.journal
    let time = Duration.seconds(30)

    // Whom it serves.
    #expect(plugin.serves(target))
    for token in NotifierConformance.strangers + strangers {
        let stranger = NotificationTarget(token: token)
        #expect(!plugin.serves(stranger), "\(token.text.prefix(100))")
        #expect(await plugin.wake(stranger, for: try PushSample.notice(), within: time).sort != .waiting)
    }
    #expect(journal.requests(to: endpoint).isEmpty, "nothing may be sent for a token that is not served")

    // What it says: three strings, two when there is no URL, and nothing else.
    try #require(await plugin.wake(target, for: try PushSample.notice(), within: time) == .waiting)
    let usual = ["caller": PushSample.caller, "url": PushSample.url, "wakeupToken": PushSample.ticket]
    #expect(try await journal.next(to: endpoint).data == usual)
    try #require(await plugin.wake(target, for: try PushSample.notice(url: nil), within: time) == .waiting)
    let short = ["caller": PushSample.caller, "wakeupToken": PushSample.ticket]
    #expect(try await journal.next(to: endpoint).data == short)
    await plugin.cancel(target, for: try PushSample.cancelNotice(), within: time)
    let cancelled = ["caller": PushSample.caller, "url": PushSample.url, "cancelled": "true"]
    #expect(try await journal.next(to: endpoint).data == cancelled)

    // Many at once, and each arrives once.
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
            group.addTask {
                let notice = try PushSample.notice(ticket: "ticket-\(number)")
                #expect(await plugin.wake(target, for: notice, within: time) == .waiting)
            }
        }
        try await group.waitForAll()
    }
    let tickets = journal.requests(to: endpoint).compactMap { $0.data["wakeupToken"] }.filter {
        $0.hasPrefix("ticket-")
    }
    #expect(Set(tickets).count == 100)
    #expect(tickets.count == 100)

    // While it changes.
    let settings = try PluginFixture.settings(kind, json, baseDirectory: fixture.folder.path)
    try await PluginFixture.whileReconfiguring(plugin, settings) {
        for _ in 0..<5 {
            let outcome = await plugin.wake(target, for: try PushSample.notice(), within: time)
            #expect(outcome == .waiting)
        }
    }
    #expect(await plugin.health() == .ok)

    // No time, no push.
    let count = journal.count
    #expect(await plugin.wake(target, for: try PushSample.notice(), within: .zero).sort != .waiting)
    #expect(journal.count == count)

    // Who waits for an answer that never comes is let go when nobody wants it any more, and by stop().
    fixture.simulator.script.always(.never, at: endpoint)
    let unwanted = Task { await plugin.wake(target, for: try PushSample.notice(), within: .seconds(600)) }
    _ = try await journal.next { $0.number > count && $0.endpoint == endpoint }
    unwanted.cancel()
    #expect(try await unwanted.value.sort != .waiting)
    let last = Task { await plugin.wake(target, for: try PushSample.notice(), within: .seconds(600)) }
    _ = try await journal.next { $0.number > count && $0.endpoint == endpoint }
    await plugin.stop()
    #expect(try await last.value.sort != .waiting)

    // Nothing of it can be read in the log.
    for entry in fixture.recorder.entries {
        #expect(!entry.text.contains(PushSample.ticket))
        #expect(!entry.text.contains(PushSample.url))
        #expect(!entry.text.contains("Bearer"))
    }
}

enum NotifierConformance {
    /// What no notifier serves.
    static let strangers: [JSONValue] = [
        .null, true, 5, "", [], [:], ["service": "another"], ["service": 5], ["service": "another", "token": "abc"],
        .string(String(repeating: "x", count: 100_000)),
    ]
}
