import Foundation

/// The repository these tests stand in, for tests that hold documents against the code.
enum Repository {
    /// The absolute path of something in it.
    static func path(of relative: String) -> String {
        let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4)
        return NSString.path(withComponents: root + [relative])
    }

    static func text(of relative: String) throws -> String {
        try String(decoding: Data(contentsOf: URL(fileURLWithPath: self.path(of: relative))), as: UTF8.self)
    }

    /// Whether a document is what the code makes of it. With `ANYNODE_WRITE_DOCUMENTS` in the environment it is made so.
    static func isUpToDate(_ relative: String, _ rewrite: (String) -> String) throws -> Bool {
        let text = try self.text(of: relative)
        let truth = rewrite(text)
        if text != truth, ProcessInfo.processInfo.environment["ANYNODE_WRITE_DOCUMENTS"] != nil {
            try Data(truth.utf8).write(to: URL(fileURLWithPath: self.path(of: relative)))
            return true
        }
        return text == truth
    }
}
