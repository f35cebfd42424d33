import Logging
package import NIOCore
package import NIOHTTP1
import Synchronization
import Telephony

/// The front door: answers plain requests, and turns a proper handshake into a ``ConnectionHandler``.
///
/// - Important: confined to its channel's event loop.
package final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias OutboundOut = HTTPServerResponsePart

    private let door: FrontDoor
    private let origin: ClientOrigin
    private let roster: Roster
    private let encoder: HTTPResponseEncoder
    private var decoder: ByteToMessageHandler<HTTPRequestDecoder>

    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    /// One request at a time: while it is being answered, nothing else is read from it.
    private var isBusy = false
    private var deadline: Scheduled<Void>?

    package init(
        door: FrontDoor,
        origin: ClientOrigin,
        roster: Roster,
        encoder: HTTPResponseEncoder,
        decoder: ByteToMessageHandler<HTTPRequestDecoder>
    ) {
        self.door = door
        self.origin = origin
        self.roster = roster
        self.encoder = encoder
        self.decoder = decoder
    }

    /// A decoder within our limits (NIO's own are far more generous).
    package static func makeDecoder() -> ByteToMessageHandler<HTTPRequestDecoder> {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 * 1024
        limits.maxHeaderListSize = 32 * 1024
        limits.maxHeaderFieldCount = 100
        return ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        )
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        self.deadline = context.eventLoop.scheduleTask(in: self.door.gateway.settings.handshakeTimeout) {
            self.door.gateway.counters.noteHandshake(408)
            loopBound.value.closeAtOnce()
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        self.deadline = nil
        self.context = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isBusy else {
            // A second request before the answer to the first: nobody who means well does that here.
            context.close(promise: nil)
            return
        }
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            // Nothing here is asked with a body: who announces one need not send it.
            if Handshake.announcesBody(head) {
                self.isBusy = true
                return self.refuse(.badRequest("a request without a body is expected"), to: head)
            }
            self.head = head
        case .body:
            break
        case .end:
            guard let head = self.head else { return }
            self.head = nil
            self.isBusy = true
            self.answer(head)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.isBusy else {
            // There is one answer to a request, and none after the last: not even that the rest of it is broken.
            context.close(promise: nil)
            return
        }
        switch error as? HTTPParserError {
        case .headerOverflow?:
            self.refuse(.headersTooLarge, to: nil)
        case .some:
            self.refuse(.badRequest("not a well-formed HTTP request"), to: nil)
        case nil:
            // Of the socket or of TLS: whoever knocks with something else, or goes away, is nothing to worry about.
            self.door.gateway.logger.debug(
                "no handshake",
                metadata: ["peer": "\(self.origin.name)", "error": "\(error)"]
            )
            context.close(promise: nil)
        }
    }

    // MARK: Answering

    private func answer(_ head: HTTPRequestHead) {
        if let client = self.door.client(of: head, from: self.origin.peer) {
            self.origin.become(client)
        }
        switch self.origin.verdict {
        case .admitted: break
        case .full: return self.refuse(.unavailable("the server is full", retryAfter: self.door.retryAfter()), to: head)
        case .tooManyFromAddress:
            let refusal = HTTPRefusal.tooMany("connections from this address", retryAfter: self.door.retryAfter())
            return self.refuse(refusal, to: head)
        }
        switch self.door.handshake.judge(head) {
        case .refuse(let refusal):
            self.refuse(refusal, to: head)
        case .unauthorized(let failed):
            self.refuse(self.door.unauthorized(failed), to: head)
        case .page(let path, let isHead):
            self.show(path, isHead: isHead, to: head)
        case .preflight:
            self.answerPreflight(head)
        case .upgrade(let key, let proof):
            self.check(proof, head) { handler, admission in handler.upgrade(key: key, admission: admission) }
        case .ticket(let proof):
            self.check(proof, head) { handler, admission in handler.giveTicket(admission, to: head) }
        }
    }

    /// Has a proof judged, and lets `admit` go on when it is good.
    private func check(
        _ proof: Handshake.Proof,
        _ head: HTTPRequestHead,
        admit: @Sendable @escaping (HandshakeHandler, Admission) -> Void
    ) {
        guard !self.door.isDraining else {
            let refusal = HTTPRefusal.unavailable("the server is going down", retryAfter: self.door.retryAfter())
            return self.refuse(refusal, to: head)
        }
        guard self.door.rate.admit(self.origin.name, at: self.door.gateway.now()) else {
            return self.refuse(.tooMany("handshakes", retryAfter: self.door.retryAfter()), to: head)
        }
        if let outcome = self.door.desk.judgeNow(proof, from: self.origin.name) {
            return self.judged(outcome, head, admit)
        }
        guard let loop = self.context?.eventLoop else { return }
        let (desk, peer) = (self.door.desk, self.origin.name)
        Task {
            let outcome = await desk.judge(proof, from: peer)
            loop.execute {
                self.judged(outcome, head, admit)
            }
        }
    }

    private func judged(
        _ outcome: LoginDesk.Outcome,
        _ head: HTTPRequestHead,
        _ admit: @Sendable (HandshakeHandler, Admission) -> Void
    ) {
        switch outcome {
        case .admitted(let admission):
            admit(self, admission)
        case .refused(let failed, let isStale, .zero):
            self.refuse(self.door.unauthorized(failed, isStale: isStale), to: head)
        case .refused(let failed, let isStale, let delay):
            self.context?.eventLoop.scheduleTask(in: .nanoseconds(delay.inNanoseconds)) {
                self.refuse(self.door.unauthorized(failed, isStale: isStale), to: head)
            }
        case .throttled(let wait):
            self.refuse(self.door.throttled(wait), to: head)
        case .unavailable:
            let refusal = HTTPRefusal.unavailable("log-ins can't be checked now", retryAfter: self.door.retryAfter())
            self.refuse(refusal, to: head)
        }
    }

    // MARK: Tickets

    private func giveTicket(_ admission: Admission, to head: HTTPRequestHead) {
        let (ticket, lifetime) = self.door.desk.issueTicket(admission)
        let body = "{\"ticket\":\"\(ticket.secretText)\",\"expiresIn\":\(lifetime.components.seconds)}\n"
        self.respond(
            .ok,
            ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: Array(body.utf8),
            isHead: false,
            to: head,
            keepsConnection: true
        )
    }

    /// A page of an allowed origin may send an `Authorization` header with its request for a ticket.
    private func answerPreflight(_ head: HTTPRequestHead) {
        let headers = [
            "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "authorization",
            "Access-Control-Max-Age": "600",
        ]
        self.respond(.noContent, headers, body: [], isHead: true, to: head, keepsConnection: true)
    }

    // MARK: Plain pages

    private func show(_ path: String, isHead: Bool, to head: HTTPRequestHead) {
        switch path {
        case "/healthz":
            self.respond(.ok, body: Array("ok\n".utf8), isHead: isHead, to: head, keepsConnection: true)
        case "/readyz":
            let status: HTTPResponseStatus = self.door.isDraining ? .serviceUnavailable : .ok
            let body = self.door.isDraining ? "draining\n" : "ready\n"
            self.respond(status, body: Array(body.utf8), isHead: isHead, to: head, keepsConnection: true)
        default:
            if let page = self.door.pages[path] {
                self.respond(
                    .ok,
                    ["Content-Type": page.contentType],
                    body: page.body,
                    isHead: isHead,
                    to: head,
                    keepsConnection: true
                )
            } else if self.door.paths.contains(path) {
                self.refuse(.upgradeRequired("this path speaks WebSocket"), to: head)
            } else {
                self.refuse(.notFound, to: head)
            }
        }
    }

    // MARK: Writing

    private func refuse(_ refusal: HTTPRefusal, to head: HTTPRequestHead?) {
        self.door.gateway.counters.noteHandshake(Int(refusal.status.code))
        self.respond(
            refusal.status,
            refusal.headers,
            challenges: refusal.challenges,
            body: Array("\(refusal.reason)\n".utf8),
            isHead: head?.method == .HEAD,
            to: head,
            keepsConnection: refusal.keepsConnection
        )
    }

    private func respond(
        _ status: HTTPResponseStatus,
        _ headers: [String: String] = [:],
        challenges: [String] = [],
        body: [UInt8],
        isHead: Bool,
        to head: HTTPRequestHead?,
        keepsConnection: Bool
    ) {
        guard let context = self.context else { return }
        let keeps = keepsConnection && head?.isKeepAlive == true
        var response = HTTPResponseHead(version: .http1_1, status: status)
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            response.headers.add(name: name, value: value)
        }
        for challenge in challenges {
            response.headers.add(name: "WWW-Authenticate", value: challenge)
        }
        for (name, value) in WebPages.securityHeaders.sorted(by: { $0.key < $1.key }) where headers[name] == nil {
            response.headers.add(name: name, value: value)
        }
        if let origin = head.flatMap(self.door.handshake.sharedOrigin) {
            response.headers.add(name: "Access-Control-Allow-Origin", value: origin)
            response.headers.add(name: "Vary", value: "Origin")
        }
        if status != .noContent {
            if headers["Content-Type"] == nil {
                response.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
            }
            response.headers.add(name: "Content-Length", value: "\(body.count)")
        }
        if !keeps {
            response.headers.add(name: "Connection", value: headers["Upgrade"] == nil ? "close" : "upgrade, close")
        }
        context.write(self.wrapOutboundOut(.head(response)), promise: nil)
        if !isHead {
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        if !keeps {
            let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in
                loopBound.value.close(promise: nil)
            }
        }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: written)
        if keeps {
            self.isBusy = false
            if let head, Handshake.endsHTTP(head) {
                self.replaceDecoder(context)
            }
        }
    }

    /// After a request to upgrade the decoder reads no more HTTP; after our refusal there may be more of it.
    private func replaceDecoder(_ context: ChannelHandlerContext) {
        let old = self.decoder
        self.decoder = Self.makeDecoder()
        do {
            try context.pipeline.syncOperations.addHandler(self.decoder, position: .after(old))
            context.pipeline.syncOperations.removeHandler(old, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    private func upgrade(key: String, admission: Admission) {
        guard let context = self.context, context.channel.isActive else { return }
        var response = HTTPResponseHead(version: .http1_1, status: .switchingProtocols)
        response.headers.add(name: "Upgrade", value: "websocket")
        response.headers.add(name: "Connection", value: "upgrade")
        response.headers.add(name: "Sec-WebSocket-Accept", value: AcceptKey.answer(to: key))
        context.writeAndFlush(self.wrapOutboundOut(.head(response)), promise: nil)
        self.door.gateway.counters.noteHandshake(101)

        let connection = ConnectionHandler(
            gateway: self.door.gateway,
            admission: admission,
            peer: self.origin.name,
            roster: self.roster,
            loop: context.eventLoop
        )
        let pipeline = context.pipeline.syncOperations
        let decoder = self.decoder
        // First nobody may encode HTTP any more, then the connection may speak, then what was read already reaches it.
        pipeline.removeHandler(self.encoder, promise: nil)
        do {
            try pipeline.addHandler(connection)
        } catch {
            context.close(promise: nil)
            return
        }
        pipeline.removeHandler(self, promise: nil)
        // Frames that came along with the request were not the end of a read for the connection; now they are. An event
        // from the head of the pipeline would not do: TLS passes on only those ends of reads that it had bytes for.
        pipeline.removeHandler(decoder).whenComplete { _ in connection.endRead() }
    }
}
