internal import AdminClient
internal import StrictJSON

/// Steps and their times.
enum Timeline {
    /// A `Trace`: a headline and its steps.
    static func lines(ofCall trace: JSONValue, on screen: Screen) -> [String] {
        let call = trace["call"]?.words.shown ?? "?"
        let caller = (trace["caller"]?.isScalar == true ? trace["caller"]?.words : trace["caller"]?.personText) ?? "?"
        let dialled = trace["dialled"]?.words ?? "?"
        let started = trace["startedAt"]?.words.timeText.shown ?? "?"
        let ending = trace["reason"].map { "ended: \($0.words.shown)" } ?? "not ended"
        var lines = ["Call \(call) from \(caller.shown) to \(dialled.shown), \(started), \(ending)"]
        lines += Self.lines(of: trace["steps"]?.elements ?? [], on: screen)
        if let omitted = trace["omitted"]?.double, omitted > 0 { lines.append("  (\(omitted.short) steps left out)") }
        return lines
    }

    /// Milliseconds since the beginning, the step's name if it has one, and its text.
    static func lines(of steps: [JSONValue], on screen: Screen) -> [String] {
        let rows = steps.map { step in
            (
                time: (step["afterMilliseconds"]?.double?.rounded().short ?? "?") + " ms",
                name: step["step"]?.string?.shown ?? "", text: Self.text(of: step)
            )
        }
        let timeWidth = rows.map(\.time.columns).max() ?? 0
        let nameWidth = rows.map(\.name.columns).max() ?? 0
        return rows.map { row in
            let name = nameWidth == 0 ? "" : row.name.padded(to: nameWidth) + "  "
            let line =
                "  \(row.time.padded(to: timeWidth, onTheLeft: true))  \(Self.painted(name, row.name, screen))\(row.text)"
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// The step's sentence, and its reason unless the sentence says it.
    private static func text(of step: JSONValue) -> String {
        let text = step["text"]?.string ?? ""
        guard let reason = step["reason"]?.string, !text.contains(reason) else { return text.shown }
        return "\(text) (\(reason))".shown
    }

    /// Steps that went wrong stand out, and the one that everybody waits for.
    private static func painted(_ text: String, _ step: String, _ screen: Screen) -> String {
        switch step {
        case "pushFailed", "pushGone", "lost", "refused": screen.paint(text, as: "failed")
        case "waiting", "held": screen.paint(text, as: "ringing")
        case "answered": screen.paint(text, as: "ok")
        default: text
        }
    }
}
