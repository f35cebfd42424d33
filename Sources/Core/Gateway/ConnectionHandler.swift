import Logging
package import NIOCore
import Synchronization
import Telephony

/// One WebSocket: frames in, decisions by the switchboard, frames out.
///
/// - Important: confined to its channel's event loop, but for `enqueue` and `flush`, which touch only the outbox.
package final class ConnectionHandler: ChannelInboundHandler, Port, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    let gateway: Gateway
    private let admission: Admission
    package let peer: String
    let loop: any EventLoop
    let roster: Roster

    // Shared.
    private let outbox = Mutex(Outbox())

    // Of the loop only.
    /// `nil` until it is known, and then nobody may register.
    private(set) var identity: Identity?
    private var context: ChannelHandlerContext?
    private var reader: FrameReader
    var phase = ConnectionPhase.open
    private var rate = RateLimit()
    private var keepAlive = KeepAlive()
    /// Whether the switchboard was told so.
    private var isSilent = false
    private var isUnusedSince: Moment
    /// Ports that have something to say because of what was just read. Flushed once a read, not once a message.
    var touched: [any Port] = []
    private(set) var port: PortID?
    /// What it ended with, as far as that is known.
    private var closeCode: UInt16 = 0
    /// Where the roster has dealt it.
    var rosterGroup = 0

    package init(
        gateway: Gateway,
        admission: Admission,
        peer: String,
        roster: Roster,
        loop: any EventLoop
    ) {
        self.roster = roster
        self.gateway = gateway
        self.admission = admission
        self.peer = peer
        self.loop = loop
        self.reader = FrameReader(messageLimit: gateway.settings.messageLimit)
        self.isUnusedSince = gateway.now()
    }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let port = self.gateway.switchboard.connect(self, guest: self.admission.guest)
        self.port = port
        self.roster.add(self)
        self.gateway.logger.debug("connected", metadata: ["peer": "\(self.peer)", "port": "\(port)"])
        let switchboard = self.gateway.switchboard
        switch self.admission {
        case .identity(let identity):
            self.identity = identity
        case .token(let login):
            self.identity = login.identity
            self.note(switchboard.admit(port, until: login.lease))
        case .registration(let identifier):
            self.comeHome(switchboard.restore(identifier, on: port))
        }
    }

    /// It came back to a registration, which is all it has proved.
    private func comeHome(_ homecoming: Switchboard.Homecoming) {
        self.note(homecoming)
        if homecoming.isBack {
            self.identity = homecoming.username.map(Identity.user) ?? .unnamed
        } else {
            self.close(.policyViolation, "the registration is over")
        }
    }

    /// Who takes something over from another address may be a thief: both addresses are worth a line in the log.
    private func note(_ homecoming: Switchboard.Homecoming) {
        guard let other = homecoming.takenFrom else { return }
        self.gateway.logger.notice("registration taken over", metadata: ["peer": "\(self.peer)", "from": "\(other)"])
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.leave()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.leave()
    }

    private func leave() {
        guard let port = self.port else { return }
        self.port = nil
        self.phase.closed()
        self.roster.remove(self)
        self.roster.tally.noteClosed(self.closeCode)
        self.gateway.switchboard.disconnect(port)
        self.touched.flush()
        self.context = nil
        self.gateway.logger.debug("disconnected", metadata: ["peer": "\(self.peer)", "port": "\(port)"])
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A socket error: the peer is gone, and the registration waits for it.
        self.gateway.logger.debug("socket error", metadata: ["peer": "\(self.peer)", "error": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: Reading

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.keepAlive.heard()
        self.reader.append(self.unwrapInboundIn(data))
        do {
            while let event = try self.reader.next() {
                self.handle(event)
            }
        } catch {
            self.close(error.code, error.reason)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        self.endRead()
        context.fireChannelReadComplete()
    }

    /// All that was there to read has been read: now whoever is concerned is told.
    func endRead() {
        self.touched.flush()
    }

    private func handle(_ event: FrameEvent) {
        if case .close = event {} else if !self.isWithinRate() { return }
        switch event {
        case .text(let payload):
            self.handle(text: payload)
        case .ping(let payload):
            // Whoever sends pings and reads no pongs gets none, instead of a growing heap of them.
            guard case .closing = self.phase else {
                guard self.context?.channel.isWritable == true else { return }
                return self.write { FrameWriter.pong(payload, into: &$0) }
            }
        case .pong:
            break
        case .close(let code, _):
            self.answerClose(code)
        }
    }

    private func isWithinRate() -> Bool {
        let settings = self.gateway.settings
        if self.rate.admit(at: self.gateway.now(), perSecond: settings.messagesPerSecond, burst: settings.messageBurst)
        {
            return true
        }
        self.close(.policyViolation, "more than \(settings.messagesPerSecond) messages a second")
        return false
    }

    // MARK: Writing

    package func enqueue(_ item: OutboxItem) -> Bool {
        let limits = self.gateway.settings.outbox
        return self.outbox.withLock { $0.append(item, limits: limits) }
    }

    package func flush() {
        if self.loop.inEventLoop {
            self.drain()
        } else {
            self.loop.execute { self.drain() }
        }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.drain()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Writes all that waits, in one piece.
    private func drain() {
        guard let context = self.context else { return }
        var items = self.roster.takeSpare()
        let isWritable = context.channel.isWritable
        let hasOverflowed = self.outbox.withLock { outbox in
            if isWritable {
                outbox.takeAll(into: &items)
            } else {
                outbox.postpone()
            }
            return outbox.hasOverflowed
        }
        defer { self.roster.giveBack(&items) }
        if hasOverflowed {
            // It isn't reading, so a close handshake would never end.
            self.gateway.logger.info("client reads too slowly", metadata: ["peer": "\(self.peer)"])
            self.close(.policyViolation, "too much unread")
            context.closeAtOnce()
            return
        }
        guard !items.isEmpty else { return }
        if case .closing = self.phase { return }
        if case .closed = self.phase { return }
        var buffer = context.channel.allocator.buffer(capacity: 512)
        let encoder = self.gateway.encoder
        self.roster.tally.sent += items.count
        var cause: CloseCause?
        for item in items {
            switch item {
            case .tell(let indication):
                FrameWriter.text(into: &buffer) { encoder.encode(indication, into: &$0) }
            case .close(let wanted):
                cause = cause ?? wanted
            }
        }
        if buffer.readableBytes > 0 {
            context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
        }
        if let cause {
            let (code, reason) = CloseCode.meaning(cause)
            self.close(code, reason)
        }
    }

    private func write(_ frame: (inout ByteBuffer) -> Void) {
        guard let context = self.context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 128)
        frame(&buffer)
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }

    // MARK: Time

    /// A ping interval has passed.
    func keepAliveIntervalPassed(at now: Moment) {
        guard let port = self.port, let context = self.context else { return }
        if !self.gateway.switchboard.isInUse(port) {
            guard now < self.isUnusedSince + self.gateway.settings.registrationTimeout else {
                return self.close(.policyViolation, "no registration within the time allowed")
            }
        } else {
            self.isUnusedSince = now
        }
        let wasSilent = self.isSilent
        let verdict = self.keepAlive.intervalPassed()
        self.isSilent = self.keepAlive.isSilent
        if self.isSilent != wasSilent {
            self.gateway.switchboard.setSilent(port, self.isSilent)
        }
        switch verdict {
        case .ping:
            self.write { FrameWriter.ping(into: &$0) }
        case .lost:
            self.close(.keepAliveLost, "no sign of life")
            // Nobody is there to answer a close frame.
            context.closeAtOnce()
        }
    }

    // MARK: Closing

    /// Begins the closing handshake (RFC 6455 §7); the socket is closed when the client answers, or after a while.
    package func close(_ code: CloseCode, _ reason: String) {
        guard let context = self.context, self.phase.beginClose() else { return }
        self.gateway.logger.debug(
            "closing",
            metadata: ["peer": "\(self.peer)", "code": "\(code.number)", "reason": "\(reason)"]
        )
        self.closeCode = code.number
        self.write { FrameWriter.close(code, reason: reason, into: &$0) }
        let loopBound = NIOLoopBound(context, eventLoop: self.loop)
        self.loop.scheduleTask(in: self.gateway.settings.closeWait) {
            loopBound.value.closeAtOnce()
        }
    }

    /// The socket is closed without any goodbye.
    func closeAtOnce() {
        self.context?.closeAtOnce()
    }

    /// The client closes, or answers our close.
    private func answerClose(_ code: UInt16?) {
        guard let context = self.context else { return }
        if self.phase.beginClose() {
            // 1005: a close frame without a code (RFC 6455 §7.4.1). A number of the sender's choice is none of ours.
            self.closeCode = code.flatMap { (1000...1015).contains($0) ? $0 : nil } ?? 1005
            self.write { FrameWriter.close(echoing: code, into: &$0) }
        }
        context.close(promise: nil)
    }
}
