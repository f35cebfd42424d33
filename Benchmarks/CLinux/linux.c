#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#define MOST_EVENTS 1024

int bench_epoll(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int bench_watch(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int bench_wait(int epoll, struct bench_event *events, int capacity, int64_t nanoseconds) {
    struct epoll_event found[MOST_EVENTS];
    int most = capacity < MOST_EVENTS ? capacity : MOST_EVENTS;
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    // An open loop starts calls in the middle of a millisecond.
    int count = epoll_pwait2(epoll, found, most, &limit, NULL);
    if (count < 0 && errno == ENOSYS) {
        count = epoll_wait(epoll, found, most, (int)(nanoseconds / 1000000));
    }
    for (int index = 0; index < count; index++) {
        events[index].descriptor = found[index].data.fd;
        events[index].has_ended = (found[index].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
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

uint64_t bench_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max;
}
