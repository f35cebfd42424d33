import PluginAPI
package import Telephony

/// Who is on a socket, as far as its handshake proved it.
package enum Identity: Sendable, Hashable {
    /// Logged in under that name, or come back to a registration of that name.
    case user(Username)
    /// Nobody asked; the configuration lets everybody in.
    case anonymous
    /// Trusted, but without a name: an access token that names no user (§4.2.3). May have no number.
    case unnamed
}

/// Which number somebody may register for (§5): the rules between a log-in, an assignment and the directory.
package struct RegistrationDesk: Sendable {
    private let directory: any DirectoryService
    private let modes: Set<AssignmentMode>

    package init(directory: any DirectoryService, modes: Set<AssignmentMode>) {
        self.directory = directory
        self.modes = modes
    }

    package enum Decision: Sendable, Hashable {
        /// With the name of the directory that knows the number.
        case admitted(Username, PartyAddress, directory: String?)
        case refused(Reason)
    }

    /// Asks the directory. Who is logged in can become nobody else, and take no number but his own (§4.2.3, §5.2).
    package func decide(_ assignment: Assignment, for identity: Identity) async -> Decision {
        if identity == .unnamed { return .refused(.forbidden) }
        if assignment.username != nil, !self.modes.contains(.username) { return .refused(.forbidden) }
        if assignment.dialString != nil, !self.modes.contains(.dialString) { return .refused(.forbidden) }
        do {
            if let name = assignment.username {
                return try await self.byUsername(name, assignment.dialString, identity)
            } else if let number = assignment.dialString {
                return try await self.byDialString(number, identity)
            } else {
                return .refused(.invalidMessage)
            }
        } catch {
            return .refused(.directoryUnavailable)
        }
    }

    private func byUsername(_ name: String, _ number: String?, _ identity: Identity) async throws -> Decision {
        let username = Username(name)
        if case .user(let user) = identity, user != username { return .refused(.forbidden) }
        guard let username, let entry = try await self.directory.entry(forUsername: username) else {
            return .refused(.notFound)
        }
        // A directory may compare names more generously than we do; what it finds must be the one that was asked for.
        guard entry.username == username else { return .refused(.notFound) }
        guard let number else {
            return .admitted(username, entry.address(as: entry.dialString), directory: entry.source)
        }
        guard let dialString = DialString(number) else { return .refused(.notFound) }
        guard entry.owns(dialString) else { return .refused(.forbidden) }
        return .admitted(username, entry.address(as: dialString), directory: entry.source)
    }

    private func byDialString(_ number: String, _ identity: Identity) async throws -> Decision {
        guard let dialString = DialString(number),
            let entry = try await self.directory.entry(forDialString: dialString), entry.owns(dialString)
        else { return .refused(.notFound) }
        if case .user(let user) = identity, user != entry.username { return .refused(.forbidden) }
        return .admitted(entry.username, entry.address(as: dialString), directory: entry.source)
    }
}
