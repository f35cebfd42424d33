// What Glibc's Swift module leaves out, for the load generator.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A socket that something happened to.
struct bench_event {
    int descriptor;
    /// The other side has closed, or the connection failed: there is an end to be read.
    bool has_ended;
};

/// A new epoll instance.
int bench_epoll(void);
/// Watches a socket, edge-triggered, for reading and writing.
int bench_watch(int epoll, int descriptor);
/// Waits at most so long, and names the sockets that are ready.
int bench_wait(int epoll, struct bench_event *events, int capacity, int64_t nanoseconds);
/// The first place of `pattern` in `text`.
const void *bench_find(const void *text, size_t count, const void *pattern, size_t length);
/// Keeps the calling process on one core.
void bench_pin(int core);
/// Allows this process, and those it starts, as many open files as it may have, and says how many.
uint64_t bench_raise_open_files(void);

#endif
