/// Where the server's admin socket is, and why it is looked for there.
package struct SocketLocation: Hashable, Sendable {
    /// The path to connect to.
    package let path: String
    /// What names it, for the message when nobody answers there.
    package let source: Source

    /// The places that name a socket, the first that does wins.
    package enum Source: Hashable, Sendable {
        case option
        case environment
        /// Of a server that was installed as a package.
        case system
        /// Of a server started in this directory.
        case workingDirectory
    }

    package static let option = "--socket"
    package static let variable = "ANYNODE_ADMIN_SOCKET"
    package static let systemPath = "/run/anynode/admin.sock"
    package static let localPath = "run/admin.sock"

    /// Looks in the order of ``Source``; an empty variable names nothing.
    ///
    /// - Parameter exists: Whether there is a file of this name.
    package init(option: String?, environment: String?, exists: (String) -> Bool) {
        if let option {
            (self.path, self.source) = (option, .option)
        } else if let environment, !environment.isEmpty {
            (self.path, self.source) = (environment, .environment)
        } else if exists(Self.systemPath) {
            (self.path, self.source) = (Self.systemPath, .system)
        } else {
            (self.path, self.source) = (Self.localPath, .workingDirectory)
        }
    }

    /// What was looked at, one place a line.
    package var trail: [String] {
        switch self.source {
        case .option: ["\(Self.option) names it"]
        case .environment: ["\(Self.variable) names it"]
        case .system: ["\(Self.option) and \(Self.variable) are not given, \(Self.systemPath) exists"]
        case .workingDirectory:
            [
                "\(Self.option) and \(Self.variable) are not given",
                "\(Self.systemPath) does not exist",
                "\(Self.localPath) is looked for in the working directory",
            ]
        }
    }
}
