import NIOHTTP1
import Synchronization
import Telephony

/// What the handshakes of one listener share.
package final class FrontDoor: Sendable {
    let gateway: Gateway
    let desk: LoginDesk
    let rate: HandshakeRate
    let handshake: Handshake
    let paths: [String]
    let pages: WebPages
    /// Whose word counts on who stands behind them.
    private let proxies: [AddressBlock]
    private let challenges: Challenges
    private let draining: DrainFlag

    package init(
        gateway: Gateway,
        desk: LoginDesk,
        rate: HandshakeRate,
        rules: Handshake.Rules,
        pages: WebPages,
        proxies: [AddressBlock] = [],
        draining: DrainFlag
    ) {
        self.gateway = gateway
        self.desk = desk
        self.rate = rate
        self.challenges = Challenges(rules: rules)
        self.handshake = Handshake(rules: rules)
        self.paths = rules.paths
        self.pages = pages
        self.proxies = proxies
        self.draining = draining
    }

    /// The same door to another setup.
    func moved(to setup: ServerSetup) -> FrontDoor {
        FrontDoor(
            gateway: setup.gateway,
            desk: setup.desk,
            rate: setup.rate,
            rules: self.handshake.rules,
            pages: self.pages,
            proxies: self.proxies,
            draining: self.draining
        )
    }

    var isDraining: Bool { self.draining.isSet }

    /// Seconds until somebody who was sent away may come again: not the same for all, or they come at once.
    func retryAfter() -> Int {
        .random(in: 2...10)
    }

    /// Who stands behind a proxy of ours, as the proxy says; `nil` where nobody speaks for others.
    func client(of head: HTTPRequestHead, from peer: IPAddress?) -> IPAddress? {
        guard let peer, self.proxies.contains(where: { $0.contains(peer) }) else { return nil }
        return ForwardedFor.client(peer: peer, headers: head.headers["x-forwarded-for"], trusting: self.proxies)
    }

    /// 401, with the challenges that could help.
    func unauthorized(_ failed: Handshake.FailedProof, isStale: Bool = false) -> HTTPRefusal {
        switch failed {
        case .login:
            let challenges = self.challenges.login(isStale: isStale) { self.desk.makeNonce() }
            return .unauthorized(failed.rawValue, challenges: challenges)
        case .token, .registration, .wakeup, .ticket:
            return .unauthorized(failed.rawValue, challenges: self.challenges.secret)
        }
    }

    /// 429, and when to come again; not the same time for all.
    func throttled(_ wait: Duration) -> HTTPRefusal {
        let seconds = Int(clamping: wait.components.seconds) + 1
        return .tooMany("failed log-ins", retryAfter: seconds + .random(in: 0...2))
    }
}

/// Whether the server is going down. May be asked on any thread.
package final class DrainFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isSet: Bool { self.flag.load(ordering: .acquiring) }

    package func set(_ isDraining: Bool = true) {
        self.flag.store(isDraining, ordering: .releasing)
    }
}
