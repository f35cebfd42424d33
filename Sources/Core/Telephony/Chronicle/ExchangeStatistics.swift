/// What the exchange has counted since it was made; all of it only ever grows.
package struct ExchangeStatistics: Sendable, Hashable {
    package internal(set) var callsStarted = 0
    package internal(set) var callsAnswered = 0
    /// Calls that never came to be, since they were refused at once.
    package internal(set) var callsRefused: [Reason: Int] = [:]
    /// By what the caller heard.
    package internal(set) var callsEnded: [Reason: Int] = [:]
    package internal(set) var registrationsCreated = 0
    package internal(set) var registrationsEnded: [Departure: Int] = [:]
    /// From the caller's `start` to the first news that it rings.
    package internal(set) var setUp = DurationTally()
    /// From the caller's `start` to the answer.
    package internal(set) var answer = DurationTally()
    /// From the messaging service's answer to a push to the client's return.
    package internal(set) var wakeToRing = DurationTally()

    package init() {}
}
