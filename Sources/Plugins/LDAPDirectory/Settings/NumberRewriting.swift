internal import PluginAPI
internal import Synchronization
internal import Telephony

/// How a number is made of what stands in the directory: rules, one after the other.
///
/// `+49 (5363) 8195-123`, stripped of ` ()-`, is `+4953638195123`, which ``DialString`` knows as `4953638195123`.
struct NumberRewriting: Sendable, Equatable {
    let rules: [Rule]

    enum Rule: Sendable, Equatable {
        /// Leaves out all of these characters.
        case strip(StrippedCharacters)
        case replace(Replacement)
    }

    /// What numbers are written with for the sake of the reader.
    static let usual = NumberRewriting(rules: [.strip(StrippedCharacters(" ()/-."))])

    /// The number; `nil` when what comes out is none.
    func dialString(of written: String) -> DialString? {
        let text = self.rules.reduce(written) { text, rule in
            switch rule {
            case .strip(let scalars):
                scalars.removed(from: text)
            case .replace(let replacement):
                replacement.apply(to: text)
            }
        }
        return DialString(text)
    }
}

/// Characters that are left out.
struct StrippedCharacters: Sendable, Equatable {
    private let ascii: Set<UInt8>
    private let others: Set<Unicode.Scalar>

    init(_ text: String) {
        self.ascii = Set(text.unicodeScalars.filter(\.isASCII).map { UInt8(ascii: $0) })
        self.others = Set(text.unicodeScalars.filter { !$0.isASCII })
    }

    func removed(from text: String) -> String {
        guard self.others.isEmpty else {
            let kept = text.unicodeScalars.filter { scalar in
                !self.others.contains(scalar) && !(scalar.isASCII && self.ascii.contains(UInt8(ascii: scalar)))
            }
            return String(String.UnicodeScalarView(kept))
        }
        // No byte of a longer character is one of ASCII.
        return String(decoding: text.utf8.filter { !self.ascii.contains($0) }, as: UTF8.self)
    }
}

/// A regular expression and what is written in the place of what it finds.
final class Replacement: Sendable, Equatable {
    let pattern: String
    let template: String
    /// A match may not go on in two threads at once.
    private let regex: Mutex<Regex<AnyRegexOutput>>

    /// - Parameter template: `$1` stands for what the first group has found, `$0` for all of it, `$$` for a dollar.
    init(pattern: String, template: String) throws {
        self.pattern = pattern
        self.template = template
        let regex = try Regex(pattern).asciiOnlyDigits().matchingSemantics(.unicodeScalar)
        self.regex = Mutex(regex)
    }

    static func == (left: Replacement, right: Replacement) -> Bool {
        left.pattern == right.pattern && left.template == right.template
    }

    func apply(to text: String) -> String {
        self.regex.withLock { regex in
            text.replacing(regex) { match in self.filled(match.output) }
        }
    }

    private func filled(_ groups: AnyRegexOutput) -> String {
        var result = String.UnicodeScalarView()
        var rest = self.template.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "$", let next = rest.first else {
                result.append(scalar)
                continue
            }
            if next == "$" {
                rest.removeFirst()
                result.append("$")
            } else if let digit = Int(String(next)), (0...9).contains(digit) {
                rest.removeFirst()
                if digit < groups.count, let found = groups[digit].substring {
                    result.append(contentsOf: found.unicodeScalars)
                }
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
