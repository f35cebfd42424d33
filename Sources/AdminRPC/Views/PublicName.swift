import PluginAPI
import Telephony

/// Registrations and calls as the API names them: `12.3`, which is no secret and leads nowhere but here.
enum PublicName {
    static func handle<Element>(_ text: String, of: Element.Type) -> Handle<Element>? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = UInt32(parts[0]), let generation = UInt32(parts[1]),
            // No other spelling of the same name.
            text == "\(index).\(generation)"
        else { return nil }
        return Handle(index: index, generation: generation)
    }
}

extension SettingsReader {
    /// A registration by its public name.
    func registration() -> RegistrationID? {
        let text = self.string("registration", summary: "The registration's id, from `registrations.list`.")
        return self.handle(text, "registration", of: Registration.self)
    }

    func call() -> CallID? {
        let text = self.string("call", summary: "The call's id, from `calls.list` or an event.")
        return self.handle(text, "call", of: Call.self)
    }

    func optionalCall() -> CallID? {
        self.optionalString("call", summary: "The call's id, from `calls.list` or an event.").flatMap {
            self.handle($0, "call", of: Call.self)
        }
    }

    func handle<Element>(_ text: String, _ member: String, of element: Element.Type) -> Handle<Element>? {
        let handle = PublicName.handle(text, of: element)
        if handle == nil, !self.hasProblem(at: member), !self.isDescribing {
            self.problem(at: member, "expected an id such as \"12.3\", found another text")
        }
        return handle
    }

    func optionalDialString(_ summary: String) -> DialString? {
        guard let text = self.optionalString("dialString", summary: summary) else { return nil }
        if let dialString = DialString(text) { return dialString }
        self.problem(at: "dialString", "expected a number or name that can be dialled, found another text")
        return nil
    }

    func optionalUsername(_ summary: String) -> Username? {
        guard let text = self.optionalString("username", summary: summary) else { return nil }
        if let username = Username(text) { return username }
        self.problem(at: "username", "expected a user name, found another text")
        return nil
    }
}

/// Which part of a list somebody wants.
struct PageParams: Sendable {
    static let most = 1000
    let limit: Int
    /// Where the page before ended; 0 at the beginning.
    let start: Int

    init(from reader: SettingsReader) {
        self.limit = reader.integer("limit", default: 100, in: 1...Self.most, summary: "How many at most.")
        let cursor = reader.optionalString("cursor", summary: "The `cursor` of the page before.")
        let start = cursor.map { Int($0).flatMap { $0 >= 0 ? $0 : nil } } ?? 0
        if start == nil { reader.problem(at: "cursor", "expected the cursor of a page before, found another text") }
        self.start = start ?? 0
    }
}
