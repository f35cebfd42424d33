import Core
import StrictJSON
import Telephony

/// What the API shows of registrations, calls and pushes. No secret is in them: not even in memory, where it can be helped.
struct Views: Sendable {
    let switchboard: Switchboard

    private func time(_ moment: Moment) -> JSONValue { Timestamp.json(self.switchboard.time(of: moment)) }

    // MARK: Registrations

    static let registration = Shape.object([
        "id": .text("12.3"), "dialString": .text("4953638195123"), "displayName?": .text("Alice Adams"),
        "username?": .text("alice"), "client?": .text("anynode web demo"), "plugin?": .text("static"),
        "connected": .flag(true), "registeredAt?": .time, "absentSince?": .time, "peer?": .text("192.0.2.1"),
        "canBeWoken": .flag(false), "quarantined": .flag(false), "calls": .list(.text("4.1")),
    ])

    func json(_ view: Switchboard.RegistrationView) -> JSONValue {
        let registration = view.registration
        var absence: Moment?
        if case .detached(let since) = registration.state { absence = since }
        return .facts([
            "id": .string("\(view.id)"),
            "dialString": .string(registration.address.dialString.text),
            "displayName": registration.address.displayName.map { .string($0) },
            "username": registration.username.map { .string($0.text) },
            "client": registration.description.map { .string($0) },
            "plugin": registration.directory.map { .string($0) },
            "connected": .bool(registration.port != nil),
            "registeredAt": registration.begin.map(self.time),
            "absentSince": absence.map(self.time),
            "peer": view.peer.map { .string($0) },
            "canBeWoken": .bool(registration.canBeWoken),
            "quarantined": .bool(registration.quarantinedSince != nil),
            "calls": .array(registration.calls.map { .string("\($0.call)") }),
        ])
    }

    // MARK: Calls

    static let party = Shape.object([
        "registration?": .text("12.3"), "dialString": .text("4953638195123"), "displayName?": .text("Alice Adams"),
        "state": .word(["connected", "ringing", "offered", "parked"]), "onHold": .flag(false), "connected": .flag(true),
    ])

    static let call = Shape.object([
        "id": .text("4.1"), "state": .word(["connected", "offering", "routing"]), "dialled": .text("4953638195999"),
        "startedAt?": .time, "answeredAt?": .time, "caller": Self.party, "callees": .list(Self.party),
    ])

    private func json(_ leg: Leg) -> JSONValue {
        .facts([
            "registration": .string("\(leg.registration)"),
            "dialString": .string(leg.label.local.dialString.text),
            "displayName": leg.label.local.displayName.map { .string($0) },
            "state": .string(leg.progress.rawValue),
            "onHold": .bool(leg.holds),
            "connected": .bool(leg.isPresent),
        ])
    }

    func json(_ view: Switchboard.CallView) -> JSONValue {
        .facts([
            "id": .string("\(view.id)"),
            "state": .string(view.call.phase.rawValue),
            "dialled": .string((view.trace?.dialled ?? view.call.caller.label.remote).dialString.text),
            "startedAt": view.trace.map { self.time($0.started) },
            "answeredAt": (view.trace?.answered).map(self.time),
            "caller": self.json(view.call.caller),
            "callees": .array(view.call.callees.map(self.json)),
        ])
    }

    static let address = Shape.object(["dialString": .text("4953638195123"), "displayName?": .text("Alice Adams")])

    static let record = Shape.object([
        "id": .text("4.1"), "dialled": .text("4953638195999"), "caller": Self.address, "callee?": Self.address,
        "startedAt": .time, "ringingAt?": .time, "answeredAt?": .time, "endedAt": .time,
        "talkSeconds?": .decimal("61.5"), "reason": .text("normal"), "pushes": .integer(0),
    ])

    private func json(_ address: PartyAddress) -> JSONValue {
        .facts([
            "dialString": .string(address.dialString.text),
            "displayName": address.displayName.map { .string($0) },
        ])
    }

    /// The record of a call that has ended.
    func record(_ trace: CallTrace) -> JSONValue {
        let ended = trace.ended ?? trace.started
        return .facts([
            "id": .string("\(trace.call)"),
            "dialled": .string(trace.dialled.dialString.text),
            "caller": self.json(trace.caller),
            "callee": trace.callee.map(self.json),
            "startedAt": self.time(trace.started),
            "ringingAt": trace.ringing.map(self.time),
            "answeredAt": trace.answered.map(self.time),
            "endedAt": self.time(ended),
            "talkSeconds": trace.answered.map { .decimal(ended.seconds(since: $0)) },
            "reason": .string((trace.reason ?? .normal).rawValue),
            "pushes": .integer(trace.pushes),
        ])
    }

    // MARK: Traces

    static let trace = Shape.object([
        "call": .text("4.1"), "dialled": .text("4953638195999"), "caller": Self.address, "startedAt": .time,
        "endedAt?": .time, "reason?": .text("normal"),
        "steps": .list(
            .object([
                "at": .time, "afterMilliseconds": .decimal("1.2"), "step": .text("ringing"),
                "text": .text("device 12.3 rings"), "registration?": .text("12.3"), "reason?": .text("busy"),
                "call?": .text("5.1"),
            ])
        ), "omitted": .integer(0),
    ])

    func trace(_ trace: CallTrace) -> JSONValue {
        .facts([
            "call": .string("\(trace.call)"),
            "dialled": .string(trace.dialled.dialString.text),
            "caller": self.json(trace.caller),
            "startedAt": self.time(trace.started),
            "endedAt": trace.ended.map(self.time),
            "reason": trace.ended == nil ? nil : .string((trace.reason ?? .normal).rawValue),
            "steps": .array(trace.steps.map { self.step($0, of: trace) }),
            "omitted": .integer(trace.omitted),
        ])
    }

    private func step(_ step: CallStep, of trace: CallTrace) -> JSONValue {
        let words = step.event.words(in: trace)
        return .facts([
            "at": self.time(step.moment),
            "afterMilliseconds": .decimal(step.moment.seconds(since: trace.started) * 1000),
            "step": .string(words.step),
            "text": .string(words.text),
            "registration": step.event.registration.map { .string("\($0)") },
            "reason": step.event.reason.map { .string($0.rawValue) },
            "call": step.event.otherCall.map { .string("\($0)") },
        ])
    }

    // MARK: Pushes

    static let push = Shape.object([
        "at": .time, "registration": .text("12.3"), "dialString?": .text("4953638195999"), "plugin?": .text("firebase"),
        "call?": .text("4.1"), "kind": .word(PushRecord.Kind.allCases.map(\.rawValue)),
        "outcome": .word(PushRecord.Outcome.allCases.map(\.rawValue)), "problem?": .text("the token is not registered"),
        "latencyMilliseconds?": .decimal("84.3"),
    ])

    func json(_ push: PushRecord) -> JSONValue {
        .facts([
            "at": self.time(push.moment),
            "registration": .string("\(push.registration)"),
            "dialString": push.dialString.map { .string($0.text) },
            "plugin": push.plugin.map { .string($0) },
            "call": push.call.map { .string("\($0)") },
            "kind": .string(push.kind.rawValue),
            "outcome": .string(push.outcome.rawValue),
            "problem": push.problem.map { .string($0) },
            "latencyMilliseconds": push.latency.map { .decimal($0.milliseconds) },
        ])
    }
}

extension Moment {
    func seconds(since other: Moment) -> Double {
        Double(self.nanoseconds.subtractingReportingOverflow(other.nanoseconds).partialValue) / 1e9
    }
}

extension Duration {
    var milliseconds: Double { Double(self.inNanoseconds) / 1e6 }
}
