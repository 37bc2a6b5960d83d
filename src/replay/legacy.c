/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "erg/energy.h"
#include "math/stats.h"
#include "replay/files.h"
#include "replay/legacy.h"
#include "replay/meter.h"
#include "trace/stream.h"

double erg_replay_legacy_j(const erg_replay *replay, erg_span utc, size_t *readings)
{
    double energy_j;
    size_t count = 0;

    *readings = 0;
    if (!replay->trace || replay->channel < 0 || utc.end_ns <= utc.begin_ns)
        return NAN;
    erg_span span = erg_replay_on_clock(replay->trace, utc);
    const erg_sample *at = erg_trace_samples(replay->trace, replay->channel, &count);
    size_t first = erg_sample_from(at, count, span.begin_ns);
    *readings = erg_sample_from(at, count, span.end_ns + 1) - first;
    if (*readings == 1)
        return at[first].value * erg_s_from_ns(span.end_ns - span.begin_ns);
    return erg_trace_energy_legacy(replay->trace, replay->channel, span, &energy_j, NULL)
               ? energy_j
               : NAN;
}

typedef struct window {
    double energy_j;
    size_t readings;
} window;

static void add(const erg_kernel_timing *kernel, window of, erg_replay_legacy *out,
                erg_sum tiers[ERG_TIERS])
{
    if (isnan(of.energy_j))
        return;
    out->measured++;
    out->single += of.readings == 1;
    erg_sum_add(&tiers[kernel->tier],
                of.energy_j / erg_replay_stated_runs(kernel) * kernel->count);
}

static double estimate_j(const erg_replay *replay, double mean_w, size_t *count)
{
    double sum_j = 0;

    *count = 0;
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        size_t readings;
        if (!erg_kernel_is_summed(replay, kernel)
            || !isnan(erg_replay_legacy_j(replay, kernel->span, &readings)))
            continue;
        ++*count;
        sum_j += mean_w * kernel->time_s * kernel->count;
    }
    return *count ? sum_j : 0;
}

erg_replay_legacy erg_replay_legacy_of(const erg_replay *replay)
{
    erg_replay_legacy out = { .sum_j = NAN };
    erg_sum tiers[ERG_TIERS] = { { 0 } };
    double energy_j = 0, time_s = 0;
    size_t readings;

    out.whole_j = erg_replay_legacy_j(replay, replay->whole.span, &readings);
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (!erg_kernel_is_summed(replay, kernel))
            continue;
        window of = { erg_replay_legacy_j(replay, kernel->span, &readings), readings };
        add(kernel, of, &out, tiers);
        energy_j += isnan(of.energy_j) ? 0 : of.energy_j;
        time_s += isnan(of.energy_j) ? 0 : erg_replay_window_s(kernel);
    }
    for (size_t i = 0; i < ERG_TIERS; i++)
        out.tiers_j[i] = erg_sum_value(&tiers[i]);
    if (out.measured) {
        erg_sum all = { 0 };
        for (size_t i = 0; i < ERG_TIERS; i++)
            erg_sum_add(&all, out.tiers_j[i]);
        out.sum_j = erg_sum_value(&all);
    }
    out.estimated_j = estimate_j(replay, energy_j / time_s, &out.estimated);
    return out;
}
