// libcurl's setters are variadic, which Swift can't call: one function for each kind of argument.
#include <curl/curl.h>

static inline CURLcode anynode_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode anynode_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode anynode_curl_set_receiver(CURL *handle, curl_write_callback receiver, void *argument) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receiver);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_WRITEDATA, argument) : code;
}

static inline CURLcode anynode_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
