import Core
import StrictJSON
import Synchronization

/// The OpenRPC document, which is known when all methods are, itself among them.
final class Discovery: Sendable {
    private let document = Mutex<JSONValue>([:])

    func fill(_ document: JSONValue) { self.document.withLock { $0 = document } }
    var value: JSONValue { self.document.withLock { $0 } }
}

struct Discover: AdminMethod {
    static let name = "rpc.discover"
    static let summary = "This API as an OpenRPC document."
    static let role = AdminRole.viewer
    static let result = Shape.any(["openrpc": "1.3.2"])

    let document: Discovery

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        self.document.value
    }
}
