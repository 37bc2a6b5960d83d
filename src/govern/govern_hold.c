/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu.hold: settings that ergd turns when it starts and holds while it runs, as a floor
 * under the power that the board itself keeps. What the governor turns on its own, limits
 * and clocks, is none of them.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"
#include "govern/govern_keys.h"

enum { HOLDS_MOST = 16 };

/* ---- the list ------------------------------------------------------------------------ */

static bool may_hold(erg_knob knob) { return knob == ERG_MEM_CLOCK || knob > ERG_CPU_MAX; }

static bool fail_form(const char *name, const erg_yaml *at, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s:%d: hold takes KNOB=VALUE, as smoothing_floor=60, "
                    "of the knobs that ergd does not turn by itself (docs/knobs.md), not "
                    "'%.60s'",
                    name, at->line, at->kind == ERG_YAML_SCALAR ? at->text : "");
}

static bool take_one(const erg_yaml *at, const char *name, erg_govern_hold *to,
                     erg_error *err)
{
    const char *equals = at->kind == ERG_YAML_SCALAR ? strchr(at->text, '=') : NULL;
    char knob[32];

    if (!equals || (size_t)(equals - at->text) >= sizeof(knob))
        return fail_form(name, at, err);
    snprintf(knob, sizeof(knob), "%.*s", (int)(equals - at->text), at->text);
    return (erg_knob_parse(knob, &to->knob) && may_hold(to->knob)
            && erg_knob_value_parse(equals + 1, strlen(equals + 1), to->knob, &to->value))
           || fail_form(name, at, err);
}

bool erg_govern_hold_take(const erg_yaml *list, const char *name, erg_govern_config *to,
                          erg_error *err)
{
    if (!list)
        return true;
    if (list->kind != ERG_YAML_LIST || list->count > HOLDS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: hold is a list of at most %d", name,
                        list->line, HOLDS_MOST);
    erg_govern_hold *rows = erg_arena_take(to->memory, HOLDS_MOST * sizeof(*rows), err);
    if (!rows)
        return false;
    to->gpu.holds = rows;
    for (const erg_yaml *at = list->first; at; at = at->next) {
        if (!take_one(at, name, &rows[to->gpu.hold_count], err))
            return false;
        for (size_t i = 0; i < to->gpu.hold_count; i++)
            if (rows[i].knob == rows[to->gpu.hold_count].knob)
                return erg_fail(err, ERG_BAD_INPUT, "%s:%d: hold says %s twice", name,
                                at->line, erg_knob_infos[rows[i].knob].name);
        to->gpu.hold_count++;
    }
    return true;
}

/* ---- turning ---------------------------------------------------------------------- */

static void note(erg_governor *governor, const char *device, const erg_turn *turn,
                 const erg_error *fault)
{
    char text[96];
    const erg_journal_words words = { device, "hold", fault->text[0] ? "refused" : "ergd",
                                      text };

    snprintf(text, sizeof(text), "%s asked %g, set %g, in force %g, in %.3g s",
             erg_knob_infos[turn->knob].name, turn->requested, turn->clamped,
             turn->enforced, turn->took_s);
    if (fault->text[0])
        snprintf(text, sizeof(text), "%.94s", fault->text);
    erg_journal_say(governor->journal, &governor->env, &words, NULL);
}

static size_t hold_one(erg_governor *governor, const erg_govern_hold *hold)
{
    size_t found = 0;

    for (size_t i = 0; i < erg_devices_count(governor->devices); i++) {
        erg_turn turn = { .knob = hold->knob, .requested = hold->value };
        erg_error fault = { 0 };
        if (erg_devices_state(governor->devices, i) != ERG_PRESENT
            || !erg_devices_find_knob(governor->devices, i, hold->knob))
            continue;
        found++;
        if (!erg_devices_turn(governor->devices, i, &turn, &fault))
            erg_env_log(&governor->env, ERG_WARNING, "gpu.hold: %s", fault.text);
        note(governor, erg_devices_info(governor->devices, i)->name, &turn, &fault);
    }
    return found;
}

void erg_govern_holds_begin(erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    if (config->mode == ERG_OBSERVE)
        return;
    for (size_t i = 0; i < config->gpu.hold_count; i++)
        if (hold_one(governor, &config->gpu.holds[i]) == 0)
            erg_env_log(&governor->env, ERG_WARNING,
                        "gpu.hold: nothing here has the knob "
                        "%s (erg devices --table knobs)",
                        erg_knob_infos[config->gpu.holds[i].knob].name);
}

void erg_govern_holds_end(erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    for (size_t i = 0; i < config->gpu.hold_count; i++)
        for (size_t d = 0; d < erg_devices_count(governor->devices); d++)
            erg_devices_put_back(governor->devices, d, config->gpu.holds[i].knob, NULL);
}
