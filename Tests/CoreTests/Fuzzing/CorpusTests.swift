import Foundation
import FuzzTargets
import Testing

/// The inputs in `Fuzzing/`: seeds, and whatever once made a fuzz target fail.
@Suite("Fuzz targets")
struct CorpusTests {
    private static let targets = FuzzTarget.all.map(\.name)

    @Test("Each target has seeds and a dictionary, and holds for all its seeds", arguments: Self.targets)
    func seeds(_ name: String) throws {
        let seeds = try Self.inputs("Corpus/\(name)")
        #expect(!seeds.isEmpty)
        try Self.replay(seeds, name)
        #expect(FileManager.default.fileExists(atPath: "\(Self.folder)/Dictionaries/\(name).dict"))
    }

    @Test("What once failed does not fail again")
    func crashers() throws {
        for name in Self.targets {
            // A target that never failed has no folder.
            guard FileManager.default.fileExists(atPath: "\(Self.folder)/Crashers/\(name)") else { continue }
            let crashers = try Self.inputs("Crashers/\(name)")
            #expect(!crashers.isEmpty, "Crashers/\(name) is empty")
            try Self.replay(crashers, name)
        }
    }

    @Test("Every folder of inputs belongs to a target", arguments: ["Corpus", "Crashers"])
    func folders(_ kind: String) throws {
        let path = "\(Self.folder)/\(kind)"
        guard FileManager.default.fileExists(atPath: path) else { return }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(Set(names).subtracting(Self.targets) == [])
    }

    private static func replay(_ inputs: [(name: String, bytes: [UInt8])], _ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for input in inputs {
            do throws(BrokenProperty) {
                try target.run(input.bytes)
            } catch {
                Issue.record("\(name)/\(input.name): \(error)")
            }
        }
    }

    /// `Fuzzing/`, from where this file stands.
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzzing").path

    private static func inputs(_ path: String) throws -> [(name: String, bytes: [UInt8])] {
        try FileManager.default.contentsOfDirectory(atPath: "\(self.folder)/\(path)").sorted().map { name in
            let url = URL(fileURLWithPath: "\(self.folder)/\(path)/\(name)")
            return (name, Array(try Data(contentsOf: url)))
        }
    }
}
