/// All registrations, by name, by secret and by number. Every look-up costs the same, however many there are.
package struct RegistrationBook: Sendable {
    private var registrations = Slab<Registration>()
    private var byIdentifier: [RegistrationIdentifier: RegistrationID] = [:]
    /// Those whose identifier is known by its digest only.
    private var sealed: [SecretDigest: RegistrationID] = [:]
    /// The first device of each number; the others hang on it, the newest last.
    private var byDialString: [DialString: RegistrationID] = [:]

    package init() {}

    package var count: Int { self.registrations.count }

    package subscript(id: RegistrationID) -> Registration? {
        get { self.registrations[id] }
        _modify { yield &self.registrations[id] }
    }

    /// The call that a client means.
    package func entry(for identifier: CallIdentifier, of id: RegistrationID) -> Registration.CallEntry? {
        self.registrations.look(at: id) { $0.entry(for: identifier) }
    }

    /// Where a client is, if it is there.
    package func port(of id: RegistrationID) -> PortID? {
        self.registrations.look(at: id) { $0.port }
    }

    /// The wanted ones among some registrations, beginning at an index of the table.
    package func page(
        from index: Int,
        limit: Int,
        where isWanted: (Registration) -> Bool
    ) -> (elements: [(RegistrationID, Registration)], next: Int?) {
        self.registrations.page(from: index, limit: limit, where: isWanted)
    }

    package var all: [RegistrationID] { self.registrations.handles }

    /// Enters a registration. A guest is entered without secret or number: nobody can come back to it or call it.
    package mutating func insert(_ registration: Registration) -> RegistrationID {
        let id = self.registrations.insert(registration)
        guard !registration.isGuest else { return id }
        if let digest = registration.sealed {
            self.sealed[digest] = id
        } else {
            self.byIdentifier[registration.identifier] = id
        }
        if let first = self.byDialString[registration.address.dialString] {
            var last = first
            while let next = self.registrations[last]?.nextDevice {
                last = next
            }
            self.registrations[last]?.nextDevice = id
        } else {
            self.byDialString[registration.address.dialString] = id
        }
        return id
    }

    package func registration(for identifier: RegistrationIdentifier) -> RegistrationID? {
        self.byIdentifier[identifier]
    }

    /// Whether there are registrations that may be found by ``unseal(_:_:)``.
    package var hasSealed: Bool { !self.sealed.isEmpty }

    /// Somebody says a secret of which, perhaps, only the digest is known: from now on it is known itself.
    package mutating func unseal(_ identifier: RegistrationIdentifier, _ digest: SecretDigest) {
        guard let id = self.sealed[digest] else { return }
        self.change(id, to: identifier)
    }

    /// Whether anybody is registered for a number.
    package func hasDevices(of dialString: DialString) -> Bool {
        self.byDialString[dialString] != nil
    }

    /// The registrations of a number, oldest first.
    package func devices(of dialString: DialString) -> [RegistrationID] {
        var devices: [RegistrationID] = []
        var next = self.byDialString[dialString]
        while let id = next {
            devices.append(id)
            next = self.registrations[id]?.nextDevice
        }
        return devices
    }

    /// Gives a registration another secret; the old one is void.
    package mutating func change(_ id: RegistrationID, to identifier: RegistrationIdentifier) {
        guard let registration = self.registrations[id] else { return }
        self.forgetSecret(of: registration)
        self.byIdentifier[identifier] = id
        self.registrations[id]?.identifier = identifier
        self.registrations[id]?.sealed = nil
    }

    @discardableResult
    package mutating func remove(_ id: RegistrationID) -> Registration? {
        guard let registration = self.registrations[id] else { return nil }
        if !registration.isGuest {
            self.forgetSecret(of: registration)
            self.unlink(id, registration)
        }
        return self.registrations.remove(id)
    }

    private mutating func forgetSecret(of registration: Registration) {
        if let digest = registration.sealed {
            self.sealed[digest] = nil
        } else {
            self.byIdentifier[registration.identifier] = nil
        }
    }

    private mutating func unlink(_ id: RegistrationID, _ registration: Registration) {
        let dialString = registration.address.dialString
        guard let first = self.byDialString[dialString] else { return }
        guard first != id else {
            self.byDialString[dialString] = registration.nextDevice
            return
        }
        var previous = first
        while let next = self.registrations[previous]?.nextDevice, next != id {
            previous = next
        }
        self.registrations[previous]?.nextDevice = registration.nextDevice
    }
}
