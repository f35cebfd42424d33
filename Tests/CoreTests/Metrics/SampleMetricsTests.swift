import Foundation
import Testing

@testable import PrometheusMetrics

@Suite("The sample that promtool judges")
struct SampleMetricsTests {
    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("BrowserTests/metrics.txt")

    @Test("Tests/BrowserTests/metrics.txt is what the code renders (ANYNODE_WRITE_DOCUMENTS=1 writes it anew)")
    func sample() async throws {
        let registry = PrometheusRegistry()
        registry.collect { SampleMetrics.families }
        let text = await registry.text()
        if ProcessInfo.processInfo.environment["ANYNODE_WRITE_DOCUMENTS"] != nil {
            try text.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == text)
    }
}
