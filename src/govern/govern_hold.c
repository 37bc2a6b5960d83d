/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu.hold of the configuration: settings that ergd turns when it starts and holds while it
 * runs (govern_held.c), as a floor under the power that the board itself keeps.
 */
#include <string.h>
#include "govern/govern.h"
#include "govern/govern_keys.h"

enum { HOLDS_MOST = 16 };

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
    return (erg_knob_parse(knob, &to->knob) && erg_govern_may_hold(to->knob)
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
