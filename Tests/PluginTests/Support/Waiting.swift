import Testing

struct TooLate: Error {}

/// Waits until something has become true that no message tells. The limit is generous: a test that passes never meets it.
func eventually(
    within limit: Duration = .seconds(30),
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ isTrue: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !isTrue() {
        guard clock.now < deadline else {
            Issue.record(comment ?? "it never became true", sourceLocation: sourceLocation)
            throw TooLate()
        }
        try await clock.sleep(for: .milliseconds(10))
    }
}
