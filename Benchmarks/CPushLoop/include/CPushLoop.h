// The least a program can do that sends pushes over libcurl: the yardstick for the notifier.
#ifndef CPUSHLOOP_H
#define CPUSHLOOP_H

/// Requests to make over one HTTP/2 connection.
struct push_loop {
    const char *url;
    /// A PEM file.
    const char *authorities;
    /// A whole header line.
    const char *authorization;
    const char *body;
    int count;
    /// So many are kept under way.
    int in_flight;
    /// Microseconds of each request.
    double *latencies;
};

/// Makes them; 0 when every one was answered with 200.
int push_loop_run(const struct push_loop *loop);

#endif
