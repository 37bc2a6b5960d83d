/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/phase_clock_inside.h"

#define SWITCH_S 0.1
#define WINDOW_S 0.1
#define DWELL_S 1.0
#define CHECK_S 180.0
#define CHECK_DWELLS 40.0
#define STAY_WEIGHT 0.25    /* of the latest stay in the mean of them */
#define LONG_AGAIN 1.5      /* times the limit, so that a phase does not come and go */

enum { NO_PHASE = ERG_PHASES_MOST, STAYS = 2 };

static const char *const words[] = {
    [ERG_CLOCK_EXPLORING] = "exploring", [ERG_CLOCK_HELD] = "held",
    [ERG_CLOCK_CHECKING] = "checking", [ERG_CLOCK_TABLE] = "table",
    [ERG_CLOCK_NO_WORK] = "no_work", [ERG_CLOCK_NO_POWER] = "no_power",
    [ERG_CLOCK_NOT_REACHED] = "clock_not_reached", [ERG_CLOCK_FIXED] = "fixed",
};

static const char *const reasons[] = {
    [ERG_BY_BEST] = "best", [ERG_BY_NEIGHBOUR] = "neighbour",
    [ERG_BY_REFERENCE] = "reference", [ERG_BY_TABLE] = "table", [ERG_BY_CAP] = "cap",
    [ERG_BY_FLOOR] = "floor", [ERG_BY_HEAT] = "heat", [ERG_BY_WAIT] = "wait",
};

const char *erg_phase_clock_word_name(erg_phase_clock_word word)
{
    return words[word];
}

const char *erg_phase_clock_reason_name(erg_phase_clock_reason reason)
{
    return reasons[reason];
}

erg_phase_clock_in erg_phase_clock_nothing(void)
{
    return (erg_phase_clock_in){ -1, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
}

/* ---- setup -------------------------------------------------------------------------- */

static bool check_clocks(const erg_phase_clock_setup *setup, erg_error *err)
{
    if (!setup->clocks_hz || setup->count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "phase_clock: the device offers no clocks");
    for (size_t i = 0; i < setup->count; i++)
        if (!isfinite(setup->clocks_hz[i])
            || !(setup->clocks_hz[i] > (i > 0 ? setup->clocks_hz[i - 1] : 0)))
            return erg_fail(err, ERG_BAD_INPUT,
                            "phase_clock: clocks must be above 0 and ascend");
    for (size_t i = 0; setup->table_hz && i < setup->table_count; i++)
        if (!isnan(setup->table_hz[i]) && !(setup->table_hz[i] > 0))
            return erg_fail(err, ERG_BAD_INPUT,
                            "phase_clock: a clock of the table must be above 0");
    return true;
}

static bool check_figures(const erg_phase_clock_setup *setup, erg_error *err)
{
    const struct { const char *name; double value; bool may_be_zero; } rows[] = {
        { "the exponent of time", setup->time_exponent, true },
        { "the slowdown", setup->slowdown_most, true },
        { "the time of a switch", setup->switch_s, true },
        { "the sensor's window", setup->window_s, true },
        { "the floor", setup->floor_hz, false },
        { "the cap", setup->cap_hz, false },
        { "the hot temperature", setup->hot_k, false },
        { "the thermal resistance", setup->r_k_per_w, false },
        { "the inlet's temperature", setup->inlet_k, false },
        { "the dwell", setup->dwell_s, true },
        { "the time between changes", setup->between_s, true },
        { "the time between checks", setup->check_s, true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (isinf(rows[i].value) || rows[i].value < 0
            || (rows[i].value == 0 && !rows[i].may_be_zero))
            return erg_fail(err, ERG_BAD_INPUT, "phase_clock: %s must be finite and %s",
                            rows[i].name, rows[i].may_be_zero ? "not below 0" : "above 0");
    if (isnan(setup->time_exponent))
        return erg_fail(err, ERG_BAD_INPUT, "phase_clock: the exponent of time is missing");
    return true;
}

static void fill_in(erg_phase_clock_setup *setup)
{
    if (isnan(setup->switch_s))
        setup->switch_s = SWITCH_S;
    if (isnan(setup->window_s))
        setup->window_s = WINDOW_S;
    double least_s = fmax(fmax(10 * setup->switch_s, 2 * setup->window_s), DWELL_S);
    setup->dwell_s = fmax(least_s, setup->dwell_s);
    if (!(setup->between_s > 0))
        setup->between_s = 10 * setup->switch_s;
    if (!(setup->check_s > 0))
        setup->check_s = CHECK_S;
}

bool erg_phase_clock_start(erg_phase_clock *state, const erg_phase_clock_setup *setup,
                           double clock_hz, erg_error *err)
{
    if (!check_clocks(setup, err) || !check_figures(setup, err))
        return false;
    *state = (erg_phase_clock){
        .setup = *setup, .phase = -2, .slot = NO_PHASE, .want_slot = NO_PHASE,
        .heat_high = setup->count - 1, .heat_from_k = NAN,
        .last_work = NAN, .last_energy_j = NAN,
    };
    fill_in(&state->setup);
    setup = &state->setup;
    double checks = ceil(fmax(CHECK_DWELLS, setup->check_s / setup->dwell_s));
    state->goal = (erg_search_goal){ setup->time_exponent, setup->slowdown_most,
                                     (int)fmin(1e9, checks) };
    erg_phase_clock_in none = erg_phase_clock_nothing();
    size_t low, high;
    size_t place = clock_hz > 0 ? phase_clock_nearest(setup, clock_hz) : setup->count - 1;
    phase_clock_limits(state, &none, &low, &high);
    state->want = place < low ? low : place > high ? high : place;
    state->since_change_s = setup->dwell_s;
    state->out.clock_hz = state->out.best_hz = setup->clocks_hz[state->want];
    return true;
}

/* ---- which phase -------------------------------------------------------------------- */

static double short_s(const erg_phase_clock *state)
{
    return fmax(10 * state->setup.switch_s, 2 * state->setup.window_s);
}

static void judge_stay(const erg_phase_clock *state, erg_phase_stay *stay)
{
    double limit_s = short_s(state) * (stay->is_short ? LONG_AGAIN : 1);

    stay->is_short = stay->count >= STAYS && stay->mean_s < limit_s;
}

/* The stay that ends joins the mean of its phase. */
static void leave(erg_phase_clock *state)
{
    erg_phase_stay *stay = &state->stays[state->phase < 0 ? NO_PHASE : state->phase];

    if (stay->count++ == 0)
        stay->mean_s = state->stay_s;
    else
        stay->mean_s += STAY_WEIGHT * (state->stay_s - stay->mean_s);
    judge_stay(state, stay);
}

static void enter(erg_phase_clock *state, int phase, double dt_s)
{
    size_t number = phase < 0 ? NO_PHASE : (size_t)phase;
    erg_phase_stay *stay = &state->stays[number];

    if (phase != state->phase) {
        if (state->phase > -2)
            leave(state);
        state->phase = phase;
        state->stay_s = 0;
    }
    state->stay_s += dt_s;
    /* One that has become long need not end to be seen. */
    if (stay->is_short && state->stay_s > 4 * short_s(state)) {
        stay->mean_s = state->stay_s;
        judge_stay(state, stay);
    }
    size_t slot = stay->is_short ? ERG_PHASE_SHARED : number;
    if (slot == state->slot)
        return;
    state->slot = slot;
    state->quiet_s = fmax(state->quiet_s, state->setup.window_s + dt_s);
    state->grace_s = fmax(state->grace_s, state->setup.switch_s + dt_s);
}

static double table_hz(const erg_phase_clock *state, size_t phase)
{
    const erg_phase_clock_setup *setup = &state->setup;

    return setup->table_hz && phase < setup->table_count ? setup->table_hz[phase] : NAN;
}

/* Of those that share the highest: none becomes slower than its table says. NAN: the
 * table does not tell all of them. */
static double slot_table_hz(const erg_phase_clock *state)
{
    double highest_hz = NAN;

    if (state->slot != ERG_PHASE_SHARED)
        return table_hz(state, state->slot);
    for (size_t i = 0; i <= NO_PHASE; i++) {
        double clock_hz = table_hz(state, i);
        if (!state->stays[i].is_short)
            continue;
        if (isnan(clock_hz))
            return NAN;
        highest_hz = fmax(highest_hz, clock_hz);
    }
    return highest_hz;
}

/* ---- a step ------------------------------------------------------------------------- */

static double rise(double now, double *last)
{
    double was = *last;

    *last = now;
    return now - was;
}

static phase_interval interval_of(erg_phase_clock *state, const erg_phase_clock_in *in,
                                  double dt_s)
{
    double power_w = isfinite(in->power_w) && in->power_w >= 0 ? in->power_w : NAN;
    double energy_j = isfinite(in->energy_j) ? in->energy_j : NAN;
    double counted_j = rise(energy_j, &state->last_energy_j);
    phase_interval was = { dt_s, 0, counted_j >= 0 ? counted_j : power_w * dt_s, false };

    /* What is not told now is told later, with the work since. */
    if (isfinite(in->work)) {
        double work = rise(in->work, &state->last_work);
        was.work = work > 0 ? work : 0;
        was.work_went_back = work < 0;
    }
    return was;
}

/* The slot's own wish, within the limits, and why. */
static size_t wish(erg_phase_clock *state, erg_phase_slot *slot, size_t low, size_t high,
                   erg_phase_clock_reason *reason)
{
    double clock_hz = slot_table_hz(state);
    size_t place;

    if (!isnan(clock_hz)) {
        place = phase_clock_nearest(&state->setup, clock_hz);
        *reason = ERG_BY_TABLE;
    } else {
        erg_phase_search_limit(&slot->search, &state->goal, low, high);
        place = phase_slot_clock(slot);
        *reason = place == slot->search.home ? ERG_BY_BEST
                : slot->search.mode == ERG_SEARCH_REFERENCE ? ERG_BY_REFERENCE
                                                            : ERG_BY_NEIGHBOUR;
    }
    if (place < low || (place == low && low > 0 && *reason == ERG_BY_BEST))
        *reason = ERG_BY_FLOOR;
    if (place > high || (place == high && high + 1 < state->setup.count
                         && *reason == ERG_BY_BEST))
        *reason = high == state->heat_high ? ERG_BY_HEAT : ERG_BY_CAP;
    return place < low ? low : place > high ? high : place;
}

static erg_phase_clock_word word_of(const erg_phase_clock *state,
                                    const erg_phase_slot *slot, size_t low, size_t high)
{
    if (slot->has_missed)
        return ERG_CLOCK_NOT_REACHED;
    if (!isnan(slot_table_hz(state)))
        return ERG_CLOCK_TABLE;
    if (low == high)
        return ERG_CLOCK_FIXED;
    if (slot->has_no_work)
        return ERG_CLOCK_NO_WORK;
    if (slot->has_no_power)
        return ERG_CLOCK_NO_POWER;
    return slot->search.mode == ERG_SEARCH_HELD ? ERG_CLOCK_HELD
         : slot->search.mode == ERG_SEARCH_CHECK ? ERG_CLOCK_CHECKING : ERG_CLOCK_EXPLORING;
}

/* False: it has to wait. */
static bool may_change(const erg_phase_clock *state, size_t low, size_t high)
{
    double least_s = state->slot == state->want_slot ? state->setup.dwell_s
                                                     : state->setup.between_s;

    return state->want < low || state->want > high || state->since_change_s >= least_s;
}

static void turn(erg_phase_clock *state, size_t place)
{
    state->want = place;
    state->since_change_s = 0;
    state->grace_s = state->setup.switch_s;
    state->quiet_s = state->setup.switch_s + state->setup.window_s;
}

static void decide(erg_phase_clock *state, erg_phase_slot *slot, size_t low, size_t high)
{
    erg_phase_clock_out *out = &state->out;
    size_t place = wish(state, slot, low, high, &out->reason);

    out->changes = false;
    if (place != slot->at || !slot->is_begun)
        phase_slot_break(slot);
    slot->at = place;
    if (place != state->want) {
        if (may_change(state, low, high)) {
            turn(state, place);
            out->changes = true;
        } else {
            out->reason = ERG_BY_WAIT;
        }
    }
    if (place == state->want)
        state->want_slot = state->slot;
    out->clock_hz = state->setup.clocks_hz[state->want];
    out->best_hz = state->setup.clocks_hz[isnan(slot_table_hz(state)) ? slot->search.home
                                                                      : place];
    out->word = word_of(state, slot, low, high);
    out->is_shared = state->slot == ERG_PHASE_SHARED;
}

erg_phase_clock_out erg_phase_clock_step(erg_phase_clock *state,
                                         const erg_phase_clock_in *in, double dt_s)
{
    size_t low, high;

    if (!(dt_s > 0) || isinf(dt_s)) {
        state->out.changes = false;
        return state->out;
    }
    bool has_phase = in->phase >= 0 && in->phase < ERG_PHASES_MOST;
    phase_interval was = interval_of(state, in, dt_s);
    enter(state, has_phase ? in->phase : -1, dt_s);
    phase_clock_heat(state, in, &was);
    phase_clock_limits(state, in, &low, &high);
    erg_phase_slot *slot = &state->slots[state->slot];
    if (!slot->is_begun) {
        erg_phase_search_start(&slot->search, &state->goal, state->want, low, high);
        slot->at = state->want;
        slot->is_begun = true;
    }
    state->since_change_s += dt_s;
    /* Another's clock, while a change has to wait, is nothing to learn from. */
    if (slot->at == state->want || state->grace_s > 0)
        phase_slot_gather(state, slot, in, &was);
    else
        phase_slot_break(slot);
    state->grace_s = fmax(0, state->grace_s - dt_s);
    state->quiet_s = fmax(0, state->quiet_s - dt_s);
    decide(state, slot, low, high);
    return state->out;
}
