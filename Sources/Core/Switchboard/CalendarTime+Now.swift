internal import Glibc
package import Telephony

extension CalendarTime {
    /// What the system's clock shows, right or wrong.
    package static var now: CalendarTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return CalendarTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
