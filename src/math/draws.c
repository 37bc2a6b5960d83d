/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "math/draws.h"

enum { THREADS_MOST = 16 };
#define COST_OF_A_THREAD 2e6        /* a millisecond or so: below, starting it costs more */

typedef struct worker {
    const erg_draws *draws;
    double *values, *scratch;
    size_t first, step;
    pthread_t thread;
} worker;

uint64_t erg_key(uint64_t key, uint64_t use)
{
    return erg_random_mix(erg_random_mix(key) ^ use);
}

static void *work(void *self)
{
    worker *me = self;

    for (size_t i = me->first; i < me->draws->count; i += me->step) {
        erg_random random = { erg_key(me->draws->key, i) };
        me->values[i] = me->draws->draw(me->draws->what, &random, me->scratch);
    }
    return NULL;
}

static size_t threads_for(const erg_draws *draws)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double useful = draws->cost * (double)draws->count / COST_OF_A_THREAD;
    double threads = draws->threads > 0 ? draws->threads : fmin((double)cores, useful);

    threads = fmin(threads, fmin(THREADS_MOST, (double)draws->count));
    return threads > 1 ? (size_t)threads : 1;
}

/* Those that cannot be started are done here, later. */
static void run(worker workers[], size_t count)
{
    bool is_started[THREADS_MOST] = { false };
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 1; i < count; i++)
        is_started[i] = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < count; i++)
        if (!is_started[i])
            work(&workers[i]);
    for (size_t i = 1; i < count; i++)
        if (is_started[i])
            pthread_join(workers[i].thread, NULL);
}

bool erg_draws_run(const erg_draws *draws, double values[])
{
    worker workers[THREADS_MOST];
    size_t count = threads_for(draws);
    double *scratch = calloc(count * draws->room + 1, sizeof(*scratch));

    if (!scratch)
        return false;
    for (size_t i = 0; i < count; i++)
        workers[i] = (worker){ .draws = draws, .values = values, .first = i, .step = count,
                               .scratch = scratch + i * draws->room };
    run(workers, count);
    free(scratch);
    return true;
}

double erg_draws_p(const double values[], size_t count, double seen)
{
    size_t above = 0, valid = 0;
    double least = seen - 1e-12 * fabs(seen);

    for (size_t i = 0; i < count; i++) {
        above += values[i] >= least;
        valid += !isnan(values[i]);
    }
    return isnan(seen) || !valid ? NAN : (1 + (double)above) / (1 + (double)valid);
}
