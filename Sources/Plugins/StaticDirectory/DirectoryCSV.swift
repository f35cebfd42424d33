internal import PluginAPI
internal import StrictJSON
internal import Telephony

/// A CSV file of entries: a header that names the columns, and a line for each person.
struct DirectoryCSV {
    /// The columns there are.
    private enum Column: String, CaseIterable {
        case username
        case dialString
        case displayName
        case password
        case furtherDialStrings
        case digestSHA256
        case digestMD5
    }

    private var reader: CSVReader
    private var columns: [Column] = []

    static func read(_ bytes: [UInt8], into builder: inout DirectoryTable.Builder) {
        bytes.withUnsafeBufferPointer { buffer in
            var file = DirectoryCSV(reader: CSVReader(buffer))
            // About the length of a line with a hash; a guess that only saves some growing.
            builder.reserve(buffer.count / 100)
            file.read(into: &builder)
        }
    }

    private init(reader: CSVReader) {
        self.reader = reader
    }

    private mutating func read(into builder: inout DirectoryTable.Builder) {
        guard self.readHeader(&builder) else { return }
        while let record = self.reader.next() {
            let origin = EntryOrigin.line(self.reader.line)
            switch record {
            case .success:
                if let entry = self.entry(at: origin, &builder) { builder.add(entry, from: origin) }
            case .failure(let error):
                builder.addProblem(at: origin, error.problem.rawValue)
            }
        }
    }

    /// Whether the header makes sense; without one nothing else does.
    private mutating func readHeader(_ builder: inout DirectoryTable.Builder) -> Bool {
        let known = Column.allCases.map(\.rawValue).joined(separator: ",")
        guard case .success? = self.reader.next() else {
            builder.addProblem(at: .line(1), "expected a header such as \(known), found none")
            return false
        }
        let origin = EntryOrigin.line(self.reader.line)
        var isGood = true
        for field in self.reader.fields {
            let name = self.reader.text(of: field) ?? ""
            guard let column = Column(rawValue: name), !self.columns.contains(column) else {
                builder.addProblem(at: origin, "expected columns among \(known), each once, found \(quoted(name))")
                isGood = false
                continue
            }
            self.columns.append(column)
        }
        for column in [Column.username, .dialString] where isGood && !self.columns.contains(column) {
            builder.addProblem(at: origin, "expected a column \(column.rawValue) in the header, found none")
            isGood = false
        }
        return isGood
    }

    /// The entry of one line, or `nil` with all that is wrong with it noted.
    private func entry(at origin: EntryOrigin, _ builder: inout DirectoryTable.Builder) -> StaticEntry? {
        let before = builder.problems.count
        let fields = self.reader.fields
        guard fields.count == self.columns.count else {
            builder.addProblem(
                at: origin,
                "expected \(self.columns.count) fields as in the header, found \(fields.count)"
            )
            return nil
        }
        var username: Username?
        var dialString: DialString?
        var displayName: String?
        var password: PasswordHash?
        var further: [DialString] = []
        var digests: [DigestAlgorithm: DigestHash] = [:]
        for (column, field) in zip(self.columns, fields) {
            guard let text = self.reader.text(of: field) else {
                builder.addProblem(at: origin, "expected UTF-8 in \(column.rawValue), found other bytes")
                continue
            }
            switch column {
            case .username:
                username = Username(text)
                if username == nil {
                    builder.addProblem(
                        at: origin,
                        "expected a username of 1 to \(Username.longest) bytes without control characters, found \(quoted(text))"
                    )
                }
            case .dialString:
                dialString = self.dialString(text, in: column, at: origin, &builder)
            case .displayName:
                displayName = text.isEmpty ? nil : text
            case .password where text.isEmpty:
                break
            case .password:
                password = PasswordHash(text)
                if password == nil { builder.addProblem(at: origin, PasswordHash.expected) }
            case .digestSHA256, .digestMD5:
                guard !text.isEmpty else { continue }
                let algorithm = column == .digestMD5 ? DigestAlgorithm.md5 : .sha256
                digests[algorithm] = DigestHash(text, algorithm)
                if digests[algorithm] == nil { builder.addProblem(at: origin, DigestHash.expected(algorithm)) }
            case .furtherDialStrings:
                further = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ";") }
                    .compactMap { self.dialString(String(Substring($0)), in: column, at: origin, &builder) }
            }
        }
        guard builder.problems.count == before, let username, let dialString else { return nil }
        let entry = DirectoryEntry(
            username: username,
            dialString: dialString,
            furtherDialStrings: further,
            displayName: displayName
        )
        var person = StaticEntry(directoryEntry: entry, password: password)
        person.digests = digests
        return person
    }

    private func dialString(
        _ text: String,
        in column: Column,
        at origin: EntryOrigin,
        _ builder: inout DirectoryTable.Builder
    ) -> DialString? {
        if let dialString = DialString(text) { return dialString }
        builder.addProblem(
            at: origin,
            "expected in \(column.rawValue) 1 to \(DialString.longestForm) characters 0–9 A–Z a–z + * # . _ -, found \(quoted(text))"
        )
        return nil
    }
}

/// A field of the file as it may stand in a message: on one line, and not endlessly long.
private func quoted(_ text: String) -> String {
    text.isEmpty ? "an empty field" : JSONValue.string(text).found
}
