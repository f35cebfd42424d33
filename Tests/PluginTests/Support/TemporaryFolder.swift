import Foundation

/// A folder of one test's own, gone when the test is over.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        self.path = "\(FileManager.default.temporaryDirectory.path)/anynode-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// Writes a file as careful programs do: whole, under another name, then renamed.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = "\(self.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        return path
    }
}
