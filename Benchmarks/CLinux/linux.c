#define _GNU_SOURCE
#include "CLinux.h"

#include <sched.h>
#include <string.h>
#include <sys/epoll.h>

#define MOST_EVENTS 1024

int bench_epoll(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int bench_watch(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int bench_wait(int epoll, int *descriptors, int capacity, int milliseconds) {
    struct epoll_event events[MOST_EVENTS];
    int count = epoll_wait(epoll, events, capacity < MOST_EVENTS ? capacity : MOST_EVENTS, milliseconds);
    for (int index = 0; index < count; index++) {
        descriptors[index] = events[index].data.fd;
    }
    return count;
}

const void *bench_find(const void *text, size_t count, const void *pattern, size_t length) {
    return memmem(text, count, pattern, length);
}

void bench_pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}
