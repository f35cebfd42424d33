@testable import Telephony

/// What parties ask for.
///
/// Rows are situations; columns are the caller, device 1 and device 2.
extension CallTable {
    /// The phone rings: only a device that was told can say so, once.
    static let accept = CallTable(
        """
        routing             | 0:ringing!invalidState | -                      | -
        offered             | 0:ringing!invalidState | 1:ringing 0:ringing    | -
        ringing             | 0:ringing!invalidState | 1:ringing!invalidState | -
        parked              | 0:ringing!invalidState | -                      | -
        forked              | 0:ringing!invalidState | 1:ringing              | 2:ringing!invalidState
        halfParked          | 0:ringing!invalidState | 1:ringing 0:ringing    | -
        callerAway          | -                      | 1:ringing!invalidState | -
        calleeAway          | 0:ringing!invalidState | 0:ringing              | -
        redirected          | 0:ringing!invalidState | 1:ringing              | -
        connected           | 0:active!invalidState  | 1:active!invalidState  | -
        heldByCaller        | 0:held!invalidState    | 1:holding!invalidState | -
        heldByCallee        | 0:holding!invalidState | 1:held!invalidState    | -
        heldByBoth          | 0:held!invalidState    | 1:held!invalidState    | -
        connectedCallerAway | -                      | 1:active!invalidState  | -
        connectedCalleeAway | 0:active!invalidState  | -                      | -
        joined              | 0:active!invalidState  | 1:active!invalidState  | -
        ended               | -                      | -                      | -
        """
    )

    /// Somebody picks up: the first device wins.
    static let answer = CallTable(
        """
        routing             | 0:ringing!invalidState | -                                                 | -
        offered             | 0:ringing!invalidState | 1:active 0:active → connected                     | -
        ringing             | 0:ringing!invalidState | 1:active 0:active → connected                     | -
        parked              | 0:ringing!invalidState | -                                                 | -
        forked              | 0:ringing!invalidState | 2#answeredElsewhere 1:active 0:active → connected | 1#answeredElsewhere 2:active 0:active → connected
        halfParked          | 0:ringing!invalidState | 2~answeredElsewhere 1:active 0:active → connected | -
        callerAway          | -                      | 1:active → connected                              | -
        calleeAway          | 0:ringing!invalidState | 0:active → connected                              | -
        redirected          | 0:ringing!invalidState | 1:active 0:active 0? → connected                  | -
        connected           | 0:active!invalidState  | 1:active!invalidState                             | -
        heldByCaller        | 0:held!invalidState    | 1:holding!invalidState                            | -
        heldByCallee        | 0:holding!invalidState | 1:held!invalidState                               | -
        heldByBoth          | 0:held!invalidState    | 1:held!invalidState                               | -
        connectedCallerAway | -                      | 1:active!invalidState                             | -
        connectedCalleeAway | 0:active!invalidState  | -                                                 | -
        joined              | 0:active!invalidState  | 1:active!invalidState                             | -
        ended               | -                      | -                                                 | -
        """
    )

    /// `@` is how a device declines: busy, or else rejected.
    static let terminate = CallTable(
        """
        routing             | 0:terminating 0#cancelled end → ended                         | -                                           | -
        offered             | 0:terminating 0#cancelled 1#cancelled end → ended             | 1:terminating 1#@ 0#@ end → ended           | -
        ringing             | 0:terminating 0#cancelled 1#cancelled end → ended             | 1:terminating 1#@ 0#@ end → ended           | -
        parked              | 0:terminating 0#cancelled 1~cancelled end → ended             | 1~@ 0#@ end → ended                         | -
        forked              | 0:terminating 0#cancelled 1#cancelled 2#cancelled end → ended | 1:terminating 1#@                           | 2:terminating 2#@
        halfParked          | 0:terminating 0#cancelled 1#cancelled 2~cancelled end → ended | 1:terminating 1#@                           | 2~@
        callerAway          | 0~cancelled 1#cancelled end → ended                           | 1:terminating 1#@ 0~@ end → ended           | -
        calleeAway          | 0:terminating 0#cancelled 1~cancelled end → ended             | 1~@ 0#@ end → ended                         | -
        redirected          | 0:terminating 0#cancelled 1#cancelled end → ended             | 1:terminating 1#@ 0#@ end → ended           | -
        connected           | 0:terminating 0#normal 1#normal end → ended                   | 1:terminating 1#normal 0#normal end → ended | -
        heldByCaller        | 0:terminating 0#normal 1#normal end → ended                   | 1:terminating 1#normal 0#normal end → ended | -
        heldByCallee        | 0:terminating 0#normal 1#normal end → ended                   | 1:terminating 1#normal 0#normal end → ended | -
        heldByBoth          | 0:terminating 0#normal 1#normal end → ended                   | 1:terminating 1#normal 0#normal end → ended | -
        connectedCallerAway | 0~normal 1#normal end → ended                                 | 1:terminating 1#normal 0~normal end → ended | -
        connectedCalleeAway | 0:terminating 0#normal 1~normal end → ended                   | 1~normal 0#normal end → ended               | -
        joined              | 0:terminating 0#normal 1#normal end → ended                   | 1:terminating 1#normal 0#normal end → ended | -
        ended               | -                                                             | -                                           | -
        """
    )

    /// Both sides hear of it; who holds as well hears `held` once more.
    static let hold = CallTable(
        """
        routing             | 0:ringing!invalidState | -                      | -
        offered             | 0:ringing!invalidState | 1:ringing!invalidState | -
        ringing             | 0:ringing!invalidState | 1:ringing!invalidState | -
        parked              | 0:ringing!invalidState | -                      | -
        forked              | 0:ringing!invalidState | 1:ringing!invalidState | 2:ringing!invalidState
        halfParked          | 0:ringing!invalidState | 1:ringing!invalidState | -
        callerAway          | -                      | 1:ringing!invalidState | -
        calleeAway          | 0:ringing!invalidState | -                      | -
        redirected          | 0:ringing!invalidState | 1:ringing!invalidState | -
        connected           | 0:held 1:holding       | 1:held 0:holding       | -
        heldByCaller        | 0:held!invalidState    | 1:held 0:held          | -
        heldByCallee        | 0:held 1:held          | 1:held!invalidState    | -
        heldByBoth          | 0:held!invalidState    | 1:held!invalidState    | -
        connectedCallerAway | 1:holding              | 1:held                 | -
        connectedCalleeAway | 0:held                 | 0:holding              | -
        joined              | 0:held 1:holding       | 1:held 0:holding       | -
        ended               | -                      | -                      | -
        """
    )

    /// Only whoever holds can retrieve.
    static let retrieve = CallTable(
        """
        routing             | 0:ringing!invalidState | -                      | -
        offered             | 0:ringing!invalidState | 1:ringing!invalidState | -
        ringing             | 0:ringing!invalidState | 1:ringing!invalidState | -
        parked              | 0:ringing!invalidState | -                      | -
        forked              | 0:ringing!invalidState | 1:ringing!invalidState | 2:ringing!invalidState
        halfParked          | 0:ringing!invalidState | 1:ringing!invalidState | -
        callerAway          | -                      | 1:ringing!invalidState | -
        calleeAway          | 0:ringing!invalidState | -                      | -
        redirected          | 0:ringing!invalidState | 1:ringing!invalidState | -
        connected           | 0:active!invalidState  | 1:active!invalidState  | -
        heldByCaller        | 0:active 1:active      | 1:holding!invalidState | -
        heldByCallee        | 0:holding!invalidState | 1:active 0:active      | -
        heldByBoth          | 0:holding 1:held       | 1:holding 0:held       | -
        connectedCallerAway | -                      | 1:active!invalidState  | -
        connectedCalleeAway | 0:active!invalidState  | -                      | -
        joined              | 0:active!invalidState  | 1:active!invalidState  | -
        ended               | -                      | -                      | -
        """
    )

    /// The true state, and nothing to anybody else.
    static let malformed = CallTable(
        """
        routing             | 0:ringing!invalidMessage | -                        | -
        offered             | 0:ringing!invalidMessage | 1:ringing!invalidMessage | -
        ringing             | 0:ringing!invalidMessage | 1:ringing!invalidMessage | -
        parked              | 0:ringing!invalidMessage | -                        | -
        forked              | 0:ringing!invalidMessage | 1:ringing!invalidMessage | 2:ringing!invalidMessage
        halfParked          | 0:ringing!invalidMessage | 1:ringing!invalidMessage | -
        callerAway          | -                        | 1:ringing!invalidMessage | -
        calleeAway          | 0:ringing!invalidMessage | -                        | -
        redirected          | 0:ringing!invalidMessage | 1:ringing!invalidMessage | -
        connected           | 0:active!invalidMessage  | 1:active!invalidMessage  | -
        heldByCaller        | 0:held!invalidMessage    | 1:holding!invalidMessage | -
        heldByCallee        | 0:holding!invalidMessage | 1:held!invalidMessage    | -
        heldByBoth          | 0:held!invalidMessage    | 1:held!invalidMessage    | -
        connectedCallerAway | -                        | 1:active!invalidMessage  | -
        connectedCalleeAway | 0:active!invalidMessage  | -                        | -
        joined              | 0:active!invalidMessage  | 1:active!invalidMessage  | -
        ended               | -                        | -                        | -
        """
    )
}
