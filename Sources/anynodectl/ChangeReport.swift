internal import AdminClient
internal import StrictJSON

/// What a change of the configuration did, or would do.
enum ChangeReport {
    /// `{changes, restartRequired, revision?, persisted?}`.
    static func lines(_ result: JSONValue, isDone: Bool = true, tellsWhetherSaved: Bool = true) -> [String] {
        var lines: [String] = []
        let changes = result["changes"]?.elements ?? []
        for change in changes {
            let pointer = change["pointer"]?.string ?? ""
            lines.append("  \(Self.sign(change)) \(pointer.isEmpty ? "(whole document)" : pointer.shown)")
        }
        if case .array? = result["changes"], changes.isEmpty { lines.append("nothing changes") }
        let restart = result["restartRequired"]?.elements ?? []
        if !restart.isEmpty {
            lines.append("only with a restart of the server:")
            lines += restart.map { "  \($0.words.shown)" }
        }
        if isDone, let revision = result["revision"] {
            let saved: String =
                switch result["persisted"]?.bool {
                case true? where tellsWhetherSaved: ", written to the configuration file"
                case false? where tellsWhetherSaved: ", not in the configuration file (--persist)"
                case true?, false?, nil: ""
                }
            lines.append("revision \(revision.words.shown)\(saved)")
        }
        return lines
    }

    /// The problems of `config.validate`.
    static func problems(_ result: JSONValue) -> [String] {
        (result["problems"]?.elements ?? []).compactMap(Problem.init).map { "  \($0.line)" }
    }

    private static func sign(_ change: JSONValue) -> String {
        switch change["change"]?.string {
        case "added": "+"
        case "removed": "-"
        default: "~"
        }
    }
}
