internal import CCurl

extension WebResponse {
    /// How long the service asks to wait (RFC 9110, section 10.2.3): a number of seconds, or a date; never less than nothing.
    ///
    /// - Parameter now: What the calendar shows, in seconds since 1970-01-01 UTC.
    package func retryAfter(at now: Int64) -> Duration? {
        guard let value = self.header("retry-after"), value.utf8.count <= 64 else { return nil }
        if !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return .seconds(min(Int64(value) ?? .max, 86_400))
        }
        let date = Int64(curl_getdate(value, nil))
        guard date >= 0 else { return nil }
        return .seconds(min(max(date - now, 0), 86_400))
    }
}
