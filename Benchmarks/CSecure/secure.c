#include "CSecure.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

static SSL_CTX *context(void) {
    static SSL_CTX *context;
    if (context == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    }
    return context;
}

void *bench_tls_open(int descriptor) {
    SSL *connection = SSL_new(context());
    if (connection != NULL) {
        SSL_set_fd(connection, descriptor);
        SSL_set_connect_state(connection);
    }
    return connection;
}

void bench_tls_close(void *connection) {
    SSL_free(connection);
}

static ssize_t result(SSL *connection, int count) {
    if (count > 0) {
        return count;
    }
    switch (SSL_get_error(connection, count)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_SYSCALL:
        // Before the socket is connected.
        if (errno == ENOTCONN) {
            errno = EAGAIN;
            return -1;
        }
        return 0;
    default:
        return 0;
    }
}

ssize_t bench_tls_send(void *connection, const void *bytes, size_t count) {
    ssize_t sent = result(connection, SSL_write(connection, bytes, (int)count));
    return sent == 0 ? -1 : sent;
}

ssize_t bench_tls_receive(void *connection, void *bytes, size_t count) {
    return result(connection, SSL_read(connection, bytes, (int)count));
}

void bench_hmac(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t *output) {
    unsigned int length = 32;
    HMAC(EVP_sha256(), key, (int)key_count, bytes, count, output, &length);
}
