/* Threads of our own. */
#ifndef TCPTOP_UTIL_THREAD_H
#define TCPTOP_UTIL_THREAD_H

#include <pthread.h>

/* Starts one that gets no signals: they are the main thread's. 0, or an errno. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
