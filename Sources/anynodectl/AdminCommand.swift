internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// A command that asks the server one thing and prints the answer.
protocol AdminCommand: ParsableCommand {
    var options: GlobalOptions { get }

    /// What is asked: nothing but the arguments decides it.
    func request() throws -> AdminRequest

    /// The answer for people.
    func lines(for result: JSONValue, on screen: Screen) -> [String]

    /// Whether the answer is a yes; a no ends the process with 1.
    func isYes(_ result: JSONValue) -> Bool
}

extension AdminCommand {
    func isYes(_ result: JSONValue) -> Bool { true }

    func lines(for result: JSONValue, on screen: Screen) -> [String] {
        Details(result).lines(paint: screen.paint)
    }

    func run() throws {
        var session = try Session(self.options)
        try self.conclude(try session.ask(try self.request()))
    }

    /// Prints the answer and ends accordingly.
    func conclude(_ result: JSONValue) throws {
        let screen = Screen.current
        if self.options.json {
            Screen.write(screen.json(result), to: 1)
        } else {
            Screen.say(self.lines(for: result, on: screen))
        }
        guard self.isYes(result) else { throw ExitCode(ExitStatus.refused) }
    }
}

/// A command that prints a list, which the server hands out in pages.
protocol ListCommand: AdminCommand {
    var limit: Int? { get }
    var columns: [Table.Column] { get }
    func row(_ item: JSONValue) -> [String?]
}

/// The page size of one question: the most that the server gives.
let largestPage = 1000

extension ListCommand {
    /// The question for the next page.
    func request(have count: Int, cursor: JSONValue?) throws -> AdminRequest {
        var request = try self.request()
        request.params["limit"] = .number(String(min(largestPage, (self.limit ?? largestPage + count) - count)))
        request.params["cursor"] = cursor
        return request
    }

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() throws {
        var session = try Session(self.options)
        var items: [JSONValue] = []
        var cursor: JSONValue?
        repeat {
            let page = try session.ask(try self.request(have: items.count, cursor: cursor))
            items += page.items
            let next = page["cursor"]
            // A server that hands out the same page for ever must not keep us for ever.
            guard next?.string != cursor?.string else {
                cursor = .none
                break
            }
            cursor = next
        } while cursor?.string != nil && items.count < self.limit ?? .max

        var object = JSONObject()
        object["items"] = .array(items)
        object["cursor"] = cursor
        try self.conclude(.object(object))
        if cursor?.string != nil, !self.options.json {
            Screen.remark("there are more: --limit sets how many are shown")
        }
    }

    func lines(for result: JSONValue, on screen: Screen) -> [String] {
        var table = Table(self.columns)
        for item in result.items { table.append(self.row(item)) }
        return table.lines(width: screen.width, paint: screen.paint)
    }
}

/// A conversation with the server that a command means.
struct Session: ~Copyable {
    private var connection: AdminConnection
    private let location: SocketLocation
    private let timeout: Double

    init(_ options: GlobalOptions) throws(LocatedFailure) {
        self.location = options.location
        self.timeout = options.timeout.value
        do throws(AdminFailure) {
            self.connection = try AdminConnection(path: self.location.path)
        } catch {
            throw LocatedFailure(failure: error, location: options.location)
        }
    }

    mutating func ask(_ request: AdminRequest) throws(LocatedFailure) -> JSONValue {
        do throws(AdminFailure) {
            return try self.connection.ask(request, within: self.timeout)
        } catch {
            throw LocatedFailure(failure: error, location: self.location)
        }
    }

    mutating func nextEvent(before deadline: ContinuousClock.Instant?) throws(LocatedFailure) -> JSONValue? {
        do throws(AdminFailure) {
            return try self.connection.nextEvent(before: deadline)
        } catch {
            throw LocatedFailure(failure: error, location: self.location)
        }
    }
}

extension Optional where Wrapped == String {
    /// For a parameter that may be absent.
    var json: JSONValue? { self.map(JSONValue.string) }
}

extension Bool {
    /// For a parameter that is left out unless it is set.
    var orAbsent: JSONValue? { self ? .bool(true) : .none }
}

extension Seconds {
    var json: JSONValue { .number(self.value.short) }
}
