internal import Logging
internal import PluginAPI
internal import Synchronization

/// The list of plugins changed as a whole.
extension PluginHost {
    /// Puts another list of plugins in the place of the present one, all of it or nothing, without a question going unanswered.
    ///
    /// Plugins whose entry is the same go on as they are. The others are made and started first; then the new list is in force, in its
    /// order; then those that are in it no more answer what they were asked, and are stopped.
    ///
    /// - Throws: What is wrong; the present list is in force then.
    package func apply(_ configurations: [PluginConfiguration]) async throws(PluginChangeFailure) {
        let present = try self.claimList()
        defer { self.table.withLock { $0.isChanging = false } }
        let (slots, new) = try self.slots(for: configurations, keeping: present)
        try await self.start(new)
        let replaced: [Slot]? = self.table.withLock { table in
            guard !table.isStopped else { return nil }
            let kept = Set(slots.map { ObjectIdentifier($0.instance) })
            defer { table.slots = slots }
            return table.slots.filter { !kept.contains(ObjectIdentifier($0.instance)) }
        }
        guard let replaced else {
            for slot in new { await slot.instance.stop() }
            throw .conflict
        }
        self.logger.info(
            "plugins changed",
            metadata: ["plugins": "\(slots.map(\.configuration.name))", "started": "\(new.map(\.configuration.name))"]
        )
        for slot in replaced.reversed() { await slot.instance.stop() }
    }

    private func claimList() throws(PluginChangeFailure) -> [Slot] {
        let claimed: Result<[Slot], PluginChangeFailure> = self.table.withLock { table in
            guard !table.isStopped, !table.isChanging, !table.slots.contains(where: \.isChanging) else {
                return .failure(.conflict)
            }
            table.isChanging = true
            return .success(table.slots)
        }
        return try claimed.get()
    }

    /// The slots of a list, and those among them that are still to be started.
    private func slots(
        for configurations: [PluginConfiguration],
        keeping present: [Slot]
    ) throws(PluginChangeFailure) -> (all: [Slot], new: [Slot]) {
        var (all, new): ([Slot], [Slot]) = ([], [])
        var problems: [ConfigurationProblem] = []
        for configuration in configurations where configuration.enabled {
            if var same = present.first(where: { $0.isTheSame(as: configuration) }) {
                same.configuration.pointer = configuration.pointer
                all.append(same)
                continue
            }
            guard let kind = self.catalog.first(where: { $0.name == configuration.kind }) else {
                problems.append(Self.unknownKind(configuration))
                continue
            }
            do throws(ConfigurationProblems) {
                let slot = Slot(
                    configuration: configuration,
                    kind: kind,
                    instance: try self.maker.make(configuration, of: kind)
                )
                all.append(slot)
                new.append(slot)
            } catch {
                problems += error.list
            }
        }
        guard problems.isEmpty else { throw .invalidSettings(ConfigurationProblems(problems)) }
        return (all, new)
    }

    /// Starts all, or stops those again that have started.
    private func start(_ slots: [Slot]) async throws(PluginChangeFailure) {
        let failures = await withTaskGroup(of: (Int, PluginChangeFailure)?.self) { group in
            for (index, slot) in slots.enumerated() {
                group.addTask {
                    do {
                        try await slot.instance.start()
                        return nil
                    } catch {
                        return (index, self.failure(error, at: slot.configuration.pointer))
                    }
                }
            }
            return await group.reduce(into: [(Int, PluginChangeFailure)]()) { list, failure in
                if let failure { list.append(failure) }
            }
        }
        guard let (_, failure) = failures.min(by: { $0.0 < $1.0 }) else { return }
        for slot in slots { await slot.instance.stop() }
        self.logger.warning("plugins stay as they are", metadata: ["problem": .string(String(describing: failure))])
        throw failure
    }
}

extension PluginHost.Slot {
    /// Whether it can go on for this entry.
    fileprivate func isTheSame(as other: PluginConfiguration) -> Bool {
        self.configuration.name == other.name && self.configuration.kind == other.kind
            && self.configuration.settings == other.settings && self.configuration.cache == other.cache
            && self.instance.isRunning
    }
}
