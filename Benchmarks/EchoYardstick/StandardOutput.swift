import Glibc

/// A parent that waits for a line on a pipe must get it at once.
func flushStandardOutput() {
    fflush(nil)
}
