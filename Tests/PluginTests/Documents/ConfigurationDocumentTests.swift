import Core
import FCMNotifier
import LDAPDirectory
import PluginAPI
import SQLiteStore
import StaticDirectory
import StrictJSON
import Testing
import WNSNotifier

@Suite("Configuration: documents")
struct ConfigurationDocumentTests {
    /// As in PluginCatalog.swift of the server.
    private let catalog: [any Plugin.Type] = [
        StaticDirectoryPlugin.self, LDAPDirectoryPlugin.self, FCMNotifierPlugin.self, WNSNotifierPlugin.self,
        SQLiteStorePlugin.self,
    ]

    @Test("docs/plugins.schema.json is what the code reads; `make docs` writes it anew")
    func schema() throws {
        let isTrue = try Repository.isUpToDate("docs/plugins.schema.json") { _ in
            ServerConfiguration.schema(catalog: self.catalog).indentedText
        }
        #expect(isTrue)
    }

    @Test("The text for people is the same JSON")
    func indentation() throws {
        let schema = ServerConfiguration.schema(catalog: self.catalog)
        #expect(try JSONValue(parsing: schema.indentedText.utf8) == schema)
        for value: JSONValue in [.null, true, 1, "a\nb", [], [:], [1, [:]], ["a": []], [["a": 1]]] {
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

    @Test("docs/configuration.md has a row for every member, as the code describes it; `make docs` writes them anew")
    func reference() throws {
        let tables = ConfigurationReference.tables(of: ServerConfiguration.schema(catalog: self.catalog))
        #expect(tables.count > 10)
        let isTrue = try Repository.isUpToDate("docs/configuration.md") { document in
            tables.indices.reduce(document) { document, index in
                tables[index].write(into: document, after: index > 0 ? tables[index - 1] : nil)
            }
        }
        #expect(isTrue)
    }
}
