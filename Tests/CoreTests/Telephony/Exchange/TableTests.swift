import Testing

@testable import Telephony

@Suite("Slab")
struct SlabTests {
    @Test("What goes in is found under its name, and no longer once it is out")
    func inAndOut() {
        var slab = Slab<String>()
        let (a, b) = (slab.insert("a"), slab.insert("b"))
        #expect(slab[a] == "a" && slab[b] == "b" && slab.count == 2)
        slab[a]?.append("!")
        #expect(slab[a] == "a!")
        #expect(slab.remove(a) == "a!")
        #expect(slab[a] == nil && slab.count == 1)
        #expect(slab.remove(a) == nil)
        slab[a]?.append("?")
        #expect(slab.handles == [b])
    }

    @Test("A place is used again, under a new name")
    func reuse() {
        var slab = Slab<Int>()
        let old = slab.insert(1)
        slab.remove(old)
        let new = slab.insert(2)
        #expect(new.index == old.index && new.generation != old.generation && new != old)
        #expect(slab[old] == nil && slab[new] == 2)
        #expect(slab.remove(old) == nil)
        #expect(slab[new] == 2)
        #expect("\(new)" == "0.1")
    }

    @Test("Setting what is gone does nothing")
    func setGone() {
        var slab = Slab<Int>()
        let gone = slab.insert(1)
        slab.remove(gone)
        slab[gone] = 5
        #expect(slab.count == 0 && slab[gone] == nil && slab.handles.isEmpty)
    }

    @Test("A name of nothing at all finds nothing")
    func strange() {
        let slab = Slab<Int>()
        #expect(slab[Handle(index: 0, generation: 0)] == nil)
        #expect(slab[Handle(index: .max, generation: .max)] == nil)
    }

    @Test("It does what a dictionary would")
    func likeADictionary() {
        var slab = Slab<Int>()
        var model: [Handle<Int>: Int] = [:]
        var random = SequentialRandom(seed: 7)
        for step in 0..<5000 {
            if random.next() % 5 < 3 || model.isEmpty {
                let handle = slab.insert(step)
                #expect(model.updateValue(step, forKey: handle) == nil)
            } else {
                let handles = slab.handles
                let handle = handles[Int(random.next() % UInt64(handles.count))]
                #expect(slab.remove(handle) == model.removeValue(forKey: handle))
            }
            #expect(slab.count == model.count)
        }
        #expect(Set(slab.handles) == Set(model.keys))
        #expect(model.allSatisfy { slab[$0.key] == $0.value })
    }
}

@Suite("Timer queue")
struct TimerQueueTests {
    private func timer(_ number: Int) -> ExchangeTimer { .ring(CallID(index: UInt32(number), generation: 0)) }
    private func at(_ nanoseconds: Int64) -> Moment { Moment(nanoseconds: nanoseconds) }

    @Test("Reminders come when they are due, in that order, whatever the order of asking")
    func order() {
        var queue = TimerQueue<Moment, ExchangeTimer>()
        for due in [30, 10, 20, 10] {
            queue.remind(of: self.timer(due), at: self.at(Int64(due)))
        }
        #expect(queue.next == self.at(10) && queue.count == 4)
        #expect(queue.takeDue(by: self.at(9)) == nil)
        #expect(queue.takeDue(by: self.at(25)) == self.timer(10))
        #expect(queue.takeDue(by: self.at(25)) == self.timer(10))
        #expect(queue.takeDue(by: self.at(25)) == self.timer(20))
        #expect(queue.takeDue(by: self.at(25)) == nil)
        #expect(queue.next == self.at(30))
        #expect(queue.takeDue(by: self.at(.max)) == self.timer(30))
        #expect(queue.next == nil && queue.takeDue(by: self.at(.max)) == nil && queue.count == 0)
    }

    @Test("Those of one moment come in the order in which they were set")
    func oneMoment() {
        var queue = TimerQueue<Moment, ExchangeTimer>()
        for number in 0..<100 { queue.remind(of: self.timer(number), at: self.at(5)) }
        for number in 0..<100 { #expect(queue.takeDue(by: self.at(5)) == self.timer(number)) }
    }

    @Test("It does what sorting would, with reminders set in between")
    func likeSorting() {
        var queue = TimerQueue<Moment, ExchangeTimer>()
        var model: [(due: Int64, number: Int)] = []
        var random = SequentialRandom(seed: 3)
        var now: Int64 = 0
        for number in 0..<3000 {
            let due = now + [1, 5, 60, 86_400][Int(random.next() % 4)] * Int64(random.next() % 3)
            queue.remind(of: self.timer(number), at: self.at(due))
            model.append((due, number))
            now += Int64(random.next() % 3)
            while let timer = queue.takeDue(by: self.at(now)) {
                let first = model.indices.min { (model[$0].due, model[$0].number) < (model[$1].due, model[$1].number) }
                guard let first, model[first].due <= now else {
                    Issue.record("a reminder too early")
                    return
                }
                #expect(timer == self.timer(model.remove(at: first).number))
            }
            #expect(model.allSatisfy { $0.due > now })
        }
        #expect(queue.count == model.count)
    }

    @Test("A reminder of something that is gone meanwhile changes nothing")
    func stale() throws {
        let world = OutsideWorld()
        let alice = try world.registered("100")
        let bob = try world.registered("200")
        // The call of the reminder is gone, and another one has its place.
        try alice.dials("200", "c-1")
        try alice.terminates("c-1")
        try world.passes(.seconds(30))
        try alice.dials("200", "c-2")
        try world.passes(.seconds(31))
        #expect(alice.calls.count == 1 && bob.calls.count == 1)
        // A device waited for comes back and is lost again: that is the business of the grace.
        try bob.terminates("in-2")
        try bob.losesSocket()
        try alice.dials("200", "c-3")
        try bob.returns()
        try bob.losesSocket()
        try world.passes(.seconds(6))
        #expect(alice.calls.count == 1)
        // A registration of the reminder is gone, and another one has its place.
        try bob.returns()
        try bob.losesSocket()
        let id = try #require(bob.secret.flatMap { world.exchange.book.registration(for: $0) })
        try bob.isEnded(because: .administrator)
        let carol = try world.registered("300")
        #expect(carol.secret.flatMap { world.exchange.book.registration(for: $0) }?.index == id.index)
        try world.passes(.seconds(3600))
        #expect(world.exchange.census.registrations == 2)
    }
}

@Suite("Registration book")
struct RegistrationBookTests {
    private func registration(_ number: String, secret: UInt64) throws -> Registration {
        let enrolment = Enrolment(
            identifier: RegistrationIdentifier(high: 0, low: secret),
            username: Username("u"),
            address: PartyAddress(dialString: try #require(DialString(number)))
        )
        return Registration(enrolment: enrolment, port: PortID(index: 0, generation: 0))
    }

    @Test("Devices of a number are found oldest first, whichever leave", arguments: 0..<16)
    func devices(leaving: Int) throws {
        var book = RegistrationBook()
        let ids = try (0..<4).map { book.insert(try self.registration("100", secret: UInt64($0))) }
        let other = book.insert(try self.registration("200", secret: 9))
        let number = try #require(DialString("100"))
        #expect(book.devices(of: number) == ids)
        let staying = ids.indices.filter { leaving & (1 << $0) == 0 }.map { ids[$0] }
        for index in ids.indices.reversed() where leaving & (1 << index) != 0 {
            #expect(book.remove(ids[index]) != nil)
            #expect(book.registration(for: RegistrationIdentifier(high: 0, low: UInt64(index))) == nil)
        }
        #expect(book.devices(of: number) == staying)
        let new = book.insert(try self.registration("1-00", secret: 8))
        #expect(book.devices(of: number) == staying + [new])
        #expect(book.registration(for: RegistrationIdentifier(high: 0, low: 9)) == other)
        #expect(book.count == staying.count + 2)
        #expect(Set(book.all) == Set(staying + [new, other]))
    }

    @Test("Guests have neither secret nor number")
    func guests() throws {
        var book = RegistrationBook()
        let address = PartyAddress(dialString: try #require(DialString("100")))
        let enrolment = Enrolment(identifier: .init(high: 0, low: 0), username: nil, address: address)
        let guest = book.insert(Registration(enrolment: enrolment, port: PortID(index: 0, generation: 0)))
        let user = book.insert(try self.registration("100", secret: 0))
        #expect(book.devices(of: address.dialString) == [user])
        #expect(book.remove(guest) != nil)
        #expect(book.registration(for: .init(high: 0, low: 0)) == user)
        #expect(book.remove(guest) == nil)
    }
}
