import Foundation
import PluginAPI
import StrictJSON
import Testing

@Suite("Secrets in settings")
struct SecretTests {
    private let folder = TemporaryFolder()

    private func read(
        _ json: JSONValue,
        environment: [String: String] = [:]
    ) -> (secret: Secret?, problems: [String]) {
        let document: JSONValue = ["key": json]
        let reader = SettingsReader(document, baseDirectory: self.folder.path, environment: environment)
        let secret = reader.optionalSecret("key", summary: "")
        return (secret, reader.problems.map(\.description))
    }

    @Test("From the environment")
    func environment() {
        let found = self.read(["$env": "KEY"], environment: ["KEY": "s3cret"])
        #expect(found.secret == Secret("s3cret"))
        #expect(found.problems == [])
    }

    @Test(
        "From a file, without its line end",
        arguments: [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret", "s3cret"), ("a\nb\n\n", "a\nb\n")]
    )
    func file(content: String, secret: String) throws {
        try self.folder.write(content, to: "key.txt")
        #expect(self.read(["$file": "key.txt"]).secret == Secret(secret))
        #expect(self.read(["$file": .string("\(self.folder.path)/key.txt")]).secret == Secret(secret))
    }

    @Test("What is missing is named, what is there is not shown")
    func problems() throws {
        try self.folder.write("", to: "empty.txt")
        try self.folder.write("\u{FF}\u{FE}", to: "text.txt")
        try Data([0xFF, 0xFE, 0x31]).write(to: URL(fileURLWithPath: "\(self.folder.path)/binary.txt"))
        let path = self.folder.path
        let form = #"expected a string, {"$env":"NAME"} or {"$file":"path"}"#
        let cases: [(JSONValue, String)] = [
            (["$env": "KEY"], "expected a secret in the environment variable KEY, found no such variable"),
            (["$env": "EMPTY"], "expected a secret in the environment variable EMPTY, found it empty"),
            (
                ["$file": "no.txt"],
                "expected a secret in the file \(path)/no.txt, found an error: No such file or directory"
            ),
            (["$file": "empty.txt"], "expected a secret in the file \(path)/empty.txt, found it empty"),
            (
                ["$file": "binary.txt"],
                "expected a secret in the file \(path)/binary.txt, found bytes that are not UTF-8"
            ),
            (["$file": "."], "expected a secret in the file \(path)/., found something that is not a file"),
            (["$file": "/dev/zero"], "expected a secret in the file /dev/zero, found something that is not a file"),
            ("", "expected a secret, found an empty one"),
            (4711, "\(form), found a number"),
            (["$env": 4711], "\(form), found an object"),
            (["$env": "A", "$file": "b"], "\(form), found an object"),
            (["hunter2": "hunter2"], "\(form), found an object"),
            (["hunter2"], "\(form), found an array"),
        ]
        for (json, problem) in cases {
            #expect(self.read(json, environment: ["EMPTY": "", "A": "hunter2"]).problems == ["/key: \(problem)"])
        }
    }

    @Test("Where secrets stand in clear text is known, so that a document can be shown without them")
    func places() {
        let document: JSONValue = ["plain": "a", "list": [["plain": "b"], ["plain": ["$env": "KEY"]]]]
        let reader = SettingsReader(document, environment: ["KEY": "c"])
        _ = reader.secret("plain", summary: "")
        _ = reader.objects("list", summary: "") { $0.secret("plain", summary: "") }
        #expect(reader.secretPointers == ["/plain", "/list/0/plain"])
    }

    @Test("Nothing prints a secret")
    func descriptions() {
        let secret = Secret("hunter2")
        #expect(!"\(secret) \(String(reflecting: secret)) \(secret.debugDescription)".contains("hunter2"))
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }
}
