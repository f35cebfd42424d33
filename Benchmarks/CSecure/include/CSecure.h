// OpenSSL for the load generator: TLS over sockets that don't wait, and what tokens are signed with.
#ifndef CSECURE_H
#define CSECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A TLS connection over a connected, or connecting, non-blocking socket. No certificate is checked. NULL when there is none.
/// With `resumes`, it offers the session of an earlier one, once there was one.
void *bench_tls_open(int descriptor, bool resumes);
/// Whether the server took the session that was offered. To be asked after the handshake.
bool bench_tls_is_resumed(void *connection);
void bench_tls_close(void *connection);
/// As `send`: how many bytes went, or -1; errno is EAGAIN when the socket has to be waited for.
ssize_t bench_tls_send(void *connection, const void *bytes, size_t count);
/// As `recv`; 0 at the end.
ssize_t bench_tls_receive(void *connection, void *bytes, size_t count);
/// HMAC-SHA-256: 32 bytes.
void bench_hmac(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t *output);

#endif
