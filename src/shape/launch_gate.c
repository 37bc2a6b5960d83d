/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch pays by estimate when it is admitted, p_k t_k of its kind times what the counter
 * has lately said of such estimates; the difference to the time that it took when it ends;
 * and the difference between all that and the counter when that is read. So the mean over
 * long is the counter's, however wrong the table is.
 */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "shape/launch_gate.h"

#define ALPHA 0.2           /* of what is learned */
#define RATIO_LEAST 0.5
#define RATIO_MOST 2.0
#define DEBT_S 10.0         /* of the budget: what is owed beyond is forgotten */
#define LAUNCHES_LEAST 4    /* the longest goes so often into a period of the ratio */
#define SILENT_S 1.0        /* a counter that tells nothing for so long tells none */
#define UNSEEN_MOST 0.5     /* of the budget: taken for idling that was never seen alone */
#define LONG_S 1e9

void erg_launch_gate_start(erg_launch_gate *gate, const erg_launch_budget *budget)
{
    double rate_w = budget->power_w > 0 ? budget->power_w : INFINITY;
    double size_j = budget->power_w * budget->window_s;

    *gate = (erg_launch_gate){
        .budget = *budget,
        .bucket = { rate_w, size_j, size_j },
        .semaphore = { .slot_w = budget->slot_w > 0 ? budget->slot_w : INFINITY },
        .ratio = 1, .counted_j = NAN, .period = 1,
    };
    if (!(budget->busy_w > 0))
        gate->budget.busy_w = budget->power_w > 0 ? budget->power_w : budget->slot_w;
    if (!(budget->fallback_w > 0))
        gate->budget.fallback_w = budget->power_w;
}

erg_launch_gate *erg_launch_gate_new(const erg_launch_budget *budget, erg_error *err)
{
    const double figures[] = { budget->power_w, budget->window_s, budget->slot_w,
                               budget->idle_w, budget->busy_w, budget->fallback_w };
    bool is_good = budget->power_w > 0 || budget->slot_w > 0;

    for (size_t i = 0; i < ERG_COUNT(figures); i++)
        is_good = is_good && figures[i] >= 0 && isfinite(figures[i]);
    if (budget->power_w > 0)
        is_good = is_good && budget->window_s > 0;
    if (!is_good) {
        erg_fail(err, ERG_BAD_INPUT, "a budget of launches needs a power with a window, or "
                 "a slot, and no figure below 0");
        return NULL;
    }
    erg_launch_gate *gate = malloc(sizeof(*gate));
    if (!gate) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a gate of launches");
        return NULL;
    }
    erg_launch_gate_start(gate, budget);
    return gate;
}

void erg_launch_gate_free(erg_launch_gate *gate) { free(gate); }

/* ---- what is known of a kind ------------------------------------------------------- */

/* Where all places nearby are taken, the oldest of them is forgotten. */
static erg_launch_kind *kind_of(erg_launch_gate *gate, uint64_t key)
{
    enum { NEARBY = 8 };
    erg_launch_kind *oldest = NULL;

    key = key ? key : 1;
    for (uint64_t i = 0; i < NEARBY; i++) {
        erg_launch_kind *at = &gate->kinds[(key + i) % ERG_LAUNCH_KINDS];
        if (at->key == key)
            return at;
        if (!oldest || at->period < oldest->period)
            oldest = at;
        if (!at->key)
            break;
    }
    *oldest = (erg_launch_kind){ .key = key, .power_w = gate->budget.busy_w,
                                 .time_s = gate->last_s };
    return oldest;
}

static void learn_time(erg_launch_gate *gate, erg_launch_kind *kind, double took_s)
{
    kind->time_s = kind->is_timed ? kind->time_s + ALPHA * (took_s - kind->time_s) : took_s;
    kind->is_timed = true;
    gate->last_s = took_s;
}

/* ---- launches ------------------------------------------------------------------------ */

static bool has_bucket(const erg_launch_gate *gate) { return gate->budget.power_w > 0; }

static double idle_w(const erg_launch_gate *gate)
{
    return gate->semaphore.live ? 0 : gate->budget.idle_w;
}

static bool is_silent(const erg_launch_gate *gate)
{
    return gate->counted_ns && erg_s_from_ns(gate->now_ns - gate->counted_ns) > SILENT_S;
}

/* Idling is in what a counter settles, and so in what launches have learned to cost: at
 * fewer launches it is more of each, which nobody sees once the counter is silent. Then it
 * is taken by itself, and no more out of each launch. */
static double rest_w(const erg_launch_gate *gate)
{
    double most_w = gate->at_rest ? INFINITY : UNSEEN_MOST * gate->budget.power_w;

    return fmax(gate->budget.idle_w, fmin(gate->rest_w, most_w));
}

static double unpaid_w(const erg_launch_gate *gate)
{
    return gate->semaphore.live || !is_silent(gate) ? idle_w(gate) : rest_w(gate);
}

static double cost_w(const erg_launch_gate *gate, const erg_launch_kind *kind)
{
    double idle_share = (rest_w(gate) - gate->budget.idle_w) * gate->rest_s_per_j;

    return gate->ratio * kind->power_w * (is_silent(gate) ? 1 - fmin(1, idle_share) : 1);
}

static void advance_to(erg_launch_gate *gate, int64_t now_ns)
{
    double dt_s = gate->now_ns ? erg_s_from_ns(now_ns - gate->now_ns) : 0;

    if (!gate->now_ns)
        gate->period_ns = now_ns;
    if (gate->now_ns && !(dt_s > 0))
        return;
    gate->now_ns = now_ns;
    gate->charged_j += unpaid_w(gate) * dt_s;
    gate->seen_j -= idle_w(gate) * dt_s;
    gate->idle_s += gate->semaphore.live ? 0 : dt_s;
    if (has_bucket(gate))
        erg_bucket_refill(&gate->bucket, unpaid_w(gate), dt_s);
}

static void turn_to(erg_launch_gate *gate, double power_w)
{
    erg_bucket *bucket = &gate->bucket;

    gate->budget.power_w = bucket->rate_w = power_w;
    bucket->size_j = power_w * gate->budget.window_s;
    bucket->tokens_j = fmin(bucket->tokens_j, bucket->size_j);
}

/* A grant ends at its moment, however late the next call comes. */
static void advance(erg_launch_gate *gate, int64_t now_ns)
{
    if (gate->until_ns && now_ns >= gate->until_ns) {
        advance_to(gate, gate->until_ns);
        gate->until_ns = 0;
        turn_to(gate, gate->budget.fallback_w);
    }
    advance_to(gate, now_ns);
}

void erg_launch_gate_grant(erg_launch_gate *gate, int64_t now_ns, double power_w,
                           int64_t until_ns)
{
    if (!has_bucket(gate) || !(power_w > 0) || !isfinite(power_w) || until_ns <= 0)
        return;
    advance(gate, now_ns);
    gate->until_ns = until_ns;
    turn_to(gate, power_w);
    advance(gate, gate->now_ns);        /* one that has come too late is over */
}

void erg_launch_gate_rests(erg_launch_gate *gate, int64_t now_ns, double idle_w,
                           bool at_rest)
{
    advance(gate, now_ns);
    if (!(idle_w > 0) || !isfinite(idle_w))
        return;
    gate->rest_w = gate->rest_w > 0 ? fmin(gate->rest_w, idle_w) : idle_w;
    gate->at_rest |= at_rest;
}

double erg_launch_gate_admit(erg_launch_gate *gate, int64_t now_ns, uint64_t kind,
                             bool must, erg_launch_item *item)
{
    advance(gate, now_ns);
    const erg_launch_kind *of = kind_of(gate, kind);
    double power_w = cost_w(gate, of), energy_j = power_w * of->time_s;
    double drawn_w = unpaid_w(gate);

    if (!erg_semaphore_admit(&gate->semaphore, power_w)) {
        if (!must)
            return INFINITY;
        gate->semaphore.used_w += power_w;
        gate->semaphore.live++;
    }
    double wait_s =
        has_bucket(gate) ? erg_bucket_take(&gate->bucket, energy_j, drawn_w) : 0;
    if (wait_s > 0 && !must) {
        erg_semaphore_release(&gate->semaphore, power_w);
        /* Its joules may come back when something that is under way ends sooner; and where
         * idling alone takes all, it does not wait for what is under way. */
        return fmin(wait_s, LONG_S);
    }
    if (wait_s > 0)
        erg_bucket_settle(&gate->bucket, energy_j);
    *item = (erg_launch_item){ kind, energy_j, power_w, of->power_w };
    return 0;
}

void erg_launch_gate_done(erg_launch_gate *gate, int64_t now_ns,
                          const erg_launch_item *item, double took_s)
{
    advance(gate, now_ns);
    erg_launch_kind *kind = kind_of(gate, item->kind);
    double time_s = isnan(took_s) ? kind->time_s : took_s;
    double energy_j = isnan(took_s) ? item->energy_j : item->power_w * took_s;

    erg_semaphore_release(&gate->semaphore, item->power_w);
    if (has_bucket(gate))
        erg_bucket_settle(&gate->bucket, energy_j - item->energy_j);
    if (took_s > 0)
        learn_time(gate, kind, took_s);
    kind->period = gate->period;
    gate->charged_j += energy_j;
    gate->model_j += item->model_w * time_s;
    gate->longest_s = fmax(gate->longest_s, time_s);
}

/* ---- the counter --------------------------------------------------------------------- */

static double between(double low, double x, double high)
{
    return fmin(high, fmax(low, x));
}

/* The kinds that ran take a part of it, and the ratio of what comes is the rest. A period
 * that a launch fills alone tells nothing: its joules came before its end. */
static void take_ratio(erg_launch_gate *gate)
{
    double period_s = erg_s_from_ns(gate->now_ns - gate->period_ns);

    if (!(gate->model_j > 0 && period_s >= LAUNCHES_LEAST * gate->longest_s))
        return;
    double ratio = between(RATIO_LEAST, gate->seen_j / gate->model_j, RATIO_MOST);
    double s_per_j = gate->seen_j > 0 ? gate->idle_s / gate->seen_j : 0;
    gate->rest_s_per_j += ALPHA * (s_per_j - gate->rest_s_per_j);
    double part = 1 + ALPHA * (ratio - 1);
    for (size_t i = 0; i < ERG_LAUNCH_KINDS; i++)
        if (gate->kinds[i].key && gate->kinds[i].period == gate->period)
            gate->kinds[i].power_w *= part;
    gate->ratio = between(RATIO_LEAST, ratio / part, RATIO_MOST);
    gate->period++;
    gate->period_ns = gate->now_ns;
    gate->seen_j = gate->model_j = gate->longest_s = gate->idle_s = 0;
}

void erg_launch_gate_counted(erg_launch_gate *gate, int64_t now_ns, double energy_j)
{
    advance(gate, now_ns);
    double drawn_j = energy_j - gate->counted_j;

    if (isnan(energy_j))
        return;
    gate->counted_ns = gate->now_ns;
    gate->counted_j = energy_j;
    if (!(drawn_j > 0)) {               /* the first one, one not yet anew, or a reset */
        if (!(drawn_j == 0)) {
            gate->charged_j = gate->seen_j = gate->model_j = gate->longest_s = 0;
            gate->idle_s = 0;
            gate->period_ns = gate->now_ns;
        }
        return;
    }
    if (has_bucket(gate)) {
        erg_bucket_settle(&gate->bucket, drawn_j - gate->charged_j);
        gate->bucket.tokens_j =
            fmax(gate->bucket.tokens_j, -DEBT_S * gate->bucket.rate_w);
    }
    gate->charged_j = 0;
    gate->seen_j += drawn_j;
    take_ratio(gate);
}
