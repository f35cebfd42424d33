internal import AdminClient
internal import Glibc

/// A secret from a terminal without echo, or from a pipe: never from the command line, which everyone can list.
enum SecretInput {
    private static let longest = 65536

    /// Reads one line; its end is no part of it.
    static func read(_ prompt: String) throws(LocalFailure) -> String {
        let secret = isatty(0) == 1 ? try Self.readFromTerminal(prompt) : Self.readFromPipe()
        guard let secret, !secret.isEmpty else {
            throw LocalFailure(message: "expected a \(prompt.lowercased()) on one line of standard input")
        }
        guard let text = String(validating: secret, as: UTF8.self) else {
            throw LocalFailure(message: "expected UTF-8 on standard input")
        }
        return text
    }

    private static func readFromPipe() -> [UInt8]? {
        var line: [UInt8] = []
        while let byte = Self.byte(), byte != UInt8(ascii: "\n") {
            guard line.count < Self.longest else { return nil }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    /// Byte by byte, so that even Ctrl-C comes as one and the terminal is always put back.
    private static func readFromTerminal(_ prompt: String) throws(LocalFailure) -> [UInt8]? {
        var before = termios()
        guard tcgetattr(0, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(0, TCSAFLUSH, &silent) == 0 else { return nil }
        // Only now, so that whoever answers the prompt at once is not seen doing so.
        Screen.write("\(prompt): ", to: 2)
        defer {
            tcsetattr(0, TCSAFLUSH, &before)
            Screen.write("\n", to: 2)
        }
        var line: [UInt8] = []
        while let byte = Self.byte() {
            switch byte {
            case 0x0A, 0x0D: return line
            case 0x04 where line.isEmpty: return nil
            case 0x03, 0x1C: throw LocalFailure(message: "interrupted", status: 130)
            case 0x15: line.removeAll()
            case 0x08, 0x7F:
                // A whole character, not only its last byte.
                while let last = line.popLast(), last & 0xC0 == 0x80 {}
            default:
                guard line.count < Self.longest else { return nil }
                line.append(byte)
            }
        }
        return nil
    }

    private static func byte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(0, &byte, 1)
            if count == 1 { return byte }
            if count == 0 || errno != EINTR { return nil }
        }
    }
}
