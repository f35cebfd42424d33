internal import PluginAPI
internal import StrictJSON
internal import Telephony

/// How a directory file is written, which its name tells.
enum DirectoryFormat: Sendable {
    case csv
    case json

    init?(path: String) {
        let path = path.lowercased()
        if path.hasSuffix(".csv") {
            self = .csv
        } else if path.hasSuffix(".json") {
            self = .json
        } else {
            return nil
        }
    }
}

/// What stands at a path: a version of a file, or the reason why there is none.
enum FileState: Sendable, Equatable {
    case file(FileVersion)
    case missing(FileProblem)

    init(path: String) {
        do throws(FileProblem) {
            self = .file(try FileVersion(path: path))
        } catch {
            self = .missing(error)
        }
    }
}

/// Why entries cannot be put in force.
struct LoadFailure: Error, CustomStringConvertible {
    let description: String
    /// What stood there.
    let seen: FileState?
}

extension StaticDirectorySettings {
    /// The largest file that is read: about two million people.
    private static let largestFile = 256 << 20

    /// Reads the file, if there is one, and makes the table of all entries. Blocks: not for Swift's shared threads.
    ///
    func load() throws(LoadFailure) -> (DirectoryTable, FileState?) {
        var builder = DirectoryTable.Builder()
        for (index, entry) in self.entries.enumerated() { builder.add(entry, from: .settings(index)) }
        var seen: FileState?
        if let file {
            let contents: FileContents
            do throws(FileProblem) {
                contents = try FileContents(path: file, limit: Self.largestFile)
            } catch {
                let text = "\(file): expected a file, found \(error.found)"
                throw LoadFailure(description: text, seen: FileState(path: file))
            }
            seen = .file(contents.version)
            switch DirectoryFormat(path: file) {
            case .csv: DirectoryCSV.read(contents.bytes, into: &builder)
            case .json, nil: DirectoryJSON.read(contents.bytes, baseDirectory: self.baseDirectory, into: &builder)
            }
        }
        guard builder.problems.count == 0 else {
            let problems = builder.problems.shown.joined(separator: "; ")
            throw LoadFailure(description: self.file.map { "\($0): \(problems)" } ?? problems, seen: seen)
        }
        return (builder.table, seen)
    }
}

/// A JSON file of entries: an array of the objects that `entries` in the settings has.
enum DirectoryJSON {
    static func read(_ bytes: [UInt8], baseDirectory: String, into builder: inout DirectoryTable.Builder) {
        let document: JSONValue
        do throws(JSONSyntaxError) {
            document = try JSONValue(parsing: bytes)
        } catch {
            let (line, column) = error.position(in: bytes)
            let found = "\(error.problem.rawValue) in column \(column)"
            builder.addProblem(at: .line(line), "expected JSON, found \(found)")
            return
        }
        guard case .array(let elements) = document else {
            builder.addProblem(at: .line(1), "expected an array of objects, found \(document.kind)")
            return
        }
        builder.reserve(elements.count)
        for (index, element) in elements.enumerated() {
            let reader = SettingsReader(element, at: "/\(index)", baseDirectory: baseDirectory)
            let entry = StaticEntry(from: reader)
            reader.refuseUnknownMembers()
            for problem in reader.problems { builder.add(problem) }
            if reader.problems.isEmpty, let entry { builder.add(entry, from: .element(index)) }
        }
    }
}
