package import Core
import PluginAPI
package import PrometheusMetrics
import Telephony

/// The server's numbers as Prometheus reads them (docs/metrics.md). Nothing is counted here: each number is kept where it
/// belongs, and asked for when somebody wants to see it.
package struct ServerMetrics: Sendable {
    private let server: SignalingServer
    private let host: PluginHost
    private let version: String
    private let logs: any LogControl
    private let hub: EventHub
    private let requests: RequestTally

    package init(
        server: SignalingServer,
        host: PluginHost,
        version: String,
        logs: any LogControl,
        hub: EventHub,
        requests: RequestTally
    ) {
        self.server = server
        self.host = host
        self.version = version
        self.logs = logs
        self.hub = hub
        self.requests = requests
    }

    package func families() async -> [MetricFamily] {
        let figures = await self.server.figures()
        return [
            MetricFamily(
                name: "anynode_build_info",
                help: "This build.",
                kind: .gauge,
                samples: [.init(labels: [("version", self.version)], value: 1)]
            ),
            .gauge("anynode_draining", "Whether new work is refused.", .count(self.server.isDraining ? 1 : 0)),
            .counter("anynode_events_lost_total", "Events that subscribers read too slowly for.", self.hub.lostCount),
            .counter("anynode_log_lines_dropped_total", "Lines of the log that nobody read.", self.logs.dropped),
            self.requests.family,
        ] + self.doors(figures) + self.messages(figures) + self.exchange() + self.pushes() + (await self.plugins())
    }

    // MARK: Sockets

    private func doors(_ figures: SignalingServer.Figures) -> [MetricFamily] {
        // Also those that have not happened yet: what is not there can't be seen to grow.
        let outcomes = figures.handshakes.reduce(into: Self.handshakeOutcomes) { list, entry in
            list[Self.outcome(entry.key), default: 0] += entry.value
        }
        return [
            .gauge("anynode_connections", "Open sockets of clients.", .count(figures.connections)),
            .counter("anynode_connections_accepted_total", "Sockets that were accepted.", figures.accepted),
            .counters(
                "anynode_connections_closed_total",
                "Connections that ended, by close code.",
                by: "code",
                figures.traffic.closed.map { ($0.key == 0 ? "none" : String($0.key), $0.value) }
            ),
            .counters(
                "anynode_handshakes_total",
                "Handshakes by how they ended.",
                by: "outcome",
                outcomes.map { ($0.key, $0.value) }
            ),
            MetricFamily(
                name: "anynode_event_loop_lag_seconds",
                help: "How late an event loop was at worst since the last look.",
                kind: .gauge,
                samples: figures.loopLags.enumerated().map {
                    .init(labels: [("loop", String($0))], value: .number($1.milliseconds / 1000))
                }
            ),
        ]
    }

    private static let handshakeOutcomes: [String: Int] = [
        "accepted": 0, "badRequest": 0, "forbidden": 0, "timeout": 0, "tooMany": 0, "unauthorized": 0, "unavailable": 0,
    ]

    /// A fixed set, whatever the status.
    private static func outcome(_ status: Int) -> String {
        switch status {
        case 101: "accepted"
        case 401: "unauthorized"
        case 403: "forbidden"
        case 408: "timeout"
        case 429: "tooMany"
        case 500...599: "unavailable"
        default: "badRequest"
        }
    }

    private func messages(_ figures: SignalingServer.Figures) -> [MetricFamily] {
        [
            MetricFamily(
                name: "anynode_messages_received_total",
                help: "Messages of clients that were understood.",
                kind: .counter,
                samples: TrafficTally.Kind.allCases.map { kind in
                    let names = kind.names
                    return .init(
                        labels: [("operation", names.operation), ("action", names.action)],
                        value: .count(figures.traffic.received(kind))
                    )
                }
            ),
            .counter("anynode_messages_sent_total", "Messages to clients.", figures.traffic.sent),
            .counter(
                "anynode_messages_discarded_total",
                "Messages that were not understood.",
                figures.discarded
            ),
        ]
    }

    // MARK: Calls and registrations

    /// What a caller can hear at the end of a call.
    private static let callReasons: [Reason] = [
        .normal, .cancelled, .rejected, .busy, .noAnswer, .notFound, .unavailable, .answeredElsewhere, .transferred,
        .connectionLost, .expired, .replaced, .administrator, .shutdown, .directoryUnavailable, .overload, .internal,
    ]

    /// Why a call may never come to be.
    private static let refusals: [Reason] = [.overload, .shutdown, .notFound]

    private func exchange() -> [MetricFamily] {
        let switchboard = self.server.switchboard
        let (census, statistics) = (switchboard.census, switchboard.statistics)
        let connected = switchboard.connectedRegistrations
        let phases: [Call.Phase] = [.routing, .offering, .connected]
        return [
            .gauges(
                "anynode_registrations",
                "Clients that are known.",
                by: "state",
                [("connected", connected), ("absent", max(0, census.registrations - connected))]
            ),
            .gauges(
                "anynode_calls",
                "Calls there are.",
                by: "state",
                phases.map { ($0.rawValue, switchboard.calls(in: $0)) }
            ),
            .counter("anynode_calls_started_total", "Calls that began.", statistics.callsStarted),
            .counters(
                "anynode_calls_refused_total",
                "Calls that were refused before they began.",
                by: "reason",
                Self.refusals.map { ($0.rawValue, statistics.callsRefused[$0, default: 0]) }
            ),
            .counters(
                "anynode_calls_ended_total",
                "Calls that are over, by what the caller heard.",
                by: "reason",
                Self.callReasons.map { ($0.rawValue, statistics.callsEnded[$0, default: 0]) }
            ),
            .histogram(
                "anynode_call_setup_seconds",
                "From a call's start until its caller hears that it rings.",
                statistics.setUp
            ),
            .histogram("anynode_call_answer_seconds", "From a call's start until somebody answers.", statistics.answer),
            .histogram(
                "anynode_wake_to_ring_seconds",
                "From the messaging service's word that it took a push until the client is back.",
                statistics.wakeToRing
            ),
            .counter(
                "anynode_registrations_created_total",
                "Clients that registered.",
                statistics.registrationsCreated
            ),
            .counters(
                "anynode_registrations_ended_total",
                "Registrations that are over.",
                by: "reason",
                Departure.allCases.map { ($0.reason.rawValue, statistics.registrationsEnded[$0, default: 0]) }
            ),
            .gauge("anynode_store_pending", "Changes that are not stored yet.", .count(switchboard.unstoredChanges)),
        ]
    }

    private func pushes() -> [MetricFamily] {
        let switchboard = self.server.switchboard
        let load = switchboard.pushLoad
        var counts: [[String]: Int] = [:]
        for plugin in self.server.configuration.plugins
        where plugin.enabled && self.host.roles(ofKind: plugin.kind).contains("notifier") {
            for outcome in PushRecord.Outcome.allCases { counts[[plugin.name, outcome.rawValue]] = 0 }
        }
        for count in switchboard.pushHistory.counts { counts[[count.plugin, count.outcome.rawValue]] = count.count }
        return [
            MetricFamily(
                name: "anynode_pushes_total",
                help: "Pushes by what became of them.",
                kind: .counter,
                samples: counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, count in
                    .init(labels: [("plugin", key[0]), ("outcome", key[1])], value: .count(count))
                }
            ),
            .gauge("anynode_push_queue_length", "Pushes that wait for their turn.", .count(load.waiting)),
            .gauge("anynode_pushes_in_flight", "Pushes under way.", .count(load.inFlight)),
        ]
    }

    // MARK: Plugins

    private func plugins() async -> [MetricFamily] {
        let statuses = await self.host.health()
        var questions: [MetricFamily.Sample] = []
        var durations: [MetricFamily.Sample] = []
        var cache: [MetricFamily.Sample] = []
        var health: [MetricFamily.Sample] = []
        for status in statuses {
            for question in PluginStatistics.Question.allCases {
                for outcome in PluginStatistics.Outcome.allCases {
                    let count = status.statistics.count(of: question, outcome)
                    guard count > 0 else { continue }
                    let labels = [
                        ("plugin", status.name), ("question", question.rawValue), ("outcome", outcome.rawValue),
                    ]
                    questions.append(.init(labels: labels, value: .count(count)))
                }
                let latencies = status.statistics.latencies(of: question)
                guard latencies.count > 0 else { continue }
                durations.append(
                    .init(
                        labels: [("plugin", status.name), ("question", question.rawValue)],
                        value: .histogram(latencies.snapshot)
                    )
                )
            }
            for result in PluginStatistics.CacheResult.allCases {
                let count = status.statistics.count(of: result)
                guard count > 0 else { continue }
                cache.append(
                    .init(labels: [("plugin", status.name), ("result", result.rawValue)], value: .count(count))
                )
            }
            for word in ["ok", "degraded", "failed"] {
                let labels = [("plugin", status.name), ("status", word)]
                health.append(.init(labels: labels, value: .count(status.health.word == word ? 1 : 0)))
            }
        }
        return [
            MetricFamily(
                name: "anynode_plugin_questions_total",
                help: "Questions to plugins, by what became of them.",
                kind: .counter,
                samples: questions
            ),
            MetricFamily(
                name: "anynode_plugin_question_seconds",
                help: "How long plugins took.",
                kind: .histogram,
                samples: durations
            ),
            MetricFamily(
                name: "anynode_plugin_cache_total",
                help: "Answers of the cache before a directory.",
                kind: .counter,
                samples: cache
            ),
            MetricFamily(name: "anynode_plugin_health", help: "How plugins are.", kind: .gauge, samples: health),
        ]
    }
}

extension PluginHealth {
    fileprivate var word: String {
        switch self {
        case .ok: "ok"
        case .degraded: "degraded"
        case .failed: "failed"
        }
    }
}

extension PluginStatistics.Latencies {
    fileprivate var snapshot: HistogramSnapshot {
        HistogramSnapshot(
            bounds: Self.bounds.map { $0.milliseconds / 1000 },
            counts: self.buckets.map { UInt64(max($0, 0)) },
            sum: self.sum.milliseconds / 1000,
            count: UInt64(max(self.count, 0))
        )
    }
}

extension DurationTally {
    fileprivate var snapshot: HistogramSnapshot {
        HistogramSnapshot(
            bounds: Self.bounds.map { Double($0) / 1e9 },
            counts: self.buckets.prefix(Self.bounds.count).map { UInt64(max($0, 0)) },
            sum: Double(self.sum) / 1e9,
            count: UInt64(max(self.count, 0))
        )
    }
}

extension MetricFamily {
    static func gauge(_ name: String, _ help: String, _ value: MetricValue) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .gauge, value: value)
    }

    static func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .counter, value: .count(value))
    }

    static func gauges(_ name: String, _ help: String, by label: String, _ values: [(String, Int)]) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .gauge, samples: Self.samples(label, values))
    }

    static func counters(_ name: String, _ help: String, by label: String, _ values: [(String, Int)]) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .counter, samples: Self.samples(label, values))
    }

    static func histogram(_ name: String, _ help: String, _ tally: DurationTally) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .histogram, value: .histogram(tally.snapshot))
    }

    private static func samples(_ label: String, _ values: [(String, Int)]) -> [Sample] {
        values.sorted { $0.0 < $1.0 }.map { Sample(labels: [(label, $0.0)], value: .count($0.1)) }
    }
}
