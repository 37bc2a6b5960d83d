/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks of the devices: what holds one down, turning it, and letting it go again. A
 * clock is no share of a budget, so that each is turned by itself. One that nobody wants
 * held is put back and not left at its highest: a GPU locked to its highest clock does not
 * rest when it has nothing to do.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define RETRY_S 10.0
#define SAME_HZ 0.5e6       /* drivers name clocks in whole MHz */

static const erg_knob kinds[] = { ERG_SM_CLOCK, ERG_CPU_CLOCK };

static const erg_device_knob *knob_of(const erg_governor *governor,
                                      const erg_governed *item)
{
    return erg_devices_find_knob(governor->devices, item->index, item->clock.knob);
}

void erg_govern_clock_begin(const erg_governor *governor, erg_governed *item)
{
    size_t count = erg_devices_channel_count(governor->devices, item->index);

    item->clock = (erg_governed_clock){
        .seen_at = -1, .cap_hz = NAN, .phase_hz = NAN, .wanted_hz = NAN,
        .requested_hz = NAN, .enforced_hz = NAN,
        .set.cap_hz = INFINITY,
    };
    for (size_t i = 0; i < ERG_COUNT(kinds) && !item->clock.is_there; i++) {
        item->clock.knob = kinds[i];
        const erg_device_knob *knob = knob_of(governor, item);
        item->clock.is_there = knob && knob->high > 0;
    }
    for (size_t i = 0; i < count && i < ERG_GOVERN_CHANNELS_MOST; i++)
        if (strcmp(erg_devices_channel(governor->devices, item->index, i)->name,
                   "sm_clock")
            == 0)
            item->clock.seen_at = (int)i;
}

/* ---- what it shall be ------------------------------------------------------------ */

static void narrow(erg_governed_clock *clock, double most_hz, const char *rule)
{
    if (!isfinite(most_hz) || most_hz >= clock->wanted_hz)
        return;
    clock->wanted_hz = most_hz;
    clock->rule = rule;
}

/* A clock that is asked of the node is of its GPUs: a CPU has clocks of its own. */
void erg_govern_clock_find(const erg_governor *governor, erg_governed *item)
{
    erg_governed_clock *clock = &item->clock;

    if (!clock->is_there)
        return;
    clock->wanted_hz = NAN;
    clock->rule = NULL;
    if (clock->set.until_ns > governor->now_ns)
        narrow(clock, clock->set.cap_hz, "set");
    if (clock->knob == ERG_SM_CLOCK && governor->set_clock.until_ns > governor->now_ns)
        narrow(clock, governor->set_clock.cap_hz, "set");
    narrow(clock, erg_govern_hint_clock_hz(governor, item), "hint");
    narrow(clock, item->ops.wanted_hz, "ops");
    clock->cap_hz = clock->wanted_hz;
    narrow(clock, clock->phase_hz, "phase_clock");
    clock->wanted_hz = erg_device_knob_snap(knob_of(governor, item), clock->wanted_hz);
}

/* ---- turning ---------------------------------------------------------------------- */

static void say(erg_governed_clock *clock, const char *state, const char *reason)
{
    erg_text_put(clock->state, sizeof(clock->state), state);
    erg_text_put(clock->reason, sizeof(clock->reason), reason);
}

static bool is_same(double left_hz, double right_hz)
{
    return fabs(left_hz - right_hz) < SAME_HZ;
}

static const char *state_after(bool good, const erg_turn *turn)
{
    if (!good)
        return "refused";
    if (isnan(turn->enforced))
        return "unread";
    return is_same(turn->enforced, turn->clamped) ? "enforced" : "not_taken";
}

static const char *why_of(const erg_governed *item)
{
    const erg_governed_clock *clock = &item->clock;

    return clock->rule && strcmp(clock->rule, "ops") == 0 ? item->ops.why
         : clock->wanted_hz == clock->phase_hz ? clock->why : "";
}

/* A refusal that comes again is no news: it is written down once for each clock. */
static void turn_to(erg_governor *governor, erg_governed *item, double want_hz)
{
    erg_governed_clock *clock = &item->clock;
    erg_turn turn = { .knob = clock->knob, .requested = want_hz };
    double old_hz = knob_of(governor, item)->now;
    bool is_again = is_same(clock->requested_hz, want_hz);
    int64_t begun_ns = erg_env_now_ns(&governor->env);
    erg_error fault = { 0 };
    bool good = erg_devices_turn(governor->devices, item->index, &turn, &fault);

    const char *state = state_after(good, &turn);
    bool is_done = strcmp(state, "enforced") == 0 || strcmp(state, "unread") == 0;
    clock->requested_hz = want_hz;
    clock->enforced_hz = good ? turn.enforced : NAN;
    clock->is_turned |= good;
    clock->turned_ns = erg_env_now_ns(&governor->env);
    clock->turn_s = erg_s_from_ns(clock->turned_ns - begun_ns);
    clock->retry_ns = is_done ? 0 : governor->now_ns + erg_ns_from_s(RETRY_S);
    say(clock, state, !good ? fault.text
                      : !is_done ? "the device stays at another clock"
                      : why_of(item));
    if (!is_done && is_again)
        return;
    erg_govern_note_clock(governor, &(erg_govern_clock_change){
        item, clock->rule, good ? "ergd" : "refused", old_hz, want_hz, turn.clamped,
        clock->enforced_hz });
}

static void let_go(erg_governor *governor, erg_governed *item)
{
    erg_governed_clock *clock = &item->clock;
    double old_hz = knob_of(governor, item)->now;
    erg_error fault = { 0 };

    /* What stands in retry_ns is of putting back only once nothing is requested. */
    if (clock->is_turned && isnan(clock->requested_hz)
        && governor->now_ns < clock->retry_ns)
        return;
    clock->requested_hz = clock->enforced_hz = NAN;
    if (clock->is_turned
        && !erg_devices_put_back(governor->devices, item->index, clock->knob, &fault)) {
        clock->retry_ns = governor->now_ns + erg_ns_from_s(RETRY_S);
        say(clock, "refused", fault.text);
        return;
    }
    bool was_turned = clock->is_turned;
    clock->retry_ns = 0;
    clock->is_turned = false;
    say(clock, "free", "nothing holds it down");
    if (!was_turned)
        return;
    clock->turned_ns = erg_env_now_ns(&governor->env);
    erg_govern_note_clock(governor, &(erg_govern_clock_change){
        item, "free", "ergd", old_hz, NAN, NAN, knob_of(governor, item)->now });
}

static void observe(const erg_governor *governor, erg_governed_clock *clock)
{
    char text[120] = "mode is observe: nothing is turned";

    if (governor->is_let_go)
        snprintf(text, sizeof(text), "the rack has let this node go: start ergd again to "
                 "join it");
    else if (!isnan(clock->wanted_hz))
        snprintf(text, sizeof(text), "mode is observe: it would be turned to %.0f MHz",
                 1e-6 * clock->wanted_hz);
    say(clock, "observe", text);
}

void erg_govern_clock_step(erg_governor *governor, erg_governed *item)
{
    erg_governed_clock *clock = &item->clock;
    const erg_device_knob *knob = knob_of(governor, item);

    erg_govern_clock_find(governor, item);
    if (governor->config->mode == ERG_OBSERVE || governor->is_let_go)
        observe(governor, clock);
    else if (isnan(clock->wanted_hz))
        let_go(governor, item);
    else if (!knob->can_turn)
        say(clock, "refused", knob->reason);
    else if (!is_same(clock->wanted_hz, clock->requested_hz)
             || (clock->retry_ns && governor->now_ns >= clock->retry_ns))
        turn_to(governor, item, clock->wanted_hz);
}

void erg_govern_clocks(erg_governor *governor)
{
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].clock.is_there)
            erg_govern_clock_step(governor, &governor->items[i]);
}

bool erg_govern_clocks_back(erg_governor *governor, erg_error *err)
{
    bool good = true;

    for (size_t i = 0; i < governor->count; i++) {
        erg_governed *item = &governor->items[i];
        if (!item->clock.is_turned)
            continue;
        item->clock.is_turned = !erg_devices_put_back(governor->devices, item->index,
                                                      item->clock.knob, good ? err : NULL);
        good &= !item->clock.is_turned;
    }
    return good;
}

/* ---- asking for one --------------------------------------------------------------- */

static bool has_any(const erg_governor *governor)
{
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].clock.is_there
            && governor->items[i].clock.knob == ERG_SM_CLOCK)
            return true;
    return false;
}

bool erg_govern_may_clock(const erg_governor *governor, const erg_governed *item,
                          erg_error *err)
{
    if (!item)
        return has_any(governor)
            || erg_fail(err, ERG_UNSUPPORTED, "no GPU of this node has a clock that can be "
                        "turned");
    return item->clock.is_there
        || erg_fail(err, ERG_UNSUPPORTED, "%s has no clock that can be turned",
                    erg_devices_info(governor->devices, item->index)->name);
}

/* ---- the table --------------------------------------------------------------------- */

static const erg_column columns[] = {
    { "node", ERG_TEXT, "a device, as node/device" },
    { "knob", ERG_TEXT, "sm_clock, or cpu_clock of a CPU" },
    { "wanted_hz", ERG_REAL, "what it shall be held to; none: it is free" },
    { "requested_hz", ERG_REAL, "what was last asked of the device" },
    { "enforced_hz", ERG_REAL, "what the device said when it was read back" },
    { "seen_hz", ERG_REAL, "what it runs at, by its sensor" },
    { "state", ERG_TEXT,
      "observe, free, enforced, unread (the driver tells no lock), not_taken or refused" },
    { "rule", ERG_TEXT, "what holds it down; none: nothing does" },
    { "reason", ERG_TEXT, "why it is in that state" },
};

static bool add_row(const erg_governor *governor, const erg_governed *item,
                    erg_table *table, erg_error *err)
{
    const erg_governed_clock *clock = &item->clock;
    char name[128];

    snprintf(name, sizeof(name), "%.60s/%s", governor->config->node.id,
             erg_devices_info(governor->devices, item->index)->name);
    return erg_table_row(table, err) && erg_table_text(table, "node", name, err)
        && erg_table_text(table, "knob", erg_knob_infos[clock->knob].name, err)
        && erg_table_real(table, "wanted_hz", clock->wanted_hz, err)
        && erg_table_real(table, "requested_hz", clock->requested_hz, err)
        && erg_table_real(table, "enforced_hz", clock->enforced_hz, err)
        && erg_table_real(table, "seen_hz",
                          clock->seen_at < 0 ? NAN : item->values[clock->seen_at].value,
                          err)
        && erg_table_text(table, "state", clock->state, err)
        && erg_table_text(table, "rule", clock->rule, err)
        && erg_table_text(table, "reason", clock->reason[0] ? clock->reason : NULL, err);
}

bool erg_govern_add_clocks(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "clocks", columns, ERG_COUNT(columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->count; i++)
        if (governor->items[i].clock.is_there)
            good = add_row(governor, &governor->items[i], table, err);
    return good;
}
