import Dispatch
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// What systemd's watchdog hears goes by the heartbeat.
@Suite("Heartbeat")
struct HeartbeatTests {
    @Test("It comes while all is well, and not as long as one thread hangs")
    func heartbeat() async throws {
        try await withServer { server in
            await server.awaitHeartbeat()
            let (hangs, gate) = (NIOLockedBox(true), DispatchSemaphore(value: 0))
            let (started, continuation) = AsyncStream.makeStream(of: Void.self)
            let loop = server.anyLoop
            loop.execute {
                continuation.finish()
                gate.wait()
            }
            for await _ in started {}
            let heartbeat = Task {
                await server.awaitHeartbeat()
                return !hangs.withLock { $0 }
            }
            // Time enough for a heartbeat that does not ask this thread: the others answer a hundred questions.
            for _ in 0..<100 {
                let other = server.anyLoop
                if other !== loop { try await other.submit {}.get() }
                await Task.yield()
            }
            hangs.withLock { $0 = false }
            gate.signal()
            #expect(await heartbeat.value)
        }
    }
}
