/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "run/hint_asker.h"
#include "run/hints.h"
#include "run/keeper.h"

struct erg_hints {
    const erg_env *env;
    const erg_hint *hint;
    erg_keeper keeper;
    erg_hint_row rows[ERG_HINT_ROWS_MOST];
    size_t count;
    erg_hint_asker asker;
    erg_phase_teller *teller;       /* NULL: ergd hears of no phases */
};

static erg_hint_row *add_row(erg_hints *hints, const char *device, erg_knob knob,
                             double requested)
{
    if (hints->count == ERG_HINT_ROWS_MOST)
        return NULL;
    erg_hint_row *row = &hints->rows[hints->count++];
    *row = (erg_hint_row){ .knob = knob, .by = "erg", .was = NAN, .requested = requested,
                           .clamped = NAN, .enforced = NAN };
    erg_text_put(row->device, sizeof(row->device), device);
    return row;
}

/* ---- which devices ------------------------------------------------------------------- */

static bool is_gpu(erg_scope scope)
{
    return scope == ERG_SCOPE_BOARD || scope == ERG_SCOPE_MODULE || scope == ERG_SCOPE_CHIP;
}

static bool is_relayed(const erg_device_info *info)
{
    return strcmp(info->driver, "ergd") == 0;
}

/* What has the knob here, or perhaps behind ergd, whose sensor it then is. */
static bool can_hold(const erg_devices *devices, size_t at, erg_knob which)
{
    return erg_devices_state(devices, at) == ERG_PRESENT
        && (erg_devices_find_knob(devices, at, which)
            || is_relayed(erg_devices_info(devices, at)));
}

/* GPUs, or where none takes a cap CPU packages. */
static size_t find_targets(const erg_devices *devices, erg_knob which, size_t to[])
{
    size_t count = 0;

    for (int pass = 0; pass < 2 && count == 0; pass++)
        for (size_t i = 0; i < erg_devices_count(devices); i++) {
            erg_scope scope = erg_devices_info(devices, i)->scope;
            bool is_wanted = pass == 0 ? is_gpu(scope)
                : which == ERG_POWER_LIMIT && scope == ERG_SCOPE_PACKAGE;
            if (is_wanted && can_hold(devices, i, which) && count < ERG_HINT_ROWS_MOST)
                to[count++] = i;
        }
    return count;
}

/* ---- turned here --------------------------------------------------------------------- */

static void judge(erg_hint_row *row, const erg_turn *turn)
{
    bool is_told = !isnan(turn->enforced);
    bool is_taken = fabs(turn->enforced - turn->clamped) <= 0.01 * turn->clamped;

    row->enforced = turn->enforced;
    erg_hint_row_say(row, !is_told ? "unread" : is_taken ? "enforced" : "not_taken",
                     !is_told ? "the device does not say what is in force"
                     : is_taken ? "" : "the device stays at another value");
}

static void turn(const erg_hints *hints, erg_devices *devices, size_t at, erg_hint_row *row)
{
    const erg_device_knob *knob = erg_devices_find_knob(devices, at, row->knob);
    const erg_device_info *info = erg_devices_info(devices, at);
    erg_turn turn = { .knob = row->knob, .requested = row->requested };
    bool is_simulated = strcmp(info->driver, "sim") == 0;
    erg_error fault = { 0 };

    row->was = knob ? knob->now : NAN;
    if (knob && knob->now <= row->requested) {
        row->clamped = row->enforced = knob->now;
        erg_hint_row_say(row, "enforced", "it was as low already: nothing is turned");
    } else if (info->shared) {
        erg_hint_row_say(row, "refused", "it is split into instances (MIG): turning it "
                                         "turns the neighbours' too");
    } else if (hints->keeper.fd < 0 && !is_simulated) {
        erg_hint_row_say(row, "refused", "nothing is turned without a second process, "
                                         "which would put it back after a kill");
    } else if (erg_devices_turn(devices, at, &turn, &fault)) {
        row->clamped = turn.clamped;
        judge(row, &turn);
    } else {
        row->clamped = turn.clamped;
        erg_hint_row_say(row, "refused", fault.text);
    }
}

/* ---- one device ---------------------------------------------------------------------- */

static bool is_auto(const erg_hint *hint)
{
    return hint->dvfs && strcmp(hint->dvfs, "auto") == 0;
}

/* A job's own regions become phases of the GPUs that it asks for. */
static void tell_phases(erg_hints *hints, erg_hint_row *row, size_t targets)
{
    erg_error fault = { 0 };

    if (!is_auto(hints->hint) || hints->teller)
        return;
    hints->teller = erg_phase_teller_new(hints->asker.socket,
                                         targets == 1 ? row->device : NULL, NULL, &fault);
    if (!hints->teller)
        erg_hint_row_say(row, "refused", fault.text);
}

static double wanted(const erg_hint *hint, const erg_device_knob *knob, erg_knob which)
{
    if (which == ERG_POWER_LIMIT)
        return hint->power_cap_w;
    return knob && hint->sm_clock_delta_hz < 0
        ? fmax(knob->low, knob->high + hint->sm_clock_delta_hz) : NAN;
}

static void ask_ergd(erg_hints *hints, erg_hint_row *row, size_t targets)
{
    row->by = "ergd";
    if (erg_hint_asker_add(&hints->asker, hints->hint, row) && row->knob == ERG_SM_CLOCK)
        tell_phases(hints, row, targets);
}

/* What is simulated is nobody else's. */
static void apply_to(erg_hints *hints, erg_devices *devices, size_t at, erg_knob which,
                     size_t targets)
{
    const erg_device_info *info = erg_devices_info(devices, at);
    bool is_ours = strcmp(info->driver, "sim") == 0;
    const char *name = info->name + (is_relayed(info) ? strlen("ergd:") : 0);
    erg_error fault = { 0 };
    erg_hint_row *row = add_row(hints, name, which, wanted(
        hints->hint, erg_devices_find_knob(devices, at, which), which));

    if (!row)
        return;
    bool is_free = is_ours
        || (!is_relayed(info) && erg_govern_is_free(hints->env, name, &fault));
    if (!is_free && fault.code == ERG_NO_ACCESS)
        erg_hint_row_say(row, "refused", fault.text);
    else if (!is_free)
        ask_ergd(hints, row, targets);
    else if (which == ERG_SM_CLOCK && is_auto(hints->hint))
        erg_hint_row_say(row, "no_ergd", "a clock for each phase is chosen ten times a "
                         "second, by ergd: start it in mode enforce (docs/govern.md)");
    else
        turn(hints, devices, at, row);
}

static void apply_knob(erg_hints *hints, erg_devices *devices, erg_knob which)
{
    size_t targets[ERG_HINT_ROWS_MOST];
    size_t count = find_targets(devices, which, targets);

    for (size_t i = 0; i < count; i++)
        apply_to(hints, devices, targets[i], which, count);
    erg_hint_row *row = count == 0 ? add_row(hints, "", which, NAN) : NULL;
    if (row)
        erg_hint_row_say(row, "refused", which == ERG_POWER_LIMIT
                         ? "no device here has a power limit: erg devices --table knobs "
                           "lists what can be turned"
                         : "no GPU here has a clock that can be turned: erg devices "
                           "--table knobs lists what can be");
}

/* ---- all of them --------------------------------------------------------------------- */

static void say_row(const erg_hints *hints, const erg_hint_row *row)
{
    const erg_knob_info *info = &erg_knob_infos[row->knob];
    bool is_held = strcmp(row->state, "enforced") == 0;

    if (is_held || strcmp(row->state, "unread") == 0 || strcmp(row->state, "free") == 0)
        erg_env_log(hints->env, ERG_INFO, "%s: %s %g %s asked, %g in force (%s)",
                    row->device, info->name, row->requested, info->unit, row->enforced,
                    row->by);
    else
        erg_env_log(hints->env, ERG_WARNING, "%s%s%s is not held: %s", row->device,
                    row->device[0] ? ": " : "", info->name, row->reason);
}

erg_hints *erg_hints_begin(const erg_env *env, const erg_hint *hint, erg_error *err)
{
    erg_hints *hints = calloc(1, sizeof(*hints));
    erg_error fault = { 0 };

    if (!hints) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a hint");
        return NULL;
    }
    hints->env = env;
    hints->hint = hint;
    hints->keeper = (erg_keeper){ .pid = -1, .fd = -1 };
    if (!erg_hint_check(hint, err) || !erg_hint_asker_begin(&hints->asker, env, "", err)) {
        free(hints);
        return NULL;
    }
    if (!erg_keeper_begin(env, &hints->keeper, &fault))
        erg_env_log(env, ERG_WARNING, "%s", fault.text);
    return hints;
}

void erg_hints_apply(erg_hints *hints, erg_devices *devices)
{
    if (!hints)
        return;
    if (hints->hint->power_cap_w > 0)
        apply_knob(hints, devices, ERG_POWER_LIMIT);
    if (hints->hint->dvfs || hints->hint->sm_clock_delta_hz < 0)
        apply_knob(hints, devices, ERG_SM_CLOCK);
    for (size_t i = 0; i < hints->count; i++)
        say_row(hints, &hints->rows[i]);
}

static json_t *json_of(const erg_hint_row *row)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s}",
                     "device", row->device, "knob", erg_knob_infos[row->knob].name,
                     "unit", erg_knob_infos[row->knob].unit,
                     "was", erg_json_real(row->was),
                     "requested", erg_json_real(row->requested),
                     "clamped", erg_json_real(row->clamped),
                     "enforced", erg_json_real(row->enforced), "state", row->state,
                     "by", row->by, "reason", row->reason);
}

void erg_hints_keep(const erg_hints *hints, erg_recording *rec)
{
    for (size_t i = 0; hints && i < hints->count; i++) {
        char key[32];
        json_t *root = json_of(&hints->rows[i]);
        char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
        snprintf(key, sizeof(key), "hint:%zu", i);
        if (text)
            erg_recording_meta(rec, key, text);
        free(text);
        json_decref(root);
    }
    if (hints)
        erg_recording_tell(rec, hints->teller);
}

void erg_hints_end(erg_hints *hints, erg_devices *devices)
{
    erg_error fault = { 0 };

    if (!hints)
        return;
    erg_phase_teller_free(hints->teller);
    erg_hint_asker_end(&hints->asker);
    if (devices && !erg_devices_restore(devices, &fault))
        erg_env_log(hints->env, ERG_WARNING, "what was turned is not put back: %s",
                    fault.text);
    erg_keeper_end(&hints->keeper);
    free(hints);
}
