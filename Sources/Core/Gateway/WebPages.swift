import FoundationEssentials

/// The files of a folder, held in memory: what is asked for is looked up by name, so that no path leads anywhere else.
package struct WebPages: Sendable {
    package struct Page: Sendable {
        package let body: [UInt8]
        package let contentType: String
    }

    /// There are no pages to be served.
    package struct Problem: Error, Sendable, CustomStringConvertible {
        let folder: String

        package init(folder: String) {
            self.folder = folder
        }

        package var description: String {
            "expected a folder with web pages at \(self.folder), found none that can be read"
        }
    }

    private var pages: [String: Page] = [:]

    /// No page at all.
    package init() {}

    /// Reads the folder, and the folders in it. Hidden files and types we would not know how to announce are left out.
    ///
    /// - Parameter excluded: A folder in it that is somebody else's to serve.
    package init(folder: String, without excluded: String? = nil) throws(Problem) {
        // Where it is a link, what it leads to: the listing would be empty.
        let folder = URL(filePath: folder).resolvingSymlinksInPath().path
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder) else {
            throw Problem(folder: folder)
        }
        for name in names where excluded.map({ !name.hasPrefix("\($0)/") }) ?? true {
            guard !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
                let type = Self.contentType(of: name),
                let data = FileManager.default.contents(atPath: "\(folder)/\(name)")
            else { continue }
            let page = Page(body: Array(data), contentType: type)
            self.pages["/\(name)"] = page
            if name == "index.html" {
                self.pages["/"] = page
            } else if name.hasSuffix("/index.html") {
                self.pages["/\(name.dropLast("index.html".count))"] = page
            }
        }
    }

    package subscript(path: String) -> Page? { self.pages[path] }

    /// Whether there is something to begin with.
    package var hasFrontPage: Bool { self.pages["/"] != nil }

    private static func contentType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json", "map": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "webmanifest": "application/manifest+json"
        case "txt": "text/plain; charset=utf-8"
        case "ts": "text/plain; charset=utf-8"
        default: nil
        }
    }

    /// What browsers are told about every page (docs/configuration.md, `web`).
    package static let securityHeaders = [
        "Content-Security-Policy":
            "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "microphone=(self), camera=(self)",
        "Cache-Control": "no-cache",
    ]
}
