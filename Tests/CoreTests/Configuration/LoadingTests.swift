import Core
import Foundation
import Glibc
import PluginAPI
import StrictJSON
import Testing

@Suite("Loading plugins.json")
struct LoadingTests {
    private let folder = TemporaryFolder()

    private func problem(at path: String) -> String? {
        switch ServerConfiguration.load(path: path, catalog: []) {
        case .success: nil
        case .failure(let problems): problems.list.count == 1 ? problems.list.first?.problem : "\(problems)"
        }
    }

    @Test("A good file, and paths relative to it")
    func good() throws {
        let path = try self.folder.write(#"{"listeners":[{"name":"a","web":true}]}"#, to: "plugins.json")
        let configuration = try ServerConfiguration.load(path: path, catalog: []).get()
        #expect(configuration.baseDirectory == self.folder.path)
        #expect(configuration.listeners.first?.webRoot == "\(self.folder.path)/web")
    }

    @Test("No file, no access to it, no file but a folder or a pipe")
    func unreadable() throws {
        let missing = "\(self.folder.path)/none.json"
        let expected = "expected a configuration file at"
        #expect(self.problem(at: missing) == "\(expected) \(missing), found an error: No such file or directory")
        #expect(
            self.problem(at: self.folder.path) == "\(expected) \(self.folder.path), found something that is not a file"
        )
        let pipe = "\(self.folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(self.problem(at: pipe) == "\(expected) \(pipe), found something that is not a file")
    }

    @Test("A file beyond all reason")
    func tooLarge() throws {
        let path = "\(self.folder.path)/large.json"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(truncate(path, (16 << 20) + 1) == 0)
        #expect(self.problem(at: path) == "expected a configuration file at \(path), found more than 16MiB")
    }

    @Test(
        "Syntax errors with line and column",
        arguments: [
            ("{\n  \"listeners\": [,]\n}", "line 2, column 17: unexpected character"),
            ("{\"a\":1,}", "line 1, column 8: unexpected character"),
            ("{} {}", "line 1, column 4: text after the end of the value"),
            ("", "line 1, column 1: the text ends inside a value"),
            ("{\"a\":1,\n\"a\":2}", "line 2, column 1: the same name twice in one object"),
        ]
    )
    func syntax(text: String, problem: String) throws {
        let path = try self.folder.write(text, to: "plugins.json")
        #expect(self.problem(at: path) == "expected JSON in \(path), found at \(problem)")
    }

    @Test("Whatever is made of a good file, it is read or refused, and nothing traps")
    func mutations() throws {
        let good = Array(
            #"""
            {"threads":2,"listeners":[{"name":"a","port":0,"origins":["https://a:1"]}],"signaling":{"ringTimeout":"60s",
            "messageLimit":"256KiB"},"limits":{"connections":1},"iceServers":[{"urls":["stun:a"],"credential":"x"}],
            "plugins":[{"name":"s","kind":"Stub","settings":{"key":{"$env":"A"}}}]}
            """#.utf8
        )
        let spices = Array(#"{}[]",:0e-"\u"#.utf8) + [0, 0x80, 0xFF]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = spices.randomElement(using: &generator) ?? 0
                case 1: bytes.remove(at: index)
                default: bytes.insert(spices.randomElement(using: &generator) ?? 0, at: index)
                }
            }
            guard let document = try? JSONValue(parsing: bytes) else { continue }
            _ = ServerConfiguration.read(document, baseDirectory: "/", catalog: [StubDirectory.self], environment: [:])
        }
    }
}
