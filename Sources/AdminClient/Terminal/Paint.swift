/// Colours of status words, or none.
package struct Paint: Hashable, Sendable {
    /// Whether escape sequences are written at all.
    package let isColoured: Bool

    package static let plain = Paint(isColoured: false)

    /// Colours on a terminal, unless `NO_COLOR` (no-color.org) or a dumb terminal forbids it.
    package init(isTerminal: Bool, environment: (String) -> String?) {
        let isForbidden = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        self.init(isColoured: isTerminal && !isForbidden && environment("TERM") != "dumb")
    }

    package init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    /// How good the news is that a word brings.
    package enum Tone: Hashable, Sendable {
        case good, doubtful, bad, neutral

        /// Of the words the admin API uses for states and outcomes.
        package init(word: String) {
            switch word {
            case "ok", "serving", "connected", "accepted", "found", "answered": self = .good
            case "degraded", "draining", "throttled", "quarantined", "away", "missing", "ringing": self = .doubtful
            case "failed", "rejected", "gone", "misconfigured", "unavailable", "refused", "PROBLEM": self = .bad
            default: self = .neutral
            }
        }
    }

    /// The text in the colour of a word, by default its own.
    package func callAsFunction(_ text: String, as word: String? = nil) -> String {
        guard self.isColoured else { return text }
        return switch Tone(word: word ?? text) {
        case .good: "\u{1B}[32m\(text)\u{1B}[0m"
        case .doubtful: "\u{1B}[33m\(text)\u{1B}[0m"
        case .bad: "\u{1B}[31m\(text)\u{1B}[0m"
        case .neutral: text
        }
    }
}
