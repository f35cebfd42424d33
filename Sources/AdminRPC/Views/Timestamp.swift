import StrictJSON
import Telephony

/// Times as the API writes them: RFC 3339, in UTC, to the millisecond.
enum Timestamp {
    static func text(_ time: CalendarTime) -> String {
        let (days, rest) = time.milliseconds.floored(by: 86_400_000)
        let (year, month, day) = self.date(days)
        let (seconds, milliseconds) = rest.floored(by: 1000)
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        var text = ""
        text.reserveCapacity(24)
        self.append(year, 4, "-", to: &text)
        self.append(month, 2, "-", to: &text)
        self.append(day, 2, "T", to: &text)
        self.append(hour, 2, ":", to: &text)
        self.append(minute, 2, ":", to: &text)
        self.append(second, 2, ".", to: &text)
        self.append(milliseconds, 3, "Z", to: &text)
        return text
    }

    static func json(_ time: CalendarTime) -> JSONValue { .string(self.text(time)) }

    /// Reads what ``text(_:)`` writes, and the same with more or fewer digits of a second; `nil` for anything else.
    static func time(_ text: String) -> CalendarTime? {
        var bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        bytes.removeLast()
        for (place, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
            guard bytes[place] == mark.utf8.first else { return nil }
        }
        let number = { (range: Range<Int>) -> Int64? in
            let digits = bytes[range]
            guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var milliseconds: Int64 = 0
        if bytes.count > 19 {
            guard bytes[19] == UInt8(ascii: "."), (21...29).contains(bytes.count),
                let fraction = number(20..<bytes.count)
            else { return nil }
            var scaled = fraction
            for _ in bytes.count - 20..<9 { scaled *= 10 }
            milliseconds = scaled / 1_000_000
        }
        let days = self.days(year, month, day)
        // There is no 31st of February: it would be another day's name.
        guard self.date(days) == (year, month, day) else { return nil }
        let seconds = (days * 24 + hour) * 3600 + minute * 60 + second
        return CalendarTime(milliseconds: seconds * 1000 + milliseconds)
    }

    private static func append(_ number: Int64, _ digits: Int, _ end: Character, to text: inout String) {
        let written = String(number)
        for _ in written.utf8.count..<max(digits, written.utf8.count) { text.append("0") }
        text += written
        text.append(end)
    }

    /// The date of a day since 1970-01-01 in the proleptic Gregorian calendar, by eras of 400 years that begin in March.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).floored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).floored(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// Quotient and remainder, where the remainder is never negative.
    fileprivate func floored(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
