/* SPDX-License-Identifier: Apache-2.0 */
/* A replay with nothing wrong in it, and a plant of whose power anything may be. */
#ifndef TESTS_AUDIT_MADE_H
#define TESTS_AUDIT_MADE_H

#include "audit_codes.h"
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/meter.h"
#include "test.h"

/* ---- a clean set: idle, the whole, three kernels, idle ------------------ */

enum { KERNELS = 3, PER_S = 10, LENGTH_S = 140 };

static const double IDLE_W = 50, LOAD_W = 200, STEPS = 2;
static const int64_t EPOCH_NS = 1780000000 * ERG_NS_PER_S; /* of mono 0 */

typedef struct plant {
    double kernel_w, start_w; /* of the kernels' windows; of the first tenth of the whole */
    double idle_w;
    bool has_idle;
    erg_method method; /* unset: integral */
} plant;

static const plant clean = { 200, 200, 50, true };

static inline erg_span seconds(double begin_s, double end_s)
{
    return (erg_span){ erg_ns_from_s(begin_s), erg_ns_from_s(end_s) };
}

static inline erg_span utc_of(erg_span mono)
{
    return (erg_span){ mono.begin_ns + EPOCH_NS, mono.end_ns + EPOCH_NS };
}

static inline double power_at(const plant *of, double t_s)
{
    if (t_s >= 40 && t_s < 42)
        return of->start_w;
    if (t_s >= 42 && t_s < 60)
        return of->idle_w == IDLE_W ? LOAD_W : of->kernel_w;
    if (t_s >= 61 && t_s < 94)
        return of->kernel_w;
    return of->idle_w;
}

static inline void put_region(erg_trace *trace, const char *name, double begin_s,
                              double end_s)
{
    erg_span span = seconds(begin_s, end_s);
    erg_region region = { .begin_ns = span.begin_ns, .end_ns = span.end_ns, .runs = NAN };
    erg_text_put(region.name, sizeof(region.name), name);
    CHECK(erg_trace_add_region(trace, &region, NULL));
}

static inline erg_trace *trace_of(const plant *of)
{
    erg_trace *trace = erg_trace_new(NULL);
    erg_device_info device = { .name = "gpu:0", .driver = "sim", .scope = ERG_SCOPE_BOARD };
    erg_channel_info info = { .name = "power",
                              .unit = "W",
                              .quantity = ERG_POWER,
                              .kind = ERG_INSTANT,
                              .method = of->method ? of->method : ERG_METHOD_INTEGRAL,
                              .scope = ERG_SCOPE_BOARD,
                              .update_s = 0.1,
                              .gain = 1 };

    info.device = erg_trace_add_device(trace, &device, NULL);
    CHECK(erg_trace_add_channel(trace, &info, NULL) == 0);
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ 0, 0, EPOCH_NS, 0 }, NULL));
    for (int i = 0; i < LENGTH_S * PER_S; i++) {
        double t_s = (double)i / PER_S;
        /* Readings of a real sensor never stand quite still. */
        erg_sample sample = { erg_ns_from_s(t_s), 0, power_at(of, t_s) + 0.1 * (i % 3) };
        CHECK(erg_trace_add_samples(trace, 0, &sample, 1, NULL));
    }
    if (of->has_idle) {
        put_region(trace, "idle_before", 1, 39);
        put_region(trace, "idle_after", 100, 138);
    }
    return trace;
}

static inline void put_kernel(erg_replay *replay, int i)
{
    static const double times_s[KERNELS] = { 2e-3, 4e-3, 1e-3 },
                        counts[KERNELS] = { 8, 4, 4 };
    erg_kernel_timing kernel = erg_kernel_timing_unknown();
    erg_replay_kernel planned;
    char name[24];

    snprintf(name, sizeof(name), "matmul%d", i);
    erg_replay_kernel_init(&planned, name, "test");
    planned.tier = kernel.tier = ERG_TIER_MATRIX;
    planned.count = (int64_t)counts[i];
    planned.signature.shape_known = true;
    planned.signature.m = planned.signature.n = planned.signature.k = 64 + i;
    planned.signature.flop = 1000000;
    planned.signature.in_bytes = 600000;
    planned.signature.out_bytes = 400000;
    CHECK(erg_replay_plan_add(replay->plan, &planned, &kernel.kernel, NULL));
    erg_text_put(kernel.name, sizeof(kernel.name), name);
    kernel.state = ERG_STATE_HOT;
    kernel.count = counts[i];
    kernel.time_s = kernel.median_s = times_s[i];
    kernel.empty_s = 10e-6;
    kernel.flop = kernel.bytes = 1000000;
    kernel.runs_requested = kernel.runs_executed = 10 / times_s[i];
    kernel.mono = seconds(61 + 11 * i, 71 + 11 * i);
    kernel.span = utc_of(kernel.mono);
    CHECK(erg_replay_add(replay, &kernel, NULL));
}

static inline erg_replay *made(const plant *of)
{
    erg_replay *replay = erg_replay_new(NULL);

    replay->plan = erg_replay_plan_new(NULL);
    replay->plan->steps = replay->steps = STEPS;
    replay->trace = trace_of(of);
    replay->channel = 0;
    replay->whole.time_s = replay->whole.median_s = 20e-3;
    replay->whole.runs = 1000;
    replay->whole.mono = seconds(40, 60);
    replay->whole.span = utc_of(replay->whole.mono);
    for (int i = 0; i < KERNELS; i++)
        put_kernel(replay, i);
    replay->written_ns = replay->kernels[KERNELS - 1].span.end_ns;
    return replay;
}

/* The reports that belong to it. */
static inline void report(erg_replay *replay)
{
    erg_replay_repair_runs(replay);
    CHECK(erg_replay_meter(replay, NULL));
    CHECK(erg_comparison_of(replay, NULL) && erg_kernel_energies_of(replay, NULL));
}

static const erg_replay_audit_options peaks = { .peak_bytes_per_s = 484e9,
                                                .peak_flop_per_s = 1e13 };

#endif
