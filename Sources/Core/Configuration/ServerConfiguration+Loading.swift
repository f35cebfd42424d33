package import PluginAPI
package import StrictJSON

extension ServerConfiguration {
    /// The largest file that is read.
    private static let largestFile = 16 << 20

    /// Reads and checks a file, with the settings of all plugins in it.
    ///
    /// - Parameters:
    ///   - catalog: The kinds of plugins this build has.
    ///   - environment: The variables for secrets; those of the process unless given.
    package static func load(
        path: String,
        catalog: [any Plugin.Type],
        environment: [String: String]? = nil
    ) -> Result<ServerConfiguration, ConfigurationProblems> {
        switch self.document(at: path) {
        case .success(let document):
            self.read(document, baseDirectory: self.folder(of: path), catalog: catalog, environment: environment)
        case .failure(let problems):
            .failure(problems)
        }
    }

    /// What a file says, whether it makes sense or not.
    package static func document(at path: String) -> Result<JSONValue, ConfigurationProblems> {
        let bytes: [UInt8]
        do throws(FileProblem) {
            bytes = try FileContents(path: path, limit: self.largestFile).bytes
        } catch {
            return .failure(ConfigurationProblems("expected a configuration file at \(path), found \(error.found)"))
        }
        do throws(JSONSyntaxError) {
            return .success(try JSONValue(parsing: bytes))
        } catch {
            let (line, column) = error.position(in: bytes)
            let place = "line \(line), column \(column)"
            return .failure(
                ConfigurationProblems("expected JSON in \(path), found at \(place): \(error.problem.rawValue)")
            )
        }
    }

    /// Checks a document that is at hand already, from an administrator for instance.
    package static func read(
        _ document: JSONValue,
        baseDirectory: String,
        catalog: [any Plugin.Type],
        environment: [String: String]? = nil
    ) -> Result<ServerConfiguration, ConfigurationProblems> {
        self.examine(document, baseDirectory: baseDirectory, catalog: catalog, environment: environment).result
    }

    /// What became of a document that was read.
    package struct Examination: Sendable {
        package let result: Result<ServerConfiguration, ConfigurationProblems>
        /// Where secrets stand in clear text (RFC 6901).
        package let secrets: [String]
    }

    /// Checks a document, and finds its secrets.
    package static func examine(
        _ document: JSONValue,
        baseDirectory: String,
        catalog: [any Plugin.Type],
        environment: [String: String]? = nil
    ) -> Examination {
        let reader = SettingsReader(document, baseDirectory: baseDirectory, environment: environment)
        let configuration = ServerConfiguration(from: reader, catalog: catalog)
        reader.refuseUnknownMembers()
        let problems = reader.problems
        return Examination(
            result: problems.isEmpty ? .success(configuration) : .failure(ConfigurationProblems(problems)),
            secrets: reader.secretPointers
        )
    }

    /// The JSON Schema (draft 2020-12) of the whole file: made by the very calls that read it.
    package static func schema(catalog: [any Plugin.Type]) -> JSONValue {
        let reader = SettingsReader.describing()
        _ = ServerConfiguration(from: reader, catalog: catalog)
        guard case .object(let described) = reader.schema else { return reader.schema }
        var schema = JSONObject()
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = "anynode-server: plugins.json"
        for member in described.members { schema[member.name] = member.value }
        return .object(schema)
    }

    private static func folder(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
    }
}

extension ConfigurationProblems {
    /// One problem with the document as a whole.
    fileprivate init(_ problem: String) {
        self.init([ConfigurationProblem(pointer: "", problem: problem)])
    }
}
