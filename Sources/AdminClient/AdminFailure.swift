package import StrictJSON

/// Why there is no answer to a question.
package enum AdminFailure: Error, Hashable, Sendable {
    /// Nobody listens at the socket; `errno` of the attempt to connect.
    case noServer(path: String, code: Int32)
    /// The server understood, and says no.
    case refused(Refusal)
    /// The connection ended, or what came over it is not the admin API.
    case broken(Break)
}

/// An `error` member of JSON-RPC 2.0.
package struct Refusal: Hashable, Sendable {
    /// One of JSON-RPC's or of ``Code``.
    package var code: Int
    /// One sentence.
    package var message: String
    /// What a program can use of it.
    package var data: JSONValue?

    package init(code: Int, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// The codes that a client acts on.
    package enum Code {
        package static let invalidParams = -32602
        package static let invalidConfiguration = 1002
        package static let conflict = 1005
    }

    /// What is wrong where, if `data` lists that.
    package var problems: [Problem] {
        guard case .array(let elements)? = self.data else { return [] }
        return elements.compactMap(Problem.init)
    }

    /// The revision that a ``Code/conflict`` reports.
    package var revision: JSONValue? {
        guard self.code == Code.conflict else { return nil }
        return self.data?["revision"]
    }
}

/// What is wrong at one place of a document.
package struct Problem: Hashable, Sendable {
    /// The place (RFC 6901); empty for the whole.
    package var pointer: String
    /// In words.
    package var text: String

    package init(pointer: String, text: String) {
        self.pointer = pointer
        self.text = text
    }

    /// Reads `{pointer, problem}`.
    package init?(_ value: JSONValue) {
        guard let pointer = value["pointer"]?.string, let text = value["problem"]?.string else { return nil }
        self.init(pointer: pointer, text: text)
    }
}

/// How a connection ended that had begun.
package enum Break: Error, Hashable, Sendable {
    /// The server closed it; whether in the middle of a line.
    case closed(insideLine: Bool)
    /// A system call failed.
    case system(Int32)
    /// No answer within the time given.
    case timeout(seconds: Double)
    /// Bytes that are not JSON-RPC.
    case garbage(String)
    /// A line longer than anything this client asks for.
    case lineTooLong
}
