/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning the limits to what was granted: what falls first, what rises afterwards and only
 * as far as the falls were read back, so that the sum never passes the budget. A limit that
 * nothing holds down is left alone.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define LEAST_STEP_W 5.0
#define LEAST_STEP 0.01
#define RETRY_S 10.0

static void say(erg_governed *item, const char *state, const char *reason)
{
    erg_text_put(item->state, sizeof(item->state), state);
    erg_text_put(item->reason, sizeof(item->reason), reason);
}

static void turn_to(erg_governor *governor, erg_governed *item, double want_w)
{
    erg_turn turn = { .knob = ERG_POWER_LIMIT, .requested = want_w };
    double old_w = erg_govern_knob(governor, item)->now;
    erg_error fault = { 0 };
    bool good = erg_devices_turn(governor->devices, item->index, &turn, &fault);

    item->requested_w = want_w;
    item->enforced_w = good ? turn.enforced : NAN;
    item->retry_ns = good ? 0 : governor->now_ns + erg_ns_from_s(RETRY_S);
    say(item, !good ? "refused" : isnan(turn.enforced) ? "unread" : "enforced", fault.text);
    erg_govern_note(governor,
                    &(erg_govern_change){ item, item->rule, good ? "ergd" : "refused",
                                          old_w, want_w, turn.clamped, item->enforced_w });
}

/* What is in force, or what could be where it does not say. */
static double in_force_w(const erg_governor *governor, const erg_governed *item)
{
    const erg_device_knob *knob = erg_govern_knob(governor, item);

    if (!isnan(item->enforced_w))
        return item->enforced_w;
    return isnan(knob->now) ? knob->high : knob->now;
}

static double all_in_force_w(const erg_governor *governor)
{
    double sum_w = isnan(governor->base_w) ? 0 : governor->base_w;

    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].has_limit)
            sum_w += in_force_w(governor, &governor->items[i]);
    return sum_w;
}

static bool is_idle(const erg_governor *governor, const erg_governed *item)
{
    const erg_device_knob *knob = erg_govern_knob(governor, item);

    if (!item->has_limit)
        return true;
    /* In a rack it stands at the fallback, as a start has left it: nothing of its own. */
    bool is_own = isnan(item->requested_w) && !governor->has_lease;
    return governor->now_ns < item->retry_ns || (is_own && item->grant_w >= knob->now);
}

static bool is_worth(double step_w, double from_w)
{
    return step_w > fmax(LEAST_STEP_W, LEAST_STEP * from_w);
}

static void lower(erg_governor *governor, erg_governed *item)
{
    double step_w = in_force_w(governor, item) - item->grant_w;

    if (is_idle(governor, item) || !(step_w > 1e-3) || item->grant_w == item->requested_w)
        return;
    /* A small step is not worth a write, unless the sum is over the budget. */
    if (is_worth(step_w, item->grant_w) || all_in_force_w(governor) > governor->budget_w)
        turn_to(governor, item, item->grant_w);
}

static void raise(erg_governor *governor, erg_governed *item)
{
    double now_w = in_force_w(governor, item);
    double room_w = governor->budget_w - all_in_force_w(governor);
    double want_w = fmin(item->grant_w, now_w + fmax(0, room_w));

    if (is_idle(governor, item) || want_w == item->requested_w)
        return;
    if (is_worth(want_w - now_w, now_w))
        turn_to(governor, item, want_w);
}

static void observe(const erg_governor *governor, erg_governed *item)
{
    const erg_device_knob *knob = item->has_limit ? erg_govern_knob(governor, item) : NULL;

    if (!knob)
        say(item, "sensor", "it has no power limit that can be turned");
    else if (governor->is_let_go)
        say(item, "observe", "the rack has let this node go: start ergd again to join it");
    else if (governor->config->mode == ERG_OBSERVE)
        say(item, "observe", "mode is observe: nothing is turned");
    else if (!knob->can_turn)
        say(item, "refused", knob->reason);
    else if (isnan(item->requested_w))
        say(item, "free", "nothing holds it down");
}

void erg_govern_turn(erg_governor *governor)
{
    for (size_t i = 0; i < governor->count; i++)
        observe(governor, &governor->items[i]);
    if (governor->config->mode == ERG_OBSERVE || governor->is_let_go)
        return;
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].has_limit)
            lower(governor, &governor->items[i]);
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].has_limit)
            raise(governor, &governor->items[i]);
}
