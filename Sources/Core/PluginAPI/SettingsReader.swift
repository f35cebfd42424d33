public import StrictJSON
public import Telephony

/// A problem in a configuration: where it is and what is wrong, fit to be shown to an operator.
public struct ConfigurationProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The place, as a JSON pointer (RFC 6901); empty for the document itself.
    public let pointer: String
    /// What was expected and what was found. Never a secret's value.
    public let problem: String

    /// A problem at a place.
    public init(pointer: String, problem: String) {
        self.pointer = pointer
        self.problem = problem
    }

    public var description: String { "\(self.pointer.isEmpty ? "/" : self.pointer): \(self.problem)" }
}
