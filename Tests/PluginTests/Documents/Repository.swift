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
}
