/// New calls and transfers: what one call alone can't decide.
extension Exchange {
    // MARK: A new call (§10.3)

    mutating func start(
        _ identifier: CallIdentifier,
        to dialString: DialString?,
        description: String?,
        from port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let id = self.callingRegistration(of: port), let caller = self.book[id] else {
            actions.append(.tell(port, .callRefused(identifier: identifier.text, .notRegistered)))
            return
        }
        if let entry = caller.entry(for: identifier) {
            self.change(entry.call, at: now, into: &actions) { $0.refuse(entry.seat, .duplicateIdentifier, into: &$1) }
            return
        }
        if let refusal = self.refusalOfDialling(by: id, isNewCall: true, at: now) {
            return self.refuse(identifier, refusal, from: port, into: &actions)
        }
        guard let dialString else {
            return self.refuse(identifier, .notFound, from: port, into: &actions)
        }
        let devices = self.devices(of: dialString, at: now, excluding: [id])
        let remote = PartyAddress(dialString: dialString, displayName: devices.displayName)
        let leg = Leg(
            seat: .caller,
            registration: id,
            label: LegLabel(identifier: identifier, local: caller.address, remote: remote),
            isPresent: true,
            description: description ?? caller.description
        )
        let call = self.calls.insert(Call(caller: leg))
        self.book[id]?.calls.append(.init(identifier: identifier, call: call, seat: .caller))
        self.chronicle.begin(call, caller: leg, dialled: remote, .started, at: now)
        self.timers.remind(of: .ring(call), at: now + self.policy.ringTimeout)
        self.route(call, to: dialString, devices, at: now, into: &actions)
    }

    /// Who may call from a socket: its registration, or the guest made of it now.
    private mutating func callingRegistration(of port: PortID) -> RegistrationID? {
        guard let known = self.ports[port] else { return nil }
        if let id = known.registration { return id }
        guard let address = known.guest else { return nil }
        let enrolment = Enrolment(identifier: .init(high: 0, low: 0), username: nil, address: address)
        let id = self.book.insert(Registration(enrolment: enrolment, port: port))
        self.ports[port]?.registration = id
        self.passLease(of: port, to: id)
        return id
    }

    /// Why a client may not dial now. A blind transfer dials as well, but takes up no room.
    private mutating func refusalOfDialling(by id: RegistrationID, isNewCall: Bool, at now: Moment) -> Reason? {
        if self.isDraining { return .shutdown }
        if isNewCall, let caller = self.book[id], caller.calls.count >= self.policy.callsPerRegistration {
            return .overload
        }
        let rate = self.policy.callStartsPerSecond
        return self.book[id]?.startLimit.admit(at: now, perSecond: rate, burst: rate) == true ? nil : .overload
    }

    /// A call that never came to be.
    private mutating func refuse(
        _ identifier: CallIdentifier,
        _ reason: Reason,
        from port: PortID,
        into actions: inout [ExchangeAction]
    ) {
        self.chronicle.statistics.callsRefused[reason, default: 0] += 1
        actions.append(.tell(port, .callRefused(identifier: identifier.text, reason)))
        if let id = self.ports[port]?.registration {
            self.dismissGuest(id, into: &actions)
        }
    }

    // MARK: Finding the devices

    struct Devices {
        var reachable: [Candidate] = []
        /// Why nobody is reachable, if so; `nil` when only the directory can tell.
        var refusal: Reason?
        /// The name that belongs to the number, as its registrations know it.
        var displayName: String?
    }

    /// The devices of a number that a new call can be offered to.
    func devices(of dialString: DialString, at now: Moment, excluding: [RegistrationID]) -> Devices {
        var devices = Devices()
        var isOwn = false
        for id in self.book.devices(of: dialString) {
            guard let device = self.book[id] else { continue }
            devices.displayName = devices.displayName ?? device.address.displayName
            let isSilent = device.port.flatMap { self.ports.look(at: $0) { $0.isSilent } } ?? false
            let reach = device.reach(at: now, within: self.policy.reloadWait, isSilent: isSilent)
            if excluding.contains(id) {
                isOwn = true
            } else if reach == .none {
                devices.refusal = devices.refusal ?? .unavailable
            } else if device.calls.count >= self.policy.callsPerRegistration {
                devices.refusal = .busy
            } else {
                devices.reachable.append(Candidate(id: id, reach: reach))
            }
        }
        if devices.refusal == nil, isOwn {
            // The only device of the number is the one that calls.
            devices.refusal = .busy
        }
        return devices
    }

    /// Offers a call to its devices, ends it, or asks the directory why there are none.
    private mutating func route(
        _ call: CallID,
        to dialString: DialString,
        _ devices: Devices,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard devices.reachable.isEmpty else {
            return self.offer(call, to: devices.reachable, at: now, into: &actions)
        }
        guard let refusal = devices.refusal else {
            self.chronicle.note(.resolving, of: call, at: now)
            actions.append(.resolve(call, dialString))
            return
        }
        self.change(call, at: now, into: &actions) { $0.routingFailed(refusal, into: &$1) }
    }

    private mutating func offer(
        _ call: CallID,
        to candidates: [Candidate],
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let caller = self.calls[call]?.caller else { return }
        var summoned: [(Candidate, Seat)] = []
        for candidate in candidates {
            let id = candidate.id
            guard let device = self.book[id], let seat = self.calls[call]?.nextSeat() else { continue }
            let identifier = self.makeIdentifier(for: id)
            let leg = Leg(
                seat: seat,
                registration: id,
                label: LegLabel(
                    identifier: identifier,
                    local: device.address,
                    remote: caller.label.local,
                    remoteDescription: caller.description
                ),
                isPresent: device.port != nil,
                description: device.description
            )
            self.change(call, at: now, into: &actions) { $0.offer(to: leg, into: &$1) }
            guard self.calls[call]?.leg(seat) != nil else { return }
            if !leg.isPresent { self.chronicle.note(.waiting(id), of: call, at: now) }
            self.book[id]?.calls.append(.init(identifier: identifier, call: call, seat: seat))
            if candidate.reach != .ring {
                summoned.append((candidate, seat))
            }
        }
        // Only now that all have a leg: one that can't be woken must not end the call for the others.
        for (candidate, seat) in summoned {
            self.summon(candidate, to: call, seat, at: now, into: &actions)
        }
    }

    /// The directory has answered a `resolve`.
    package mutating func resolved(
        _ id: CallID,
        _ dialString: DialString,
        as resolution: Resolution,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let call = self.calls[id] else { return }
        self.chronicle.note(.resolved(resolution), of: id, at: now)
        let reason: Reason =
            switch resolution {
            case .known: .unavailable
            case .unknown: .notFound
            case .failed: .directoryUnavailable
            }
        if let seat = call.pendingRedirect {
            self.calls[id]?.awaitRedirect(by: nil)
            self.redirect(id, by: seat, to: dialString, otherwise: reason, at: now, into: &actions)
        } else if call.phase == .routing {
            // Somebody may have registered for the number meanwhile.
            var devices = self.devices(of: dialString, at: now, excluding: [call.caller.registration])
            devices.refusal = devices.refusal ?? reason
            self.route(id, to: dialString, devices, at: now, into: &actions)
        }
    }

    // MARK: Transfer (§10.9)

    /// Attended: the far ends of two calls of one client are joined.
    mutating func transfer(
        _ entry: Registration.CallEntry,
        to otherIdentifier: CallIdentifier,
        of id: RegistrationID,
        port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let other = self.book.entry(for: otherIdentifier, of: id) else {
            actions.append(.tell(port, .callRefused(identifier: otherIdentifier.text, .unknownIdentifier)))
            return
        }
        guard entry.call != other.call else {
            self.change(entry.call, at: now, into: &actions) { $0.refuse(entry.seat, .invalidMessage, into: &$1) }
            return
        }
        guard self.calls[entry.call]?.phase == .connected, self.calls[other.call]?.phase == .connected else {
            // The call that is not connected is the one whose state says why.
            let culprit = self.calls[entry.call]?.phase == .connected ? other : entry
            self.change(culprit.call, at: now, into: &actions) { $0.refuse(culprit.seat, .invalidState, into: &$1) }
            return
        }
        var first: Leg?
        var second: Leg?
        self.change(entry.call, at: now, into: &actions) {
            first = $0.takeRemainingLeg(leaving: entry.seat, into: &$1)
        }
        self.change(other.call, at: now, into: &actions) {
            second = $0.takeRemainingLeg(leaving: other.seat, into: &$1)
        }
        guard var first, var second else { return }
        let (firstAddress, secondAddress) = (first.label.local, second.label.local)
        first.label = first.label.connected(to: secondAddress, description: second.description)
        second.label = second.label.connected(to: firstAddress, description: first.description)
        let joined = Call(joining: first, with: second)
        let call = self.calls.insert(joined)
        self.chronicle.begin(
            call,
            caller: joined.caller,
            dialled: joined.caller.label.remote,
            .continued(entry.call),
            at: now
        )
        self.chronicle.joined(call, with: second.label.local, at: now)
        for old in [entry.call, other.call] { self.chronicle.moved(old, to: call, at: now) }
        self.move(joined.caller, to: call)
        for callee in joined.callees {
            self.move(callee, to: call)
        }
        self.change(call, at: now, into: &actions) { $0.announceJoin(into: &$1) }
    }

    /// Blind: the far end of a call is sent to a number.
    mutating func redirect(
        _ entry: Registration.CallEntry,
        to dialString: DialString?,
        of id: RegistrationID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let call = self.calls[entry.call], call.phase == .connected, call.pendingRedirect == nil else {
            self.change(entry.call, at: now, into: &actions) { $0.refuse(entry.seat, .invalidState, into: &$1) }
            return
        }
        guard let dialString else {
            self.change(entry.call, at: now, into: &actions) { $0.refuse(entry.seat, .notFound, into: &$1) }
            return
        }
        if let refusal = self.refusalOfDialling(by: id, isNewCall: false, at: now) {
            self.change(entry.call, at: now, into: &actions) { $0.refuse(entry.seat, refusal, into: &$1) }
            return
        }
        self.redirect(entry.call, by: entry.seat, to: dialString, otherwise: nil, at: now, into: &actions)
    }

    /// - Parameter otherwise: what to refuse with when nobody is registered for the number; `nil` to ask the directory.
    private mutating func redirect(
        _ id: CallID,
        by seat: Seat,
        to dialString: DialString,
        otherwise reason: Reason?,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let call = self.calls[id], call.phase == .connected, let transferor = call.leg(seat),
            let remaining = call.leg(call.far(from: seat))
        else { return }
        let excluded = [remaining.registration, transferor.registration]
        let devices = self.devices(of: dialString, at: now, excluding: excluded)
        guard !devices.reachable.isEmpty else {
            if let refusal = devices.refusal ?? reason {
                self.change(id, at: now, into: &actions) { $0.refuse(seat, refusal, into: &$1) }
            } else {
                self.calls[id]?.awaitRedirect(by: seat)
                self.chronicle.note(.resolving, of: id, at: now)
                actions.append(.resolve(id, dialString))
            }
            return
        }
        var leg: Leg?
        self.change(id, at: now, into: &actions) { leg = $0.takeRemainingLeg(leaving: seat, into: &$1) }
        guard let leg else { return }
        let remote = PartyAddress(dialString: dialString, displayName: devices.displayName)
        let redirected = Call(redirecting: leg, to: remote)
        let onward = self.calls.insert(redirected)
        self.chronicle.begin(onward, caller: redirected.caller, dialled: remote, .continued(id), at: now)
        self.chronicle.moved(id, to: onward, at: now)
        self.move(redirected.caller, to: onward)
        self.timers.remind(of: .ring(onward), at: now + self.policy.ringTimeout)
        self.change(onward, at: now, into: &actions) { $0.tellState(to: .caller, into: &$1) }
        self.offer(onward, to: devices.reachable, at: now, into: &actions)
    }

    /// A leg belongs to another call from now on; its client goes on naming it as before.
    private mutating func move(_ leg: Leg, to call: CallID) {
        self.book[leg.registration]?.move(leg.label.identifier, to: call, seat: leg.seat)
    }
}
