/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One estimate, in order: launches, what each asks for, time, the clock that the
 * power cap allows (which changes the time), energy from those times, intervals.
 */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "estimate/compat.h"
#include "estimate/energy.h"
#include "estimate/interval.h"
#include "estimate/latency.h"
#include "estimate/operating_point.h"
#include "estimate/run.h"

typedef struct held_time { double clock_hz, time_s; } held_time;

typedef struct work_run {
    erg_estimation *to;
    const erg_profile *profile;
    const erg_estimate_options *options;
    erg_work *work;             /* one a subgraph */
    double *cached_bytes;
    erg_latency *latency;
    erg_estimate *energy;
    double free_cap_w;          /* the cap, where nothing else holds the clock; else 0 */
    held_time *held;            /* what `latency` holds now */
} work_run;

/* With a measured time the clock changes nothing of it. */
static double time_at(const void *user, double clock_hz)
{
    const work_run *run = user;
    erg_estimation *to = run->to;
    const erg_timing timing = { .partition = to->partition, .hardware = to->hardware,
                                .terms = run->profile->time,
                                .runtime = run->options->runtime, .clock_hz = clock_hz,
                                .free_cap_w = run->free_cap_w,
                                .streams = run->options->streams,
                                .cached_bytes = run->cached_bytes };
    if (run->held->clock_hz != clock_hz) {
        run->held->time_s = erg_latency_graph(&timing, run->latency, &to->host_bound);
        run->held->clock_hz = clock_hz;
    }
    double total_s = run->held->time_s;

    return run->options->measured_latency_s > 0
        ? run->options->measured_latency_s : total_s;
}

/* At the reference voltage, of each launch and of all. */
static double find_dynamic(work_run *run)
{
    double sum_j = 0;

    for (int32_t i = 0; i < run->to->partition->subgraph_count; i++) {
        erg_estimate *e = &run->energy[i];
        int32_t like = i - run->to->partition->subgraphs[i].alike_back;

        e->compute_j = like < i ? run->energy[like].compute_j
                                : erg_compute_j(&run->work[i], &run->profile->energy);
        e->memory_j = erg_memory_j(&run->work[i], &run->profile->energy);
        sum_j += e->compute_j + e->memory_j;
    }
    return sum_j;
}

static bool find_wish(const erg_hardware *hardware, const erg_estimate_options *options,
                      erg_operating_point *wish, erg_error *err)
{
    *wish = (erg_operating_point){ .clock_hz = options->clock_hz,
                                   .cap_w = options->power_cap_w };
    if (!options->thermal_point)
        return true;
    for (size_t i = 0; i < hardware->thermal_count; i++) {
        const erg_thermal_point *point = &hardware->thermal[i];
        if (strcmp(point->name, options->thermal_point) != 0)
            continue;
        if (!(wish->clock_hz > 0) && point->sustained_hz > 0)
            wish->clock_hz = point->sustained_hz;
        if (!(wish->cap_w > 0) && point->cap_w > 0)
            wish->cap_w = point->cap_w;
        return true;
    }
    return erg_fail(err, ERG_NOT_FOUND, "%s has no thermal point %s; "
                    "erg hardware %s lists them",
                    hardware->name, options->thermal_point, hardware->name);
}

/* Spreads a total that is known otherwise over the launches, in proportion. */
static void spread(work_run *run, double known_s)
{
    int32_t count = run->to->partition->subgraph_count;
    double sum_s = 0;

    for (int32_t i = 0; i < count; i++)
        sum_s += run->latency[i].total_s;
    for (int32_t i = 0; i < count; i++) {
        run->latency[i].utilization =
            fmin(1, run->latency[i].utilization * sum_s / known_s);
        run->latency[i].total_s *= known_s / sum_s;
    }
}

/* Static power of gated units is off: only those with threads count. */
static double units_on(const work_run *run, const erg_work *work)
{
    const erg_hardware *hardware = run->to->hardware;

    if (!run->options->power_gating || hardware->units < 1
        || hardware->threads_per_unit < 1)
        return 1;
    double wanted = ceil(work->threads / hardware->threads_per_unit);
    return fmin(1, fmax(1, wanted) / hardware->units);
}

static void price(work_run *run, const erg_operating_point *point)
{
    erg_estimation *to = run->to;
    erg_estimate *total = &to->total;
    double used_s = 0;

    for (int32_t i = 0; i < to->partition->subgraph_count; i++) {
        const erg_latency *t = &run->latency[i];
        erg_estimate *e = &run->energy[i];

        e->compute_j *= point->scale;
        e->memory_j *= point->scale;
        e->static_j = point->static_w * t->total_s * units_on(run, &run->work[i]);
        erg_estimate_finish(e, t->utilization);
        to->peak_w = fmax(to->peak_w, e->total_j / t->total_s);
        to->latency_s += t->total_s;
        used_s += t->utilization * t->total_s;
        total->compute_j += e->compute_j;
        total->memory_j += e->memory_j;
        total->static_j += e->static_j;
    }
    to->utilization = to->latency_s > 0 ? used_s / to->latency_s : NAN;
    erg_estimate_finish(total, to->utilization);
    to->mean_w = to->latency_s > 0 ? total->total_j / to->latency_s : NAN;
    to->marginal_j = total->total_j
        - erg_idle_w(to->hardware, run->profile, point->clock_hz) * to->latency_s;
}

/* A device that no clock brings below its cap stands still in between. */
static double held_s(const work_run *run, const erg_operating_point *point,
                     const erg_load *load)
{
    double time_s = time_at(run, point->clock_hz);
    double left_w = ERG_CAP_SHARE * point->cap_w - point->static_w;

    if (!point->over || !(left_w > 0) || run->options->measured_latency_s > 0)
        return time_s;
    return fmax(time_s, point->scale * load->dynamic_j / left_w);
}

/* By how much the time shifts, as a logarithm, were its joules `factor` times as many. */
static double time_shift(const work_run *run, erg_operating_point wish, erg_load load,
                         double time_s, double factor)
{
    load.dynamic_j *= factor;
    erg_operating_point point =
        erg_operating_point_find(run->to->hardware, run->profile, wish, &load);

    return log(held_s(run, &point, &load) / time_s);
}

/* A cap turns joules into time: a doubt of the one is a doubt of the other. */
static erg_cap_doubt find_doubt(const work_run *run, erg_operating_point wish,
                                const erg_load *load, double time_s)
{
    if (run->profile->energy.rows || run->options->measured_latency_s > 0)
        return (erg_cap_doubt){ 0, 0 };
    return (erg_cap_doubt){
        .less = fabs(time_shift(run, wish, *load, time_s,
                                exp(-ERG_THEORETICAL_ENERGY))),
        .more = fabs(time_shift(run, wish, *load, time_s,
                                exp(ERG_THEORETICAL_ENERGY))),
    };
}

static bool estimate(work_run *run, erg_error *err)
{
    erg_estimation *to = run->to;
    erg_load load = { .dynamic_j = find_dynamic(run), .time_s = time_at, .user = run };
    erg_operating_point wish;

    if (!find_wish(to->hardware, run->options, &wish, err))
        return false;
    if (!(wish.clock_hz > 0 && wish.clock_hz < to->hardware->top_clock_hz))
        run->free_cap_w = wish.cap_w > 0 ? wish.cap_w : to->hardware->cap_w;
    erg_operating_point point =
        erg_operating_point_find(to->hardware, run->profile, wish, &load);
    double time_s = held_s(run, &point, &load);
    erg_cap_doubt doubt = find_doubt(run, wish, &load, time_s);
    double running_s = time_at(run, point.clock_hz);
    if (isnan(running_s))
        return erg_fail(err, ERG_NO_MEMORY, "no memory for the times of %s",
                        to->graph->name);
    if (run->options->measured_latency_s > 0 || time_s > running_s)
        spread(run, time_s);
    price(run, &point);
    to->clock_hz = point.clock_hz;
    to->cap_w = point.cap_w;
    to->capped = point.capped;
    erg_grade_estimation(to, run->profile, run->options, run->work, run->energy,
                         doubt);
    return erg_run_notes(to, run->profile, run->options, &point, err);
}

static bool prepare(work_run *run, erg_arena *arena, erg_error *err)
{
    erg_estimation *to = run->to;
    size_t count = (size_t)to->partition->subgraph_count;

    if (!count)
        return erg_fail(err, ERG_BAD_INPUT, "workload %s has no operator that moves data: "
                        "all its tensors have a dimension of 0, or it computes nothing; "
                        "give it sizes above 0 (--batch, --seq, --dim)",
                        to->graph->name);
    run->work = erg_arena_take(arena, count * sizeof(*run->work), err);
    run->latency = erg_arena_take(arena, count * sizeof(*run->latency), err);
    run->energy = erg_arena_take(arena, count * sizeof(*run->energy), err);
    run->cached_bytes = erg_arena_take(arena, count * sizeof(*run->cached_bytes), err);
    if (!run->work || !run->latency || !run->energy || !run->cached_bytes)
        return false;
    if (!erg_traffic_cached(to->partition, to->hardware, run->cached_bytes))
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const erg_subgraph *s = &to->partition->subgraphs[i];
        run->work[i] = s->alike_back
            ? run->work[i - (size_t)s->alike_back]
            : erg_work_of_subgraph(to->graph, s, to->hardware);
    }
    to->latency = run->latency;
    to->energy = run->energy;
    return true;
}

/* What a record lacks counts as no time at all: then there is no estimate. */
static bool has_rates(const erg_partition *partition, const erg_hardware *hardware,
                      erg_error *err)
{
    if (!(hardware->memory_bytes_per_s > 0))
        return erg_fail(err, ERG_UNSUPPORTED, "the record of %s has no bandwidth of its "
                        "memory, so its times are not known: take another device, or add "
                        "levels.memory.bw_bytes_per_s to a record of your own",
                        hardware->name);
    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        const erg_subgraph *s = &partition->subgraphs[i];
        for (int32_t k = 0; k < s->operator_count && !s->alike_back; k++) {
            const erg_operator *op = &partition->graph->operators[s->operators[k]];
            if (op->macs > 0 && !(erg_unit_of(op, hardware, 0).flop_per_s > 0))
                return erg_fail(err, ERG_UNSUPPORTED, "the record of %s has no peak rate "
                                "for products in %s, so their time is not known: take "
                                "another --precision, or add peak_flop_per_s to a record "
                                "of your own", hardware->name,
                                erg_precision_name(op->precision));
        }
    }
    return true;
}

static erg_estimation *begin(const erg_partition *partition, const erg_hardware *hardware,
                             erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    erg_estimation *to = arena ? erg_arena_take(arena, sizeof(*to), err) : NULL;

    if (!to) {
        erg_arena_free(arena);
        return NULL;
    }
    *to = (erg_estimation){ .graph = partition->graph, .hardware = hardware,
                            .inside = arena,
                            .partition = partition, .peak_memory_bytes = NAN };
    return to;
}

erg_estimation *erg_estimate_cut(const erg_partition *partition,
                                 const erg_hardware *hardware, const erg_profile *profile,
                                 const erg_estimate_options *options, erg_error *err)
{
    held_time held = { NAN, NAN };
    work_run run = { .profile = profile, .options = options, .held = &held };

    if (hardware->fictional) {
        erg_fail(err, ERG_UNSUPPORTED, "%s is no real device: only compat mode knows it",
                 hardware->name);
        return NULL;
    }
    run.to = has_rates(partition, hardware, err) ? begin(partition, hardware, err) : NULL;
    if (!run.to)
        return NULL;
    if (prepare(&run, run.to->inside, err) && estimate(&run, err))
        return run.to;
    erg_estimation_free(run.to);
    return NULL;
}

erg_estimation *erg_estimate_run(const erg_graph *graph, const erg_hardware *hardware,
                                 const erg_profile *profile,
                                 const erg_estimate_options *options, erg_error *err)
{
    static const erg_estimate_options defaults;
    const erg_estimate_options *asked = options ? options : &defaults;

    if (asked->mode == ERG_COMPAT)
        return erg_compat_estimate(graph, hardware, asked, err);
    erg_partition *partition = erg_graph_partition(
        graph, erg_fusion_of(asked->fusion, asked->runtime), err);
    erg_estimation *done = partition
        ? erg_estimate_cut(partition, hardware, profile, asked, err) : NULL;
    if (done)
        done->own_partition = partition;
    else
        erg_partition_free(partition);
    return done;
}

void erg_estimation_free(erg_estimation *estimation)
{
    if (!estimation)
        return;
    erg_partition_free(estimation->own_partition);
    erg_arena_free(estimation->inside);
}
