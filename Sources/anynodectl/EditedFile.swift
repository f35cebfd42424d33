internal import AdminClient
internal import Glibc

/// A file for an editor, in a directory that nobody else can look into.
struct EditedFile {
    private let directory: String
    let path: String

    init(text: String) throws(LocalFailure) {
        let place = Environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(place)/anynodectl.XXXXXX".utf8CString)
        // mkdtemp makes it with mode 0700.
        let isMade = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkdtemp($0) != nil } ?? false }
        guard isMade else { throw Self.failure("can't make a directory in \(place.shown)") }
        self.directory = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        self.path = self.directory + "/configuration.json"
        let descriptor = open(self.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let failure = Self.failure("can't make \(self.path.shown)")
            rmdir(self.directory)
            throw failure
        }
        Screen.write(text, to: descriptor)
        close(descriptor)
    }

    /// Which editor: as everywhere, the one for the screen first.
    static func editor(_ visual: String?, _ editor: String?) -> String {
        [visual, editor].compactMap { $0 }.first { !$0.isEmpty } ?? "vi"
    }

    /// Runs the editor until it ends. It may come with arguments, so a shell takes it apart, as git does.
    func edit(with editor: String) throws(LocalFailure) {
        let words = ["/bin/sh", "-c", "\(editor) \"$@\"", editor, self.path]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }

        // Ctrl-C is the editor's while it runs.
        var ignored = sigaction()
        ignored.__sigaction_handler.sa_handler = SIG_IGN
        var (interrupt, quit) = (sigaction(), sigaction())
        sigaction(SIGINT, &ignored, &interrupt)
        sigaction(SIGQUIT, &ignored, &quit)
        defer {
            sigaction(SIGINT, &interrupt, nil)
            sigaction(SIGQUIT, &quit, nil)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGINT)
        sigaddset(&defaults, SIGQUIT)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

        var process = pid_t()
        let code = posix_spawn(&process, "/bin/sh", nil, &attributes, &arguments, environ)
        guard code == 0 else {
            throw LocalFailure(message: "can't run an editor: \(systemMessage(code))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw LocalFailure(
                message: "the editor \(editor.shown) failed, nothing is changed",
                status: ExitStatus.refused
            )
        }
    }

    /// What it holds now.
    func bytes() throws(LocalFailure) -> [UInt8] {
        try JSONInput.bytes(of: self.path)
    }

    /// Takes it away, with what editors leave beside it.
    func remove() {
        if let entries = opendir(self.directory) {
            while let entry = readdir(entries) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { unlink("\(self.directory)/\(name)") }
            }
            closedir(entries)
        }
        rmdir(self.directory)
    }

    private static func failure(_ what: String) -> LocalFailure {
        LocalFailure(message: "\(what): \(systemMessage(errno))", status: ExitStatus.refused)
    }
}

/// A question to whoever sits there.
enum Prompt {
    /// Whether the answer begins with a `y`; no answer is a no.
    static func isYes(_ question: String) -> Bool {
        Screen.write(question, to: 2)
        return readLine().map { $0.hasPrefix("y") || $0.hasPrefix("Y") } ?? false
    }
}
