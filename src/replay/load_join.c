/* SPDX-License-Identifier: Apache-2.0 */
/* Timings meet the plan they were made by, and the record of power. */
#include <math.h>
#include <string.h>
#include "erg/energy.h"
#include "replay/load.h"
#include "replay/meter.h"

static const double PART_LEAST = 0.1;   /* of the machine's rise, that a busy device has */

/* ---- timings and plan --------------------------------------------------- */

/* The row of the plan at or after `from`, round once, that is like this timing; -1. */
static int32_t like(const erg_replay_plan *plan, const erg_kernel_timing *kernel,
                    size_t from, bool by_count)
{
    for (size_t i = 0; i < plan->kernel_count; i++) {
        size_t at = (from + i) % plan->kernel_count;
        const erg_replay_kernel *row = &plan->kernels[at];
        if (strcmp(row->name, kernel->name) == 0
            && (!by_count || (double)row->count == kernel->count))
            return (int32_t)at;
    }
    return -1;
}

/* A list that does not say its tiers has those of its plan, or of its names. */
static void name_tier(const erg_replay_plan *plan, erg_kernel_timing *kernel)
{
    if (kernel->tier == ERG_TIER_UNKNOWN)
        kernel->tier = plan && kernel->kernel >= 0
                           ? plan->kernels[kernel->kernel].tier
                           : erg_tier_of(kernel->name, ERG_OP_UNKNOWN);
}

/* Lists of one run have one order, so the search goes on behind the last that was found. */
static void join_all(erg_replay *replay)
{
    const erg_replay_plan *plan = replay->plan;
    size_t next = 0;

    if (!plan || plan->kernel_count == 0)
        return;
    for (size_t i = 0; i < replay->kernel_count; i++) {
        erg_kernel_timing *kernel = &replay->kernels[i];
        if (kernel->kernel >= (int32_t)plan->kernel_count)
            kernel->kernel = -1;
        if (kernel->kernel < 0)
            kernel->kernel = like(plan, kernel, next, true);
        if (kernel->kernel < 0)
            kernel->kernel = like(plan, kernel, next, false);
        if (kernel->kernel >= 0)
            next = (size_t)kernel->kernel + 1;
    }
}

void erg_replay_join(erg_replay *replay)
{
    join_all(replay);
    for (size_t i = 0; i < replay->kernel_count; i++)
        name_tier(replay->plan, &replay->kernels[i]);
}

/* ---- power -------------------------------------------------------------- */

static double mean_w(const erg_trace *trace, int channel, erg_span span)
{
    erg_energy seen;
    return erg_trace_energy(trace, channel, span, &seen, NULL) ? seen.mean_w : NAN;
}

/* Watts in the whole over watts of all the record: who measures the work stands out. */
static double rise_w(const erg_replay *replay, int channel)
{
    erg_span whole = erg_replay_on_clock(replay->trace, replay->whole.span);
    double rise = mean_w(replay->trace, channel, whole)
                  - mean_w(replay->trace, channel, erg_trace_span(replay->trace));

    return isnan(rise) ? 0 : rise;
}

/* Who tells of the work, best last. */
enum { BY_MODEL, BY_NODE, BY_DEVICE, SOURCES };
typedef struct candidate { int channel; double rise_w; bool is_sum; } candidate;

static int source_of(const erg_trace *trace, int channel)
{
    if (erg_trace_channel(trace, channel)->method == ERG_METHOD_MODEL)
        return BY_MODEL;
    return erg_replay_sees_node(trace, channel) ? BY_NODE : BY_DEVICE;
}

/* A sum before its parts, then who rises most. */
static bool is_better(const candidate *a, const candidate *b)
{
    return a->is_sum != b->is_sum ? a->is_sum : a->rise_w > b->rise_w;
}

/* Of each source; channel -1: there is none. */
static void find_best(const erg_replay *replay, candidate best[SOURCES])
{
    for (int i = 0; i < SOURCES; i++)
        best[i] = (candidate){ -1, -INFINITY, false };
    for (int i = 0; i < (int)erg_trace_channel_count(replay->trace); i++) {
        const erg_channel_info *info = erg_trace_channel(replay->trace, i);
        if (!erg_has_joules(info->quantity))
            continue;
        candidate *of = &best[source_of(replay->trace, i)];
        candidate one = { i, rise_w(replay, i), strcmp(info->name, "sum") == 0 };
        if (of->channel < 0 || is_better(&one, of))
            *of = one;
    }
}

/* The work's own device, before the machine that it is in, whose joules are more. A device
 * that has next to no part in the machine's rise is another than the one that works. */
int erg_replay_choose_channel(const erg_replay *replay)
{
    candidate best[SOURCES];

    find_best(replay, best);
    const candidate *node = &best[BY_NODE], *device = &best[BY_DEVICE];
    bool rests = node->rise_w > 0 && device->rise_w < PART_LEAST * node->rise_w;
    if (device->channel >= 0 && !(node->channel >= 0 && rests))
        return device->channel;
    return node->channel >= 0 ? node->channel : best[BY_MODEL].channel;
}

int erg_replay_choose_system(const erg_replay *replay)
{
    candidate best[SOURCES];

    find_best(replay, best);
    return best[BY_NODE].channel != replay->channel ? best[BY_NODE].channel : -1;
}

static bool is_whole(const erg_trace *trace, const erg_region *region)
{
    bool named = false;

    for (size_t i = 0; i < erg_trace_region_count(trace) && !named; i++)
        named = strcmp(erg_trace_region(trace, i)->name, "full_model") == 0;
    return strcmp(region->name, named ? "full_model" : "run") == 0
           && region->end_ns != INT64_MAX;
}

void erg_replay_whole_from(erg_replay *replay, const erg_trace *trace)
{
    erg_whole_timing *whole = &replay->whole;
    erg_span mono = { INT64_MAX, INT64_MIN };
    double runs = 0, time_s = 0;

    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (!is_whole(trace, region))
            continue;
        mono.begin_ns = region->begin_ns < mono.begin_ns ? region->begin_ns : mono.begin_ns;
        mono.end_ns = region->end_ns > mono.end_ns ? region->end_ns : mono.end_ns;
        runs += region->runs > 0 ? region->runs : 1;
        time_s += erg_s_from_ns(region->end_ns - region->begin_ns);
    }
    if (!(runs > 0))
        return;
    whole->mono = mono;
    whole->span = (erg_span){ erg_trace_utc_ns(trace, mono.begin_ns),
                              erg_trace_utc_ns(trace, mono.end_ns) };
    whole->runs = runs;
    whole->time_s = time_s / runs;
}
