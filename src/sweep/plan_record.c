/* SPDX-License-Identifier: Apache-2.0 */
/* Around a plan that plays: devices, knobs, the recording and the load. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "sweep/plan_inside.h"

static const double usual_hz = 10, usual_fan = 0.7, first_updates_s = 3;
enum { FIRST_UPDATES = 2 };

/* ---- what is turned ------------------------------------------------------------------ */

static bool pick_device(erg_plan_stage *of, erg_error *err)
{
    const erg_devices *devices = of->setup.devices;
    const char *wanted = of->options->device;
    size_t count = erg_devices_count(devices), i = 0;

    of->device = of->setup.device;
    if (wanted) {
        while (i < count && strcmp(erg_devices_info(devices, i)->name, wanted) != 0)
            i++;
        of->device = i;
        return i < count
            || erg_fail(err, ERG_NOT_FOUND, "there is no device '%s' to turn: erg "
                        "devices lists them", wanted);
    }
    for (; i < count; i++)
        if (erg_devices_state(devices, of->device) != ERG_PRESENT
            || (of->options->by_limit
                && !erg_devices_find_knob(devices, of->device, ERG_POWER_LIMIT)))
            of->device = i;
    return true;
}

static void add_dial(erg_plan_stage *of, erg_knob which)
{
    of->setup.dials[of->setup.dial_count++] =
        (erg_sweep_dial){ .knob = which, .devices = { of->device }, .count = 1 };
}

static bool add_limit(erg_plan_stage *of, erg_error *err)
{
    const char *name = erg_devices_info(of->setup.devices, of->device)->name;
    const erg_device_knob *knob =
        erg_devices_find_knob(of->setup.devices, of->device, ERG_POWER_LIMIT);

    if (!of->options->by_limit)
        return true;
    if (!knob)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s has no power limit to turn: let the duty of "
                        "the load move the power", name);
    if (of->plan->low_w < knob->low * (1 - 1e-9)
        || of->plan->high_w > knob->high * (1 + 1e-9))
        return erg_fail(err, ERG_BAD_INPUT,
                        "--plan asks for %g to %g W, and the power limit of "
                        "%s goes from %g to %g W", of->plan->low_w, of->plan->high_w, name,
                        knob->low, knob->high);
    add_dial(of, ERG_POWER_LIMIT);
    of->setting.at[ERG_POWER_LIMIT] = knob->high;
    return true;
}

/* R and tau follow the fan: one that moves with the heat makes two windows of a step. Where
 * nobody asked, only what is sure to be allowed is turned. */
static bool add_fan(erg_plan_stage *of, erg_error *err)
{
    const erg_device_knob *knob =
        erg_devices_find_knob(of->setup.devices, of->device, ERG_FAN);
    bool is_asked = of->options->fan > 0;

    if (of->options->fan < 0)
        return true;
    if (!knob && is_asked)
        return erg_fail(err, ERG_UNSUPPORTED, "%s has no fan that can be held",
                        erg_devices_info(of->setup.devices, of->device)->name);
    if (!knob || (!is_asked && (!knob->can_turn || knob->reason[0]))) {
        erg_plan_say(of, "fan: not held: %s",
                     knob ? knob->reason : "this board has none that can be");
        return true;
    }
    add_dial(of, ERG_FAN);
    of->setting.at[ERG_FAN] =
        erg_device_knob_snap(knob, is_asked ? of->options->fan : usual_fan);
    erg_plan_say(of, "fan: held at %.0f %%", 100 * of->setting.at[ERG_FAN]);
    return true;
}

static bool prepare(erg_plan_stage *of, erg_error *err)
{
    const erg_sweep_options how = {
        .sensors = of->options->sensors,
        .sensor_count = of->options->sensor_count,
        .mode = ERG_SWEEP_BASELINE,
    };

    erg_sweep_put_back_left(of->env);
    of->setting = erg_knob_setting_none();
    return erg_sweep_prepare(of->env, &how, &of->setup, err) && pick_device(of, err)
        && add_limit(of, err) && add_fan(of, err);
}

/* ---- around it ----------------------------------------------------------------------- */

static void put_head(const erg_plan_stage *of)
{
    const struct { const char *key; double value; } numbers[] = {
        { "ambient_k", of->options->ambient_k > 0 ? of->options->ambient_k : NAN },
        { "plan_fan", of->setting.at[ERG_FAN] },
    };
    char text[40];

    erg_recording_meta(of->rec, "plan_by", of->options->by_limit ? "power_limit" : "duty");
    erg_recording_meta(of->rec, "plan_device",
                       erg_devices_info(of->setup.devices, of->device)->name);
    for (size_t i = 0; i < ERG_COUNT(numbers); i++) {
        if (isnan(numbers[i].value))
            continue;
        snprintf(text, sizeof(text), "%.9g", numbers[i].value);
        erg_recording_meta(of->rec, numbers[i].key, text);
    }
}

/* The load never outlives the plan: it is continued, asked, and then killed. */
static void end_load(erg_plan_stage *of)
{
    if (!of->has_load)
        return;
    kill(-of->load.pid, SIGTERM);
    kill(-of->load.pid, SIGCONT);
    of->load.deadline_ns = erg_env_now_ns(NULL);
    erg_spawn_wait(&of->load, NULL);
    kill(-of->load.pid, SIGKILL);
}

static bool begin_load(erg_plan_stage *of, char *const argv[], erg_error *err)
{
    int status;

    of->load.own_group = true;
    of->has_load = argv
        && erg_spawn(&of->load, argv, erg_ring_path(erg_recording_ring(of->rec)),
                     &status, err);
    return of->has_load || !argv;
}

static bool play(erg_plan_stage *of, char *const argv[], erg_error *err)
{
    erg_recording_wait_updates(of->rec, FIRST_UPDATES, first_updates_s,
                               of->options->ask_stop);
    bool good = begin_load(of, argv, err) && erg_plan_play(of, err);

    end_load(of);
    return good;
}

static bool record(erg_plan_stage *of, char *const argv[], erg_error *err)
{
    const erg_recording_setup how = {
        .path = of->options->output,
        .in_memory = true,
        .all_at_rate = true,
        .rate_hz = of->options->rate_hz > 0 ? of->options->rate_hz : usual_hz,
    };
    erg_error inner = { 0 };

    of->rec = erg_recording_new(of->env, of->setup.devices, &how, err);
    if (!of->rec)
        return false;
    put_head(of);
    bool is_turned = of->setup.dial_count == 0
        || erg_sweep_turn(&of->setup, &of->setting, of->options->shared, err);
    bool has_begun = is_turned && erg_recording_begin(of->rec, err);
    bool good = has_begun && play(of, argv, err);
    bool is_back = erg_devices_restore(of->setup.devices, &inner);
    if (has_begun && !erg_recording_end(of->rec, good ? err : NULL))
        good = false;
    return good && (is_back || erg_fail(err, inner.code, "%s", inner.text));
}

bool erg_plan_record(const erg_env *env, char *const argv[], const erg_plan *plan,
                     const erg_plan_options *options, erg_error *err)
{
    erg_plan_stage of = { .env = env, .plan = plan, .options = options };

    if (argv && env && env->clock)
        return erg_fail(err, ERG_UNSUPPORTED, "a load cannot be run on a manual clock");
    bool good = prepare(&of, err) && record(&of, argv, err);
    erg_recording_free(of.rec);
    erg_sweep_drop(&of.setup);
    return good;
}
