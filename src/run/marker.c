/* SPDX-License-Identifier: Apache-2.0 */
/* Every core works or rests in the rhythm of an m-sequence. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include "run/marker.h"
#include "trace/align.h"

static const double chip_s = 4;
enum { CORES_MOST = 256 };

typedef struct load { atomic_bool stop; } load;

static void *work(void *self)
{
    load *working = self;
    volatile double value = 1;
    while (!atomic_load_explicit(&working->stop, memory_order_relaxed))
        for (int i = 0; i < 10000; i++)
            value = value * 1.0000001 + 1e-9;
    return NULL;
}

static void work_until(erg_recording *rec, int64_t until_ns, const volatile int *ask_stop)
{
    pthread_t threads[CORES_MOST];
    load working = { 0 };
    sigset_t all, before;
    long cores = sysconf(_SC_NPROCESSORS_ONLN), started = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < cores && started < CORES_MOST
           && pthread_create(&threads[started], NULL, work, &working) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    int64_t id = erg_recording_region(rec, "marker", false);
    erg_recording_run_until(rec, until_ns, ask_stop);
    erg_recording_region_end(rec, id, NAN);
    atomic_store(&working.stop, true);
    for (long i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

void erg_marker_play(erg_recording *rec, const erg_env *env, const volatile int *ask_stop)
{
    int64_t begin_ns = erg_env_now_ns(env);
    for (size_t i = 0; i < ERG_COUNT(erg_marker_chips) && !(ask_stop && *ask_stop);) {
        bool works = erg_marker_chips[i];
        while (i < ERG_COUNT(erg_marker_chips) && (erg_marker_chips[i] != 0) == works)
            i++;
        int64_t until_ns = begin_ns + erg_ns_from_s(chip_s * (double)i);
        if (works)
            work_until(rec, until_ns, ask_stop);
        else
            erg_recording_run_until(rec, until_ns, ask_stop);
    }
}
