#include "CSecure.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

// A session that can be resumed, the newest there is. One thread uses this.
static SSL_SESSION *last_session;

// A copy is kept: OpenSSL spoils sessions that were used once, or whose connection ended without a goodbye.
static int keep(SSL *connection, SSL_SESSION *session) {
    (void)connection;
    if (SSL_SESSION_is_resumable(session)) {
        SSL_SESSION_free(last_session);
        last_session = SSL_SESSION_dup(session);
    }
    return 0;
}

static SSL_CTX *context(void) {
    static SSL_CTX *context;
    if (context == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, keep);
    }
    return context;
}

void *bench_tls_open(int descriptor, bool resumes) {
    SSL *connection = SSL_new(context());
    if (connection != NULL) {
        SSL_set_fd(connection, descriptor);
        if (resumes && last_session != NULL) {
            SSL_SESSION *session = SSL_SESSION_dup(last_session);
            SSL_set_session(connection, session);
            SSL_SESSION_free(session);
        }
        SSL_set_connect_state(connection);
    }
    return connection;
}

bool bench_tls_is_resumed(void *connection) {
    return SSL_session_reused(connection) == 1;
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
    // What went wrong with another connection is none of this one's business.
    ERR_clear_error();
    ssize_t sent = result(connection, SSL_write(connection, bytes, (int)count));
    return sent == 0 ? -1 : sent;
}

ssize_t bench_tls_receive(void *connection, void *bytes, size_t count) {
    ERR_clear_error();
    return result(connection, SSL_read(connection, bytes, (int)count));
}

void bench_hmac(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t *output) {
    unsigned int length = 32;
    HMAC(EVP_sha256(), key, (int)key_count, bytes, count, output, &length);
}
