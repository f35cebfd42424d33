/// The state of a call as one client sees it (§10.1).
package enum CallState: String, Sendable, Hashable, CaseIterable {
    /// Offered and not yet answered.
    case ringing
    /// Answered, and nobody holds.
    case active
    /// This client placed the call on hold.
    case held
    /// The other side placed the call on hold.
    case holding
    /// This client asked to end the call.
    case terminating
    /// Over. Nothing about this call comes after it.
    case terminated
}
