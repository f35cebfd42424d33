internal import Logging
internal import PluginAPI
internal import Synchronization

/// The list of plugins changed as a whole.
extension PluginHost {
    /// Another list of plugins, made and started, in the place of the present one as soon as it is adopted. Until it is, or is
    /// dropped, no other change of plugins is possible.
    package struct Prepared: Sendable {
        let slots: [Slot]
        /// Those among them that the present list does not have.
        let new: [Slot]
    }

    /// Puts another list of plugins in the place of the present one, all of it or nothing, without a question going unanswered.
    ///
    /// Plugins whose entry is the same go on as they are. The others are made and started first; then the new list is in force, in its
    /// order; then those that are in it no more answer what they were asked, and are stopped.
    ///
    /// - Throws: What is wrong; the present list is in force then.
    package func apply(_ configurations: [PluginConfiguration]) async throws(PluginChangeFailure) {
        let prepared = try await self.prepare(configurations)
        await self.retire(try self.adopt(prepared))
    }

    /// Makes and starts the plugins of another list that the present one does not have.
    ///
    /// One whose entry is the same as before, and that did not run, is tried once more; if in vain, it stays as it was.
    ///
    /// - Throws: What is wrong; the present list is in force then.
    package func prepare(_ configurations: [PluginConfiguration]) async throws(PluginChangeFailure) -> Prepared {
        let present = try self.claimList()
        do throws(PluginChangeFailure) {
            let (slots, new) = try self.slots(for: configurations, keeping: present)
            return try await self.start(slots, new, or: present)
        } catch {
            self.table.withLock { $0.isChanging = false }
            throw error
        }
    }

    /// Stops again what was started for a list that is not to be.
    package func drop(_ prepared: Prepared) async {
        self.table.withLock { $0.isChanging = false }
        for slot in prepared.new { await slot.instance.stop() }
    }

    /// Puts a list in force. What it returns is to be stopped by ``retire(_:)``.
    ///
    /// - Throws: ``PluginChangeFailure/conflict`` when the server is stopping.
    package func adopt(_ prepared: Prepared) throws(PluginChangeFailure) -> Retired {
        let replaced: [Slot]? = self.table.withLock { table in
            table.isChanging = false
            guard !table.isStopped else { return nil }
            let kept = Set(prepared.slots.map { ObjectIdentifier($0.instance) })
            defer { table.slots = prepared.slots }
            return table.slots.filter { !kept.contains(ObjectIdentifier($0.instance)) }
        }
        guard let replaced else {
            let new = prepared.new
            Task { for slot in new { await slot.instance.stop() } }
            throw .conflict
        }
        self.logger.info(
            "plugins changed",
            metadata: [
                "plugins": "\(prepared.slots.map(\.configuration.name))",
                "started": "\(prepared.new.map(\.configuration.name))",
            ]
        )
        return Retired(slots: replaced)
    }

    /// Plugins that are asked nothing new.
    package struct Retired: Sendable {
        let slots: [Slot]
    }

    /// Lets plugins answer what they were asked, and stops them.
    package func retire(_ retired: Retired) async {
        for slot in retired.slots.reversed() { await slot.instance.stop() }
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

    /// Starts the new ones, or stops those again that have started.
    private func start(
        _ slots: [Slot],
        _ new: [Slot],
        or present: [Slot]
    ) async throws(PluginChangeFailure) -> Prepared {
        let failures = await withTaskGroup(of: (Int, PluginChangeFailure)?.self) { group in
            for (index, slot) in new.enumerated() {
                group.addTask {
                    do {
                        try await slot.instance.start()
                        return nil
                    } catch {
                        return (index, self.failure(error, at: slot.configuration.pointer))
                    }
                }
            }
            return await group.reduce(into: [Int: PluginChangeFailure]()) { list, failure in
                if let (index, failure) = failure { list[index] = failure }
            }
        }
        var (slots, started) = (slots, new.enumerated().filter { failures[$0.offset] == nil }.map(\.element))
        for (index, failure) in failures.sorted(by: { $0.key < $1.key }) {
            let failed = new[index]
            guard let old = present.first(where: { $0.isSameEntry(as: failed.configuration) }),
                let place = slots.firstIndex(where: { $0.instance === failed.instance })
            else {
                for slot in started { await slot.instance.stop() }
                started = []
                let problem = String(describing: failure)
                self.logger.warning("plugins stay as they are", metadata: ["problem": .string(problem)])
                throw failure
            }
            // It was ill before this change, and the change is not about it.
            slots[place] = old
        }
        return Prepared(slots: slots, new: started)
    }
}

extension PluginHost.Slot {
    /// Whether it can go on for this entry.
    fileprivate func isTheSame(as other: PluginConfiguration) -> Bool {
        self.isSameEntry(as: other) && self.instance.isRunning
    }

    fileprivate func isSameEntry(as other: PluginConfiguration) -> Bool {
        self.configuration.name == other.name && self.configuration.kind == other.kind
            && self.configuration.settings == other.settings && self.configuration.cache == other.cache
    }
}
