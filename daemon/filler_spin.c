/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ergd's own filler, a process of its own: a thread on each CPU spins for a share of every
 * 10 ms. A line on its input says which share; a silence ends the burning, an end of the
 * input ends the process.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"

#define CYCLE_NS 10000000LL
#define NS_PER_S 1000000000LL
enum { LINE = 256, STACK = 1 << 18 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_llong spin_ns;           /* of each cycle */
    atomic_bool sink;
} here = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false };

int ergd_filler_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Multiplications that wait for nothing: about 20 us. The sink keeps them from being left
 * out. */
static void burn(void)
{
    double a = 1.1, b = 1.2, c = 1.3, d = 1.4;

    for (int i = 0; i < 5000; i++) {
        a = a * 0.999999 + 1e-6;
        b = b * 0.999998 + 2e-6;
        c = c * 0.999997 + 3e-6;
        d = d * 0.999996 + 4e-6;
    }
    atomic_store_explicit(&here.sink, a + b + c + d > 0, memory_order_relaxed);
}

static void wait_for_work(void)
{
    pthread_mutex_lock(&here.lock);
    while (atomic_load(&here.spin_ns) <= 0)
        pthread_cond_wait(&here.changed, &here.lock);
    pthread_mutex_unlock(&here.lock);
}

static void *spin(void *unused)
{
    (void)unused;
    for (;;) {
        wait_for_work();
        long long begin_ns = now_ns(), end_ns = begin_ns + CYCLE_NS;
        while (now_ns() - begin_ns < atomic_load(&here.spin_ns))
            burn();
        const struct timespec until = { (time_t)(end_ns / NS_PER_S),
                                        (long)(end_ns % NS_PER_S) };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    return NULL;
}

/* One on each CPU that we may use: of all threads on one CPU nobody would see the sum. */
static bool start_threads(void)
{
    pthread_attr_t attributes;
    cpu_set_t set, one;
    bool good = sched_getaffinity(0, sizeof(set), &set) == 0
        && pthread_attr_init(&attributes) == 0;

    for (size_t cpu = 0; good && cpu < CPU_SETSIZE; cpu++) {
        pthread_t thread;
        if (!CPU_ISSET(cpu, &set))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        good = pthread_attr_setstacksize(&attributes, STACK) == 0
            && pthread_attr_setaffinity_np(&attributes, sizeof(one), &one) == 0
            && pthread_create(&thread, &attributes, spin, NULL) == 0
            && pthread_detach(thread) == 0;
    }
    return good;
}

static void set_share(double share)
{
    double kept = share > 1 ? 1 : share > 0 ? share : 0;

    pthread_mutex_lock(&here.lock);
    atomic_store(&here.spin_ns, (long long)(kept * CYCLE_NS));
    pthread_cond_broadcast(&here.changed);
    pthread_mutex_unlock(&here.lock);
}

/* Of the last whole line in bytes[0..count); what is left of it. */
static size_t take_lines(char bytes[], size_t count)
{
    char *last = memrchr(bytes, '\n', count);

    if (!last)
        return count < LINE ? count : 0;
    *last = '\0';
    char *before = strrchr(bytes, '\n');
    set_share(strtod(before ? before + 1 : bytes, NULL));
    size_t used = (size_t)(last - bytes) + 1;
    memmove(bytes, bytes + used, count - used);
    return count - used;
}

int ergd_spin(double silence_s)
{
    struct pollfd in = { .fd = 0, .events = POLLIN };
    char bytes[LINE + 1];
    size_t count = 0;

    if (!start_threads())
        return 1;
    for (;;) {
        int ready = poll(&in, 1, (int)(1000 * silence_s));
        if (ready == 0)
            set_share(0);
        if (ready <= 0)
            continue;
        ssize_t more = read(0, bytes + count, LINE - count);
        if (more == 0 || (more < 0 && errno != EINTR))
            return 0;
        count = take_lines(bytes, count + (more > 0 ? (size_t)more : 0));
    }
}
