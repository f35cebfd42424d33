// swift-tools-version: 6.2
import PackageDescription

/// The same rules as the server's own targets, so that these sources compile as part of either package.
let houseRules: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// The benchmarks that need nothing of the server but its program: they can measure any build of it. `ExchangeTable` looks
// inside the server, and is therefore built by the server's package alone.
let package = Package(
    name: "anynode-benchmarks",
    products: [
        .executable(name: "anynode-bench", targets: ["anynode-bench"]),
        .executable(name: "echo-nio", targets: ["echo-nio"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "anynode-bench",
            dependencies: ["CLinux", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "LoadGenerator",
            swiftSettings: houseRules
        ),
        .target(name: "CLinux", path: "CLinux"),
        .executableTarget(
            name: "echo-nio",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            path: "EchoYardstick",
            swiftSettings: houseRules
        ),
    ],
    swiftLanguageModes: [.v6]
)
