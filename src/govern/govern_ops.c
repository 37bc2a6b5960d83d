/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops: clocks lowered while phases of some names run. Its table is read here, and the
 * policy op_clock told of the phases that a job tells (govern_work.c); govern_clock.c turns
 * what it wants.
 *
 *   Source   docs/govern.md.
 */
#include <fnmatch.h>
#include <math.h>
#include <stddef.h>
#include "govern/govern.h"
#include "govern/govern_keys.h"

#define SAME_HZ 0.5e6       /* drivers name clocks in whole MHz */
#define USUAL_S 0.5

enum { ROWS_MOST = 64 };

_Static_assert((int)ERG_GOVERN_PHASES_MOST <= (int)ERG_OPS_MOST,
               "the policy knows each phase");

/* ---- the table ---------------------------------------------------------------------- */

static const erg_yaml_field fields[] = {
    { "match", ERG_YAML_TEXT, offsetof(erg_govern_op, match), .needed = true },
    { "sm_clock", ERG_YAML_QUANTITY, offsetof(erg_govern_op, delta_hz), "Hz", -1e10, -1e6,
      true },
    { "min_region", ERG_YAML_QUANTITY, offsetof(erg_govern_op, min_region_s), "s", 0,
      3600 },
    { 0 },
};

bool erg_govern_ops_take(const erg_yaml *list, const char *name, erg_govern_config *to,
                         erg_error *err)
{
    if (!list)
        return true;
    if (list->kind != ERG_YAML_LIST || list->count > ROWS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: ops is a list of at most %d", name,
                        list->line, ROWS_MOST);
    erg_govern_op *rows =
        erg_arena_take(to->memory, (list->count + 1) * sizeof(*rows), err);
    if (!rows)
        return false;
    to->ops = rows;
    for (const erg_yaml *at = list->first; at; at = at->next) {
        erg_govern_op *row = &rows[to->op_count];
        *row = (erg_govern_op){ .min_region_s = USUAL_S };
        if (!erg_yaml_read(at, name, fields, row, err))
            return false;
        if (!row->match[0])
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: match is empty: name phases, as in "
                            "\"flash_*\"", name, at->line);
        to->op_count++;
    }
    return true;
}

static const erg_govern_op *row_of(const erg_govern_config *config, const char *phase)
{
    for (size_t i = 0; i < config->op_count; i++)
        if (fnmatch(config->ops[i].match, phase, 0) == 0)
            return &config->ops[i];
    return NULL;
}

/* ---- what a change of clock takes --------------------------------------------------- */

/* From the turn until the last look at which the sensor still saw a higher clock: looks are
 * a period apart, so that it is never said to be longer than it was. */
static void time_switch(erg_governed *item)
{
    const erg_governed_clock *clock = &item->clock;
    erg_governed_ops *ops = &item->ops;

    if (!clock->is_turned || isnan(clock->requested_hz))
        return;
    if (ops->timed_ns != clock->turned_ns) {
        ops->timed_ns = clock->turned_ns;
        ops->switch_s = fmax(ops->switch_s, clock->turn_s);
        ops->is_settling = clock->seen_at >= 0;
    }
    if (!ops->is_settling || item->values[clock->seen_at].t_ns <= clock->turned_ns)
        return;
    const erg_govern_value *seen = &item->values[clock->seen_at];
    ops->is_settling = seen->value > clock->requested_hz + SAME_HZ;
    if (ops->is_settling)
        ops->switch_s = fmax(ops->switch_s, clock->turn_s
                             + erg_s_from_ns(seen->t_ns - clock->turned_ns));
}

/* ---- a look -------------------------------------------------------------------------- */

bool erg_govern_runs_ops(const erg_govern_config *config, const erg_governed *item)
{
    return config->op_count && item->clock.is_there && item->clock.knob == ERG_SM_CLOCK;
}

void erg_govern_ops_begin(erg_governed *item)
{
    item->ops = (erg_governed_ops){ .wanted_hz = NAN, .switch_s = NAN };
    erg_op_clock_begin(&item->ops.state);
}

static erg_op_clock_in told(const erg_governor *governor, const erg_governed *item)
{
    const erg_govern_work *work = &item->work;
    const erg_govern_op *row = work->phase < 0
        ? NULL : row_of(governor->config, work->phases[work->phase].name);

    return (erg_op_clock_in){
        .op = work->phase,
        .delta_hz = row ? row->delta_hz : NAN,
        .min_region_s = row ? row->min_region_s : 0,
        .switch_s = item->ops.switch_s,
    };
}

void erg_govern_ops_look(const erg_governor *governor, erg_governed *item, int64_t now_ns)
{
    erg_governed_ops *ops = &item->ops;
    double was_hz = ops->state.delta_hz;

    if (!erg_govern_runs_ops(governor->config, item))
        return;
    const erg_device_knob *knob = erg_devices_find_knob(governor->devices, item->index,
                                                        item->clock.knob);
    double dt_s = ops->seen_ns ? erg_s_from_ns(now_ns - ops->seen_ns) : 0;
    ops->seen_ns = now_ns;
    time_switch(item);
    const erg_op_clock_in in = told(governor, item);
    double delta_hz = erg_op_clock_step(&ops->state, &in, dt_s);
    /* A supported one: a policy under this cap shall find the same. */
    ops->wanted_hz = !(delta_hz < 0) ? NAN : erg_device_knob_snap(
        knob, erg_op_clock_hz(knob->high, delta_hz, knob->low));
    if (delta_hz < 0 && delta_hz != was_hz)
        snprintf(ops->why, sizeof(ops->why), "%s: %.0f MHz below the highest clock",
                 item->work.phases[item->work.phase].name, -1e-6 * delta_hz);
}
