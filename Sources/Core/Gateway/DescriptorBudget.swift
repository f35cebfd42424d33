internal import Glibc
internal import Synchronization

/// How many sockets clients may hold so that some descriptors are left for the server's own work: looking at files again,
/// asking web services, telling systemd that it is well.
package final class DescriptorBudget: Sendable {
    /// What is kept back, unless there are too few for that.
    private static let reserve = 32

    /// How many sockets clients may hold.
    package let most: Int
    private let held = Atomic<Int>(0)

    package init(most: Int) {
        self.most = most
    }

    /// Of what this process has left now; without bounds where that can't be found out.
    package static func measured() -> DescriptorBudget {
        guard let limit = self.limit, let inUse = self.inUse else { return DescriptorBudget(most: .max) }
        return DescriptorBudget(most: self.share(limit: limit, inUse: inUse))
    }

    /// What remains when the reserve is put aside: half of what is free, where that is little.
    package static func share(limit: Int, inUse: Int) -> Int {
        let free = max(2, limit - inUse)
        return free - min(self.reserve, free / 2)
    }

    package var isSpent: Bool { self.held.load(ordering: .relaxed) >= self.most }

    package func take() {
        self.held.wrappingAdd(1, ordering: .relaxed)
    }

    package func giveBack() {
        self.held.wrappingSubtract(1, ordering: .relaxed)
    }

    // MARK: The process

    /// Raises what the process may open to what it may raise it to: the lower limit is there for programs that use
    /// `select(2)`.
    package static func raiseLimit() {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0, limits.rlim_cur < limits.rlim_max
        else { return }
        limits.rlim_cur = limits.rlim_max
        // Where it is forbidden, the lower limit holds.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    }

    private static var limit: Int? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return nil }
        return Int(clamping: limits.rlim_cur)
    }

    private static var inUse: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Itself, and its parent, and the folder that is being read.
        return max(0, count - 3)
    }
}
