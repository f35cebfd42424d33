/// Which of several certificates is for the host that a client names (SNI, RFC 6066 §3).
///
/// Names are compared as RFC 6125 §6.4 says: without regard to ASCII case, and a `*` stands for the whole leftmost label
/// and for nothing else. A certificate's common name says nothing.
struct ServerNameTable: Sendable, Equatable {
    /// More is no host name (RFC 1035 §2.3.4).
    private static let longestName = 255

    private var exact: [[UInt8]: Int] = [:]
    /// By what follows `*.`.
    private var wildcards: [[UInt8]: Int] = [:]

    /// - Parameter names: the DNS names of each certificate; of two that have the same name, the first is used.
    init(_ names: [[[UInt8]]]) {
        for (index, names) in names.enumerated() {
            for name in names.compactMap(Self.normalized) {
                if name.starts(with: Self.wildcard) {
                    let rest = Array(name.dropFirst(Self.wildcard.count))
                    guard !rest.isEmpty, !rest.contains(UInt8(ascii: "*")) else { continue }
                    if self.wildcards[rest] == nil { self.wildcards[rest] = index }
                } else if self.exact[name] == nil {
                    self.exact[name] = index
                }
            }
        }
    }

    /// The certificate for a host; the first of all when none is for it, or no host is named.
    func index(for host: String?) -> Int {
        guard let host, let name = Self.normalized(Array(host.utf8)) else { return 0 }
        if let index = self.exact[name] { return index }
        guard let dot = name.firstIndex(of: UInt8(ascii: ".")), dot > 0 else { return 0 }
        return self.wildcards[Array(name[(dot + 1)...])] ?? 0
    }

    private static let wildcard = Array("*.".utf8)

    /// In lower case, without the dot of the root; `nil` for what can't be a name.
    private static func normalized(_ name: [UInt8]) -> [UInt8]? {
        var name = name
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        guard !name.isEmpty, name.count <= Self.longestName else { return nil }
        return name.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
