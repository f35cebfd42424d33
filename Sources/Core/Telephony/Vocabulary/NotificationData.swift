/// How a client can be woken when it sleeps (§8.1.9, §8.1.10).
package struct NotificationData: Sendable, Hashable {
    /// What the messaging service gave the client: JSON, as it came.
    package var token: [UInt8]
    /// Handed back to the client in the push. Never fetched by anybody here.
    package var url: String?

    package init(token: [UInt8], url: String?) {
        self.token = token
        self.url = url
    }
}
