@testable import Telephony

/// What is nobody's doing. One column: there is no seat to it.
extension CallTable {
    /// Nobody answered in time.
    static let ringTimedOut = CallTable(
        """
        routing             | 0#noAnswer end → ended
        offered             | 0#noAnswer 1#noAnswer end → ended
        ringing             | 0#noAnswer 1#noAnswer end → ended
        parked              | 0#noAnswer 1~noAnswer end → ended
        forked              | 0#noAnswer 1#noAnswer 2#noAnswer end → ended
        halfParked          | 0#noAnswer 1#noAnswer 2~noAnswer end → ended
        callerAway          | 0~noAnswer 1#noAnswer end → ended
        calleeAway          | 0#noAnswer 1~noAnswer end → ended
        redirected          | 0#noAnswer 1#noAnswer end → ended
        connected           | -
        heldByCaller        | -
        heldByCallee        | -
        heldByBoth          | -
        connectedCallerAway | -
        connectedCalleeAway | -
        joined              | -
        ended               | -
        """
    )

    /// `@` is the reason from outside.
    static let endAll = CallTable(
        """
        routing             | 0#@ end → ended
        offered             | 0#@ 1#@ end → ended
        ringing             | 0#@ 1#@ end → ended
        parked              | 0#@ 1~@ end → ended
        forked              | 0#@ 1#@ 2#@ end → ended
        halfParked          | 0#@ 1#@ 2~@ end → ended
        callerAway          | 0~@ 1#@ end → ended
        calleeAway          | 0#@ 1~@ end → ended
        redirected          | 0#@ 1#@ end → ended
        connected           | 0#@ 1#@ end → ended
        heldByCaller        | 0#@ 1#@ end → ended
        heldByCallee        | 0#@ 1#@ end → ended
        heldByBoth          | 0#@ 1#@ end → ended
        connectedCallerAway | 0~@ 1#@ end → ended
        connectedCalleeAway | 0#@ 1~@ end → ended
        joined              | 0#@ 1#@ end → ended
        ended               | -
        """
    )

    /// One more device, and it is there.
    static let offerToPresent = CallTable(
        """
        routing             | 3:start → offering
        offered             | 3:start
        ringing             | 3:start
        parked              | 3:start
        forked              | 3:start
        halfParked          | 3:start
        callerAway          | 3:start
        calleeAway          | 3:start
        redirected          | 3:start
        connected           | -
        heldByCaller        | -
        heldByCallee        | -
        heldByBoth          | -
        connectedCallerAway | -
        connectedCalleeAway | -
        joined              | -
        ended               | -
        """
    )

    /// One more device, and it is away.
    static let offerToAbsent = CallTable(
        """
        routing             | → offering
        offered             | -
        ringing             | -
        parked              | -
        forked              | -
        halfParked          | -
        callerAway          | -
        calleeAway          | -
        redirected          | -
        connected           | -
        heldByCaller        | -
        heldByCallee        | -
        heldByBoth          | -
        connectedCallerAway | -
        connectedCalleeAway | -
        joined              | -
        ended               | -
        """
    )

    /// `@` is why nobody can be offered the call.
    static let routingFailed = CallTable(
        """
        routing             | 0#@ end → ended
        offered             | -
        ringing             | -
        parked              | -
        forked              | -
        halfParked          | -
        callerAway          | -
        calleeAway          | -
        redirected          | -
        connected           | -
        heldByCaller        | -
        heldByCallee        | -
        heldByBoth          | -
        connectedCallerAway | -
        connectedCalleeAway | -
        joined              | -
        ended               | -
        """
    )
}
