import Testing

@testable import Core

@Suite("TLS: the certificate for a host")
struct ServerNameTests {
    private static let table = ServerNameTable(
        [
            ["first.example"],
            ["a.example", "*.wild.example", "MiXed.Example", "dotted.example."],
            [
                "a.example", "b.wild.example", "*.wild.example", "*", "*.", "a.*.example", "f*.example", "**.example",
                "",
            ],
        ].map { $0.map { Array($0.utf8) } }
    )

    @Test(
        "The exact name, then a wildcard for one label, then the first certificate",
        arguments: [
            ("first.example", 0), ("a.example", 1), ("A.EXAMPLE", 1), ("a.example.", 1), ("mixed.example", 1),
            ("dotted.example", 1), ("x.wild.example", 1), ("X.Wild.Example.", 1), ("b.wild.example", 2),
            ("x.y.wild.example", 0), ("wild.example", 0), (".wild.example", 0), ("*.wild.example", 1),
            ("unknown.example", 0), ("foo.example", 0), ("a.b.example", 0), ("example", 0), ("", 0), (".", 0),
            ("..", 0),
            (nil, 0), ("a.example\u{0}", 0), ("ａ.example", 0),
            (String(repeating: "a", count: 300) + ".wild.example", 0),
        ] as [(String?, Int)]
    )
    func choice(host: String?, index: Int) {
        #expect(Self.table.index(for: host) == index)
    }

    @Test("No certificate has a name: the first is used")
    func nameless() {
        #expect(ServerNameTable([[], []]).index(for: "a.example") == 0)
        #expect(ServerNameTable([]).index(for: "a.example") == 0)
    }
}
