#include "CDirectoryLoop.h"

#include <fcntl.h>
#include <ldap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *attributes[] = {"uid", "telephoneNumber", "displayName", "cn", NULL};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static LDAP *open_connection(const struct directory_loop *loop) {
    LDAP *ld = NULL;
    int version = LDAP_VERSION3;
    struct berval nothing = {0, NULL};
    if (ldap_initialize(&ld, loop->url) != LDAP_SUCCESS) return NULL;
    ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    if (ldap_sasl_bind_s(ld, NULL, LDAP_SASL_SIMPLE, &nothing, NULL, NULL, NULL) != LDAP_SUCCESS) {
        ldap_unbind_ext_s(ld, NULL, NULL);
        return NULL;
    }
    return ld;
}

static void write_filter(const struct directory_loop *loop, int index, char *filter, size_t size) {
    long person = (loop->first + (long)index * 7919) % loop->people;
    snprintf(filter, size, "(&(objectClass=person)(uid=user%ld))", person);
}

/// Takes the values out, as anybody would; 1 when there is one entry with a number.
static int read_answer(LDAP *ld, LDAPMessage *answer) {
    int found = 0;
    for (LDAPMessage *entry = ldap_first_entry(ld, answer); entry; entry = ldap_next_entry(ld, entry)) {
        char *name = ldap_get_dn(ld, entry);
        ldap_memfree(name);
        for (char **attribute = attributes; *attribute; attribute++) {
            struct berval **values = ldap_get_values_len(ld, entry, *attribute);
            if (!values) continue;
            for (struct berval **value = values; *value; value++) free(strndup((*value)->bv_val, (*value)->bv_len));
            if (!strcmp(*attribute, "telephoneNumber")) found++;
            ldap_value_free_len(values);
        }
    }
    return found == 1;
}

static int run_one_by_one(const struct directory_loop *loop, LDAP *ld) {
    char filter[128];
    for (int index = 0; index < loop->count; index++) {
        double begun = now();
        LDAPMessage *answer = NULL;
        struct timeval limit = {5, 0};
        write_filter(loop, index, filter, sizeof filter);
        int code = ldap_search_ext_s(ld, loop->base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, &limit, 20, &answer);
        int is_found = code == LDAP_SUCCESS && read_answer(ld, answer);
        ldap_msgfree(answer);
        if (!is_found) return -1;
        if (loop->latencies) loop->latencies[index] = now() - begun;
    }
    return 0;
}

static int run_in_flight(const struct directory_loop *loop, LDAP *ld) {
    char filter[128];
    int descriptor = -1, sent = 0, done = 0;
    int first_number = -1;
    double *begun = calloc(loop->count, sizeof *begun);
    ldap_get_option(ld, LDAP_OPT_DESC, &descriptor);
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    while (done < loop->count) {
        while (sent < loop->count && sent - done < loop->in_flight) {
            int number = 0;
            struct timeval limit = {5, 0};
            write_filter(loop, sent, filter, sizeof filter);
            begun[sent] = now();
            if (ldap_search_ext(ld, loop->base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, &limit, 20, &number) != LDAP_SUCCESS) goto failed;
            // Numbers count up by one.
            if (first_number < 0) first_number = number;
            sent++;
        }
        struct pollfd socket = {descriptor, POLLIN, 0};
        poll(&socket, 1, -1);
        for (;;) {
            LDAPMessage *answer = NULL;
            struct timeval no_time = {0, 0};
            int kind = ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ALL, &no_time, &answer);
            if (kind == 0) break;
            if (kind < 0) goto failed;
            int index = ldap_msgid(answer) - first_number;
            int is_found = read_answer(ld, answer);
            ldap_msgfree(answer);
            if (!is_found || index < 0 || index >= loop->count) goto failed;
            if (loop->latencies) loop->latencies[index] = now() - begun[index];
            done++;
        }
    }
    free(begun);
    return 0;
failed:
    free(begun);
    return -1;
}

int directory_loop_run(const struct directory_loop *loop) {
    LDAP *ld = open_connection(loop);
    if (!ld) return -1;
    int result = loop->in_flight > 1 ? run_in_flight(loop, ld) : run_one_by_one(loop, ld);
    ldap_unbind_ext_s(ld, NULL, NULL);
    return result;
}
