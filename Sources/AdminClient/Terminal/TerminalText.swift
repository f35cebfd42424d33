/// Names come from users: what a terminal would obey, or not show, is shown as an escape instead.
extension String {
    /// Fit to stand on one line of a terminal.
    package var shown: String {
        guard self.unicodeScalars.contains(where: \.mustBeShownEscaped) else { return self }
        var text = ""
        for scalar in self.unicodeScalars {
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.mustBeShownEscaped: text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// JSON text whose strings hold nothing a terminal would obey; it says the same.
    package var shownJSON: String {
        guard self.unicodeScalars.contains(where: { $0 != "\n" && $0.mustBeShownEscaped }) else { return self }
        var text = ""
        for scalar in self.unicodeScalars {
            guard scalar != "\n", scalar.mustBeShownEscaped else {
                text.unicodeScalars.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }

    /// How many columns of a terminal it takes.
    package var columns: Int {
        self.unicodeScalars.reduce(0) { $0 + $1.columns }
    }

    /// Cut to a number of columns, the cut marked.
    package func cut(to limit: Int) -> String {
        guard self.columns > limit else { return self }
        guard limit > 0 else { return "" }
        var text = ""
        var left = limit - 1
        for character in self {
            let width = String(character).columns
            guard width <= left else { break }
            text.append(character)
            left -= width
        }
        return text + "…"
    }

    /// Filled up with blanks to a number of columns.
    package func padded(to width: Int, onTheLeft: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - self.columns))
        return onTheLeft ? blanks + self : self + blanks
    }
}

extension Unicode.Scalar {
    /// Control characters, marks that turn the direction of writing, and others that show nothing.
    package var mustBeShownEscaped: Bool {
        if self.isASCII { return self.value < 0x20 || self.value == 0x7F }
        switch self.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return true
        default: return false
        }
    }

    /// By the rules of thumb of `wcwidth`: East Asian and emoji take two, what sits on another character none.
    fileprivate var columns: Int {
        if self.value < 0x300 { return 1 }
        switch self.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch self.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
