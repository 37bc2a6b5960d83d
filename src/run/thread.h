/* SPDX-License-Identifier: Apache-2.0 */
/* A thread inside of somebody's program: small, and no signal of theirs lands on it. */
#ifndef ERG_RUN_THREAD_H
#define ERG_RUN_THREAD_H

#include <pthread.h>

/* 0, or why not, as pthread_create says it. Join it. */
int erg_thread_start(pthread_t *thread, void *(*body)(void *), void *of);

#endif
