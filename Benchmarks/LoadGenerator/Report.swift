import FoundationEssentials
import Glibc

/// Takes down the reports of a run: for people at once, for programs as one JSON array in a file.
final class Notebook {
    private let file: String?
    private var reports: [Report] = []

    init(file: String?) {
        self.file = file
    }

    func add(_ report: Report) {
        print(report.table)
        fflush(nil)
        self.reports.append(report)
        guard let file = self.file else { return }
        // Written each time, so that a run that is interrupted leaves what it had.
        let text = "[\n" + self.reports.map(\.json).joined(separator: ",\n") + "\n]\n"
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            fail("can't write \(file): \(error)")
        }
    }
}

/// The figures of one benchmark.
struct Report {
    private let benchmark: String
    private let setting: String
    private var rows: [(name: String, figures: Statistics, digits: Int)] = []

    /// - Parameter setting: what the figures depend on, in words.
    init(_ benchmark: String, _ setting: String) {
        self.benchmark = benchmark
        self.setting = setting
    }

    /// A figure measured in each of several rounds.
    mutating func add(_ name: String, _ rounds: [Double], digits: Int = 2) {
        self.rows.append((name, Statistics(rounds), digits))
    }

    /// The median of the rounds, and from where to where they went.
    var table: String {
        let width = self.rows.map(\.name.count).max() ?? 0
        let head = "".padded(left: width + 2) + ["median", "min", "max"].map { $0.padded(right: 11) }.joined()
        let lines = self.rows.map { row in
            let figures = [row.figures.median, row.figures.least, row.figures.most]
            return "  " + row.name.padded(left: width)
                + figures.map { $0.text(row.digits).padded(right: 11) }.joined()
        }
        return (["\n\(self.benchmark): \(self.setting)", head] + lines).joined(separator: "\n")
    }

    /// - Important: the names are this program's own, and hold nothing that JSON would want escaped.
    var json: String {
        let figures = self.rows.map { row in
            let figures = row.figures
            return #"{"name":"\#(row.name)","median":\#(figures.median),"min":\#(figures.least),"#
                + #""max":\#(figures.most),"rounds":\#(figures.count)}"#
        }
        return #"{"benchmark":"\#(self.benchmark)","setting":"\#(self.setting)","figures":[\#n  "#
            + figures.joined(separator: ",\n  ") + "\n]}"
    }
}

extension String {
    fileprivate func padded(left width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.count))
    }

    fileprivate func padded(right width: Int) -> String {
        String(repeating: " ", count: max(1, width - self.count)) + self
    }
}
