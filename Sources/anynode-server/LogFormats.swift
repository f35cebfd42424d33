import Core
import ServerLog

extension Core.LogFormat {
    /// The same for those who write the lines.
    func apply(to log: ServerLog) {
        switch self {
        case .text: log.format = .text
        case .json: log.format = .json
        }
    }
}
