/// A moment of the calendar, in whole milliseconds since 1970-01-01 00:00 UTC without leap seconds.
///
/// For what others fixed in advance, such as the end of an access token. What we measure ourselves is a ``Moment``.
package struct CalendarTime: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The nearest there is, whatever the number; `nil` for what is no number.
    package init?(seconds: Double) {
        guard !seconds.isNaN else { return nil }
        // Beyond these bounds a Double cannot be made an Int64 (it would trap); nobody lives there.
        self.milliseconds = Int64(min(max(seconds * 1000, -9e18), 9e18))
    }

    /// As far into the future, or the past, as there is, instead of an overflow.
    package static func + (left: Self, right: Duration) -> Self {
        let (sum, isBeyond) = left.milliseconds.addingReportingOverflow(right.inNanoseconds / 1_000_000)
        return Self(milliseconds: isBeyond ? (right < .zero ? .min : .max) : sum)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
