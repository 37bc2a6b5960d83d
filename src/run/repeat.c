/* SPDX-License-Identifier: Apache-2.0 */
/* Observations of equal runs, and the looks at their interval. */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "erg/energy.h"
#include "run/repeat.h"
#include "run/sampler.h"
#include "trace/scope.h"

static const double window_least_s = 5, window_updates = 50;
enum { DEVICES_MOST = 64 };

void erg_repeat_free(erg_repeat *repeat)
{
    free(repeat->runs);
    free(repeat->values);
    free(repeat->sizes);
    *repeat = (erg_repeat){ 0 };
}

/* The channel each device answers with, if it measures joules at all. */
static int channel_of(const erg_trace *trace, int device)
{
    int channel = erg_trace_find_channel(trace, erg_trace_device(trace, device)->name);
    if (channel < 0)
        return -1;
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    return erg_sampled_is_energy(info) ? channel : -1;
}

double erg_repeat_window_s(const erg_trace *trace)
{
    double window_s = window_least_s;
    for (int i = 0; i < (int)erg_trace_device_count(trace); i++) {
        int channel = channel_of(trace, i);
        double update_s = channel < 0 ? NAN : erg_trace_channel(trace, channel)->update_s;
        if (window_updates * update_s > window_s)
            window_s = window_updates * update_s;
    }
    return window_s;
}

double erg_repeat_energy_j(const erg_trace *trace, erg_span window)
{
    erg_scope scopes[DEVICES_MOST];
    double energy_j[DEVICES_MOST], sum_j = 0;
    bool chosen[DEVICES_MOST], any = false;
    size_t count = 0;

    for (int i = 0; i < (int)erg_trace_device_count(trace) && count < DEVICES_MOST; i++) {
        int channel = channel_of(trace, i);
        erg_energy energy;
        if (channel < 0 || !erg_trace_energy(trace, channel, window, &energy, NULL))
            continue;
        scopes[count] = energy.scope;
        energy_j[count++] = isnan(energy.net_j) ? energy.energy_j : energy.net_j;
    }
    erg_scope_outermost(scopes, count, chosen);
    for (size_t i = 0; i < count; i++)
        if (chosen[i] && !isnan(energy_j[i])) {
            sum_j += energy_j[i];
            any = true;
        }
    return any ? sum_j : NAN;
}

bool erg_repeat_add(erg_repeat *repeat, erg_span run, erg_error *err)
{
    void *runs = repeat->runs;
    bool room = erg_grow(&runs, &repeat->run_capacity, repeat->run_count, sizeof(run), err);
    repeat->runs = runs;
    if (!room)
        return false;
    repeat->runs[repeat->run_count++] = run;
    repeat->filled_s += erg_s_from_ns(run.end_ns - run.begin_ns);
    return repeat->filled_s >= repeat->window_s;
}

static bool make_room(erg_repeat *repeat, erg_error *err)
{
    void *values = repeat->values, *sizes = repeat->sizes;
    bool room = erg_grow(&values, &repeat->capacity, repeat->count, sizeof(double), err)
        && erg_grow(&sizes, &repeat->size_capacity, repeat->count, sizeof(size_t), err);

    repeat->values = values;
    repeat->sizes = sizes;
    return room;
}

static void look(erg_repeat *repeat)
{
    size_t cut = repeat->warmup = erg_warmup_sure(repeat->values, repeat->count);
    bool known = erg_interval_of(repeat->values + cut, repeat->count - cut, repeat->looks,
                                 &repeat->interval);

    repeat->has_converged = known
        && repeat->interval.half_width <= repeat->until * fabs(repeat->interval.mean);
}

size_t erg_repeat_warmup_runs(const erg_repeat *repeat)
{
    size_t runs = 0;

    for (size_t i = 0; i < repeat->warmup; i++)
        runs += repeat->sizes[i];
    return runs;
}

bool erg_repeat_look(erg_repeat *repeat, const erg_trace *trace, erg_error *err)
{
    if (!make_room(repeat, err))
        return true;

    double sum_j = 0;
    for (size_t i = 0; i < repeat->run_count; i++)
        sum_j += erg_repeat_energy_j(trace, repeat->runs[i]);
    repeat->sizes[repeat->count] = repeat->run_count;
    repeat->values[repeat->count++] = sum_j / (double)repeat->run_count;
    repeat->run_count = 0;
    repeat->filled_s = 0;
    if (isnan(sum_j))
        return true;    /* nothing measures: no number of runs would help */

    if (erg_is_look(repeat->count) || repeat->count >= repeat->most)
        look(repeat);
    return repeat->has_converged || repeat->count >= repeat->most;
}
