import Core
import PluginAPI
import StaticDirectory
import StrictJSON
import Testing

@Suite("Configuration: documents")
struct ConfigurationDocumentTests {
    private let catalog: [any Plugin.Type] = [StaticDirectoryPlugin.self]

    @Test("docs/plugins.schema.json is what the code reads; write it anew with `anynode-server schema`")
    func schema() throws {
        #expect(
            try Repository.text(of: "docs/plugins.schema.json")
                == ServerConfiguration.schema(catalog: self.catalog).indentedText
        )
    }

    @Test("The text for people is the same JSON")
    func indentation() throws {
        let schema = ServerConfiguration.schema(catalog: self.catalog)
        #expect(try JSONValue(parsing: schema.indentedText.utf8) == schema)
        for value: JSONValue in [nil, true, 1, "a\nb", [], [:], [1, [:]], ["a": []], [["a": 1]]] {
            #expect(try JSONValue(parsing: value.indentedText.utf8) == value)
        }
    }

    @Test("plugins.json, the demo, is a configuration")
    func demo() throws {
        let path = Repository.path(of: "plugins.json")
        let configuration = try ServerConfiguration.load(path: path, catalog: self.catalog).get()
        #expect(configuration.listeners.map(\.name) == ["public"])
        #expect(configuration.listeners.first?.host == "127.0.0.1")
        #expect(configuration.plugins.map(\.kind) == ["StaticDirectory"])
    }

    @Test("docs/configuration.md has a row for every member, as the code describes it")
    func reference() throws {
        let lines = Set(try Repository.text(of: "docs/configuration.md").split(separator: "\n").map(String.init))
        let tables = ConfigurationReference.tables(of: ServerConfiguration.schema(catalog: self.catalog))
        #expect(tables.count > 10)
        for table in tables {
            for row in table.rows {
                #expect(lines.contains(row.text), "\(table.place) needs the row:\n\(row.text)")
            }
        }
    }
}
