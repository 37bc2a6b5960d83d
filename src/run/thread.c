/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include "run/thread.h"

enum { STACK = 256 * 1024 };

int erg_thread_start(pthread_t *thread, void *(*body)(void *), void *of)
{
    sigset_t all, before;
    pthread_attr_t facts;

    pthread_attr_init(&facts);
    pthread_attr_setstacksize(&facts, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(thread, &facts, body, of);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&facts);
    return fault;
}
