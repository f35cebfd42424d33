import ArgumentParser
import CLinux
import FoundationEssentials
import Glibc

/// One of the benchmarks: something that takes measurements and writes them down.
protocol Benchmark: ParsableCommand {
    var options: Options { get }
    func measure(into notebook: Notebook)
}

extension Benchmark {
    func run() throws {
        prepareGenerator()
        self.measure(into: Notebook(file: self.options.json))
    }
}

/// What every benchmark is told.
struct Options: ParsableArguments {
    @Option(help: "The server's program; otherwise the release build of the package around this one.")
    var server: String?
    @Option(help: "The yardstick's program; otherwise the one built together with this.")
    var echo: String?
    @Option(help: "Write the figures to this file as JSON.") var json: String?
    @Flag(help: "A few seconds in all: whether it works, not how fast it is.") var quick = false

    var serverPath: String { self.server ?? Self.find("anynode-server") }
    var echoPath: String { self.echo ?? Self.find("echo-nio") }

    /// Beside this program, or else where SwiftPM leaves a release build in one of the folders around it.
    private static func find(_ name: String) -> String {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folder = program.split(separator: "/").dropLast()
        var candidates = ["/" + (folder + [name[...]]).joined(separator: "/")]
        while !folder.isEmpty {
            folder = folder.dropLast()
            candidates.append("/" + (folder + [".build", "release", name[...]]).joined(separator: "/"))
        }
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            fail("no \(name) beside this program or around it: build it, or say where it is")
        }
        return found
    }
}

/// Gives the server a core of its own, and both of them as many sockets as there are.
private func prepareGenerator() {
    // OpenSSL writes without asking to be spared the signal when the other side is gone.
    signal(SIGPIPE, SIG_IGN)
    bench_pin(1)
    _ = bench_raise_open_files()
}

/// Ends a benchmark that can't say anything: a figure of a failed run is worse than none.
func fail(_ reason: String) -> Never {
    fflush(nil)
    ServerProcess.removeFolders()
    for text in ["anynode-bench: ", reason, "\n"] {
        _ = text.withCString { write(2, $0, strlen($0)) }
    }
    exit(1)
}
