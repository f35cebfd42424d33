import Telephony

/// What the connections of one event loop have received, sent and ended with, for metrics.
///
/// A plain value of its loop: counting costs an addition, and nobody's cache line is touched (benchmark `calls`).
package struct TrafficTally: Sendable, Hashable {
    /// The kinds of messages there are: a fixed set, so that names of metrics never come from outside.
    package enum Kind: Int, Sendable, CaseIterable {
        case registerStart, registerStatus, registerTerminate, registerMalformed
        case callStart, callAccept, callAnswer, callTerminate, callHold, callRetrieve, callTransfer, callRedirect
        case callMalformed, media, invalidIdentifier

        /// As the protocol calls operation and action.
        package var names: (operation: String, action: String) {
            switch self {
            case .registerStart: ("register", "start")
            case .registerStatus: ("register", "status")
            case .registerTerminate: ("register", "terminate")
            case .registerMalformed: ("register", "malformed")
            case .callStart: ("signaling", "start")
            case .callAccept: ("signaling", "accept")
            case .callAnswer: ("signaling", "answer")
            case .callTerminate: ("signaling", "terminate")
            case .callHold: ("signaling", "hold")
            case .callRetrieve: ("signaling", "retrieve")
            case .callTransfer: ("signaling", "transfer")
            case .callRedirect: ("signaling", "redirect")
            case .callMalformed: ("signaling", "malformed")
            case .media: ("media", "relay")
            case .invalidIdentifier: ("signaling", "invalidIdentifier")
            }
        }
    }

    private var received = Array(repeating: 0, count: Kind.allCases.count)
    package internal(set) var sent = 0
    /// By close code; 0 for a socket that just broke.
    package private(set) var closed: [UInt16: Int] = [:]

    package func received(_ kind: Kind) -> Int { self.received[kind.rawValue] }

    mutating func note(_ kind: Kind) { self.received[kind.rawValue] += 1 }

    mutating func note(_ request: CallRequest) {
        switch request {
        case .media: self.note(.media)
        case .start: self.note(.callStart)
        case .accept: self.note(.callAccept)
        case .answer: self.note(.callAnswer)
        case .terminate: self.note(.callTerminate)
        case .hold: self.note(.callHold)
        case .retrieve: self.note(.callRetrieve)
        case .transfer: self.note(.callTransfer)
        case .redirect: self.note(.callRedirect)
        case .malformed: self.note(.callMalformed)
        }
    }

    mutating func note(_ request: RegisterRequest) {
        switch request {
        case .start: self.note(.registerStart)
        case .status: self.note(.registerStatus)
        case .terminate: self.note(.registerTerminate)
        case .malformed: self.note(.registerMalformed)
        }
    }

    mutating func noteClosed(_ code: UInt16) { self.closed[code, default: 0] += 1 }

    package mutating func add(_ other: TrafficTally) {
        for (index, count) in other.received.enumerated() { self.received[index] += count }
        self.sent += other.sent
        for (code, count) in other.closed { self.closed[code, default: 0] += count }
    }

    package init() {}
}
