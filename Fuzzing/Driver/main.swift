import CLibFuzzer
import FuzzTargets
import Glibc

/// Which target this process feeds: the one that `FUZZ_TARGET` names.
enum Chosen {
    static let target: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
            preconditionFailure("expected FUZZ_TARGET to be one of \(names), found \"\(name)\"")
        }
        return target
    }()
}

/// What libFuzzer calls, once for each input, always on the same thread.
///
/// A property that does not hold ends the process, which makes libFuzzer write the input to a file. The name is the one that
/// libFuzzer's own `main` expects: some linkers want that too, although ours is used.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do throws(BrokenProperty) {
        try Chosen.target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        preconditionFailure("\(Chosen.target.name): \(error)")
    }
    return 0
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments, testOneInput))
