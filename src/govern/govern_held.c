/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knobs of the boards that are held at a value: by gpu.hold of the configuration for as
 * long as ergd runs, and over that by a user (erg govern set --knob) until release or for a
 * time. What the governor turns on its own, limits and clocks, is none of them. What nobody
 * holds any more goes back to what it was.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define RETRY_S 10.0

bool erg_govern_may_hold(erg_knob knob)
{
    return knob == ERG_MEM_CLOCK || knob > ERG_CPU_MAX;
}

static const char *device_of(const erg_governor *governor, const erg_governed_knob *row)
{
    return erg_devices_info(governor->devices, row->index)->name;
}

/* ---- rows ---------------------------------------------------------------------------- */

/* NULL: there are too many. */
static erg_governed_knob *row_of(erg_governor *governor, size_t index, erg_knob knob)
{
    for (size_t i = 0; i < governor->knob_count; i++)
        if (governor->knobs[i].index == index && governor->knobs[i].knob == knob)
            return &governor->knobs[i];
    if (governor->knob_count == ERG_GOVERN_KNOBS_MOST)
        return NULL;
    erg_governed_knob *row = &governor->knobs[governor->knob_count++];
    *row = (erg_governed_knob){ .index = index, .knob = knob, .hold = NAN, .set = NAN,
                                .requested = NAN, .enforced = NAN };
    return row;
}

static bool is_set(const erg_governor *governor, const erg_governed_knob *row)
{
    return !isnan(row->set) && row->until_ns > governor->now_ns;
}

static double wanted_of(const erg_governor *governor, const erg_governed_knob *row)
{
    return is_set(governor, row) ? row->set : row->hold;
}

static const char *rule_of(const erg_governor *governor, const erg_governed_knob *row)
{
    return is_set(governor, row) ? "set" : isnan(row->hold) ? NULL : "hold";
}

/* ---- turning ------------------------------------------------------------------------- */

static void say(erg_governed_knob *row, const char *state, const char *reason)
{
    erg_text_put(row->state, sizeof(row->state), state);
    erg_text_put(row->reason, sizeof(row->reason), reason);
}

static void note(erg_governor *governor, const erg_governed_knob *row, const char *rule,
                 const char *who, const char *text)
{
    const erg_journal_words words = { device_of(governor, row), rule, who, text };

    erg_journal_say(governor->journal, &governor->env, &words, NULL);
}

static void note_turn(erg_governor *governor, const erg_governed_knob *row, double old,
                      const erg_turn *turn)
{
    char text[96];

    snprintf(text, sizeof(text), "%s was %.5g, asked %.5g, set %.5g, in force %.5g, "
             "in %.2g s", erg_knob_infos[row->knob].name, old, turn->requested,
             turn->clamped, turn->enforced, turn->took_s);
    note(governor, row, rule_of(governor, row), "ergd", text);
}

/* Boards keep whole percents, milliseconds and watts. */
static const char *state_after(const erg_turn *turn)
{
    double most = fmax(0.51 * erg_knob_infos[turn->knob].per_column_unit,
                       1e-6 * fabs(turn->clamped));

    if (isnan(turn->enforced))
        return "unread";
    return fabs(turn->enforced - turn->clamped) <= most ? "enforced" : "not_taken";
}

/* A refusal that comes again is no news. */
static void turn_to(erg_governor *governor, erg_governed_knob *row, double value)
{
    erg_turn turn = { .knob = row->knob, .requested = value };
    double old = erg_devices_find_knob(governor->devices, row->index, row->knob)->now;
    bool is_again = row->requested == value;
    erg_error fault = { 0 };
    bool good = erg_devices_turn(governor->devices, row->index, &turn, &fault);

    row->requested = value;
    row->enforced = good ? turn.enforced : NAN;
    row->is_turned |= good;
    row->retry_ns = 0;
    say(row, good ? state_after(&turn) : "refused", fault.text);
    bool is_done = good && strcmp(row->state, "not_taken") != 0;
    if (!is_done)
        row->retry_ns = governor->now_ns + erg_ns_from_s(RETRY_S);
    if (good && !is_done)
        say(row, row->state, "the device stays at another value");
    if (!is_done && is_again)
        return;
    if (good) {
        note_turn(governor, row, old, &turn);
        return;
    }
    erg_env_log(&governor->env, ERG_WARNING, "%s: %s",
                is_set(governor, row) ? "set" : "gpu.hold", fault.text);
    note(governor, row, rule_of(governor, row), "refused", fault.text);
}

/* True: it is as it was, and the row may go. */
static bool put_back(erg_governor *governor, erg_governed_knob *row)
{
    erg_error fault = { 0 };
    char text[96];

    if (!row->is_turned)
        return true;
    if (row->retry_ns && governor->now_ns < row->retry_ns)
        return false;
    if (!erg_devices_put_back(governor->devices, row->index, row->knob, &fault)) {
        row->retry_ns = governor->now_ns + erg_ns_from_s(RETRY_S);
        row->requested = row->enforced = NAN;
        say(row, "refused", fault.text);
        return false;
    }
    snprintf(text, sizeof(text), "%s is %.5g again", erg_knob_infos[row->knob].name,
             erg_devices_find_knob(governor->devices, row->index, row->knob)->now);
    note(governor, row, "free", "ergd", text);
    return true;
}

static void drop(erg_governor *governor, size_t at)
{
    governor->knob_count--;
    memmove(&governor->knobs[at], &governor->knobs[at + 1],
            (governor->knob_count - at) * sizeof(governor->knobs[0]));
}

/* False: the row is no longer needed. */
static bool step_one(erg_governor *governor, erg_governed_knob *row)
{
    double wanted = wanted_of(governor, row);

    if (governor->config->mode == ERG_OBSERVE || governor->is_let_go) {
        say(row, "observe", governor->is_let_go
                                ? "the rack has let this node go: start ergd again to "
                                  "join it"
                                : "mode is observe: nothing is turned");
        return !isnan(wanted);
    }
    if (isnan(wanted))
        return !put_back(governor, row);
    if (row->requested != wanted || (row->retry_ns && governor->now_ns >= row->retry_ns))
        turn_to(governor, row, wanted);
    return true;
}

/* In the order in which they were asked for: a preset before its parameters. */
void erg_govern_held_step(erg_governor *governor)
{
    for (size_t i = 0; i < governor->knob_count;)
        if (step_one(governor, &governor->knobs[i]))
            i++;
        else
            drop(governor, i);
}

/* ---- the configuration --------------------------------------------------------------- */

void erg_govern_holds_begin(erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    for (size_t h = 0; h < config->gpu.hold_count; h++) {
        const erg_govern_hold *hold = &config->gpu.holds[h];
        size_t found = 0;
        for (size_t i = 0; i < erg_devices_count(governor->devices); i++) {
            if (erg_devices_state(governor->devices, i) != ERG_PRESENT
                || !erg_devices_find_knob(governor->devices, i, hold->knob))
                continue;
            erg_governed_knob *row = row_of(governor, i, hold->knob);
            if (row)
                row->hold = hold->value;
            found++;
        }
        if (found == 0 && config->mode != ERG_OBSERVE)
            erg_env_log(&governor->env, ERG_WARNING,
                        "gpu.hold: nothing here has the knob "
                        "%s (erg devices --table knobs)", erg_knob_infos[hold->knob].name);
    }
    erg_govern_held_step(governor);
}

void erg_govern_holds_end(erg_governor *governor)
{
    for (size_t i = governor->knob_count; i-- > 0;) {
        const erg_governed_knob *row = &governor->knobs[i];
        erg_devices_put_back(governor->devices, row->index, row->knob, NULL);
    }
    governor->knob_count = 0;
}

/* ---- asking for one ------------------------------------------------------------------ */

static bool has_knob(const erg_governor *governor, const erg_governed *item, erg_knob knob)
{
    return erg_devices_find_knob(governor->devices, item->index, knob) != NULL;
}

static bool fail_absent(const erg_governor *governor, const erg_governed *item,
                        erg_knob knob, erg_error *err)
{
    const char *name =
        item ? erg_devices_info(governor->devices, item->index)->name : "nothing here";

    return erg_fail(err, ERG_UNSUPPORTED, "%s has %s knob %s: erg devices --table knobs "
                    "lists what can be turned", name, item ? "no" : "the",
                    erg_knob_infos[knob].name);
}

static bool check_name(const char *name, erg_knob *knob, erg_error *err)
{
    if (!erg_knob_parse(name, knob))
        return erg_fail(err, ERG_BAD_INPUT, "there is no knob %.40s: erg devices --table "
                        "knobs names them", name);
    return erg_govern_may_hold(*knob)
        || erg_fail(err, ERG_BAD_INPUT, "%s is not held like this: erg govern set takes "
                    "caps with --cap, clocks with --clock", name);
}

/* What NVML says a board has, and cannot be turned, is refused with its own reason. */
static bool check_can(const erg_governor *governor, const erg_governed *item, erg_knob knob,
                      erg_error *err)
{
    const erg_device_knob *is = erg_devices_find_knob(governor->devices, item->index, knob);

    return !is || is->can_turn || governor->config->mode == ERG_OBSERVE
        || erg_fail(err, ERG_NO_ACCESS, "%s", is->reason);
}

bool erg_govern_may_set_knob(const erg_governor *governor, const erg_governed *item,
                             const erg_govern_request *request, erg_error *err)
{
    erg_knob knob;
    size_t found = 0;

    if (!check_name(request->knob, &knob, err))
        return false;
    if (!(request->value > 0 || (erg_knob_infos[knob].from_zero && request->value == 0))
        || !isfinite(request->value))
        return erg_fail(err, ERG_BAD_INPUT, "%s cannot be %g: a setting is a number %s 0",
                        request->knob, request->value,
                        erg_knob_infos[knob].from_zero ? "of at least" : "above");
    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *one = &governor->items[i];
        if ((item && item != one) || !has_knob(governor, one, knob))
            continue;
        if (!check_can(governor, one, knob, err))
            return false;
        found++;
    }
    if (governor->knob_count + found > ERG_GOVERN_KNOBS_MOST)
        return erg_fail(err, ERG_REFUSED, "%d knobs are held: more are not kept",
                        ERG_GOVERN_KNOBS_MOST);
    return found > 0 || fail_absent(governor, item, knob, err);
}

void erg_govern_set_knob(erg_governor *governor, const erg_governed *item,
                         const erg_govern_request *request, const char *who)
{
    erg_knob knob;
    char text[96];

    if (!erg_knob_parse(request->knob, &knob))
        return;
    snprintf(text, sizeof(text), "%s %.5g is asked for", request->knob, request->value);
    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *one = &governor->items[i];
        erg_governed_knob *row = (item && item != one) || !has_knob(governor, one, knob)
            ? NULL : row_of(governor, one->index, knob);
        if (!row)
            continue;
        row->set = request->value;
        row->until_ns = isinf(request->for_s)
            ? INT64_MAX : governor->now_ns + erg_ns_from_s(request->for_s);
        note(governor, row, "set", who, text);
    }
}

void erg_govern_release_knobs(erg_governor *governor, const erg_governed *item)
{
    for (size_t i = 0; i < governor->knob_count; i++)
        if (!item || item->index == governor->knobs[i].index) {
            governor->knobs[i].set = NAN;
            governor->knobs[i].retry_ns = 0;
        }
}

bool erg_govern_release_knob(erg_governor *governor, const erg_governed *item,
                             const char *name, const char *who, erg_error *err)
{
    bool is_released = false;
    erg_knob knob;
    char text[64];

    if (!check_name(name, &knob, err))
        return false;
    snprintf(text, sizeof(text), "%s is let go", name);
    for (size_t i = 0; i < governor->knob_count; i++) {
        erg_governed_knob *row = &governor->knobs[i];
        if (row->knob != knob || !is_set(governor, row)
            || (item && item->index != row->index))
            continue;
        row->set = NAN;
        row->retry_ns = 0;
        is_released = true;
        note(governor, row, "release", who, text);
    }
    return is_released
        || erg_fail(err, ERG_NOT_FOUND, "no user holds %s%s%s: erg govern status --table "
                    "held tells what is held, and by whom", name, item ? " of " : "",
                    item ? erg_devices_info(governor->devices, item->index)->name : "");
}

/* ---- the table ----------------------------------------------------------------------- */

static const erg_column columns[] = {
    { "node", ERG_TEXT, "a device, as node/device" },
    { "knob", ERG_TEXT, "which is held" },
    { "unit", ERG_TEXT, "of its values; none: a number or a share" },
    { "wanted", ERG_REAL, "what it shall be; none: it goes back to what it was" },
    { "requested", ERG_REAL, "what was last asked of the device" },
    { "enforced", ERG_REAL, "what the device said when it was read back" },
    { "state", ERG_TEXT, "observe, enforced, unread, not_taken or refused" },
    { "rule", ERG_TEXT, "set: a user, hold: the configuration; none: nobody any more" },
    { "left_s", ERG_REAL, "of set, until it ends; none: until release" },
    { "reason", ERG_TEXT, "why it is in that state" },
};

static bool add_row(const erg_governor *governor, const erg_governed_knob *row,
                    erg_table *table, erg_error *err)
{
    const erg_knob_info *info = &erg_knob_infos[row->knob];
    bool is_timed = is_set(governor, row) && row->until_ns < INT64_MAX;
    char name[128];

    snprintf(name, sizeof(name), "%.60s/%s", governor->config->node.id,
             device_of(governor, row));
    return erg_table_row(table, err) && erg_table_text(table, "node", name, err)
        && erg_table_text(table, "knob", info->name, err)
        && erg_table_text(table, "unit", info->unit[0] ? info->unit : NULL, err)
        && erg_table_real(table, "wanted", wanted_of(governor, row), err)
        && erg_table_real(table, "requested", row->requested, err)
        && erg_table_real(table, "enforced", row->enforced, err)
        && erg_table_text(table, "state", row->state, err)
        && erg_table_text(table, "rule", rule_of(governor, row), err)
        && erg_table_real(table, "left_s",
                          is_timed ? erg_s_from_ns(row->until_ns - governor->now_ns) : NAN,
                          err)
        && erg_table_text(table, "reason", row->reason[0] ? row->reason : NULL, err);
}

bool erg_govern_add_held(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "held", columns, ERG_COUNT(columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->knob_count; i++)
        good = add_row(governor, &governor->knobs[i], table, err);
    return good;
}
