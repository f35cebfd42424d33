/// What a subscriber wants to hear of.
struct Topics: Sendable, Equatable {
    /// The first word of each event.
    static let families = ["registration", "call", "notification", "plugin", "system"]

    private let hasAll: Bool
    private let whole: Set<String>
    private let names: Set<String>

    init(_ topics: [String]) {
        self.hasAll = topics.contains("*")
        self.whole = Set(topics.filter { $0.hasSuffix(".*") }.map { String($0.dropLast(2)) })
        self.names = Set(topics)
    }

    static func isKnown(_ topic: String) -> Bool {
        if topic == "*" { return true }
        let parts = topic.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && self.families.contains(String(parts[0])) && !parts[1].isEmpty
    }

    func contain(_ event: String) -> Bool {
        if self.hasAll || self.names.contains(event) { return true }
        return event.firstIndex(of: ".").map { self.whole.contains(String(event[..<$0])) } ?? false
    }
}
