#include "CPushLoop.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static size_t swallow(char *data, size_t size, size_t count, void *argument) {
    (void)data;
    (void)argument;
    return size * count;
}

static CURL *prepare(const struct push_loop *loop, struct curl_slist *headers) {
    CURL *handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, loop->url);
    curl_easy_setopt(handle, CURLOPT_CAINFO, loop->authorities);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)strlen(loop->body));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, loop->body);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 30000L);
    return handle;
}

int push_loop_run(const struct push_loop *loop) {
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
    struct curl_slist *headers = curl_slist_append(NULL, loop->authorization);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    CURL **handles = calloc((size_t)loop->in_flight, sizeof *handles);
    double *begun = calloc((size_t)loop->in_flight, sizeof *begun);
    int started = 0, done = 0, failed = 0;
    for (int index = 0; index < loop->in_flight && started < loop->count; index++, started++) {
        handles[index] = prepare(loop, headers);
        curl_easy_setopt(handles[index], CURLOPT_PRIVATE, (char *)(size_t)index);
        begun[index] = now();
        curl_multi_add_handle(multi, handles[index]);
    }
    while (done < loop->count) {
        int running = 0, left = 0;
        curl_multi_perform(multi, &running);
        CURLMsg *message;
        while ((message = curl_multi_info_read(multi, &left))) {
            CURL *handle = message->easy_handle;
            char *private = NULL;
            long status = 0;
            curl_easy_getinfo(handle, CURLINFO_PRIVATE, &private);
            curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
            if (message->data.result != CURLE_OK || status != 200) failed++;
            size_t index = (size_t)private;
            loop->latencies[done++] = now() - begun[index];
            curl_multi_remove_handle(multi, handle);
            if (started < loop->count) {
                started++;
                begun[index] = now();
                curl_multi_add_handle(multi, handle);
            }
        }
        if (done < loop->count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (int index = 0; index < loop->in_flight; index++) {
        if (handles[index]) curl_easy_cleanup(handles[index]);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(handles);
    free(begun);
    return failed;
}
