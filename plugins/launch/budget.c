/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "launch/budget.h"
#include "launch/follow.h"
#include "launch/meter.h"

struct budget {
    pthread_mutex_t lock;
    erg_launch_gate *gate;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A reading tells of a moment before now: the gate's clock only goes on. */
static void counted(void *self, int64_t t_ns, double energy_j)
{
    budget *of = self;

    pthread_mutex_lock(&of->lock);
    erg_launch_gate_counted(of->gate, t_ns, energy_j);
    pthread_mutex_unlock(&of->lock);
}

static void granted(void *self, const erg_govern_allowance *grant, int64_t until_ns)
{
    budget *of = self;

    pthread_mutex_lock(&of->lock);
    erg_launch_gate_grant(of->gate, now_ns(), grant->power_w, until_ns);
    erg_launch_gate_rests(of->gate, now_ns(), grant->idle_w,
                          grant->at_rest);
    pthread_mutex_unlock(&of->lock);
}

budget *budget_new(const budget_config *config, const char *uuid)
{
    bool is_asked = config->budget.power_w > 0 || config->budget.slot_w > 0;
    budget *of = is_asked ? calloc(1, sizeof(*of)) : NULL;

    if (!of)
        return NULL;
    of->gate = erg_launch_gate_new(&config->budget, NULL);
    if (!of->gate) {
        free(of);
        return NULL;
    }
    pthread_mutex_init(&of->lock, NULL);
    if (config->sensor[0])
        meter_start(config->sensor, uuid, counted, of);
    /* What it begins with is a grant, too: it ends if the daemon is heard of no more. */
    if (config->follows && config->budget.power_w > 0) {
        const erg_govern_allowance first = { .power_w = config->budget.power_w };
        granted(of, &first, follow_until_ns());
        follow_start(config->socket, uuid, granted, of);
    }
    return of;
}

double budget_admit(budget *of, uint64_t kind, bool must, erg_launch_item *item)
{
    pthread_mutex_lock(&of->lock);
    double wait_s = erg_launch_gate_admit(of->gate, now_ns(), kind, must, item);
    pthread_mutex_unlock(&of->lock);
    return wait_s;
}

void budget_done(budget *of, const erg_launch_item *item, double took_s)
{
    pthread_mutex_lock(&of->lock);
    erg_launch_gate_done(of->gate, now_ns(), item, took_s);
    pthread_mutex_unlock(&of->lock);
}
