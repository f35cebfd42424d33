/// Rows under a header, in plain text and aligned.
package struct Table: Sendable {
    /// One column's header and how it behaves.
    package struct Column: Hashable, Sendable {
        package var title: String
        /// Numbers stand on the right.
        package var isNumeric = false
        /// Whether its words are painted by what they mean.
        package var isStatus = false

        package init(_ title: String, isNumeric: Bool = false, isStatus: Bool = false) {
            self.title = title
            self.isNumeric = isNumeric
            self.isStatus = isStatus
        }
    }

    private static let gap = 2
    /// No column is narrowed below this.
    private static let narrowest = 8

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Whether there is nothing under the header.
    package var isEmpty: Bool { self.rows.isEmpty }

    /// Adds a row; cells are shown harmless, absent ones as a dash, and those beyond the columns not at all.
    package mutating func append(_ cells: [String?]) {
        self.rows.append(
            self.columns.indices.map { index in
                guard index < cells.count, let text = cells[index], !text.isEmpty else { return "-" }
                return text.shown
            }
        )
    }

    /// The lines, without blanks at their ends.
    ///
    /// - Parameter width: Columns of the terminal; the widest columns are cut until a line fits. `nil` cuts nothing.
    package func lines(width: Int?, paint: Paint) -> [String] {
        let widths = self.widths(within: width)
        let header = zip(self.columns, widths).map { column, width in
            column.title.cut(to: width).padded(to: width, onTheLeft: column.isNumeric)
        }
        let body = self.rows.map { row in
            self.columns.indices.map { index in
                let (column, cell) = (self.columns[index], row[index])
                let text = cell.cut(to: widths[index])
                let padded = text.padded(to: widths[index], onTheLeft: column.isNumeric)
                guard column.isStatus else { return padded }
                // Blanks stay outside, so that they can be taken off the end of the line.
                return paint(text, as: cell) + padded.dropFirst(text.count)
            }
        }
        return ([header] + body).map { cells in
            var line = cells.joined(separator: String(repeating: " ", count: Self.gap))
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func widths(within limit: Int?) -> [Int] {
        var widths = self.columns.indices.map { index in
            self.rows.reduce(self.columns[index].title.columns) { max($0, $1[index].columns) }
        }
        guard let limit else { return widths }
        let gaps = Self.gap * max(0, widths.count - 1)
        while widths.reduce(gaps, +) > limit, let widest = widths.max(), widest > Self.narrowest,
            let index = widths.lastIndex(of: widest)
        {
            widths[index] -= 1
        }
        return widths
    }
}
