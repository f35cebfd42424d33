internal import NIOConcurrencyHelpers

/// The access tokens the simulator has given out.
final class AccessTokens: Sendable {
    /// Which service a token opens.
    enum Audience: Sendable, Hashable {
        case fcm
        /// WNS for applications registered with Microsoft Entra ID.
        case wns
        /// WNS for UWP applications of the Store.
        case uwp
    }

    private struct State {
        var tokens: [String: (audience: Audience, end: Int)] = [:]
        var life: Int
    }

    private let state: NIOLockedValueBox<State>

    init(life: Int) {
        self.state = NIOLockedValueBox(State(life: life))
    }

    /// How long the next ones live, in seconds.
    var life: Int {
        get { self.state.withLockedValue { $0.life } }
        set { self.state.withLockedValue { $0.life = newValue } }
    }

    /// Gives out a new one.
    ///
    /// - Parameter now: Seconds of Unix time, as below.
    func issue(_ audience: Audience, now: Int) -> (token: String, life: Int) {
        let digits = (0..<40).map { _ in
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".randomElement()
        }
        let prefix =
            switch audience {
            case .fcm: "ya29.c."
            case .wns: "eyJ0."
            case .uwp: "EgAd"
            }
        let token = prefix + String(digits.compactMap { $0 })
        return self.state.withLockedValue { state in
            state.tokens[token] = (audience, now + state.life)
            return (token, state.life)
        }
    }

    /// Takes one that was made elsewhere, for ever.
    func admit(_ token: String, _ audience: Audience) {
        self.state.withLockedValue { $0.tokens[token] = (audience, .max) }
    }

    /// The service a token opens; `nil` when it is unknown or its time is over.
    func audience(of token: String, now: Int) -> Audience? {
        self.state.withLockedValue { state in
            guard let entry = state.tokens[token], now < entry.end else { return nil }
            return entry.audience
        }
    }

    /// Makes all of them useless.
    func revoke() {
        self.state.withLockedValue { $0.tokens = [:] }
    }
}
