internal import Glibc

/// A wall time in UTC, to the millisecond.
package struct LogTime: Sendable, Equatable {
    /// Since 1970-01-01T00:00:00Z, without leap seconds.
    package var seconds: Int64
    /// 0…999.
    package var milliseconds: Int

    package init(seconds: Int64, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    /// The time by the system's clock.
    package static func now() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: Int64(time.tv_sec), milliseconds: time.tv_nsec / 1_000_000)
    }

    /// Appends it by RFC 3339, as in `2026-11-23T15:04:05.123Z`.
    ///
    /// A few divisions are cheaper than a cache of the second that threads would have to share.
    func append(to bytes: inout [UInt8]) {
        // Years 1970…9999, which have four digits.
        let seconds = min(max(self.seconds, 0), 253_402_300_799)
        let (days, time) = seconds.quotientAndRemainder(dividingBy: 86400)
        let (year, month, day) = Self.date(ofDay: Int(days))
        let second = Int(time)
        Self.append(year / 100, to: &bytes)
        Self.append(year % 100, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(month, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(day, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(second / 3600, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(second / 60 % 60, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(second % 60, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        let milliseconds = min(max(self.milliseconds, 0), 999)
        bytes.append(UInt8(ascii: "0") + UInt8(milliseconds / 100))
        Self.append(milliseconds % 100, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Two digits of a number from 0 to 99.
    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// The date of a day since 1970-01-01, by the Gregorian calendar. Years are counted from March, so that the leap day
    /// is the last one, in eras of 400 of them.
    private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isAfterNewYear = month >= 10
        return (
            yearOfEra + era * 400 + (isAfterNewYear ? 1 : 0),
            isAfterNewYear ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}
