import Testing

@testable import PrometheusMetrics

@Suite("What the system knows of the process")
struct ProcessMetricsTests {
    private static let fields =
        "S 1 42 42 0 -1 4194560 2500 0 3 0 250 50 0 0 20 0 9 0 12345 1073741824 5000 18446744073709551615 1 1 0 0 0"

    @Test(
        "The name of a program is whatever somebody wants it to be",
        arguments: [
            "anynode-server", "a b c", "", ")", "((", ") S 1 2 3", "x) R 9 9 9 9 9", "a\nb", "1 (1) 1", "\u{202E}é",
            ") ",
        ]
    )
    func hostileNames(_ name: String) throws {
        let status = try #require(ProcessStatus(stat: Array("42 (\(name)) \(Self.fields)\n".utf8)))
        #expect(status.processorTicks == 300)
        #expect(status.threads == 9)
        #expect(status.startTicks == 12345)
        #expect(status.virtualMemory == 1_073_741_824)
        #expect(status.residentPages == 5000)
    }

    @Test("Names need not be text")
    func binaryName() throws {
        let text = Array("42 (".utf8) + [0xFF, 0x29, 0x20, 0xC0] + Array(") \(Self.fields)".utf8)
        #expect(try #require(ProcessStatus(stat: text)).threads == 9)
    }

    @Test(
        "What is something else is nothing",
        arguments: [
            "", "42", "42 (a", "42 (a)", "42 (a) S 1 2 3",
            "42 (a) S 1 42 42 0 -1 4194560 2500 0 3 0 250 x 0 0 20 0 9 0 12345 1073741824 5000",
            "42 (a) S 1 42 42 0 -1 4194560 2500 0 3 0 250 -1 0 0 20 0 9 0 12345 1073741824 5000",
            "42 (a) S 1 42 42 0 -1 4194560 2500 0 3 0 18446744073709551615 1 0 0 20 0 9 0 12345 1073741824 5000",
            "42 (a) S 1 42 42 0 -1 4194560 2500 0 3 0 250 50 0 0 20 0 9 0 99999999999999999999 1073741824 5000",
            "42 (a) \(fields) )",
        ]
    )
    func malformed(_ text: String) {
        #expect(ProcessStatus(stat: Array(text.utf8)) == nil)
    }

    @Test("Cut off anywhere, it is nothing or what it was")
    func truncation() throws {
        let text = Array("42 (a) b) \(Self.fields)".utf8)
        let whole = try #require(ProcessStatus(stat: text))
        for length in text.indices {
            let status = ProcessStatus(stat: text.prefix(length))
            // Only the last field that is read may lack digits.
            #expect(status.map { $0.startTicks == whole.startTicks } ?? true)
        }
    }

    @Test(
        "When the system started",
        arguments: [
            ("cpu  1 2 3\nbtime 1700000000\nprocesses 5\n", 1_700_000_000), ("btime 5", 5), ("", nil), ("btime", nil),
            ("btime x\n", nil), ("xbtime 5\n", nil), ("btime 99999999999999999999\n", nil),
        ] as [(String, UInt64?)]
    )
    func bootTime(_ text: String, _ expected: UInt64?) {
        #expect(ProcessStatus.bootTime(stat: Array(text.utf8)) == expected)
    }

    @Test("The families, in seconds and bytes")
    func families() throws {
        let families = ProcessMetrics.families(
            status: ProcessStatus(stat: Array("42 (a) \(Self.fields)".utf8)),
            bootTime: 1_700_000_000,
            openDescriptors: 12,
            mostDescriptors: 1024,
            ticksPerSecond: 100,
            pageSize: 4096
        )
        let values = Dictionary(uniqueKeysWithValues: families.map { ($0.name, $0.samples.map(\.value)) })
        #expect(
            values == [
                "process_cpu_seconds_total": [3], "process_start_time_seconds": [1_700_000_123.45],
                "process_resident_memory_bytes": [20_480_000], "process_virtual_memory_bytes": [1_073_741_824],
                "process_threads": [9], "process_open_fds": [12], "process_max_fds": [1024],
            ]
        )
    }

    @Test("What can't be known is left out")
    func unknown() {
        let families = ProcessMetrics.families(
            status: nil,
            bootTime: 5,
            openDescriptors: nil,
            mostDescriptors: nil,
            ticksPerSecond: -1,
            pageSize: -1
        )
        #expect(families.map(\.name) == [])
    }

    @Test("This very process has all of them, and they are plausible")
    func ourselves() throws {
        let families = ProcessMetrics.families()
        var values: [String: Double] = [:]
        for family in families {
            guard case .number(let number) = try #require(family.samples.first).value else { continue }
            values[family.name] = number
        }
        #expect(values.count == 7)
        // After 2020, before 2100.
        #expect((1_577_836_800..<4_102_444_800).contains(values["process_start_time_seconds"] ?? 0))
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_048_576)
        #expect(
            try #require(values["process_virtual_memory_bytes"])
                >= #require(values["process_resident_memory_bytes"])
        )
        #expect(try #require(values["process_threads"]) >= 1)
        #expect(try #require(values["process_open_fds"]) >= 1)
        #expect(try #require(values["process_max_fds"]) >= #require(values["process_open_fds"]))
    }
}
