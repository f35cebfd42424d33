@testable import Telephony

/// Parties that come and go, by themselves.
///
/// Rows are situations; columns are the caller, device 1 and device 2.
extension CallTable {
    /// Concerns only a device that has not come back.
    static let parkedLegTimedOut = CallTable(
        """
        routing             | - | -                                       | -
        offered             | - | -                                       | -
        ringing             | - | -                                       | -
        parked              | - | 1~unavailable 0#unavailable end → ended | -
        forked              | - | -                                       | -
        halfParked          | - | -                                       | 2~unavailable
        callerAway          | - | -                                       | -
        calleeAway          | - | -                                       | -
        redirected          | - | -                                       | -
        connected           | - | -                                       | -
        heldByCaller        | - | -                                       | -
        heldByCallee        | - | -                                       | -
        heldByBoth          | - | -                                       | -
        connectedCallerAway | - | -                                       | -
        connectedCalleeAway | - | -                                       | -
        joined              | - | -                                       | -
        ended               | - | -                                       | -
        """
    )

    /// Nobody is told, for the party may come back.
    static let connectionLost = CallTable(
        """
        routing             | - | - | -
        offered             | - | - | -
        ringing             | - | - | -
        parked              | - | - | -
        forked              | - | - | -
        halfParked          | - | - | -
        callerAway          | - | - | -
        calleeAway          | - | - | -
        redirected          | - | - | -
        connected           | - | - | -
        heldByCaller        | - | - | -
        heldByCallee        | - | - | -
        heldByBoth          | - | - | -
        connectedCallerAway | - | - | -
        connectedCalleeAway | - | - | -
        joined              | - | - | -
        ended               | - | - | -
        """
    )

    /// A party hears what it needs to go on: a call not answered yet starts again.
    static let returned = CallTable(
        """
        routing             | 0:ringing   | -         | -
        offered             | 0:ringing   | 1:start   | -
        ringing             | 0:ringing   | 1:start   | -
        parked              | 0:ringing   | 1:start   | -
        forked              | 0:ringing   | 1:start   | 2:start
        halfParked          | 0:ringing   | 1:start   | 2:start
        callerAway          | 0:ringing   | 1:start   | -
        calleeAway          | 0:ringing   | 1:start   | -
        redirected          | 0:ringing   | 1:start   | -
        connected           | 0:active    | 1:active  | -
        heldByCaller        | 0:held      | 1:holding | -
        heldByCallee        | 0:holding   | 1:held    | -
        heldByBoth          | 0:held      | 1:held    | -
        connectedCallerAway | 0:active    | 1:active  | -
        connectedCalleeAway | 0:active    | 1:active  | -
        joined              | 0:active 0? | 1:active  | -
        ended               | -           | -         | -
        """
    )

    /// The transferor leaves; the other party's leg goes on in another call, and hears nothing yet.
    static let takeRemainingLeg = CallTable(
        """
        routing             | -                         | -                         | -
        offered             | -                         | -                         | -
        ringing             | -                         | -                         | -
        parked              | -                         | -                         | -
        forked              | -                         | -                         | -
        halfParked          | -                         | -                         | -
        callerAway          | -                         | -                         | -
        calleeAway          | -                         | -                         | -
        redirected          | -                         | -                         | -
        connected           | 0#transferred end → ended | 1#transferred end → ended | -
        heldByCaller        | 0#transferred end → ended | 1#transferred end → ended | -
        heldByCallee        | 0#transferred end → ended | 1#transferred end → ended | -
        heldByBoth          | 0#transferred end → ended | 1#transferred end → ended | -
        connectedCallerAway | 0~transferred end → ended | 1#transferred end → ended | -
        connectedCalleeAway | 0#transferred end → ended | 1~transferred end → ended | -
        joined              | 0#transferred end → ended | 1#transferred end → ended | -
        ended               | -                         | -                         | -
        """
    )
}
