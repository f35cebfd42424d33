public import StrictJSON

/// A problem in a configuration: where it is and what is wrong, fit to be shown to an operator.
public struct ConfigurationProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The place, as a JSON pointer (RFC 6901); empty for the document itself.
    public let pointer: String
    /// What was expected and what was found. Never a secret's value.
    public let problem: String

    /// A problem at a place.
    public init(pointer: String, problem: String) {
        self.pointer = pointer
        self.problem = problem
    }

    /// Place and problem, on one line.
    public var description: String { "\(self.pointer.isEmpty ? "/" : self.pointer): \(self.problem)" }
}

/// Everything that is wrong with a configuration, at once: nobody likes to find mistakes one start at a time.
public struct ConfigurationProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// In the order in which they were found; never empty.
    public let list: [ConfigurationProblem]

    /// The problems of one attempt to read a configuration.
    public init(_ list: [ConfigurationProblem]) {
        self.list = list
    }

    /// One problem a line.
    public var description: String { self.list.map(\.description).joined(separator: "\n") }
}

/// Reads an object of `plugins.json` member by member.
///
/// It never throws: a member that is missing or wrong is noted with its place, a stand-in is returned, and reading goes
/// on, so that an operator sees all problems at once. Whatever was read is thrown away when there was a problem.
/// Members that nobody asked for are problems too, since they are mostly misspelt ones.
///
/// The same calls, made on a reader from ``describing()``, draw up the JSON Schema instead: what is documented is what
/// is read. Hence ask for every member on every path; a member asked for only under a condition is not in the schema.
public final class SettingsReader {
    /// The place of this object, as a JSON pointer (RFC 6901).
    public let pointer: String
    /// The folder that relative paths start from.
    public var baseDirectory: String { self.notebook.baseDirectory }
    /// Whether this reader draws up a schema instead of reading; all values it returns are then stand-ins.
    public var isDescribing: Bool { self.source == .describing }

    private let source: Source
    private let notebook: Notebook
    private var members: [Member] = []
    private var conditions: [JSONValue] = []
    private var unresolved: Set<String> = []

    /// What is read from.
    private enum Source: Equatable {
        case object(JSONObject)
        /// Not an object: noted already, no use in calling each of its members missing.
        case unreadable
        case describing
    }

    /// A member that was asked for.
    private struct Member {
        let name: String
        var schema: JSONValue
        var isRequired: Bool
    }

    /// What all readers of one document share.
    private final class Notebook {
        var problems: [ConfigurationProblem] = []
        var secretPointers: [String] = []
        let baseDirectory: String
        private let givenEnvironment: [String: String]?
        /// Copied from the process only when somebody asks: many documents have no secret there.
        private(set) lazy var environment = self.givenEnvironment ?? ProcessEnvironment.variables

        init(baseDirectory: String, environment: [String: String]?) {
            self.baseDirectory = baseDirectory
            self.givenEnvironment = environment
        }
    }

    /// Whether secrets are fetched from the environment and from files. Not for a plugin that is switched off.
    let resolvesSecrets: Bool
    /// Where `{"$env":…}` looks.
    var environment: [String: String] { self.notebook.environment }

    private init(source: Source, pointer: String, notebook: Notebook, resolvesSecrets: Bool) {
        self.source = source
        self.pointer = pointer
        self.notebook = notebook
        self.resolvesSecrets = resolvesSecrets
    }

    /// A reader of a value that should be an object.
    ///
    /// - Parameters:
    ///   - pointer: Where the value stands in its document.
    ///   - environment: The variables for secrets; those of the process unless given.
    public convenience init(
        _ value: JSONValue,
        at pointer: String = "",
        baseDirectory: String = ".",
        environment: [String: String]? = nil
    ) {
        let notebook = Notebook(baseDirectory: baseDirectory, environment: environment)
        self.init(value, pointer: pointer, notebook: notebook, resolvesSecrets: true)
    }

    private convenience init(_ value: JSONValue, pointer: String, notebook: Notebook, resolvesSecrets: Bool) {
        guard case .object(let object) = value else {
            self.init(source: .unreadable, pointer: pointer, notebook: notebook, resolvesSecrets: resolvesSecrets)
            self.problem("expected an object, found \(value.found)")
            return
        }
        self.init(source: .object(object), pointer: pointer, notebook: notebook, resolvesSecrets: resolvesSecrets)
    }

    /// A reader that notes what it is asked for, for ``schema``.
    public static func describing() -> SettingsReader {
        let notebook = Notebook(baseDirectory: ".", environment: [:])
        return SettingsReader(source: .describing, pointer: "", notebook: notebook, resolvesSecrets: false)
    }

    /// All problems noted so far, here and in the objects within. Call ``refuseUnknownMembers()`` before.
    public var problems: [ConfigurationProblem] { self.notebook.problems }

    /// Whether something is wrong with a member already, so that it need not be judged any further.
    public func hasProblem(at member: String) -> Bool {
        let pointer = self.pointer(to: member)
        return self.problems.contains { $0.pointer == pointer || $0.pointer.hasPrefix("\(pointer)/") }
    }

    /// Where secrets stand in clear text, so that whoever shows the document can mask them.
    package var secretPointers: [String] { self.notebook.secretPointers }

    /// Notes a problem with this object as a whole.
    public func problem(_ problem: String) {
        self.note(ConfigurationProblem(pointer: self.pointer, problem: problem))
    }

    /// Notes a problem with a member, or with one element of a member that is an array.
    public func problem(at member: String, index: Int? = nil, _ problem: String) {
        guard !self.unresolved.contains(member) else { return }
        let pointer = self.pointer(to: member) + (index.map { "/\($0)" } ?? "")
        self.note(ConfigurationProblem(pointer: pointer, problem: problem))
    }

    private func note(_ problem: ConfigurationProblem) {
        // The stand-ins of a description are nobody's mistake.
        guard !self.isDescribing else { return }
        self.notebook.problems.append(problem)
    }

    /// Notes that a secret was not fetched, so that nobody complains of its stand-in.
    func noteUnresolved(_ member: String) {
        self.unresolved.insert(member)
    }

    func noteSecret(at member: String) {
        self.notebook.secretPointers.append(self.pointer(to: member))
    }

    func pointer(to member: String) -> String {
        "\(self.pointer)/\(JSONPointer.escaped(member))"
    }

    /// Notes every member that was not asked for. Objects within are checked by whoever reads them.
    public func refuseUnknownMembers() {
        guard case .object(let object) = self.source else { return }
        for (name, _) in object.members where !self.members.contains(where: { $0.name.isSpelled(name) }) {
            self.problem(at: name, "unknown member\(NearName.hint(for: name, among: self.members.map(\.name)))")
        }
    }

    /// What was asked for, as a JSON Schema (draft 2020-12) without `$schema`; of use only when ``isDescribing``.
    public var schema: JSONValue {
        var properties = JSONObject()
        for member in self.members { properties[member.name] = member.schema }
        var schema = JSONObject()
        schema["type"] = "object"
        schema["properties"] = .object(properties)
        let required = self.members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        schema["additionalProperties"] = false
        if !self.conditions.isEmpty { schema["allOf"] = .array(self.conditions) }
        return .object(schema)
    }

    var isAnyMemberRequired: Bool { self.members.contains(where: \.isRequired) }

    /// Adds a rule about several members to the schema.
    func addCondition(_ condition: JSONValue) {
        self.conditions.append(condition)
    }

    /// A reader of an object within this one, sharing everything but the place.
    func reader(of value: JSONValue, at pointer: String, resolvesSecrets: Bool? = nil) -> SettingsReader {
        let resolvesSecrets = resolvesSecrets ?? self.resolvesSecrets
        switch self.source {
        case .object:
            return SettingsReader(value, pointer: pointer, notebook: self.notebook, resolvesSecrets: resolvesSecrets)
        case .unreadable, .describing:
            return SettingsReader(
                source: self.source,
                pointer: pointer,
                notebook: self.notebook,
                resolvesSecrets: resolvesSecrets
            )
        }
    }

    /// The member's value as it stands; `nil` when there is none. Every member is asked for through this function.
    func value(of name: String, isRequired: Bool = false, schema: () -> JSONValue) -> JSONValue? {
        if !self.members.contains(where: { $0.name == name }) {
            let schema: JSONValue = self.isDescribing ? schema() : .null
            self.members.append(Member(name: name, schema: schema, isRequired: isRequired))
        }
        guard case .object(let object) = self.source else { return nil }
        return object[name]
    }

    /// Whether the lack of a required member is worth a note.
    var canMiss: Bool {
        switch self.source {
        case .object: true
        case .unreadable, .describing: false
        }
    }
}
