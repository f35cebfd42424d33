extension Clock<Duration> {
    /// Tells the time since now, whatever kind of clock it is.
    package func stopwatch() -> @Sendable () -> Duration {
        let start = self.now
        return { start.duration(to: self.now) }
    }
}
