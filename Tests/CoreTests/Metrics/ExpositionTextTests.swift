import Testing

@testable import PrometheusMetrics

/// The text of these families alone.
private func text(_ families: MetricFamily..., limits: PrometheusRegistry.Limits = .init()) async -> String {
    let registry = PrometheusRegistry(limits: limits)
    registry.collect { families }
    return await registry.text()
}

private func lines(_ text: String, of name: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { $0.hasPrefix(name) }
}

@Suite("The text Prometheus reads")
struct ExpositionTextTests {
    @Test("Families in the order of their names, help and type once, series in the order of their labels")
    func order() async {
        let text = await text(
            MetricFamily(
                name: "anynode_pushes_total",
                help: "Pushes.",
                kind: .counter,
                samples: [
                    .init(labels: [("plugin", "wns"), ("outcome", "gone")], value: 1),
                    .init(labels: [("plugin", "fcm"), ("outcome", "accepted")], value: .count(UInt64.max)),
                ]
            ),
            MetricFamily(name: "anynode_connections", help: "Sockets.", kind: .gauge, value: 2.5)
        )
        #expect(
            text == """
                # HELP anynode_connections Sockets.
                # TYPE anynode_connections gauge
                anynode_connections 2.5
                # HELP anynode_metrics_dropped_series_total \
                Series left out of this text: too many of one metric, or twice the same. Should never grow.
                # TYPE anynode_metrics_dropped_series_total counter
                anynode_metrics_dropped_series_total 0
                # HELP anynode_pushes_total Pushes.
                # TYPE anynode_pushes_total counter
                anynode_pushes_total{outcome="accepted",plugin="fcm"} 18446744073709551615
                anynode_pushes_total{outcome="gone",plugin="wns"} 1

                """
        )
    }

    @Test(
        "Values of labels, whatever they are, stay between their quotation marks and on their line",
        arguments: [
            (#"a"b"#, #"a\"b"#),
            (#"a\"#, #"a\\"#),
            (#"\""#, #"\\\""#),
            ("a\nb", #"a\nb"#),
            ("a\r\nb", #"a\\u{d}\nb"#),
            ("a\u{0}\u{1B}[2Jb", #"a\\u{0}\\u{1b}[2Jb"#),
            ("\u{202E}evil\u{2066}\u{200F}\u{61C}", #"\\u{202e}evil\\u{2066}\\u{200f}\\u{61c}"#),
            ("a\u{2028}b\u{85}c\u{FEFF}", #"a\\u{2028}b\\u{85}c\\u{feff}"#),
            ("\"} 1\nanynode_evil 2", #"\"} 1\nanynode_evil 2"#),
            ("Grüße, 世界 👋", "Grüße, 世界 👋"),
            ("", ""),
        ]
    )
    func escaping(_ value: String, _ expected: String) async {
        let family = MetricFamily(
            name: "anynode_x",
            help: "X.",
            kind: .gauge,
            samples: [.init(labels: [("plugin", value)], value: 1)]
        )
        #expect(lines(await text(family), of: "anynode_x") == [#"anynode_x{plugin="\#(expected)"} 1"#])
    }

    @Test("A value that is too long is cut off between two characters")
    func longValue() {
        let fits = String(repeating: "x", count: 256)
        #expect(LabelSet([("a", fits)]).text == #"a="\#(fits)""#)
        #expect(LabelSet([("a", fits + "x")]).text == #"a="\#(fits)…""#)
        let label = LabelSet([("a", String(repeating: "é", count: 100_000))]).text
        #expect(label == #"a=""# + String(repeating: "é", count: 128) + #"…""#)
    }

    @Test("Help stays on its line")
    func help() async {
        let text = await text(
            MetricFamily(name: "anynode_x", help: "A \"b\" \\ c\nanynode_evil 1", kind: .gauge, value: 1)
        )
        #expect(lines(text, of: "# HELP anynode_x") == [#"# HELP anynode_x A "b" \\ c\nanynode_evil 1"#])
        #expect(lines(text, of: "anynode_evil") == [])
    }

    @Test(
        "Names become names",
        arguments: [
            ("anynode_x", MetricKind.gauge, "anynode_x"),
            ("process_open_fds", .gauge, "process_open_fds"),
            ("anynode_x", .counter, "anynode_x_total"),
            ("anynode_x_total", .counter, "anynode_x_total"),
            ("a.b-c d\n{}\"", .gauge, "a_b_c_d____"),
            ("1x", .gauge, "_1x"),
            ("é", .gauge, "__"),
            ("", .gauge, "_"),
        ]
    )
    func names(_ name: String, _ kind: MetricKind, _ expected: String) {
        #expect(MetricNames.family(name, kind: kind) == expected)
    }

    @Test(
        "Labels become labels, and those of Prometheus itself can't be taken",
        arguments: [
            ("plugin", "plugin"), ("a.b", "a_b"), ("__name__", "_name__"), ("le", "label_le"), ("9", "_9"), ("", "_"),
            ("a:b", "a_b"), ("x=\"1\",y", "x__1__y"), ("__", "_"),
        ]
    )
    func labels(_ name: String, _ expected: String) {
        #expect(MetricNames.label(name) == expected)
    }

    @Test("A label that is there twice is there once")
    func twiceTheLabel() {
        #expect(LabelSet([("a.b", "1"), ("a_b", "2"), ("A", "3")]).text == #"A="3",a_b="1""#)
    }

    @Test(
        "Numbers as Prometheus reads them",
        arguments: [
            (0, "0"), (-0.0, "0"), (5, "5"), (-5, "-5"), (0.1, "0.1"), (1e-9, "1e-09"), (1e21, "1e+21"),
            (9_007_199_254_740_991, "9007199254740991"), (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        ] as [(Double, String)]
    )
    func numbers(_ value: Double, _ expected: String) {
        #expect(ExpositionText.number(value) == expected)
    }

    @Test("The same series twice is one, and counted as left out")
    func duplicates() async {
        let sample = MetricFamily.Sample(labels: [("a", "1")], value: 1)
        let other = MetricFamily.Sample(labels: [("a", "1")], value: 2)
        let text = await text(
            MetricFamily(name: "anynode_x", help: "X.", kind: .gauge, samples: [sample, other]),
            MetricFamily(name: "anynode_x", help: "Y.", kind: .gauge, samples: [other])
        )
        #expect(lines(text, of: "anynode_x") == [#"anynode_x{a="1"} 1"#])
        #expect(lines(text, of: "# HELP anynode_x") == ["# HELP anynode_x X."])
        #expect(lines(text, of: "anynode_metrics_dropped") == ["anynode_metrics_dropped_series_total 2"])
    }

    @Test("A family from two sides is one, unless they do not agree what it is")
    func twoSides() async {
        let text = await text(
            MetricFamily(
                name: "anynode_x",
                help: "X.",
                kind: .gauge,
                samples: [.init(labels: [("a", "1")], value: 1)]
            ),
            MetricFamily(
                name: "anynode_x",
                help: "X.",
                kind: .gauge,
                samples: [.init(labels: [("a", "2")], value: 2)]
            ),
            MetricFamily(
                name: "anynode_x",
                help: "X.",
                kind: .histogram,
                value: .histogram(LatencyHistogram().snapshot)
            )
        )
        #expect(lines(text, of: "anynode_x") == [#"anynode_x{a="1"} 1"#, #"anynode_x{a="2"} 2"#])
        #expect(lines(text, of: "# TYPE anynode_x") == ["# TYPE anynode_x gauge"])
        #expect(lines(text, of: "anynode_metrics_dropped") == ["anynode_metrics_dropped_series_total 1"])
    }

    @Test("No metric may be called like a line of a histogram")
    func clash() async {
        let text = await text(
            MetricFamily(name: "anynode_x_count", help: "Evil.", kind: .gauge, value: 7),
            MetricFamily(
                name: "anynode_x",
                help: "X.",
                kind: .histogram,
                value: .histogram(LatencyHistogram().snapshot)
            )
        )
        #expect(lines(text, of: "anynode_x_count") == ["anynode_x_count 0"])
        #expect(lines(text, of: "anynode_metrics_dropped") == ["anynode_metrics_dropped_series_total 1"])
    }

    @Test("A number is no histogram, and a histogram no number")
    func wrongValues() async {
        let text = await text(
            MetricFamily(name: "anynode_x", help: "X.", kind: .histogram, value: 1),
            MetricFamily(name: "anynode_y", help: "Y.", kind: .counter, value: .histogram(LatencyHistogram().snapshot))
        )
        #expect(!text.contains("anynode_x") && !text.contains("anynode_y"))
        #expect(lines(text, of: "anynode_metrics_dropped") == ["anynode_metrics_dropped_series_total 2"])
    }

    @Test("Too many series of one metric are left out and counted, each time")
    func bound() async {
        var limits = PrometheusRegistry.Limits()
        limits.seriesPerMetric = 10
        let registry = PrometheusRegistry(limits: limits)
        registry.collect {
            [
                MetricFamily(
                    name: "anynode_x",
                    help: "X.",
                    kind: .gauge,
                    samples: (0..<25).map { .init(labels: [("user", "\($0)")], value: 1) }
                ),
                MetricFamily(name: "anynode_y", help: "Y.", kind: .gauge, value: 1),
            ]
        }
        for scrape in 1...2 {
            let text = await registry.text()
            #expect(lines(text, of: "anynode_x{").count == 10)
            #expect(lines(text, of: "anynode_y") == ["anynode_y 1"])
            #expect(
                lines(text, of: "anynode_metrics_dropped") == ["anynode_metrics_dropped_series_total \(15 * scrape)"]
            )
        }
    }

    @Test("Too many metrics are left out; what was left out is said all the same")
    func metricBound() async {
        var limits = PrometheusRegistry.Limits()
        limits.metrics = 2
        let text = await text(
            MetricFamily(name: "anynode_a", help: "A.", kind: .gauge, value: 1),
            MetricFamily(name: "anynode_b", help: "B.", kind: .gauge, value: 1),
            MetricFamily(name: "anynode_c", help: "C.", kind: .gauge, value: 1),
            limits: limits
        )
        #expect(!text.contains("anynode_c"))
        #expect(lines(text, of: "anynode_metrics_dropped") == ["anynode_metrics_dropped_series_total 1"])
    }
}
