// The least a program can do that looks people up in a directory: the yardstick for the plugin.
#ifndef CDIRECTORYLOOP_H
#define CDIRECTORYLOOP_H

/// Look-ups to make on one connection.
struct directory_loop {
    const char *url;
    const char *base;
    /// People are called `user0` and so on; each look-up takes another one.
    int people;
    int first;
    int count;
    /// 1: one search after the other, waiting for each. More: so many are kept under way.
    int in_flight;
    /// Microseconds of each look-up, or NULL.
    double *latencies;
};

/// Makes them; 0 when every one found its person.
int directory_loop_run(const struct directory_loop *loop);

#endif
