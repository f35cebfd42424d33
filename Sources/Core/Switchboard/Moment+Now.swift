internal import NIOCore
package import Telephony

extension Moment {
    /// What this machine's monotonic clock shows.
    package static var now: Moment { Moment(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)) }
}
