/// A name for an element of a ``Slab``: an index, and a generation so that a name outlived by its element finds nothing.
package struct Handle<Element>: Hashable, Sendable, CustomStringConvertible {
    package let index: UInt32
    package let generation: UInt32

    package init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    package var description: String { "\(self.index).\(self.generation)" }

    package static func == (left: Self, right: Self) -> Bool {
        left.index == right.index && left.generation == right.generation
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(self.index) << 32 | UInt64(self.generation))
    }
}

/// A table whose names are made by the table itself: looking up is one array access, whatever the size.
package struct Slab<Element> {
    private var elements: [Element?] = []
    private var generations: [UInt32] = []
    private var free: [UInt32] = []

    package init() {}

    /// How many elements there are.
    package var count: Int { self.elements.count - self.free.count }

    package mutating func insert(_ element: Element) -> Handle<Element> {
        if let index = self.free.popLast() {
            self.elements[Int(index)] = element
            return Handle(index: index, generation: self.generations[Int(index)])
        }
        let index = UInt32(truncatingIfNeeded: self.elements.count)
        self.elements.append(element)
        self.generations.append(0)
        return Handle(index: index, generation: 0)
    }

    /// The element of that name; `nil` when it is gone. To take an element out, use ``remove(_:)``.
    ///
    /// Reading makes a copy, which counts each string and array of the element once more: where messages pass all the
    /// time, use ``look(at:_:)`` and ``update(_:_:)``.
    package subscript(handle: Handle<Element>) -> Element? {
        get {
            self.holds(handle) ? self.elements[Int(handle.index)] : nil
        }
        _modify {
            if self.holds(handle) {
                yield &self.elements[Int(handle.index)]
            } else {
                var nothing: Element?
                yield &nothing
            }
        }
    }

    /// Looks at an element where it stands.
    @inline(__always)
    package func look<Result>(at handle: Handle<Element>, _ look: (Element) -> Result?) -> Result? {
        guard self.holds(handle) else { return nil }
        return self.elements.withUnsafeBufferPointer { $0[Int(handle.index)].flatMap(look) }
    }

    /// Changes an element where it stands. Not for taking it out.
    @inline(__always)
    package mutating func update(_ handle: Handle<Element>, _ change: (inout Element?) -> Void) {
        guard self.holds(handle) else { return }
        change(&self.elements[Int(handle.index)])
    }

    @discardableResult
    package mutating func remove(_ handle: Handle<Element>) -> Element? {
        guard self.holds(handle) else { return nil }
        let index = Int(handle.index)
        let element = self.elements[index].take()
        self.generations[index] &+= 1
        self.free.append(handle.index)
        return element
    }

    /// The wanted ones among so many elements from an index on, and the index to go on with; `nil` at the end.
    package func page(
        from start: Int,
        limit: Int,
        where isWanted: (Element) -> Bool
    ) -> (elements: [(Handle<Element>, Element)], next: Int?) {
        var page: [(Handle<Element>, Element)] = []
        let end = min(self.elements.count, start + max(limit, 1))
        for index in start..<max(start, end) {
            let handle = Handle<Element>(index: UInt32(truncatingIfNeeded: index), generation: self.generations[index])
            // Looked at where it stands: most need not be copied.
            guard self.look(at: handle, { isWanted($0) ? true : nil }) != nil, let element = self.elements[index] else {
                continue
            }
            page.append((handle, element))
        }
        return (page, end < self.elements.count ? end : nil)
    }

    /// How many of so many elements from an index on are so, and the index to go on with; `nil` at the end.
    package func count(
        from start: Int,
        limit: Int,
        where isWanted: (Element) -> Bool
    ) -> (count: Int, next: Int?) {
        let end = min(self.elements.count, start + max(limit, 1))
        let count = self.elements.withUnsafeBufferPointer { elements in
            elements[min(start, end)..<end].count { $0.map(isWanted) ?? false }
        }
        return (count, end < self.elements.count ? end : nil)
    }

    /// The names of all elements.
    package var handles: [Handle<Element>] {
        self.elements.indices.compactMap { index in
            guard self.elements[index] != nil else { return nil }
            return Handle(index: UInt32(truncatingIfNeeded: index), generation: self.generations[index])
        }
    }

    private func holds(_ handle: Handle<Element>) -> Bool {
        let index = Int(handle.index)
        return index < self.elements.count && self.generations[index] == handle.generation
            && self.elements[index] != nil
    }
}

extension Slab: Sendable where Element: Sendable {}
