import Foundation
import NIOSSL
import StrictJSON

/// A certificate and its key, as files.
struct TestCertificate: Sendable {
    let certificate: String
    let privateKey: String

    /// The certificate itself.
    var own: NIOSSLCertificate? { try? NIOSSLCertificate.fromPEMFile(self.certificate).first }

    /// As `plugins.json` names it.
    var setting: JSONValue {
        ["certificate": .string(self.certificate), "privateKey": .string(self.privateKey)]
    }
}

/// An authority that lives in a folder and signs what a test needs; all of it is made by the openssl command.
struct TestAuthority: Sendable {
    struct Failure: Error {
        let arguments: [String]
        let output: String
    }

    let folder: TemporaryFolder
    private let name: String

    /// The PEM file to trust it by.
    var path: String { "\(self.folder.path)/\(self.name).pem" }

    init(_ name: String = "authority", in folder: TemporaryFolder = TemporaryFolder()) async throws {
        self.folder = folder
        self.name = name
        try folder.write("[req]\ndistinguished_name=dn\n[dn]\n", to: "openssl.cnf")
        let path = "\(folder.path)/\(name)"
        let extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
        try await self.request(
            name,
            extensions,
            ["-x509", "-days", "30", "-keyout", "\(path).key", "-out", "\(path).pem"]
        )
    }

    /// Signs a certificate of a name, valid from now on for some days; files of that name are replaced.
    ///
    /// - Parameters:
    ///   - names: As in `DNS:a.example`.
    ///   - days: Negative for one that has expired.
    func issue(
        _ name: String,
        for names: [String] = ["DNS:localhost", "IP:127.0.0.1"],
        usage: String = "serverAuth",
        days: Int = 30
    ) async throws -> TestCertificate {
        let path = "\(self.folder.path)/\(name)"
        let authority = "\(self.folder.path)/\(self.name)"
        var extensions = ["basicConstraints=CA:FALSE", "extendedKeyUsage=\(usage)"]
        if !names.isEmpty { extensions.append("subjectAltName=\(names.joined(separator: ","))") }
        try await self.request(name, extensions, ["-keyout", "\(path).key.new", "-out", "\(path).csr"])
        try await Self.openssl([
            "x509", "-req", "-in", "\(path).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
            "-set_serial",
            "\(UInt32.random(in: 1 ... .max))", "-days", "\(days)", "-copy_extensions", "copy", "-out",
            "\(path).pem.new",
        ])
        // Renamed when they are whole, since somebody may be looking at them.
        for suffix in ["key", "pem"] {
            guard rename("\(path).\(suffix).new", "\(path).\(suffix)") == 0 else {
                throw Failure(arguments: ["rename", suffix], output: "error \(errno)")
            }
        }
        return TestCertificate(certificate: "\(path).pem", privateKey: "\(path).key")
    }

    /// Makes a key, and a certificate or the request for one.
    private func request(_ name: String, _ extensions: [String], _ more: [String]) async throws {
        try await Self.openssl(
            [
                "req", "-new", "-config", "\(self.folder.path)/openssl.cnf", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            ] + extensions.flatMap { ["-addext", $0] } + more
        )
    }

    /// Runs the command without keeping one of Swift's threads waiting, of which there are few.
    static func openssl(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else {
            let output = pipe.fileHandleForReading.availableData
            throw Failure(arguments: arguments, output: String(decoding: output, as: UTF8.self))
        }
    }
}

/// A listener with TLS, as `plugins.json` writes it.
func encryptedListener(_ certificates: [TestCertificate], _ more: JSONValue = [:]) -> JSONValue {
    var tls = JSONObject()
    tls["certificates"] = .array(certificates.map(\.setting))
    if case .object(let more) = more {
        for member in more.members { tls[member.name] = member.value }
    }
    return [
        "listeners": [["name": "public", "scheme": "wss", "host": "127.0.0.1", "port": 0, "tls": .object(tls)]]
    ]
}
