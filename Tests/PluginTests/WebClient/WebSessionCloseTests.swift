import PushSimulator
import Testing
import WebClient

@Suite("Web session: the end", .timeLimit(.minutes(1)))
struct WebSessionCloseTests {
    @Test("A session that is closed at any moment of a request ends, and so does the request")
    func close() async throws {
        var settings = PushSimulator.Settings()
        settings.security = .plainText
        let simulator = try await PushSimulator.start(settings)
        var web = WebSession.Settings()
        web.allowsPlainText = true
        web.connectTimeout = .seconds(30)
        // A wake-up that is lost costs a minute: one in a few hundred is enough for this test to fail.
        for number in 0..<300 {
            let session = WebSession(web)
            let request = WebRequest(url: "\(simulator.origin)/nothing")
            async let answer = session.send(request, within: .seconds(600))
            for _ in 0..<(number % 20) { await Task.yield() }
            if number % 3 == 0 {
                #expect(try await answer.get().status == 404)
            }
            await session.close()
            _ = await answer
        }
        await simulator.stop()
    }
}
