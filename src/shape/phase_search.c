/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "math/stats.h"
#include "shape/phase_search_inside.h"

#define GAIN 0.00995033085316808    /* ln 1.01 */
#define CALM 0.02                   /* sd of ln score; a noisier load takes more dwells */

enum { REFUSALS = 3, RESTLESS_MOST = 6, REFERENCES = 2, EACH_MOST = 8 };

static size_t first_step(const erg_phase_search *search)
{
    size_t step = (search->high - search->low) / 4;

    return step > 0 ? step : 1;
}

static bool at_edge(const erg_phase_search *search, int direction)
{
    return direction < 0 ? search->home <= search->low : search->home >= search->high;
}

static size_t neighbour(const erg_phase_search *search)
{
    size_t step = search->step, home = search->home;

    if (search->direction > 0)
        return search->high - home > step ? home + step : search->high;
    return home - search->low > step ? home - step : search->low;
}

/* By more than is allowed against the highest clock. */
static bool is_slow(const erg_phase_search *search, const erg_search_goal *goal,
                    double ln_rate, double margin)
{
    if (isnan(goal->slowdown_most) || isnan(search->top_ln_rate) || isnan(ln_rate))
        return false;
    return search->top_ln_rate - ln_rate + margin > log1p(goal->slowdown_most);
}

static void settle(erg_phase_search *search)
{
    search->mode = ERG_SEARCH_HELD;
    search->held = 0;
    search->restless = 0;
    search->place = 0;
}

/* The first steps are long, and show through the noise; the later ones are not. */
static int dwells_each(const erg_phase_search *search)
{
    if (search->df < 2 || search->step >= first_step(search))
        return 1;
    double each = ceil(search->score_ss / search->df / (CALM * CALM));
    return each < EACH_MOST ? (each > 1 ? (int)each : 1) : EACH_MOST;
}

static void begin_block(erg_phase_search *search)
{
    search->place = 0;
    search->gathered = 0;
    search->each = dwells_each(search);
}

void erg_phase_search_restart(erg_phase_search *search)
{
    begin_block(search);
    search->blocks = 0;
    search->gain_sum = 0;
}

static void next_pair(erg_phase_search *search, const erg_search_goal *goal)
{
    erg_phase_search_restart(search);
    if (search->low == search->high) {
        settle(search);
        return;
    }
    /* Too slow: only a higher clock can cure it. */
    if (is_slow(search, goal, search->home_ln_rate, 0))
        search->direction = 1;
    if (at_edge(search, search->direction))
        search->direction = -search->direction;
    search->other = neighbour(search);
}

/* From the beginning, at the clock that was the best so far. */
static void explore(erg_phase_search *search, const erg_search_goal *goal)
{
    phase_search_forget_home(search);
    search->score_ss = search->w_ss = search->rate_ss = search->df = 0;
    search->step = first_step(search);
    search->refusals = 0;
    search->top_ln_rate = NAN;
    search->mode = isnan(goal->slowdown_most) ? ERG_SEARCH_COMPARE : ERG_SEARCH_REFERENCE;
    next_pair(search, goal);
}

/* A load that changes before the search has settled is given longer and longer rests:
 * what is learnt of it is not worth the changes. */
static void explore_again(erg_phase_search *search, const erg_search_goal *goal)
{
    bool was_settled = search->mode == ERG_SEARCH_HELD || search->mode == ERG_SEARCH_CHECK;

    if (was_settled)
        search->restless = 0;
    else if (search->restless < RESTLESS_MOST)
        search->restless++;
    search->rest = was_settled ? 0 : 1 << search->restless;
    explore(search, goal);
}

void erg_phase_search_start(erg_phase_search *search, const erg_search_goal *goal,
                            size_t home, size_t low, size_t high)
{
    home = home < low ? low : home > high ? high : home;
    *search = (erg_phase_search){ .low = low, .high = high, .home = home, .other = home };
    search->direction = home - low >= high - home ? -1 : 1;
    explore(search, goal);
}

size_t erg_phase_search_clock(const erg_phase_search *search)
{
    if (search->rest > 0 || search->mode == ERG_SEARCH_HELD)
        return search->home;
    if (search->mode == ERG_SEARCH_REFERENCE)
        return search->high;
    return search->place == 1 || search->place == 2 ? search->other : search->home;
}

/* ---- is it still the same load? ----------------------------------------------------- */

/* Once may be a glitch: the block is begun anew. */
static void is_off(erg_phase_search *search, const erg_search_goal *goal)
{
    search->off++;
    if (search->off > 1)
        explore_again(search, goal);
    else
        erg_phase_search_restart(search);
}

/* ---- one block: A B B A ------------------------------------------------------------- */

/* back: how much worse the way back is. */
static void move(erg_phase_search *search, const erg_search_goal *goal, double back)
{
    const erg_search_dwell *d = search->dwells;
    int direction = search->direction;

    search->home = search->other;
    phase_search_forget_home(search);
    search->home_ln_w = (d[1].ln_w + d[2].ln_w) / 2;
    search->home_ln_rate = (d[1].ln_rate + d[2].ln_rate) / 2;
    search->home_count = 2;
    search->worse[direction < 0] = back;
    /* The way back has just been refused. */
    search->refusals = 1;
    search->mode = ERG_SEARCH_COMPARE;
    next_pair(search, goal);
}

static void halve(erg_phase_search *search, const erg_search_goal *goal)
{
    search->refusals = 0;
    if (search->step <= 1) {
        settle(search);
        return;
    }
    search->step /= 2;
    if (search->worse[0] < search->worse[1])
        search->direction = -1;
    else if (search->worse[1] < search->worse[0])
        search->direction = 1;
    next_pair(search, goal);
}

/* may_repeat: the gain looks good, but the noise hides it. */
static void refuse(erg_phase_search *search, const erg_search_goal *goal, bool may_repeat)
{
    search->refusals++;
    if (search->mode == ERG_SEARCH_CHECK) {
        begin_block(search);
        if (!may_repeat || search->refusals >= REFUSALS)
            settle(search);
        return;
    }
    bool is_edge = at_edge(search, -search->direction);
    /* Where there is no other side it need not be asked. */
    if (is_edge && !may_repeat)
        search->refusals++;
    if (search->refusals >= REFUSALS) {
        halve(search, goal);
    } else if (may_repeat) {
        begin_block(search);
    } else {
        search->direction = is_edge ? search->direction : -search->direction;
        next_pair(search, goal);
    }
}

static void judge(erg_phase_search *search, const erg_search_goal *goal)
{
    const erg_search_dwell *d = search->dwells;

    phase_search_learn_noise(search);
    search->gain_sum += (d[0].score + d[3].score - d[1].score - d[2].score) / 2;
    search->blocks++;

    double gain = search->gain_sum / search->blocks;
    /* What is settled asks for a 99 % interval: there are many looks, and moves cost. */
    double half = erg_student_t(search->mode == ERG_SEARCH_CHECK ? 0.995 : 0.95, search->df)
                * sqrt(search->score_ss / search->df / search->each / search->blocks);
    double rate = (d[1].ln_rate + d[2].ln_rate) / 2;
    double home_rate = (d[0].ln_rate + d[3].ln_rate) / 2;
    double rate_sd = sqrt(search->rate_ss / search->df / search->each);
    bool home_is_slow = is_slow(search, goal, search->home_ln_rate, 0);
    /* Allowed where it keeps the limit with 95 % certainty. */
    bool is_allowed = !home_is_slow && !is_slow(search, goal, rate, 1.645 * rate_sd);

    search->worse[search->direction > 0] = -gain;
    if (home_is_slow && search->direction > 0 && rate - home_rate > rate_sd)
        move(search, goal, INFINITY);
    else if (is_allowed && gain > GAIN && gain > half)
        move(search, goal, gain);
    else
        refuse(search, goal, is_allowed && gain > GAIN);
}

static void compare(erg_phase_search *search, const erg_search_goal *goal,
                    const erg_search_dwell *one)
{
    bool is_home = search->place == 0 || search->place == 3;
    erg_search_dwell *dwell = &search->dwells[search->place];

    phase_search_gather(dwell, one, ++search->gathered);
    if (search->gathered < search->each)
        return;
    search->gathered = 0;
    if (is_home && !phase_search_joins_home(search, dwell)) {
        is_off(search, goal);
    } else if (search->place == 2
               && phase_search_differ(search, dwell->ln_w - search->dwells[1].ln_w,
                                      dwell->ln_rate - search->dwells[1].ln_rate)) {
        is_off(search, goal);
    } else if (++search->place == 4) {
        judge(search, goal);
    }
}

static void hold(erg_phase_search *search, const erg_search_goal *goal,
                 const erg_search_dwell *dwell)
{
    if (!phase_search_joins_home(search, dwell)) {
        is_off(search, goal);
        return;
    }
    if (++search->held < goal->check_dwells || search->low == search->high)
        return;
    size_t step = first_step(search) / 2;
    search->step = step > 0 ? step : 1;
    search->direction = -search->direction;
    search->refusals = 0;
    search->mode = ERG_SEARCH_CHECK;
    next_pair(search, goal);
}

void erg_phase_search_dwell(erg_phase_search *search, const erg_search_goal *goal,
                            double ln_w, double ln_rate)
{
    double score = ln_w - (1 + goal->time_exponent) * ln_rate;
    erg_search_dwell dwell = { ln_w, ln_rate, score };

    if (search->rest > 0) {
        search->rest--;
    } else if (search->mode == ERG_SEARCH_REFERENCE) {
        search->dwells[search->place++] = dwell;
        if (search->place < REFERENCES)
            return;
        search->top_ln_rate = (search->dwells[0].ln_rate + search->dwells[1].ln_rate) / 2;
        search->mode = ERG_SEARCH_COMPARE;
        next_pair(search, goal);
    } else if (search->mode == ERG_SEARCH_HELD) {
        hold(search, goal, &dwell);
    } else {
        compare(search, goal, &dwell);
    }
}

/* ---- what comes from outside -------------------------------------------------------- */

static void go_home(erg_phase_search *search, const erg_search_goal *goal, size_t home)
{
    bool is_held = search->mode == ERG_SEARCH_HELD || search->mode == ERG_SEARCH_CHECK;

    search->home = home < search->low ? search->low
                 : home > search->high ? search->high : home;
    phase_search_forget_home(search);
    if (is_held)
        settle(search);
    else if (search->mode == ERG_SEARCH_COMPARE)
        next_pair(search, goal);
}

void erg_phase_search_limit(erg_phase_search *search, const erg_search_goal *goal,
                            size_t low, size_t high)
{
    size_t room = (high - low) / 8 > 0 ? (high - low) / 8 : 1;
    bool is_within = search->home >= low && search->home <= high;
    /* It was held against a limit that has given way by more than a trifle. */
    bool opens = (search->home == search->low && low + room <= search->low)
              || (search->home == search->high && high >= search->high + room);

    if (low == search->low && high == search->high)
        return;
    search->low = low, search->high = high;
    if (!is_within)
        go_home(search, goal, search->home);
    else if (search->mode == ERG_SEARCH_HELD && opens)
        explore(search, goal);
    else if (search->mode == ERG_SEARCH_REFERENCE)
        search->place = 0;
    else if (search->mode != ERG_SEARCH_HELD
             && (search->other < low || search->other > high))
        next_pair(search, goal);
}

void erg_phase_search_missed(erg_phase_search *search, const erg_search_goal *goal,
                             size_t seen)
{
    size_t clock = erg_phase_search_clock(search);

    if (search->mode == ERG_SEARCH_REFERENCE || seen == clock)
        return;
    if (clock == search->home) {
        go_home(search, goal, seen);
        return;
    }
    search->worse[search->direction > 0] = INFINITY;
    refuse(search, goal, false);
}
