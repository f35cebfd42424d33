@testable import Telephony

/// Media messages. What is kept for later shows when parties return or answer (`MediaTests`).
///
/// Rows are situations; columns are the caller, device 1 and device 2.
extension CallTable {
    /// An offer, `o`. After a transfer it begins media anew.
    static let mediaOffer = CallTable(
        """
        routing             | -       | -   | -
        offered             | 1<o     | 0<o | -
        ringing             | 1<o     | 0<o | -
        parked              | -       | 0<o | -
        forked              | 1<o 2<o | -   | -
        halfParked          | 1<o     | -   | -
        callerAway          | 1<o     | -   | -
        calleeAway          | -       | 0<o | -
        redirected          | -       | -   | -
        connected           | 1<o     | 0<o | -
        heldByCaller        | 1<o     | 0<o | -
        heldByCallee        | 1<o     | 0<o | -
        heldByBoth          | 1<o     | 0<o | -
        connectedCallerAway | 1<o     | -   | -
        connectedCalleeAway | -       | 0<o | -
        joined              | 1<o     | 0<o | -
        ended               | -       | -   | -
        """
    )

    /// An answer, `a`. After a transfer it belongs to the call before.
    static let mediaAnswer = CallTable(
        """
        routing             | -       | -   | -
        offered             | 1<a     | 0<a | -
        ringing             | 1<a     | 0<a | -
        parked              | -       | 0<a | -
        forked              | 1<a 2<a | -   | -
        halfParked          | 1<a     | -   | -
        callerAway          | 1<a     | -   | -
        calleeAway          | -       | 0<a | -
        redirected          | -       | -   | -
        connected           | 1<a     | 0<a | -
        heldByCaller        | 1<a     | 0<a | -
        heldByCallee        | 1<a     | 0<a | -
        heldByBoth          | 1<a     | 0<a | -
        connectedCallerAway | 1<a     | -   | -
        connectedCalleeAway | -       | 0<a | -
        joined              | -       | -   | -
        ended               | -       | -   | -
        """
    )

    /// A candidate, `c`. After a transfer it belongs to the call before.
    static let mediaCandidate = CallTable(
        """
        routing             | -       | -   | -
        offered             | 1<c     | 0<c | -
        ringing             | 1<c     | 0<c | -
        parked              | -       | 0<c | -
        forked              | 1<c 2<c | -   | -
        halfParked          | 1<c     | -   | -
        callerAway          | 1<c     | -   | -
        calleeAway          | -       | 0<c | -
        redirected          | -       | -   | -
        connected           | 1<c     | 0<c | -
        heldByCaller        | 1<c     | 0<c | -
        heldByCallee        | 1<c     | 0<c | -
        heldByBoth          | 1<c     | 0<c | -
        connectedCallerAway | 1<c     | -   | -
        connectedCalleeAway | -       | 0<c | -
        joined              | -       | -   | -
        ended               | -       | -   | -
        """
    )
}
