@testable import Telephony

/// Registrations that end.
///
/// Rows are situations; columns are the caller, device 1 and device 2.
extension CallTable {
    /// The client logged out, or registered anew: the call ends as if the party had ended it.
    static let leaveForOwnReasons = CallTable(
        """
        routing             | 0#cancelled end → ended                         | -                                       | -
        offered             | 0#cancelled 1#cancelled end → ended             | 1#unavailable 0#unavailable end → ended | -
        ringing             | 0#cancelled 1#cancelled end → ended             | 1#unavailable 0#unavailable end → ended | -
        parked              | 0#cancelled 1~cancelled end → ended             | 1~unavailable 0#unavailable end → ended | -
        forked              | 0#cancelled 1#cancelled 2#cancelled end → ended | 1#unavailable                           | 2#unavailable
        halfParked          | 0#cancelled 1#cancelled 2~cancelled end → ended | 1#unavailable                           | 2~unavailable
        callerAway          | 0~cancelled 1#cancelled end → ended             | 1#unavailable 0~unavailable end → ended | -
        calleeAway          | 0#cancelled 1~cancelled end → ended             | 1~unavailable 0#unavailable end → ended | -
        redirected          | 0#cancelled 1#cancelled end → ended             | 1#unavailable 0#unavailable end → ended | -
        connected           | 0#normal 1#normal end → ended                   | 1#normal 0#normal end → ended           | -
        heldByCaller        | 0#normal 1#normal end → ended                   | 1#normal 0#normal end → ended           | -
        heldByCallee        | 0#normal 1#normal end → ended                   | 1#normal 0#normal end → ended           | -
        heldByBoth          | 0#normal 1#normal end → ended                   | 1#normal 0#normal end → ended           | -
        connectedCallerAway | 0~normal 1#normal end → ended                   | 1#normal 0~normal end → ended           | -
        connectedCalleeAway | 0#normal 1~normal end → ended                   | 1~normal 0#normal end → ended           | -
        joined              | 0#normal 1#normal end → ended                   | 1#normal 0#normal end → ended           | -
        ended               | -                                               | -                                       | -
        """
    )

    /// `@` is what happened to the registration, and everybody is told that.
    static let leaveBecause = CallTable(
        """
        routing             | 0#@ end → ended         | -                   | -
        offered             | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        ringing             | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        parked              | 0#@ 1~@ end → ended     | 1~@ 0#@ end → ended | -
        forked              | 0#@ 1#@ 2#@ end → ended | 1#@                 | 2#@
        halfParked          | 0#@ 1#@ 2~@ end → ended | 1#@                 | 2~@
        callerAway          | 0~@ 1#@ end → ended     | 1#@ 0~@ end → ended | -
        calleeAway          | 0#@ 1~@ end → ended     | 1~@ 0#@ end → ended | -
        redirected          | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        connected           | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        heldByCaller        | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        heldByCallee        | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        heldByBoth          | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        connectedCallerAway | 0~@ 1#@ end → ended     | 1#@ 0~@ end → ended | -
        connectedCalleeAway | 0#@ 1~@ end → ended     | 1~@ 0#@ end → ended | -
        joined              | 0#@ 1#@ end → ended     | 1#@ 0#@ end → ended | -
        ended               | -                       | -                   | -
        """
    )
}
