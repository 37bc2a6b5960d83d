/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adaptive search. Beliefs come from the physical model (or, for another knob, from
 * lines): mu = ln P + w ln T and its sd at every clock. The next clock is where the
 * expected improvement over the best measured one is greatest.
 *
 *   EI = (b - mu) Phi(z) + sd phi(z),  z = (b - mu)/sd
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/search.h"
#include "fit/physical.h"
#include "math/contrast.h"

enum { FEWEST_TO_STOP = 4 };

/* Where it begins: shares of the highest clock. */
static const double first_shares[] = { 1, 0.75, 0.5 };

typedef struct search {
    erg_search_wish wish;       /* with defaults filled in */
    const erg_search_point *points;
    size_t count;
    const double *clocks_hz;
    size_t clock_count;
    double top_hz;
    /* From here up the power cap rules and not the clock: nothing new is to be seen. */
    double capped_hz, capped_w;
    bool is_blind;              /* too few points for a curve, and no clock to add */
    erg_search_curve *curve;
    double *score, *sd;         /* score: +INFINITY where a limit is not kept */
    bool *is_measured;
} search;

static double or_default(double value, double other) { return value > 0 ? value : other; }

static erg_search_wish wish_of(const erg_search_wish *wish)
{
    erg_search_wish full = wish ? *wish : (erg_search_wish){ 0 };

    full.time_weight = or_default(full.time_weight, 2);
    full.knee = or_default(full.knee, erg_knee_default.xk);
    full.low_voltage = or_default(full.low_voltage, erg_knee_default.vm);
    full.certainty = or_default(full.certainty, 0.95);
    full.gain = or_default(full.gain, 0.005);
    full.time_limit_s = or_default(full.time_limit_s, INFINITY);
    full.power_limit_w = or_default(full.power_limit_w, INFINITY);
    full.most = !full.most ? 8 : full.most < FEWEST_TO_STOP ? FEWEST_TO_STOP : full.most;
    return full;
}

/* ---- checking what came ------------------------------------------------ */

static bool find_clock(const double *clocks_hz, size_t count, double clock_hz, size_t *at)
{
    for (size_t i = 0; i < count; i++)
        if (clocks_hz[i] == clock_hz) {
            *at = i;
            return true;
        }
    return false;
}

static bool check_point(search *s, size_t i, erg_error *err)
{
    const erg_search_point *point = &s->points[i];
    size_t at;

    if (!(point->time_s > 0) || !isfinite(point->time_s) || !(point->mean_w > 0)
        || !isfinite(point->mean_w))
        return erg_fail(err, ERG_BAD_INPUT, "at %g MHz time and power must be above 0",
                        point->clock_hz / 1e6);
    if (!find_clock(s->clocks_hz, s->clock_count, point->clock_hz, &at))
        return erg_fail(err, ERG_BAD_INPUT, "%g MHz was measured but is not among the "
                        "clocks that may be set", point->clock_hz / 1e6);
    if (s->is_measured[at])
        return erg_fail(err, ERG_BAD_INPUT, "%g MHz is there twice: give the mean of its "
                        "visits", point->clock_hz / 1e6);
    s->is_measured[at] = true;
    if (point->is_capped) {
        s->capped_hz = fmin(s->capped_hz, point->clock_hz);
        s->capped_w = fmin(s->capped_w, point->mean_w);
    }
    return true;
}

static bool check(search *s, erg_error *err)
{
    if (s->clock_count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "there is no clock to choose from");
    for (size_t i = 0; i < s->clock_count; i++) {
        if (!(s->clocks_hz[i] > 0) || !isfinite(s->clocks_hz[i]))
            return erg_fail(err, ERG_BAD_INPUT, "a clock must be above 0");
        s->top_hz = fmax(s->top_hz, s->clocks_hz[i]);
    }
    for (size_t i = 0; i < s->count; i++)
        if (!check_point(s, i, err))
            return false;
    return true;
}

static void search_free(search *s)
{
    free(s->curve);
    free(s->score);
    free(s->is_measured);
}

static bool search_new(search *s, erg_error *err)
{
    s->curve = calloc(s->clock_count + 1, sizeof(*s->curve));
    s->score = calloc(2 * s->clock_count + 1, sizeof(*s->score));
    s->is_measured = calloc(s->clock_count + 1, sizeof(*s->is_measured));
    s->sd = s->score ? s->score + s->clock_count : NULL;
    if (!s->curve || !s->score || !s->is_measured)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu clocks", s->clock_count);
    return check(s, err);
}

/* ---- what is believed -------------------------------------------------- */

static bool believe(search *s, erg_error *err)
{
    erg_anchor *anchors = calloc(s->count + 1, sizeof(*anchors));
    double *x = calloc(s->clock_count + 1, sizeof(*x));
    erg_clock_curve *curve = calloc(s->clock_count + 1, sizeof(*curve));
    erg_physical form = { .anchors = anchors, .count = s->count,
                          .knee = { s->wish.knee, s->wish.low_voltage },
                          .is_line = s->wish.has_no_law };
    bool good = anchors && x && curve;

    if (!good)
        erg_fail(err, ERG_NO_MEMORY, "no memory for a curve of %zu clocks", s->clock_count);
    for (size_t i = 0; good && i < s->count; i++)
        anchors[i] = (erg_anchor){ s->points[i].clock_hz / s->top_hz, s->points[i].mean_w,
                                   s->points[i].time_s, s->points[i].power_error,
                                   s->points[i].time_error, s->points[i].is_capped };
    for (size_t j = 0; good && j < s->clock_count; j++)
        x[j] = s->clocks_hz[j] / s->top_hz;
    good = good && erg_physical_curve(&form, x, s->clock_count, curve, err);
    for (size_t j = 0; good && j < s->clock_count; j++)
        s->curve[j] = (erg_search_curve){ s->clocks_hz[j], curve[j].power_w,
                                          curve[j].time_s, curve[j].power_sd,
                                          curve[j].time_sd };
    free(anchors);
    free(x);
    free(curve);
    return good;
}

static double below(double limit, double value, double sd)
{
    return sd > 0 ? erg_normal_p(log(limit / value) / sd) : value <= limit;
}

/* A measured clock is judged by its figures, another by what is likely. */
static void score_unmeasured(search *s)
{
    for (size_t j = 0; j < s->clock_count; j++) {
        const erg_search_curve *c = &s->curve[j];
        bool is_capped = c->clock_hz > s->capped_hz || c->mean_w > s->capped_w;
        double in_time = below(s->wish.time_limit_s, c->time_s, c->time_sd);
        double in_power = below(s->wish.power_limit_w, c->mean_w, c->power_sd);
        bool is_sure = fmin(in_time, in_power) >= s->wish.certainty;
        s->score[j] = log(c->mean_w) + s->wish.time_weight * log(c->time_s);
        s->sd[j] = hypot(c->power_sd, s->wish.time_weight * c->time_sd);
        if (!s->is_measured[j] && (!is_sure || is_capped || s->is_blind))
            s->score[j] = INFINITY;
    }
}

static void score(search *s)
{
    score_unmeasured(s);
    for (size_t i = 0; i < s->count; i++) {
        const erg_search_point *point = &s->points[i];
        size_t at = 0;
        find_clock(s->clocks_hz, s->clock_count, point->clock_hz, &at);
        if (point->is_capped || s->is_blind)
            s->score[at] = log(point->mean_w) + s->wish.time_weight * log(point->time_s);
        if (point->time_s > s->wish.time_limit_s || point->mean_w > s->wish.power_limit_w)
            s->score[at] = INFINITY;
    }
}

/* ---- what to do -------------------------------------------------------- */

/* Least score, measured ones only or all; equal: the higher clock. clock_count: none. */
static size_t best_of(const search *s, bool measured_only)
{
    size_t best = s->clock_count;

    for (size_t j = 0; j < s->clock_count; j++) {
        if ((measured_only && !s->is_measured[j]) || !(s->score[j] < INFINITY))
            continue;
        if (best == s->clock_count || s->score[j] < s->score[best]
            || (s->score[j] == s->score[best] && s->clocks_hz[j] > s->clocks_hz[best]))
            best = j;
    }
    return best;
}

static double improvement(double best, double score, double sd)
{
    if (!(score < INFINITY))
        return 0;
    if (!(sd > 0))
        return fmax(0, best - score);
    double z = (best - score) / sd, density = exp(-z * z / 2) / sqrt(2 * acos(-1));
    return (best - score) * erg_normal_p(z) + sd * density;
}

/* The unmeasured clock of greatest expected gain; equal: the higher. Without any
 * feasible measured clock every feasible one is a gain: the least score. */
static size_t most_promising(const search *s, double *gain)
{
    size_t best = best_of(s, true), next = s->clock_count;

    *gain = 0;
    if (best == s->clock_count) {
        *gain = INFINITY;
        return best_of(s, false);
    }
    for (size_t j = 0; j < s->clock_count; j++) {
        if (s->is_measured[j])
            continue;
        double here = improvement(s->score[best], s->score[j], s->sd[j]);
        if (next == s->clock_count || here > *gain
            || (here == *gain && s->clocks_hz[j] > s->clocks_hz[next])) {
            next = j;
            *gain = here;
        }
    }
    return next;
}

/* The clock nearest to a share of the highest; equal: the lower. */
static size_t nearest(const search *s, double share)
{
    size_t best = 0;

    for (size_t j = 1; j < s->clock_count; j++) {
        double here = fabs(s->clocks_hz[j] - share * s->top_hz);
        double there = fabs(s->clocks_hz[best] - share * s->top_hz);
        if (here < there || (here == there && s->clocks_hz[j] < s->clocks_hz[best]))
            best = j;
    }
    return best;
}

/* Farthest from all that was measured; equal: the lower. clock_count: there is none. */
static size_t loneliest(const search *s)
{
    size_t best = s->clock_count;
    double most = -1;

    for (size_t j = 0; j < s->clock_count; j++) {
        double away = INFINITY;
        for (size_t i = 0; i < s->count; i++)
            away = fmin(away, fabs(s->clocks_hz[j] - s->points[i].clock_hz));
        if (s->is_measured[j] || s->clocks_hz[j] > s->capped_hz)
            continue;
        if (away > most || (away == most && s->clocks_hz[j] < s->clocks_hz[best])) {
            most = away;
            best = j;
        }
    }
    return best;
}

/* The next of the first clocks, or of those that are needed for a curve at all. */
static size_t begin_with(search *s)
{
    size_t kept = 0, next;

    for (size_t i = 0; i < ERG_COUNT(first_shares); i++) {
        size_t at = nearest(s, first_shares[i]);
        if (!s->is_measured[at])
            return at;
    }
    for (size_t i = 0; i < s->count; i++)
        kept += !s->points[i].is_capped;
    if (kept >= ERG_PHYSICAL_LEAST)
        return s->clock_count;
    next = loneliest(s);
    s->is_blind = next == s->clock_count;
    return next;
}

static void answer(const search *s, bool measured_only, erg_search_step *out)
{
    size_t best = best_of(s, measured_only);

    out->is_feasible = best < s->clock_count;
    out->is_proof = out->is_feasible && !s->is_measured[best];
    out->is_done = !out->is_proof;
    out->clock_hz = out->is_feasible ? s->clocks_hz[best] : NAN;
}

/* The last clock that may be measured is kept for the proof, if one is needed. */
static bool is_enough(const search *s, double gain)
{
    if (s->wish.is_proved || s->count >= s->wish.most
        || (s->count >= FEWEST_TO_STOP && gain < s->wish.gain))
        return true;
    size_t best = best_of(s, false);
    return s->count + 1 == s->wish.most && best < s->clock_count && !s->is_measured[best];
}

static void decide(search *s, erg_search_step *out)
{
    size_t next;

    score(s);
    next = most_promising(s, &out->gain);
    if (next == s->clock_count || is_enough(s, out->gain))
        answer(s, s->wish.is_proved || s->count >= s->wish.most, out);
    else
        out->clock_hz = s->clocks_hz[next];
}

bool erg_search_next(const erg_search_point *points, size_t count, const double *clocks_hz,
                     size_t clock_count, const erg_search_wish *wish, erg_search_step *out,
                     erg_error *err)
{
    search s = { .wish = wish_of(wish), .points = points, .count = count,
                 .clocks_hz = clocks_hz, .clock_count = clock_count,
                 .capped_hz = INFINITY, .capped_w = INFINITY };
    bool good = search_new(&s, err);
    size_t first = good ? begin_with(&s) : 0;

    *out = (erg_search_step){ .is_feasible = true, .gain = INFINITY };
    if (good && first < clock_count)
        out->clock_hz = clocks_hz[first];
    else if (good && (good = s.is_blind || believe(&s, err)))
        decide(&s, out);
    search_free(&s);
    return good;
}

bool erg_search_predict(const erg_search_point *points, size_t count,
                        const double *clocks_hz, size_t clock_count,
                        const erg_search_wish *wish, erg_search_curve out[],
                        erg_error *err)
{
    search s = { .wish = wish_of(wish), .points = points, .count = count,
                 .clocks_hz = clocks_hz, .clock_count = clock_count,
                 .capped_hz = INFINITY, .capped_w = INFINITY };
    bool good = search_new(&s, err) && believe(&s, err);

    if (good)
        memcpy(out, s.curve, clock_count * sizeof(*out));
    search_free(&s);
    return good;
}
