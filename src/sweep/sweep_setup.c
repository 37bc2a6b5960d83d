/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep turns: knobs from words, devices that have them, settings, turning. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/govern.h"
#include "sweep/sweep_inside.h"

static const double floor_hz = 510e6;
/* Where the step of a clock is not known, it may be off by this share. */
static const double slack = 0.01;

double erg_sweep_or(double given, double otherwise)
{
    return given > 0 ? given : given < 0 ? 0 : otherwise;
}

int erg_sweep_blocks(const erg_sweep_options *options)
{
    if (options->until > 0 || erg_sweep_by_choice(options))
        return options->max_repeat > 0 ? options->max_repeat : 20;
    return options->repeat > 0 ? options->repeat : 5;
}

uint64_t erg_sweep_start(const erg_sweep_options *options, int block)
{
    return (options->random ? options->random : 1) + (uint64_t)block;
}

bool erg_sweep_mode_parse(const char *name, erg_sweep_mode *out)
{
    static const char *const names[] = { "", "baseline", "dvfs", "custom" };

    for (size_t i = 1; i < ERG_COUNT(names); i++)
        if (strcmp(names[i], name) == 0) {
            *out = (erg_sweep_mode)i;
            return true;
        }
    return false;
}

/* ---- devices ----------------------------------------------------------------------- */

/* A board before the CPU beside it: both may have a power limit. */
static bool is_board(const erg_devices *devices, size_t index)
{
    return erg_devices_find_knob(devices, index, ERG_SM_CLOCK) != NULL;
}

static size_t candidates(const erg_devices *devices, erg_knob knob, size_t to[])
{
    size_t count = 0;

    for (int boards = 1; boards >= 0 && count == 0; boards--)
        for (size_t i = 0; i < erg_devices_count(devices) && count < ERG_SWEEP_DEVICES_MOST;
             i++)
            if (erg_devices_state(devices, i) == ERG_PRESENT
                && is_board(devices, i) == (boards == 1)
                && erg_devices_find_knob(devices, i, knob))
                to[count++] = i;
    return count;
}

static bool is_listed(const char *list, size_t index, bool *good)
{
    bool found = false;

    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        *good = *good && end != at && (*end == ',' || !*end);
        found |= number == index;
    }
    return found;
}

/* Which of the devices that have the knob are meant by --device. */
static bool pick_devices(const erg_devices *devices, const char *list, erg_sweep_dial *dial,
                         erg_error *err)
{
    const char *name = erg_knob_infos[dial->knob].name;
    size_t all[ERG_SWEEP_DEVICES_MOST], count = candidates(devices, dial->knob, all);
    bool any = dial->knob == ERG_CPU_CLOCK || (list && strcmp(list, "all") == 0);
    bool good = true;

    if (count == 0)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "nothing here has the knob %s: `erg devices "
                        "--table knobs` lists what can be turned",
                        name);
    if (count > 1 && !any && !list)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%zu devices have the knob %s: say which with "
                        "--device 0, --device 0,1 or --device all",
                        count, name);
    for (size_t i = 0; i < count; i++)
        if (any || !list || is_listed(list, i, &good))
            dial->devices[dial->count++] = all[i];
    if (!good || dial->count == 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "--device %s is neither all nor a list of numbers "
                        "from 0 to %zu",
                        list, count - 1);
    return true;
}

/* ---- axes ---------------------------------------------------------------------------- */

/* A request that is no value of the device is not what is measured: say so. */
static void say_snapped(const erg_sweep_axis *axis, char *to, size_t size)
{
    const erg_knob_info *info = &erg_knob_infos[axis->knob];
    size_t count = 0;

    for (size_t i = 0; i < axis->count; i++) {
        if (fabs(axis->requested[i] - axis->values[i]) <= 1e-9 * axis->values[i] || count++)
            continue;
        snprintf(to, size, "SNAPPED: %s %g is %g here, the nearest that the device offers",
                 info->column, axis->requested[i] / info->per_column_unit,
                 axis->values[i] / info->per_column_unit);
    }
    if (count > 1)
        snprintf(to + strlen(to), size - strlen(to), "; so are %zu more", count - 1);
}

static bool add_axis(erg_sweep_setup *setup, const erg_sweep_options *options,
                     erg_knob which, const char *values, erg_sweep_axis *axis,
                     erg_error *err)
{
    erg_sweep_dial *dial = &setup->dials[setup->dial_count];

    *dial = (erg_sweep_dial){ .knob = which };
    if (!pick_devices(setup->devices, options->device, dial, err))
        return false;
    const erg_device_knob *knob =
        erg_devices_find_knob(setup->devices, dial->devices[0], which);
    dial->may_srun = options->srun && erg_sweep_srun_has(which);
    dial->by_srun = dial->may_srun && !knob->can_turn;
    if (!knob->can_turn && !dial->by_srun)
        return erg_fail(err, ERG_NO_ACCESS, "%s", knob->reason);
    double floor = which == ERG_SM_CLOCK ? erg_sweep_or(options->floor_hz, floor_hz) : 0;
    if (!erg_sweep_axis_parse(values, knob, floor, axis, err))
        return false;
    say_snapped(axis, setup->snapped, sizeof(setup->snapped));
    if (!erg_sweep_knobs_add(setup, dial, axis, err))
        return false;
    dial->step = erg_sweep_step(knob, axis->values[0]);
    if (which == ERG_SM_CLOCK)
        setup->device = dial->devices[0];
    setup->dial_count++;
    return true;
}

/* "sm_clock, power_limit, ...": all that a sweep can turn. */
static void list_knobs(char *to, size_t size)
{
    size_t count = 0;

    for (int i = 0; i < ERG_KNOBS && count < size; i++)
        if (i != ERG_OTHER_SETTING && i != ERG_FAN)
            count += (size_t)snprintf(to + count, size - count, "%s%s", count ? ", " : "",
                                      erg_knob_infos[i].name);
}

static bool add_request(erg_sweep_setup *setup, const erg_sweep_options *options,
                        const char *request, erg_sweep_axis axes[], erg_error *err)
{
    const char *equals = strchr(request, '=');
    char name[32], known[400];
    erg_knob which;

    if (erg_sweep_env_is(request))
        return erg_sweep_env_add(setup, request, &axes[setup->dial_count], err);
    snprintf(name, sizeof(name), "%.*s", (int)(equals ? equals - request : 31), request);
    if (!erg_knob_parse(name, &which) || which == ERG_OTHER_SETTING) {
        list_knobs(known, sizeof(known));
        return erg_fail(err, ERG_BAD_INPUT, "--knob: '%s' is no knob; there are %s, "
                        "and env:NAME", name, known);
    }
    if (!erg_sweep_check_further(setup, which, err))
        return false;
    for (size_t i = 0; i < setup->dial_count; i++)
        if (setup->dials[i].knob == which)
            return erg_fail(err, ERG_BAD_INPUT, "--knob %s is given twice", name);
    return add_axis(setup, options, which, equals ? equals + 1 : "all",
                    &axes[setup->dial_count], err);
}

static bool add_axes(erg_sweep_setup *setup, const erg_sweep_options *options,
                     erg_sweep_axis axes[], erg_error *err)
{
    erg_sweep_mode mode = options->mode;

    if (mode == ERG_SWEEP_AUTO)
        mode = options->knob_count ? ERG_SWEEP_CUSTOM : ERG_SWEEP_DVFS;
    if ((mode == ERG_SWEEP_CUSTOM) != (options->knob_count > 0))
        return erg_fail(err, ERG_BAD_INPUT,
                        mode == ERG_SWEEP_CUSTOM ? "--mode custom needs a --knob"
                                                 : "--knob is for --mode custom");
    if (mode == ERG_SWEEP_BASELINE)
        return true;
    if (mode == ERG_SWEEP_DVFS)
        return add_axis(setup, options, ERG_SM_CLOCK, "all", &axes[0], err);
    for (size_t i = 0; i < options->knob_count; i++)
        if (!add_request(setup, options, options->knobs[i], axes, err))
            return false;
    return true;
}

/* Without a knob the device that is watched is the only one that has a clock. */
static void watch(erg_sweep_setup *setup)
{
    size_t all[ERG_SWEEP_DEVICES_MOST];
    const erg_sweep_dial *first = erg_sweep_first(setup);

    if (!first && candidates(setup->devices, ERG_SM_CLOCK, all))
        setup->device = all[0];
    else if (first && setup->device == SIZE_MAX)
        setup->device = first->devices[0];
    if (setup->device == SIZE_MAX)
        setup->device = 0;
}

void erg_sweep_put_back_left(const erg_env *env)
{
    erg_error fault = { 0 };
    erg_result *result = erg_devices_recover(env, &fault);
    const erg_table *rows = result ? erg_result_find(result, "restored") : NULL;

    if (!rows)
        erg_env_log(env, ERG_WARNING, "%s", fault.text);
    for (size_t i = 0; rows && i < erg_table_row_count(rows); i++) {
        const char *state = erg_table_find(rows, i, "state").text;
        const char *device = erg_table_find(rows, i, "device").text;
        const char *reason = erg_table_find(rows, i, "reason").text;
        bool is_fine = strcmp(state, "restored") == 0 || strcmp(state, "rebooted") == 0;
        erg_env_log(env, is_fine ? ERG_INFO : ERG_WARNING, "left turned: %s: %s%s%s",
                    device ? device : "unknown", state, reason ? ": " : "",
                    reason ? reason : "");
    }
    erg_result_free(result);
}

/* What is simulated is nobody else's. */
static bool may_turn(const erg_env *env, const erg_sweep_setup *setup, erg_error *err)
{
    for (size_t d = 0; d < setup->dial_count; d++)
        for (size_t i = 0; i < setup->dials[d].count; i++) {
            const erg_device_info *info =
                erg_devices_info(setup->devices, setup->dials[d].devices[i]);
            if (strcmp(info->driver, "sim") != 0
                && !erg_govern_is_free(env, info->name, err))
                return false;
        }
    return true;
}

bool erg_sweep_prepare(const erg_env *env, const erg_sweep_options *options,
                       erg_sweep_setup *out, erg_error *err)
{
    erg_sweep_axis axes[ERG_KNOBS] = { 0 };

    *out = (erg_sweep_setup){ .device = SIZE_MAX };
    out->devices = erg_devices_find(env, options->sensors, options->sensor_count, err);
    bool good = out->devices && add_axes(out, options, axes, err)
        && may_turn(env, out, err);
    if (good) {
        watch(out);
        out->settings = erg_sweep_grid(axes, out->dial_count, &out->count, err);
    }
    for (size_t i = 0; i < ERG_COUNT(axes); i++)
        erg_sweep_axis_free(&axes[i]);
    if (!good || !out->settings)
        erg_sweep_drop(out);
    return good && out->settings;
}

bool erg_sweep_moves_work(const erg_sweep_setup *setup, erg_error *err)
{
    for (size_t i = 0; i < setup->dial_count; i++)
        if (setup->dials[i].knob == ERG_FAN)
            return erg_fail(err, ERG_BAD_INPUT, "--knob fan: a fan moves heat and no work: "
                            "erg couple --intervene fan=LOW:HIGH finds what it does");
    return true;
}

void erg_sweep_drop(erg_sweep_setup *setup)
{
    erg_devices_free(setup->devices);
    free(setup->settings);
    free(setup->turned);
    *setup = (erg_sweep_setup){ 0 };
}

/* ---- turning and looking ------------------------------------------------------------- */

static bool turn_dial(erg_sweep_setup *setup, const erg_sweep_dial *dial, double value,
                      bool shared, erg_error *err)
{
    for (size_t i = 0; i < dial->count; i++) {
        erg_turn turn = { .knob = dial->knob, .requested = value, .allow_shared = shared };
        if (!erg_devices_turn(setup->devices, dial->devices[i], &turn, err))
            return false;
        erg_sweep_knobs_note(setup, dial->devices[i], &turn);
    }
    return true;
}

/* NVML does not say who may turn: the first turn tells. */
bool erg_sweep_turn(erg_sweep_setup *setup, const erg_knob_setting *to, bool shared,
                    erg_error *err)
{
    for (size_t d = 0; d < setup->dial_count; d++) {
        erg_sweep_dial *dial = &setup->dials[d];
        erg_error fault = { 0 };
        if (dial->by_srun || turn_dial(setup, dial, to->at[dial->knob], shared, &fault))
            continue;
        dial->by_srun = dial->may_srun && fault.code == ERG_NO_ACCESS;
        if (!dial->by_srun)
            return erg_fail(err, fault.code, "%s", fault.text);
    }
    return true;
}

/* How far the clock may be off: one step. */
static double most_off_hz(const erg_sweep_setup *setup, double clock_hz)
{
    for (size_t i = 0; i < setup->dial_count; i++)
        if (setup->dials[i].knob == ERG_SM_CLOCK && setup->dials[i].step > 0)
            return setup->dials[i].step * (1 + 1e-9);
    return slack * clock_hz;
}

erg_visit_state erg_sweep_judge(const erg_sweep_setup *setup,
                                const erg_knob_setting *setting, const erg_bench_seen *seen)
{
    double off_hz = fabs(seen->sm_clock_hz - setting->at[ERG_SM_CLOCK]);

    if (seen->is_timeout)
        return ERG_VISIT_TIMEOUT;
    if (seen->exit_status != 0)
        return ERG_VISIT_FAILED;
    if (seen->is_throttled)
        return ERG_VISIT_THROTTLED;
    if (off_hz > most_off_hz(setup, setting->at[ERG_SM_CLOCK])) /* NAN: none was set */
        return ERG_VISIT_CLOCK_NOT_REACHED;
    if (!(seen->covered >= 0.95))
        return ERG_VISIT_NOT_COVERED;
    return ERG_VISIT_OK;
}
