/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "erg/energy.h"
#include "replay/base.h"
#include "replay/legacy.h"
#include "replay/meter.h"

static bool has_span(erg_span span) { return span.end_ns > span.begin_ns; }

static bool see(const erg_replay *replay, erg_span utc, erg_energy *out, erg_error *err)
{
    return erg_trace_energy(replay->trace, replay->channel,
                            erg_replay_on_clock(replay->trace, utc), out, err);
}

static bool meter_whole(erg_replay *replay, erg_error *err)
{
    erg_whole_timing *whole = &replay->whole;
    erg_energy seen;

    if (!has_span(whole->span) || isnan(whole->runs))
        return true;
    if (!see(replay, whole->span, &seen, err))
        return false;
    if (erg_replay_is_modelled(replay)) {
        whole->modelled_j = seen.energy_j / whole->runs;
        return true;
    }
    whole->energy_j = seen.energy_j / whole->runs;
    whole->energy_u_j = erg_replay_without_gain(&seen) / whole->runs;
    whole->mean_w = seen.mean_w;
    whole->updates = (double)seen.updates;
    if (isnan(replay->gain_u))
        replay->gain_u = fabs(seen.gain_u_j / seen.energy_j);
    return true;
}

static bool find_base(erg_replay *replay, erg_error *err)
{
    erg_replay_base base;
    erg_span span = has_span(replay->whole.span)
                        ? erg_replay_on_clock(replay->trace, replay->whole.span)
                        : erg_trace_span(replay->trace);

    /* What a model says of idle is no idle record. */
    if (!isnan(replay->base_w) || erg_replay_is_modelled(replay))
        return true;
    if (!erg_replay_base_of(replay->trace, replay->channel, span, &base, err))
        return false;
    if (isnan(base.w))
        return true;
    replay->base_w = base.w;
    replay->base_u_w = base.u_w;
    erg_text_put(replay->base_policy, sizeof(replay->base_policy), base.policy);
    return true;
}

static const char *method_of(const erg_replay *replay)
{
    switch (erg_trace_channel(replay->trace, replay->channel)->method) {
    case ERG_METHOD_MODEL:
        return "model";
    case ERG_METHOD_SIMULATED:
        return "simulated";
    case ERG_METHOD_COUNTER:
    case ERG_METHOD_INTEGRAL:
        break;
    }
    return "measured";
}

/* e_gross = E / runs, e_dyn = (E - P_base T) / runs. */
static void share(const erg_replay *replay, erg_kernel_timing *kernel,
                  const erg_energy *seen)
{
    double runs = kernel->runs_used, window_s = erg_replay_window_s(kernel);

    kernel->gross_j = seen->energy_j / runs;
    kernel->gross_u_j = erg_replay_without_gain(seen) / runs;
    kernel->dynamic_j = (seen->energy_j - replay->base_w * window_s) / runs;
    kernel->dynamic_u_j = kernel->gross_u_j;
    kernel->updates = erg_replay_is_modelled(replay) ? NAN : (double)seen->updates;
    kernel->mean_w = seen->mean_w;
    kernel->quality = erg_quality_name(seen->quality);
    erg_text_put(kernel->method, sizeof(kernel->method), method_of(replay));
}

/* No reading fell into its window: power of the others, its own time. */
static void estimate(const erg_replay *replay, erg_kernel_timing *kernel, double mean_w)
{
    kernel->gross_j = mean_w * kernel->time_s;
    kernel->dynamic_j = (mean_w - replay->base_w) * kernel->time_s;
    kernel->gross_u_j = kernel->dynamic_u_j = NAN;
    kernel->updates = 0;
    kernel->mean_w = NAN;
    erg_text_put(kernel->method, sizeof(kernel->method), "estimated");
}

/* The line to readings outside the window says nothing of it: P x window. */
static void hold_single(const erg_replay *replay, const erg_kernel_timing *kernel,
                        erg_energy *seen)
{
    size_t readings;
    double energy_j = erg_replay_legacy_j(replay, kernel->span, &readings);

    if (readings != 1)
        return;
    seen->energy_j = energy_j;
    seen->mean_w = energy_j / erg_replay_window_s(kernel);
}

/* Windows without a reading are marked and left for the mean of the others. */
static bool meter_kernels(erg_replay *replay, double *energy_j, double *time_s)
{
    for (size_t i = 0; i < replay->kernel_count; i++) {
        erg_kernel_timing *kernel = &replay->kernels[i];
        erg_energy seen;
        kernel->method[0] = '\0';
        kernel->quality = NULL;
        if (!has_span(kernel->span) || !see(replay, kernel->span, &seen, NULL)
            || !seen.samples)
            continue;
        hold_single(replay, kernel, &seen);
        share(replay, kernel, &seen);
        *energy_j += seen.energy_j;
        *time_s += erg_replay_window_s(kernel);
    }
    return *time_s > 0;
}

/* Beside the device's joules, and never in their place. */
static void meter_system(erg_replay *replay)
{
    erg_whole_timing *whole = &replay->whole;
    erg_energy seen;

    erg_span span = erg_replay_on_clock(replay->trace, whole->span);
    if (!isnan(whole->runs) && erg_replay_meter_system(replay, span, &seen)) {
        whole->system_j = seen.energy_j / whole->runs;
        whole->system_u_j = 0.5 * seen.spread_j / whole->runs;
    }
    for (size_t i = 0; !replay->has_tiers && i < replay->kernel_count; i++) {
        erg_kernel_timing *kernel = &replay->kernels[i];
        span = erg_replay_on_clock(replay->trace, kernel->span);
        if (erg_replay_meter_system(replay, span, &seen))
            kernel->system_j = seen.energy_j / kernel->runs_used;
    }
}

bool erg_replay_meter(erg_replay *replay, erg_error *err)
{
    double energy_j = 0, time_s = 0;

    if (!replay->trace || replay->channel < 0)
        return true;
    if (!meter_whole(replay, err) || !find_base(replay, err))
        return false;
    bool has_tiers = erg_replay_meter_tiers(replay);
    meter_system(replay);
    if (has_tiers || !meter_kernels(replay, &energy_j, &time_s))
        return true;
    for (size_t i = 0; i < replay->kernel_count; i++)
        if (!replay->kernels[i].method[0])
            estimate(replay, &replay->kernels[i], energy_j / time_s);
    return true;
}
