#ifndef ANYNODE_LIBFUZZER_H
#define ANYNODE_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library (llvm.org/docs/LibFuzzer.html); -sanitize=fuzzer links it, and the toolchain has no header for it.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *data, size_t size));

#endif
