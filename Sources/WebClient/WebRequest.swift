/// A request to a web service.
package struct WebRequest: Sendable {
    package var method = "POST"
    package var url: String
    /// Names and values, sent in this order. A value may be a secret: never logged, and no line break can get into it.
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8] = []

    package init(url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// A web service's answer.
package struct WebResponse: Sendable {
    package var status: Int
    /// Names in lower case, in the order they came.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header of that name, in lower case.
    package func header(_ name: String) -> String? {
        self.headers.first { $0.name == name }?.value
    }
}
