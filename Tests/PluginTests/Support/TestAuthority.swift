import Foundation

/// A certificate and its key, as files.
struct TestCertificate: Sendable {
    let certificate: String
    let privateKey: String
    /// Where they are, as long as anybody holds this.
    fileprivate let folder: TemporaryFolder
}

/// An authority that lives in a folder and signs what a test needs; all of it is made by the openssl command.
struct TestAuthority: Sendable {
    private let folder: TemporaryFolder
    private let name: String

    /// The PEM file to trust it by.
    var path: String { "\(self.folder.path)/\(self.name).pem" }

    init(_ name: String = "authority", in folder: TemporaryFolder = TemporaryFolder()) async throws {
        self.folder = folder
        self.name = name
        try folder.write("[req]\ndistinguished_name=dn\n[dn]\n", to: "openssl.cnf")
        let path = "\(folder.path)/\(name)"
        let extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
        let more = ["-x509", "-days", "30", "-keyout", "\(path).key", "-out", "\(path).pem"]
        try await self.request(name, extensions, more)
    }

    /// Signs a certificate, valid for some days from now on.
    ///
    /// - Parameters:
    ///   - name: Its subject, and its files'.
    ///   - names: As in `DNS:a.example`.
    ///   - days: Negative for one that has expired.
    func issue(
        _ name: String,
        for names: [String] = ["IP:127.0.0.1"],
        usage: String = "serverAuth",
        days: Int = 30
    ) async throws -> TestCertificate {
        let path = "\(self.folder.path)/\(name)"
        let authority = "\(self.folder.path)/\(self.name)"
        var extensions = ["basicConstraints=CA:FALSE", "extendedKeyUsage=\(usage)"]
        if !names.isEmpty { extensions.append("subjectAltName=\(names.joined(separator: ","))") }
        try await self.request(name, extensions, ["-keyout", "\(path).key", "-out", "\(path).csr"])
        try await ChildProcess.run([
            "openssl", "x509", "-req", "-in", "\(path).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
            "-set_serial", "\(UInt32.random(in: 1 ... .max))", "-days", "\(days)", "-copy_extensions", "copy",
            "-out", "\(path).pem",
        ])
        return TestCertificate(certificate: "\(path).pem", privateKey: "\(path).key", folder: self.folder)
    }

    /// Makes a key, and a certificate or the request for one.
    private func request(_ name: String, _ extensions: [String], _ more: [String]) async throws {
        try await ChildProcess.run(
            [
                "openssl", "req", "-new", "-config", "\(self.folder.path)/openssl.cnf", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            ] + extensions.flatMap { ["-addext", $0] } + more
        )
    }
}
