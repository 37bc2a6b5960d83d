/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy phase_clock on a GPU whose job tells its phases (govern_work.c): what it is
 * set up with, what it is told, and what it wants of the clock (govern_clock.c turns it).
 *
 *   Source   section 6.8 of the specification of clocks; docs/govern.md.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "govern/govern.h"

_Static_assert((int)ERG_GOVERN_PHASES_MOST <= (int)ERG_PHASES_MOST,
               "the policy knows each phase");

/* A counter without a power reading is differenced over so many of its updates. */
static const double counter_updates = 10, counter_s = 0.05;

bool erg_govern_runs_phases(const erg_govern_config *config)
{
    return config->gpu.dvfs && strcmp(config->gpu.dvfs, "auto") == 0;
}

/* ---- set up -------------------------------------------------------------------------- */

static double exponent_of(const erg_govern_config *config, const erg_govern_wish *wish)
{
    static const struct { const char *name; double exponent; } rows[] = {
        { "energy", 0 }, { "throughput_per_watt", 0 }, { "edp", 1 }, { "ed2p", 2 },
    };
    const char *policy = config->gpu.policy, *objective = config->gpu.objective;

    if (wish && wish->objective[0])
        objective = wish->objective;

    for (size_t i = 0; objective && i < ERG_COUNT(rows); i++)
        if (strcmp(objective, rows[i].name) == 0)
            return rows[i].exponent;
    /* Throughput per watt is units per joule. */
    return policy && strcmp(policy, "throughput_per_watt") == 0 ? 0 : 1;
}

static double window_of(const erg_governor *governor, const erg_governed *item)
{
    int at = item->power_at >= 0 ? item->power_at : item->energy_at;

    if (at < 0)
        return NAN;
    const erg_channel_info *is =
        erg_devices_channel(governor->devices, item->index, (size_t)at);
    double window_s = item->power_at >= 0 ? fmax(is->update_s, is->window_s)
                                          : fmax(counter_s, counter_updates * is->update_s);
    return window_s > 0 ? window_s : NAN;
}

/* A hint may ask for less of a slowdown than the configuration allows, not for more. */
static double slowdown_of(const erg_govern_config *config, const erg_govern_wish *wish)
{
    double most = config->gpu.slowdown_most;

    return wish && wish->slowdown > 0 ? fmin(wish->slowdown, isnan(most) ? 1 : most) : most;
}

static double or_none(double value)
{
    return value > 0 && isfinite(value) ? value : NAN;
}

static erg_phase_clock_setup setup_of(const erg_governor *governor,
                                      const erg_governed *item, const double *table_hz)
{
    const erg_govern_config *config = governor->config;
    const erg_device_knob *knob = erg_devices_find_knob(governor->devices, item->index,
                                                        item->clock.knob);
    const erg_govern_wish *wish = erg_govern_hint_phases(governor, item);
    bool knows_r = config->thermal.r_k_per_w > 0;

    return (erg_phase_clock_setup){
        .clocks_hz = knob->values,
        .count = knob->value_count,
        .table_hz = table_hz,
        .table_count = ERG_GOVERN_PHASES_MOST,
        .time_exponent = exponent_of(config, wish),
        .slowdown_most = slowdown_of(config, wish),
        .switch_s = NAN,
        .window_s = window_of(governor, item),
        .floor_hz = or_none(config->gpu.clock_hz.low),
        .cap_hz = or_none(config->gpu.clock_hz.high),
        .hot_k = config->thermal.hot_k,
        .r_k_per_w = knows_r ? config->thermal.r_k_per_w : NAN,
        .inlet_k = knows_r ? config->thermal.inlet_k : NAN,
    };
}

/* In force, as far as a sensor has looked since the last turn. */
static double seen_hz(const erg_governed *item)
{
    const erg_governed_clock *clock = &item->clock;

    if (clock->seen_at < 0 || item->values[clock->seen_at].t_ns <= clock->turned_ns)
        return NAN;
    return item->values[clock->seen_at].value;
}

static bool begin(erg_governor *governor, erg_governed *item)
{
    erg_error fault = { 0 };

    if (item->policy || !item->clock.is_there || item->clock.has_no_policy)
        return item->policy != NULL;
    const erg_device_knob *knob = erg_devices_find_knob(governor->devices, item->index,
                                                        item->clock.knob);
    item->clock.has_no_policy = knob->value_count == 0;
    if (item->clock.has_no_policy)      /* it lists no clocks to choose from */
        return false;
    item->policy = calloc(1, sizeof(*item->policy));
    if (!item->policy)
        return false;
    for (size_t i = 0; i < ERG_GOVERN_PHASES_MOST; i++)
        item->policy->table_hz[i] = NAN;
    erg_phase_clock_setup setup = setup_of(governor, item, item->policy->table_hz);
    if (erg_phase_clock_start(&item->policy->state, &setup, seen_hz(item), &fault))
        return true;
    erg_env_log(&governor->env, ERG_WARNING, "%s: %s",
                erg_devices_info(governor->devices, item->index)->name, fault.text);
    erg_govern_phase_end(item);
    item->clock.has_no_policy = true;
    return false;
}

void erg_govern_phase_end(erg_governed *item)
{
    free(item->policy);
    item->policy = NULL;
    item->clock.phase_hz = NAN;
}

/* ---- a look -------------------------------------------------------------------------- */

static erg_phase_clock_in told(const erg_governed *item)
{
    erg_phase_clock_in in = erg_phase_clock_nothing();

    in.phase = item->work.phase;
    in.work = item->work.units;
    in.power_w = item->power_w;
    in.temp_k = item->temp_k;
    in.clock_hz = seen_hz(item);
    in.cap_hz = item->clock.cap_hz;
    return in;
}

static void answer(erg_governed *item, const erg_phase_clock_out *out)
{
    erg_govern_work *work = &item->work;
    const char *name = work->phase < 0 ? "no phase" : work->phases[work->phase].name;

    item->clock.phase_hz = out->clock_hz;
    snprintf(item->clock.why, sizeof(item->clock.why), "%s: %s, %s%s", name,
             erg_phase_clock_word_name(out->word),
             erg_phase_clock_reason_name(out->reason), out->is_shared ? ", shared" : "");
    if (work->phase < 0)
        return;
    work->phases[work->phase].best_hz = out->best_hz;
    work->phases[work->phase].word = erg_phase_clock_word_name(out->word);
}

static bool runs(const erg_governor *governor, const erg_governed *item)
{
    const erg_govern_wish *wish = erg_govern_hint_phases(governor, item);

    return wish ? strcmp(wish->dvfs, "auto") == 0
                : erg_govern_runs_phases(governor->config);
}

void erg_govern_phase_look(erg_governor *governor, erg_governed *item, double dt_s)
{
    erg_govern_work *work = &item->work;

    if (!runs(governor, item)) {
        erg_govern_phase_end(item);
        return;
    }
    if (!begin(governor, item))
        return;
    for (size_t i = 0; i < work->count; i++)
        item->policy->table_hz[i] =
            erg_phase_table_find(&governor->phase_table, work->phases[i].name);
    const erg_phase_clock_in in = told(item);
    erg_phase_clock_out out = erg_phase_clock_step(&item->policy->state, &in, dt_s);
    answer(item, &out);
}

bool erg_govern_phase_open(erg_governor *governor, erg_error *err)
{
    const erg_govern_config *config = governor->config;

    return !config->gpu.sweep || !erg_govern_runs_phases(config)
        || erg_phase_table_load(config->gpu.sweep, &governor->phase_table, err);
}

bool erg_govern_sweep_check(const erg_govern_config *config, erg_error *err)
{
    erg_phase_table table;

    return !config->gpu.sweep || erg_phase_table_load(config->gpu.sweep, &table, err);
}
