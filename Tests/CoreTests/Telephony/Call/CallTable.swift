import Testing

@testable import Telephony

/// What is expected of an event in every situation: one row for each, one column for each seat that can cause it.
///
/// A cell lists the actions in their order (`CallAction.inShort`), then `→ phase` if the phase changes; `-` is nothing.
struct CallTable {
    private let rows: [String: [String]]

    init(_ text: String) {
        var rows: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: "|").map { cell in
                cell.split(separator: " ").joined(separator: " ")
            }
            rows[cells[0]] = Array(cells.dropFirst())
        }
        self.rows = rows
    }

    /// Lets the event happen in every situation, by each seat, and compares. `@` in the table stands for `reason`.
    func check(_ event: CallEvent, reason: Reason? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(Set(self.rows.keys) == Set(CallSituation.allCases.map(\.rawValue)), sourceLocation: sourceLocation)
        for situation in CallSituation.allCases {
            for (number, expected) in (self.rows[situation.rawValue] ?? []).enumerated() {
                let expected = expected.replacing("@", with: reason?.rawValue ?? "@")
                let actual = Self.outcome(of: event, by: Seat(number), in: situation, sourceLocation)
                #expect(
                    actual == expected,
                    "\(situation): \(event) by \(Seat(number))",
                    sourceLocation: sourceLocation
                )
            }
        }
    }

    static func outcome(
        of event: CallEvent,
        by seat: Seat,
        in situation: CallSituation,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) -> String {
        var call = situation.call
        let before = call
        let actions = event.happen(to: &call, by: seat)
        Self.expectConsistency(of: call, before: before, actions, sourceLocation)
        var words = actions.map(\.inShort)
        if call.phase != before.phase { words += ["→", "\(call.phase)"] }
        return words.isEmpty ? "-" : words.joined(separator: " ")
    }

    /// What holds for every event: who is gone was told last of all that it is over, and who is told a state, the true one.
    private static func expectConsistency(
        of call: Call,
        before: Call,
        _ actions: [CallAction],
        _ sourceLocation: SourceLocation
    ) {
        var gone: Set<RegistrationID> = []
        var told: [RegistrationID: CallState] = [:]
        for action in actions {
            switch action {
            case .tell(let id, _, let indication):
                #expect(!gone.contains(id), "told after the end", sourceLocation: sourceLocation)
                if case .status(let state, _) = indication { told[id] = state }
            case .legEnded(let id, _, _, _):
                #expect(gone.insert(id).inserted, "ended twice", sourceLocation: sourceLocation)
            case .ended:
                #expect(action == actions.last, sourceLocation: sourceLocation)
                #expect(call.phase == .ended, sourceLocation: sourceLocation)
            }
        }
        for leg in (before.phase == .ended ? [] : [before.caller] + before.callees) {
            let remains = call.leg(leg.seat) != nil
            if actions.contains(where: \.isTransfer) {
                #expect(!remains, sourceLocation: sourceLocation)
            } else {
                #expect(remains != gone.contains(leg.registration), sourceLocation: sourceLocation)
            }
            if remains, let state = told[leg.registration] {
                #expect(state == call.state(of: leg.seat), sourceLocation: sourceLocation)
            }
        }
    }
}

extension CallAction {
    /// Whether a leg ends because it transferred the call; then the other one goes on in another call.
    fileprivate var isTransfer: Bool {
        if case .legEnded(_, _, .transferred, _) = self { true } else { false }
    }
}
