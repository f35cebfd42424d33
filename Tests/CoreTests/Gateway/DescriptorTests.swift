import Core
import Glibc
import Testing

@Suite("Descriptors")
struct DescriptorTests {
    @Test(
        "Clients get what is left over; the server keeps 32, or half where there are few",
        arguments: [
            (65536, 20, 65484), (1024, 24, 968), (84, 20, 32), (64, 20, 22), (48, 18, 15), (20, 18, 1), (18, 18, 1),
            (10, 20, 1), (.max, 20, .max - 52),
        ]
    )
    func shares(limit: Int, inUse: Int, share: Int) {
        #expect(DescriptorBudget.share(limit: limit, inUse: inUse) == share)
    }

    @Test("A budget is spent when as many are taken as there are, and is not when one is given back")
    func budget() {
        let budget = DescriptorBudget(most: 2)
        #expect(!budget.isSpent)
        budget.take()
        #expect(!budget.isSpent)
        budget.take()
        #expect(budget.isSpent)
        budget.giveBack()
        #expect(!budget.isSpent)
    }

    private func withSocket(_ family: CInt, _ type: __socket_type, _ test: (CInt) throws -> Void) throws {
        let descriptor = socket(family, CInt(type.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try test(descriptor)
    }

    @Test("A listening TCP socket is inherited, with the address it listens at")
    func listening() throws {
        try self.withSocket(AF_INET, SOCK_STREAM) { descriptor in
            try #require(listen(descriptor, 1) == 0)
            let socket = try #require(InheritedSocket(descriptor))
            #expect(socket.descriptor == descriptor)
            #expect("\(socket.address)" == "0.0.0.0")
            #expect(socket.port > 0)
        }
        try self.withSocket(AF_INET6, SOCK_STREAM) { descriptor in
            try #require(listen(descriptor, 1) == 0)
            #expect("\(try #require(InheritedSocket(descriptor)).address)" == "::")
        }
    }

    @Test("Nothing else is")
    func others() throws {
        try self.withSocket(AF_INET, SOCK_STREAM) { #expect(InheritedSocket($0) == nil, "does not listen") }
        try self.withSocket(AF_INET, SOCK_DGRAM) { #expect(InheritedSocket($0) == nil, "UDP") }
        try self.withSocket(AF_UNIX, SOCK_STREAM) { #expect(InheritedSocket($0) == nil, "of Unix, unbound") }
        #expect(InheritedSocket(-1) == nil)
        #expect(InheritedSocket(STDERR_FILENO) == nil)
    }
}
