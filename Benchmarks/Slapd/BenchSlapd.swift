import FoundationEssentials
import Glibc

/// A slapd with many people in it, on core 0, for as long as this process lives.
package struct BenchSlapd {
    package let url: String
    package let base = "ou=people,dc=example,dc=test"
    package let people: Int
    /// The same by a socket, for a relay.
    package let socket: String
    private let folder: String
    private let pid: pid_t

    /// `nil` when slapd is not installed.
    package init?(people: Int) throws {
        guard access("/usr/sbin/slapd", X_OK) == 0 else { return nil }
        self.people = people
        self.folder = "\(FileManager.default.temporaryDirectory.path)/anynode-directory-\(getpid())"
        try FileManager.default.createDirectory(atPath: "\(self.folder)/db", withIntermediateDirectories: true)
        let configuration = """
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            sizelimit unlimited
            database mdb
            dbnosync
            maxsize 2147483648
            suffix "dc=example,dc=test"
            directory \(self.folder)/db
            index objectClass,uid,telephoneNumber eq

            """
        try configuration.write(toFile: "\(self.folder)/slapd.conf", atomically: false, encoding: .utf8)
        var tree = """
            dn: dc=example,dc=test
            objectClass: domain
            dc: example

            dn: ou=people,dc=example,dc=test
            objectClass: organizationalUnit
            ou: people


            """
        for index in 0..<people {
            tree += """
                dn: uid=user\(index),ou=people,dc=example,dc=test
                objectClass: inetOrgPerson
                uid: user\(index)
                cn: User \(index)
                sn: \(index)
                displayName: User \(index)
                telephoneNumber: +49 (5363) \(1_000_000 + index)


                """
        }
        try tree.write(toFile: "\(self.folder)/tree.ldif", atomically: false, encoding: .utf8)
        let load = try Self.start([
            "slapadd", "-q", "-f", "\(self.folder)/slapd.conf", "-l", "\(self.folder)/tree.ldif",
        ])
        var status: Int32 = 0
        waitpid(load, &status, 0)
        guard status == 0 else { throw Failure("slapadd has failed") }
        self.socket = "\(self.folder)/socket"
        self.url = "ldapi://\(self.socket.replacing("/", with: "%2F"))"
        self.pid = try Self.start([
            "setpriv", "--pdeathsig", "KILL", "taskset", "-c", "0", "slapd", "-f", "\(self.folder)/slapd.conf", "-h",
            self.url, "-d", "0",
        ])
        for _ in 0..<200 where access(self.socket, F_OK) != 0 { usleep(50_000) }
        // It listens a moment after its socket is there.
        usleep(200_000)
    }

    package func end() {
        kill(self.pid, SIGTERM)
        var status: Int32 = 0
        waitpid(self.pid, &status, 0)
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    private static func start(_ arguments: [String]) throws -> pid_t {
        setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { pointers.forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawnp(&pid, arguments[0], nil, nil, &pointers, environ) == 0 else {
            throw Failure("can't start \(arguments[0])")
        }
        return pid
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }
}
