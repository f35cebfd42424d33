import Testing

@testable import Telephony

@Suite("Identifiers")
struct IdentifierTests {
    /// S7 of SECURITY.md, as far as they are strings.
    static let badForms = [
        "", " ", "a b", " a", "a ", "\t", "a\n", "a\r\n", "a\0", "\0", "a.b", "a/b", "../a", "a:b", "a;b", "a,b", "a@b",
        "a+b", "a=b", "{6f1c}", "<a>", "\"a\"", "a%20b", "é", "e\u{301}", "a\u{301}", "٣", "ａ", "а", "a\u{200B}",
        "\u{FEFF}a", "🙂", String(repeating: "a", count: 129), String(repeating: "é", count: 64),
    ]

    @Test("What breaks §10.2 is no call identifier", arguments: badForms)
    func refused(text: String) {
        #expect(CallIdentifier(text) == nil)
        #expect(!CallIdentifier.isWellFormed(Array(text.utf8)))
    }

    @Test(
        "All others are, and are taken as they are",
        arguments: [
            "a", "0", "-", "_", "c-1", "A_b-9", "6F1C9E2A-0000-4000-8000-000000000000",
            String(repeating: "x", count: 128),
        ]
    )
    func accepted(text: String) {
        #expect(CallIdentifier(text)?.text == text)
        #expect(CallIdentifier(text).map { "\($0)" } == text)
    }

    @Test("Upper and lower case are different calls")
    func caseMatters() {
        #expect(CallIdentifier("c") != CallIdentifier("C"))
    }

    @Test(
        "Those that the server makes are version 4 UUIDs (RFC 9562)",
        arguments: [
            (UInt64.min, UInt64.min, "00000000-0000-4000-8000-000000000000"),
            (.max, .max, "ffffffff-ffff-4fff-bfff-ffffffffffff"),
            (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, "01234567-89ab-4def-bedc-ba9876543210"),
        ]
    )
    func uuid(high: UInt64, low: UInt64, text: String) {
        #expect(CallIdentifier(uuidFrom: high, low).text == text)
        #expect(CallIdentifier(text) == CallIdentifier(uuidFrom: high, low))
    }

    @Test("The server's identifiers do not repeat")
    func sequence() {
        var random = SequentialRandom(seed: 0)
        let identifiers = (0..<10_000).map { _ in CallIdentifier(uuidFrom: random.next(), random.next()) }
        #expect(Set(identifiers).count == identifiers.count)
        var same = SequentialRandom(seed: 0)
        #expect(CallIdentifier(uuidFrom: same.next(), same.next()) == identifiers[0])
    }
}

@Suite("Registration identifiers")
struct RegistrationIdentifierTests {
    let secret = RegistrationIdentifier(high: 0x0123_4567_89AB_CDEF, low: 0x00FE_DCBA_9876_5432)
    let text = "0123456789abcdef00fedcba98765432"

    @Test("The wire form is 32 hexadecimal digits, and leads back")
    func roundTrip() {
        #expect(self.secret.secretText == self.text)
        #expect(RegistrationIdentifier(self.text) == self.secret)
        #expect(RegistrationIdentifier("xx\(self.text)".dropFirst(2)) == self.secret)
        for (high, low) in [(UInt64.min, UInt64.min), (.max, .max), (1, 0), (0, 1)] {
            let secret = RegistrationIdentifier(high: high, low: low)
            #expect(RegistrationIdentifier(secret.secretText) == secret)
        }
    }

    @Test("All 128 bits come from the generator")
    func random() {
        var generator = SequentialRandom(seed: 1)
        var expected = SequentialRandom(seed: 1)
        let secret = RegistrationIdentifier(using: &generator)
        #expect(secret == RegistrationIdentifier(high: expected.next(), low: expected.next()))
        #expect(secret != RegistrationIdentifier(using: &generator))
    }

    @Test(
        "No other spelling is read (I2)",
        arguments: [
            "", "0", "0123456789abcdef00fedcba9876543", "0123456789abcdef00fedcba987654320",
            "0123456789ABCDEF00FEDCBA98765432",
            "0123456789abcdef-00fedcba98765432", " 0123456789abcdef00fedcba98765432",
            "0123456789abcdef00fedcba98765432 ",
            "0x23456789abcdef00fedcba98765432", "0123456789abcdef00fedcba9876543g", "0123456789abcdef00fedcba9876543\0",
            "0123456789abcdef00fedcba98765432\0", "0123456789abcdef00fedcba9876543\u{661}",
            "+123456789abcdef00fedcba98765432",
            "0123456789abcdef00fedcba98765432\u{301}", "0123456789abcdef00fedcba98765432\n",
        ]
    )
    func otherSpellings(text: String) {
        #expect(RegistrationIdentifier(text) == nil)
    }

    @Test("Nothing that prints it shows it (L2)")
    func silent() {
        let label = RegistrationLabel(identifier: self.secret, address: PartyAddress(dialString: .anonymous))
        let enrolment = Enrolment(identifier: self.secret, username: nil, address: label.address)
        let holders: [Any] = [
            self.secret, [self.secret], ["secret": self.secret], Optional(self.secret) as Any, label, enrolment,
            Indication.registered(label), Indication.registrationEnded(self.secret, .success),
            Indication.notificationStored(self.secret),
            ExchangeAction.tell(PortID(index: 0, generation: 0), .registered(label)),
            Registration(enrolment: enrolment, port: PortID(index: 0, generation: 0)),
        ]
        for holder in holders {
            var dumped = ""
            dump(holder, to: &dumped)
            for shown in ["\(holder)", String(describing: holder), String(reflecting: holder), dumped] {
                #expect(!shown.isEmpty)
                for digits in [self.text, "0123456789abcdef", "81985529216486895", "71737338064426034"] {
                    #expect(!shown.lowercased().contains(digits), "\(type(of: holder)) shows it")
                }
            }
        }
        #expect(Mirror(reflecting: self.secret).children.isEmpty)
    }
}
