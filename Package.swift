// swift-tools-version: 6.2
import PackageDescription

/// What every target of the house is compiled with: Swift 6, no warning tolerated, and imports that say how far they reach.
let houseRules: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Whether `make fuzz` asks: then our own modules carry the fuzzer's instrumentation, and its driver is built (Fuzzing/README.md).
let isFuzzing = Context.environment["ANYNODE_FUZZ"] != nil

/// Coverage to steer by, AddressSanitizer, and assertions as in a debug build although it is an optimised one.
let fuzzingRules: [SwiftSetting] =
    isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address", "-assert-config", "Debug"])] : []

let package = Package(
    name: "anynode-server",
    products: [
        .executable(name: "anynode-server", targets: ["anynode-server"]),
        .executable(name: "anynodectl", targets: ["anynodectl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // For the push simulator only.
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    ],
    targets: [
        // The text format everything here is written in, read strictly and byte by byte.
        .target(name: "StrictJSON", swiftSettings: houseRules),

        // What is counted, as Prometheus reads it.
        .target(
            name: "PrometheusMetrics",
            dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: houseRules
        ),

        // Call logic: pure values. Imports nothing, and CI checks that.
        .target(name: "Telephony", path: "Sources/Core/Telephony", swiftSettings: houseRules),

        // All that a plugin sees.
        .target(
            name: "PluginAPI",
            dependencies: ["Telephony", "StrictJSON", .product(name: "Logging", package: "swift-log")],
            path: "Sources/Core/PluginAPI",
            swiftSettings: houseRules
        ),

        // Where log lines go: a back end of swift-log that never waits for who reads them.
        .target(
            name: "ServerLog",
            dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: houseRules
        ),

        // The signaling server: wire format, switchboard, gateway, plugin host.
        .target(
            name: "Core",
            dependencies: [
                "Telephony", "PluginAPI", "StrictJSON", "WebClient", "COpenSSL",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Telephony", "PluginAPI", "COpenSSL"],
            swiftSettings: houseRules
        ),
        .systemLibrary(
            name: "COpenSSL",
            path: "Sources/Core/COpenSSL",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),

        // Requests to web services of others.
        .target(
            name: "WebClient",
            dependencies: ["CCurl", "StrictJSON"],
            path: "Sources/WebClient",
            exclude: ["CCurl"],
            swiftSettings: houseRules
        ),
        .systemLibrary(
            name: "CCurl",
            path: "Sources/WebClient/CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),

        // Plugins: one folder each, C libraries wrapped inside.
        .target(
            name: "StaticDirectory",
            dependencies: [
                "PluginAPI", "Telephony", "StrictJSON", "CCrypt", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Plugins/StaticDirectory",
            exclude: ["CCrypt", "README.md"],
            swiftSettings: houseRules
        ),
        .systemLibrary(
            name: "CCrypt",
            path: "Sources/Plugins/StaticDirectory/CCrypt",
            pkgConfig: "libcrypt",
            providers: [.apt(["libcrypt-dev"])]
        ),

        .target(
            name: "LDAPDirectory",
            dependencies: [
                "PluginAPI", "Telephony", "StrictJSON", "CLDAP", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Plugins/LDAPDirectory",
            exclude: ["CLDAP", "README.md"],
            swiftSettings: houseRules
        ),
        .systemLibrary(
            name: "CLDAP",
            path: "Sources/Plugins/LDAPDirectory/CLDAP",
            pkgConfig: "ldap",
            providers: [.apt(["libldap2-dev"])]
        ),

        .target(
            name: "FCMNotifier",
            dependencies: [
                "PluginAPI", "Telephony", "StrictJSON", "WebClient", "COpenSSL",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Plugins/FCMNotifier",
            exclude: ["README.md"],
            swiftSettings: houseRules
        ),
        .target(
            name: "WNSNotifier",
            dependencies: [
                "PluginAPI", "Telephony", "StrictJSON", "WebClient",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Plugins/WNSNotifier",
            exclude: ["README.md"],
            swiftSettings: houseRules
        ),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "PluginAPI", "Telephony", "StrictJSON", .product(name: "Logging", package: "swift-log"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Sources/Plugins/SQLiteStore",
            exclude: ["README.md"],
            swiftSettings: houseRules
        ),

        // Everything an operator can see and do, over JSON-RPC.
        .target(
            name: "AdminRPC",
            dependencies: [
                "Core", "Telephony", "PluginAPI", "StrictJSON", "PrometheusMetrics",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),

        // FCM and WNS on this machine: for tests, and for trying push wakeups out without an account anywhere.
        .target(
            name: "PushSimulator",
            dependencies: [
                "StrictJSON", "COpenSSL",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["README.md"],
            swiftSettings: houseRules
        ),
        .executableTarget(
            name: "push-simulator",
            dependencies: [
                "PushSimulator", "StrictJSON", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: houseRules
        ),

        // The composition root.
        .executableTarget(
            name: "anynode-server",
            dependencies: [
                "AdminRPC", "Core", "PluginAPI", "Telephony", "StrictJSON", "PrometheusMetrics", "ServerLog",
                "StaticDirectory", "LDAPDirectory", "FCMNotifier", "WNSNotifier", "SQLiteStore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: houseRules
        ),

        // The operator's client of the admin API: its connection and its tables, and the commands.
        .target(name: "AdminClient", dependencies: ["StrictJSON"], swiftSettings: houseRules),
        .executableTarget(
            name: "anynodectl",
            dependencies: [
                "AdminClient", "StrictJSON", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: houseRules
        ),

        // What `make bench` runs: a load generator, a yardstick to compare with, and the table without sockets.
        .executableTarget(
            name: "anynode-bench",
            dependencies: [
                "CLinux", "CSecure", "BenchSlapd", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/LoadGenerator",
            swiftSettings: houseRules
        ),
        .target(name: "CLinux", path: "Benchmarks/CLinux"),
        .target(
            name: "CSecure",
            path: "Benchmarks/CSecure",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        .executableTarget(
            name: "token-bench",
            dependencies: [
                "Core", "PluginAPI", "Telephony", "COpenSSL", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/Tokens",
            swiftSettings: houseRules
        ),
        .executableTarget(
            name: "directory-bench",
            dependencies: [
                "LDAPDirectory", "PluginAPI", "Telephony", "StrictJSON", "CLinux", "CDirectoryLoop", "BenchSlapd",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/Directory",
            swiftSettings: houseRules
        ),
        .executableTarget(
            name: "push-bench",
            dependencies: [
                "FCMNotifier", "WebClient", "PluginAPI", "Telephony", "StrictJSON", "CLinux", "CPushLoop",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/Push",
            swiftSettings: houseRules
        ),
        .target(
            name: "CPushLoop",
            path: "Benchmarks/CPushLoop",
            linkerSettings: [.linkedLibrary("curl")]
        ),
        .target(name: "BenchSlapd", path: "Benchmarks/Slapd", swiftSettings: houseRules),
        .target(
            name: "CDirectoryLoop",
            path: "Benchmarks/CDirectoryLoop",
            linkerSettings: [.linkedLibrary("ldap"), .linkedLibrary("lber")]
        ),
        .executableTarget(
            name: "echo-nio",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            path: "Benchmarks/EchoYardstick",
            swiftSettings: houseRules
        ),
        .executableTarget(
            name: "exchange-bench",
            dependencies: ["Telephony"],
            path: "Benchmarks/ExchangeTable",
            swiftSettings: houseRules
        ),

        // What `make fuzz` throws bytes at; the tests replay what it found.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Core", "PluginAPI", "Telephony", "StrictJSON", "StaticDirectory",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Fuzzing/Targets",
            swiftSettings: houseRules
        ),

        .testTarget(
            name: "CoreTests",
            dependencies: [
                "AdminRPC", "AdminClient", "anynodectl", "Core", "FuzzTargets", "PluginAPI", "Telephony", "StrictJSON",
                "WebClient", "COpenSSL", "PrometheusMetrics", "ServerLog",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "PluginTests",
            dependencies: [
                "PluginAPI", "Telephony", "StrictJSON", "StaticDirectory", "LDAPDirectory", "FCMNotifier",
                "WNSNotifier",
                "SQLiteStore", "PushSimulator", "WebClient", "Core",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),
    ],
    swiftLanguageModes: [.v6]
)

if isFuzzing {
    package.targets += [
        .executableTarget(
            name: "anynode-fuzz",
            dependencies: ["FuzzTargets", "CLibFuzzer"],
            path: "Fuzzing/Driver",
            swiftSettings: houseRules,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
        ),
        .systemLibrary(name: "CLibFuzzer", path: "Fuzzing/CLibFuzzer"),
    ]
    for target in package.targets where target.type == .regular || target.name == "anynode-fuzz" {
        target.swiftSettings = (target.swiftSettings ?? []) + fuzzingRules
    }
}
