import Core
import PluginAPI
import StrictJSON

/// One method of the admin API. What is documented (`rpc.discover`) and what is done come from the same declaration.
protocol AdminMethod: Sendable {
    associatedtype Params: AdminParams

    static var name: String { get }
    /// One sentence.
    static var summary: String { get }
    /// Who may call it.
    static var role: AdminRole { get }
    /// What it answers.
    static var result: Shape { get }
    /// Params to try it with.
    static var example: JSONValue { get }
    /// The codes of errors it may answer, beside those of every method.
    static var errors: [Int] { get }

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue
}

/// The params of a method, read member by member: every problem is noted with its place.
protocol AdminParams: Sendable {
    init(from reader: SettingsReader)
}

/// A method without params.
struct NoParams: AdminParams {
    init(from reader: SettingsReader) {}
}

extension AdminMethod {
    static var example: JSONValue { [:] }
    static var errors: [Int] { [] }
}

/// All methods, by name.
package struct MethodTable: Sendable {
    /// A method with its types hidden.
    struct Entry: Sendable {
        let name: String
        let summary: String
        let role: AdminRole
        let result: Shape
        let example: JSONValue
        let errors: [Int]
        /// The JSON Schema of the params.
        let schema: JSONValue
        let run: @Sendable (JSONValue, RPCSession) async throws(RPCError) -> JSONValue
    }

    private(set) var entries: [Entry] = []
    private var places: [String: Int] = [:]
    /// What is counted of every call.
    let requests: RequestTally

    init(_ requests: RequestTally) {
        self.requests = requests
    }

    mutating func add<Method: AdminMethod>(_ method: Method) {
        let describing = SettingsReader.describing()
        _ = Method.Params(from: describing)
        self.places[Method.name] = self.entries.count
        self.entries.append(
            Entry(
                name: Method.name,
                summary: Method.summary,
                role: Method.role,
                result: Method.result,
                example: Method.example,
                errors: Method.errors,
                schema: describing.schema
            ) { (params, session) async throws(RPCError) in
                let reader = SettingsReader(params, environment: [:])
                let read = Method.Params(from: reader)
                reader.refuseUnknownMembers()
                guard reader.problems.isEmpty else { throw .invalidParams(reader.problems) }
                return try await method.run(read, in: session)
            }
        )
    }

    /// The names of all methods.
    package var names: [String] { self.entries.map(\.name) }

    func call(_ request: RPCRequest, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let place = self.places[request.method] else {
            throw .methodNotFound(NearName.hint(for: request.method, among: self.names))
        }
        let entry = self.entries[place]
        do throws(RPCError) {
            guard session.role == .operator || entry.role == .viewer else { throw .forbidden }
            let result = try await entry.run(try entry.named(request.params), session)
            self.requests.note(entry.name, nil)
            return result
        } catch {
            self.requests.note(entry.name, error)
            throw error
        }
    }
}

extension MethodTable.Entry {
    /// The names of the params.
    var parameters: [(name: String, schema: JSONValue, isRequired: Bool)] {
        guard case .object(let schema) = self.schema, case .object(let properties)? = schema["properties"] else {
            return []
        }
        var required: [JSONValue] = []
        if case .array(let names)? = schema["required"] { required = names }
        return properties.members.map { ($0.name, $0.value, required.contains(.string($0.name))) }
    }

    /// Params by name: positions are understood where there is only one.
    fileprivate func named(_ params: JSONValue?) throws(RPCError) -> JSONValue {
        guard case .array(let values)? = params else { return params ?? [:] }
        if values.isEmpty { return [:] }
        let parameters = self.parameters
        guard parameters.count == 1, values.count == 1 else {
            let problem = "expected params by name, found \(values.count) by position"
            throw .invalidParams([ConfigurationProblem(pointer: "", problem: problem)])
        }
        var object = JSONObject()
        object[parameters[0].name] = values[0]
        return .object(object)
    }
}
