import Glibc
import Logging
import NIOCore

/// Stops accepting clients while they hold as many descriptors as they may, and says once when clients can't be accepted,
/// and once when they can again. When the system itself refuses, the waiting is NIO's `AcceptBackoffHandler`'s.
///
/// - Important: confined to its channel's event loop.
final class AcceptWatch: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// How soon to look whether somebody has left.
    private static let pause = TimeAmount.milliseconds(100)
    /// How long it must go well before it is called over: or a crowd at the limit would fill the log.
    private static let calm = TimeAmount.seconds(5)
    /// What NIO goes on after; of anything else it closes the listener.
    private static let passing: Set<CInt> = [ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private let listener: String
    private let budget: DescriptorBudget
    private let logger: Logger
    private let wasClosed: @Sendable () -> Void
    private var isPausing = false
    private var recovery: Scheduled<Void>?

    /// - Parameter wasClosed: Told when the listener is closed, by whomever.
    init(
        listener: String,
        budget: DescriptorBudget,
        logger: Logger,
        wasClosed: @escaping @Sendable () -> Void
    ) {
        self.listener = listener
        self.budget = budget
        self.logger = logger
        self.wasClosed = wasClosed
    }

    func read(context: ChannelHandlerContext) {
        guard !self.isPausing else { return }
        guard self.budget.isSpent else { return context.read() }
        self.fail("all descriptors that clients may hold are in use", context)
        self.isPausing = true
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            self.isPausing = false
            guard loopBound.value.channel.isActive else { return }
            self.read(context: loopBound.value)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let budget = self.budget
        budget.take()
        self.unwrapInboundIn(data).closeFuture.whenComplete { _ in budget.giveBack() }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.passing.contains(error.errnoCode) {
            self.fail("\(error)", context)
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.recovery?.cancel()
        self.recovery = nil
        self.wasClosed()
        context.fireChannelInactive()
    }

    private func fail(_ cause: String, _ context: ChannelHandlerContext) {
        if let recovery = self.recovery {
            recovery.cancel()
        } else {
            self.logger.error(
                "clients can't be accepted, trying again until they can",
                metadata: ["listener": "\(self.listener)", "error": "\(cause)"]
            )
        }
        self.recovery = context.eventLoop.scheduleTask(in: Self.calm) {
            self.recovery = nil
            self.logger.notice("clients are accepted again", metadata: ["listener": "\(self.listener)"])
        }
    }
}
