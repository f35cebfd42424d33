import Glibc

/// What the system knows of this process, by the names all of Prometheus' own libraries use.
///
/// What can't be read is left out: a zero would be a lie.
package enum ProcessMetrics {
    /// For ``PrometheusRegistry/collect(_:)``. Reads three small files and a directory.
    package static func families() -> [MetricFamily] {
        self.families(
            status: self.contents(of: "/proc/self/stat").flatMap { ProcessStatus(stat: $0) },
            bootTime: self.contents(of: "/proc/stat").flatMap { ProcessStatus.bootTime(stat: $0) },
            openDescriptors: self.openDescriptors(),
            mostDescriptors: self.mostDescriptors(),
            ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)),
            pageSize: sysconf(Int32(_SC_PAGESIZE))
        )
    }

    static func families(
        status: ProcessStatus?,
        bootTime: UInt64?,
        openDescriptors: Int?,
        mostDescriptors: UInt64?,
        ticksPerSecond: Int,
        pageSize: Int
    ) -> [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ name: String, _ kind: MetricKind, _ value: Double?, _ help: String) {
            guard let value else { return }
            families.append(MetricFamily(name: name, help: help, kind: kind, value: .number(value)))
        }
        let ticks = ticksPerSecond > 0 ? Double(ticksPerSecond) : nil
        add(
            "process_cpu_seconds_total",
            .counter,
            status.flatMap { status in ticks.map { Double(status.processorTicks) / $0 } },
            "Time of processors used by the process, in user mode and in the kernel."
        )
        add(
            "process_start_time_seconds",
            .gauge,
            status.flatMap { status in
                bootTime.flatMap { boot in ticks.map { Double(boot) + Double(status.startTicks) / $0 } }
            },
            "When the process started, in seconds after 1970 (UTC)."
        )
        add(
            "process_resident_memory_bytes",
            .gauge,
            status.flatMap { pageSize > 0 ? Double($0.residentPages) * Double(pageSize) : nil },
            "Memory of the process that is in RAM."
        )
        add(
            "process_virtual_memory_bytes",
            .gauge,
            status.map { Double($0.virtualMemory) },
            "Address space of the process."
        )
        add("process_threads", .gauge, status.map { Double($0.threads) }, "Threads of the process.")
        add(
            "process_open_fds",
            .gauge,
            openDescriptors.map { Double($0) },
            "File descriptors in use: sockets, files, pipes."
        )
        add(
            "process_max_fds",
            .gauge,
            mostDescriptors.map { Double($0) },
            "File descriptors the process may use (RLIMIT_NOFILE)."
        )
        return families
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        // /proc/stat has a line for each processor; what is larger than this is something else.
        while contents.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            contents += buffer.prefix(count)
        }
        return contents
    }

    /// Without the one that is needed to count them.
    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        // Neither `.` nor `..`, nor the directory's own.
        return max(entries - 3, 0)
    }

    private static func mostDescriptors() -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return UInt64(limit.rlim_cur)
    }
}
