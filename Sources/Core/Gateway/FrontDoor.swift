import Synchronization

/// What the handshakes of one listener share.
package final class FrontDoor: Sendable {
    let gateway: Gateway
    let authentication: any AuthenticationService
    let handshake: Handshake
    let paths: [String]
    let pages: WebPages
    private let draining: DrainFlag

    package init(
        gateway: Gateway,
        authentication: any AuthenticationService,
        rules: Handshake.Rules,
        pages: WebPages,
        draining: DrainFlag
    ) {
        self.gateway = gateway
        self.authentication = authentication
        self.handshake = Handshake(rules: rules)
        self.paths = rules.paths
        self.pages = pages
        self.draining = draining
    }

    var isDraining: Bool { self.draining.isSet }

    /// Seconds until somebody who was sent away may come again: not the same for all, or they come at once.
    func retryAfter() -> Int {
        .random(in: 2...10)
    }
}

/// Whether the server is going down. May be asked on any thread.
package final class DrainFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isSet: Bool { self.flag.load(ordering: .acquiring) }

    package func set() {
        self.flag.store(true, ordering: .releasing)
    }
}
