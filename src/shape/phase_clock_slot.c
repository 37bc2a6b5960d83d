/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dwell gathers of one phase: time and work from the end of a unit of work to the
 * end of another, so that units longer than a step bias nothing, and power as far as the
 * sensor's window held nothing else.
 */
#include <math.h>
#include "shape/phase_clock_inside.h"

#define IDLE_S 60.0     /* and 10 dwells: without work or power so long it stops trying */

size_t phase_slot_clock(const erg_phase_slot *slot)
{
    if (slot->has_no_work || slot->has_no_power)
        return slot->search.home;
    return erg_phase_search_clock(&slot->search);
}

void phase_slot_break(erg_phase_slot *slot)
{
    slot->is_aligned = false;
    slot->time_s = slot->work = slot->pending_s = 0;
    slot->energy_j = slot->energy_s = 0;
}

static double idle_s(const erg_phase_clock *state)
{
    return fmax(IDLE_S, 10 * erg_phase_clock_dwell_s(state));
}

/* Within one step of the device's, and 3 %. What lies at the reference counts as it is:
 * the highest that the device gives. */
static bool is_reached(const erg_phase_clock *state, const erg_phase_slot *slot,
                       double clock_hz)
{
    const erg_phase_clock_setup *setup = &state->setup;
    size_t seen, want = state->want;

    if (!(clock_hz > 0))
        return true;
    seen = phase_clock_nearest(setup, clock_hz);
    if (seen == want
        || (slot->search.mode == ERG_SEARCH_REFERENCE && slot->search.rest == 0))
        return true;
    return (seen > want ? seen - want : want - seen) <= 1
        && fabs(clock_hz / setup->clocks_hz[want] - 1) < 0.03;
}

/* A clock that does not come shows under load only: idle devices park theirs. */
static void miss(erg_phase_clock *state, erg_phase_slot *slot, const erg_phase_clock_in *in,
                 const phase_interval *was)
{
    slot->missed_s += was->dt_s;
    if (was->work > 0 && slot->missed_s >= 2 * erg_phase_clock_dwell_s(state)) {
        slot->has_missed = true;
        slot->missed_s = 0;
        erg_phase_search_missed(&slot->search, &state->goal,
                                phase_clock_nearest(&state->setup, in->clock_hz));
    }
}

static void gather_power(erg_phase_clock *state, erg_phase_slot *slot,
                         const phase_interval *was)
{
    if (state->quiet_s > 0)
        return;
    if (isnan(was->energy_j)) {
        slot->blind_s += was->dt_s;
        if (slot->blind_s < idle_s(state))
            return;
        if (!slot->has_no_power)
            erg_phase_search_restart(&slot->search);
        slot->has_no_power = true;
        phase_slot_break(slot);
        return;
    }
    slot->blind_s = 0;
    slot->has_no_power = false;
    slot->energy_j += was->energy_j;
    slot->energy_s += was->dt_s;
}

static void gather_work(erg_phase_clock *state, erg_phase_slot *slot,
                        const phase_interval *was)
{
    slot->pending_s += was->dt_s;
    if (was->work_went_back) {
        phase_slot_break(slot);
    } else if (was->work > 0) {
        bool was_aligned = slot->is_aligned;
        slot->time_s += was_aligned ? slot->pending_s : 0;
        slot->work += was_aligned ? was->work : 0;
        slot->is_aligned = was_aligned || state->grace_s <= was->dt_s;
        slot->has_no_work = false;
        slot->pending_s = 0;
    } else if (slot->pending_s >= idle_s(state)) {
        if (!slot->has_no_work)
            erg_phase_search_restart(&slot->search);
        slot->has_no_work = true;
        phase_slot_break(slot);
        slot->pending_s = idle_s(state);
    }
}

void phase_slot_gather(erg_phase_clock *state, erg_phase_slot *slot,
                       const erg_phase_clock_in *in, const phase_interval *was)
{
    double dwell_s = erg_phase_clock_dwell_s(state);

    if (state->grace_s <= 0 && !is_reached(state, slot, in->clock_hz)) {
        phase_slot_break(slot);
        miss(state, slot, in, was);
        return;
    }
    if (state->grace_s <= 0)
        slot->missed_s = 0, slot->has_missed = false;
    gather_power(state, slot, was);
    gather_work(state, slot, was);
    if (!slot->is_aligned || slot->time_s < dwell_s || slot->energy_s < dwell_s / 2)
        return;
    double ln_w = log(slot->energy_j / slot->energy_s);
    double ln_rate = log(slot->work / slot->time_s);
    slot->time_s = slot->work = slot->energy_j = slot->energy_s = 0;
    if (isfinite(ln_w) && isfinite(ln_rate))
        erg_phase_search_dwell(&slot->search, &state->goal, ln_w, ln_rate);
}
