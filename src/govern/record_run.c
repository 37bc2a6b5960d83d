/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "erg/energy.h"
#include "math/stats.h"
#include "govern/record_run.h"

enum { SAMPLES_LEAST = 2 };

/* ---- which channels ------------------------------------------------------------------ */

static bool is_power(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    size_t count;

    erg_trace_samples(trace, channel, &count);
    return info->quantity == ERG_POWER && info->kind != ERG_COUNTER
        && count >= SAMPLES_LEAST;
}

static double coarseness_s(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    double window_s = info->window_s > 0 ? info->window_s : 0;

    return window_s + (info->update_s > 0 ? info->update_s : 0);
}

/* One scope of one device twice, or a scope that lies in the other. */
static bool share_joules(const erg_trace *trace, int a, int b)
{
    const int both[] = { a, b };
    erg_energy sum;
    erg_error err = { 0 };

    return !erg_trace_energy_sum(trace, both, ERG_COUNT(both), erg_trace_span(trace), &sum,
                                 &err)
        && err.code == ERG_REFUSED;
}

static void insert(const erg_trace *trace, int channels[], size_t count, int channel)
{
    size_t at = count;

    while (at > 0
           && coarseness_s(trace, channels[at - 1]) > coarseness_s(trace, channel)) {
        channels[at] = channels[at - 1];
        at--;
    }
    channels[at] = channel;
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

size_t erg_record_channels(const erg_trace *trace, int channels[])
{
    size_t found = 0, kept = 0;

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        if (is_power(trace, i))
            insert(trace, channels, found++, i);
    for (size_t i = 0; i < found; i++) {
        bool is_twice = false;
        for (size_t k = 0; k < kept && !is_twice; k++)
            is_twice = share_joules(trace, channels[k], channels[i]);
        if (!is_twice)
            channels[kept++] = channels[i];
    }
    qsort(channels, kept, sizeof(*channels), by_number);
    return kept;
}

/* ---- throttling ---------------------------------------------------------------------- */

/* throttled_power is a limit at work, often the very change that is judged. */
static bool is_throttling(const erg_channel_info *info)
{
    return info->quantity == ERG_DURATION && info->kind == ERG_COUNTER
        && strncmp(info->name, "throttled_", 10) == 0
        && strcmp(info->name, "throttled_power") != 0;
}

/* Of the counter that rose most: some count the same time under two names. */
static double throttled_of(const erg_trace *trace)
{
    double most = NAN;

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, i, &count);
        if (!is_throttling(erg_trace_channel(trace, i)) || count < SAMPLES_LEAST)
            continue;
        double rise_s = samples[count - 1].value - samples[0].value;
        double span_s = erg_s_from_ns(samples[count - 1].t_ns - samples[0].t_ns);
        if (rise_s >= 0 && span_s > 0)
            most = fmax(most, rise_s / span_s);
    }
    return most;
}

/* ---- collectives --------------------------------------------------------------------- */

/* Regions of liberg-mpi and of the NCCL plug-in; nonblocking calls only begin there. */
static const char *const collectives[] = {
    "MPI_Allreduce", "MPI_Allgather", "MPI_Alltoall", "MPI_Barrier", "MPI_Bcast",
    "MPI_Reduce", "nccl AllReduce", "nccl AllGather", "nccl ReduceScatter", "nccl Reduce",
    "nccl Broadcast",
};

static bool is_collective(const erg_region *region)
{
    for (size_t i = 0; i < ERG_COUNT(collectives); i++)
        if (strncmp(region->name, collectives[i], strlen(collectives[i])) == 0)
            return region->end_ns != INT64_MAX;
    return false;
}

typedef struct times { double *s; size_t count, room; } times;

static bool add_events(void *self, const erg_trace_event events[], size_t count,
                       erg_error *err)
{
    times *to = self;

    for (size_t i = 0; i < count; i++) {
        if (events[i].kind != ERG_EVENT_COLLECTIVE)
            continue;
        if (!erg_grow((void **)&to->s, &to->room, to->count, sizeof(*to->s), err))
            return false;
        to->s[to->count++] = erg_s_from_ns(events[i].duration_ns);
    }
    return true;
}

static bool collectives_of(const erg_trace *trace, double *p99_s, erg_error *err)
{
    times all = { 0 };
    bool ok = true;

    for (size_t i = 0; ok && i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (!is_collective(region))
            continue;
        ok = erg_grow((void **)&all.s, &all.room, all.count, sizeof(*all.s), err);
        if (ok)
            all.s[all.count++] = erg_s_from_ns(region->end_ns - region->begin_ns);
    }
    /* Calls and the kernels they launch are two times of one thing. */
    if (ok && all.count == 0)
        ok = erg_trace_each_event(trace, add_events, &all, err);
    *p99_s = all.count ? erg_quantile(all.s, all.count, 0.99) : NAN;
    free(all.s);
    return ok;
}

/* ---- all of it ----------------------------------------------------------------------- */

erg_record_facts erg_record_facts_none(void)
{
    return (erg_record_facts){ NAN, NAN, NAN, NAN };
}

bool erg_record_facts_of(const erg_trace *trace, erg_record_facts *out, erg_error *err)
{
    erg_span span = erg_trace_span(trace);

    *out = erg_record_facts_none();
    if (erg_trace_anchor_count(trace) > 0) {
        out->begun_s = erg_s_from_ns(erg_trace_utc_ns(trace, span.begin_ns));
        out->ended_s = erg_s_from_ns(erg_trace_utc_ns(trace, span.end_ns));
    }
    out->throttled = throttled_of(trace);
    return collectives_of(trace, &out->collective_p99_s, err);
}
