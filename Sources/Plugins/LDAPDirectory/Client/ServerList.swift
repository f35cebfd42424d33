/// Which of several servers to try: the first in order that has not failed lately.
///
/// Pure: time and chance are parameters. Time is counted from any beginning.
struct ServerList: Sendable {
    /// After a first failure; doubled by each further one.
    static let firstPause = Duration.milliseconds(500)
    static let longestPause = Duration.seconds(30)
    /// A connection that ends before it has lasted so long is a failure, too.
    static let trial = Duration.seconds(5)

    private struct Standing {
        var failures = 0
        var pausesUntil = Duration.zero
        var problem: String?
    }

    let urls: [String]
    private var standings: [Standing]

    init(_ urls: [String]) {
        self.urls = urls
        self.standings = urls.map { _ in Standing() }
    }

    /// The server to try now; `nil` while all of them pause.
    func next(at now: Duration) -> Int? {
        self.standings.firstIndex { $0.pausesUntil <= now }
    }

    /// Whether another server than this one may be tried now.
    func hasAlternative(to index: Int, at now: Duration) -> Bool {
        self.standings.indices.contains { $0 != index && self.standings[$0].pausesUntil <= now }
    }

    /// A server failed. It pauses the longer the oftener it fails.
    ///
    /// - Parameter chance: From 0 to 1; spreads the pause by a fifth to either side, so that a fleet of servers does not come
    ///   back to a directory as one.
    mutating func failed(_ index: Int, _ problem: String, at now: Duration, chance: Double) {
        let doublings = min(self.standings[index].failures, 6)
        let pause = min(Self.firstPause * (1 << doublings), Self.longestPause)
        self.standings[index].failures += 1
        self.standings[index].problem = problem
        self.standings[index].pausesUntil = now + pause * (0.8 + 0.4 * chance)
    }

    /// A server does its work.
    mutating func succeeded(_ index: Int) {
        self.standings[index] = Standing()
    }

    /// What is wrong with each server that has failed.
    var problems: [(url: String, problem: String)] {
        zip(self.urls, self.standings).compactMap { url, standing in standing.problem.map { (url, $0) } }
    }
}
