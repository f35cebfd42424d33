// What Glibc's Swift module leaves out, for the load generator.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>

/// A new epoll instance.
int bench_epoll(void);
/// Watches a socket, edge-triggered, for reading and writing.
int bench_watch(int epoll, int descriptor);
/// Waits, and names the sockets that are ready.
int bench_wait(int epoll, int *descriptors, int capacity, int milliseconds);
/// The first place of `pattern` in `text`.
const void *bench_find(const void *text, size_t count, const void *pattern, size_t length);
/// Keeps the calling process on one core.
void bench_pin(int core);

#endif
