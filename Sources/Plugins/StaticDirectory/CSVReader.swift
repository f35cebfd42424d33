/// Reads comma-separated values (RFC 4180) record by record, in place: of a hundred thousand lines only fields are copied.
///
/// Line ends are CRLF or LF; a byte-order mark is passed over.
///
/// - Important: it borrows the buffer it reads; use it only inside the closure that lent the buffer.
struct CSVReader {
    /// A field's place in the text, without its quotes.
    struct Field {
        let range: Range<Int>
        /// Quotes in it are doubled.
        let isQuoted: Bool
    }

    /// What is wrong with a record; reading goes on with the next line.
    enum Problem: String {
        case quoteInside = "expected a field in quotes as a whole, found a quote inside it"
        case textAfterQuote = "expected a comma after the closing quote, found text"
        case quoteNotClosed = "expected a closing quote, found the end of the file"
    }

    /// Where the record that was read last begins, from 1.
    private(set) var line = 0
    /// The fields of the record that was read last.
    private(set) var fields: [Field] = []

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var nextLine = 1

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.position = 3 }
    }

    /// Reads the next record that is not empty. `nil` at the end, otherwise whether it is well-formed.
    mutating func next() -> Result<Void, CSVError>? {
        while self.position < self.bytes.count {
            self.line = self.nextLine
            self.fields.removeAll(keepingCapacity: true)
            if let problem = self.record() {
                self.skipLine()
                return .failure(CSVError(problem: problem))
            }
            if self.fields.count > 1 || self.fields.contains(where: { $0.isQuoted || !$0.range.isEmpty }) {
                return .success(())
            }
        }
        return nil
    }

    private mutating func record() -> Problem? {
        while true {
            let problem = self.current == UInt8(ascii: "\"") ? self.quotedField() : self.plainField()
            if let problem { return problem }
            guard self.current == UInt8(ascii: ",") else { break }
            self.position += 1
        }
        self.passLineEnd()
        return nil
    }

    private mutating func plainField() -> Problem? {
        let start = self.position
        while let byte = self.current, byte != UInt8(ascii: ","), byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\"") { return .quoteInside }
            if byte == UInt8(ascii: "\r"), self.isLineEnd(self.position) { break }
            self.position += 1
        }
        self.fields.append(Field(range: start..<self.position, isQuoted: false))
        return nil
    }

    private mutating func quotedField() -> Problem? {
        self.position += 1
        let start = self.position
        while let byte = self.current {
            if byte == UInt8(ascii: "\n") { self.nextLine += 1 }
            self.position += 1
            guard byte == UInt8(ascii: "\"") else { continue }
            if self.current == UInt8(ascii: "\"") {
                self.position += 1
                continue
            }
            self.fields.append(Field(range: start..<self.position - 1, isQuoted: true))
            guard let next = self.current, next != UInt8(ascii: ","), !self.isLineEnd(self.position) else { return nil }
            return .textAfterQuote
        }
        return .quoteNotClosed
    }

    private var current: UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private func isLineEnd(_ position: Int) -> Bool {
        switch self.bytes[position] {
        case UInt8(ascii: "\n"): true
        case UInt8(ascii: "\r"): position + 1 == self.bytes.count || self.bytes[position + 1] == UInt8(ascii: "\n")
        default: false
        }
    }

    private mutating func passLineEnd() {
        if self.current == UInt8(ascii: "\r") { self.position += 1 }
        if self.current == UInt8(ascii: "\n") { self.position += 1 }
        self.nextLine += 1
    }

    private mutating func skipLine() {
        while let byte = self.current, byte != UInt8(ascii: "\n") { self.position += 1 }
        self.passLineEnd()
    }

    /// A field's text; `nil` when it is not UTF-8.
    func text(of field: Field) -> String? {
        let content = UnsafeBufferPointer(rebasing: self.bytes[field.range])
        guard field.isQuoted, content.contains(UInt8(ascii: "\"")) else {
            return String(validating: content, as: UTF8.self)
        }
        var plain: [UInt8] = []
        plain.reserveCapacity(content.count)
        var isSecond = false
        for byte in content {
            isSecond = byte == UInt8(ascii: "\"") && !isSecond
            if byte != UInt8(ascii: "\"") || isSecond { plain.append(byte) }
        }
        return String(validating: plain, as: UTF8.self)
    }
}

/// A record that is not CSV.
struct CSVError: Error {
    let problem: CSVReader.Problem
}
