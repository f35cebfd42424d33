#include <ldap.h>

// What the thread of the connections needs and Swift's module of the C library leaves out.
#include <pthread.h>
#include <sys/eventfd.h>

int pthread_setname_np(pthread_t thread, const char *name);
