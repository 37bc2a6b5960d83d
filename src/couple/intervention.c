/* SPDX-License-Identifier: Apache-2.0 */
/* Means of blocks, their differences within pairs, and how sure those are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "math/meta.h"
#include "math/stats.h"
#include "couple/intervention.h"

const char erg_trial_mark[] = "intervene";

/* What 80 % power adds to the quantile of the test. */
static const double power_z = 0.8416;
static const double alpha_usual = 0.05, smallest_usual = 0.30;
enum { EXACT_PAIRS = 14, DRAWS = 10000, PAIRS_MOST = 100000 };

/* ---- pairs ---- */

static const erg_trial_block *partner(const erg_trial_block blocks[], size_t count,
                                      size_t of)
{
    for (size_t i = of + 1; i < count; i++)
        if (blocks[i].pair == blocks[of].pair && blocks[i].is_high != blocks[of].is_high)
            return &blocks[i];
    return NULL;
}

/* The correlation of a setting of two levels with what it moves: e against the scatter s of
 * blocks at one setting, r = e / sqrt(e^2 + 4 s^2). */
static double as_correlation(double effect, double scatter)
{
    return effect == 0 ? 0 : effect / sqrt(effect * effect + 4 * scatter * scatter);
}

static void put_correlation(erg_effect *to, const double differences[])
{
    size_t n = to->pairs;
    double sd = erg_sd(differences, n), half = to->effect_high - to->effect;
    double least = half + power_z * sd / sqrt((double)n);
    double scatter = sd / M_SQRT2;

    to->r = n >= 2 ? as_correlation(to->effect, scatter) : NAN;
    to->r_low = as_correlation(to->effect_low, scatter);
    to->r_high = as_correlation(to->effect_high, scatter);
    to->least_r = as_correlation(least, scatter);
}

erg_effect erg_effect_of(const erg_trial_block blocks[], size_t count,
                         erg_trial_value value, uint64_t key)
{
    erg_effect out = { .low = 0,
                       .high = 0,
                       .effect = NAN,
                       .effect_low = NAN,
                       .effect_high = NAN,
                       .p = NAN,
                       .q = NAN,
                       .r = NAN,
                       .r_low = NAN,
                       .r_high = NAN,
                       .least_r = NAN };
    double *differences = calloc(count + 1, sizeof(*differences));

    for (size_t i = 0; differences && i < count; i++) {
        const erg_trial_block *other = partner(blocks, count, i);
        const erg_trial_block *high = blocks[i].is_high ? &blocks[i] : other;
        const erg_trial_block *low = blocks[i].is_high ? other : &blocks[i];
        if (!other || isnan(high->value[value]) || isnan(low->value[value]))
            continue;
        differences[out.pairs++] = high->value[value] - low->value[value];
        out.low += low->value[value];
        out.high += high->value[value];
    }
    out.low = out.pairs ? out.low / (double)out.pairs : NAN;
    out.high = out.pairs ? out.high / (double)out.pairs : NAN;
    erg_flip flip;
    if (out.pairs && erg_sign_flip(differences, out.pairs, key, &flip)) {
        out.effect = flip.mean;
        out.effect_low = flip.low;
        out.effect_high = flip.high;
        out.p = flip.p_value;
        put_correlation(&out, differences);
    }
    free(differences);
    return out;
}

/* ---- beforehand ---- */

static double least_p(size_t pairs)
{
    return pairs <= EXACT_PAIRS ? ldexp(1, 1 - (int)pairs) : 1.0 / (DRAWS + 1);
}

/* Of a mean of differences, in scatters of blocks at one setting. */
static double half_width(size_t pairs, double alpha)
{
    double t = erg_student_t(1 - alpha / 2, (double)pairs - 1);

    return M_SQRT2 * t / sqrt((double)pairs);
}

/* With 80 % power: the noncentral t as a normal (Johnson and Welch 1940), at the level that
 * flips of so few pairs really reach. */
static double effect_found(size_t pairs, double alpha)
{
    double df = (double)pairs - 1, step = least_p(pairs);
    double reached = pairs <= EXACT_PAIRS ? step * floor(alpha / step) : alpha;
    double t = erg_student_t(1 - reached / 2, df);

    return M_SQRT2 / sqrt((double)pairs)
        * (t * (1 - 1 / (4 * df)) + power_z * sqrt(1 + t * t / (2 * df)));
}

/* Benjamini and Hochberg ask a figure that moves alone for alpha over all of them. */
erg_intervention_reach erg_intervention_reach_of(size_t pairs, double alpha,
                                                 double smallest)
{
    double all = alpha > 0 ? alpha : alpha_usual, one = all / ERG_TRIAL_VALUES;
    double matters = smallest > 0 ? smallest : smallest_usual;
    erg_intervention_reach out = { .pairs = pairs, .least_p = least_p(pairs),
                                   .pairs_least = 2, .pairs_to_exclude = 2,
                                   .least_effect = INFINITY, .least_r = NAN };

    while (least_p(out.pairs_least) >= one && out.pairs_least < EXACT_PAIRS + 1)
        out.pairs_least++;
    while (as_correlation(half_width(out.pairs_to_exclude, all), 1) >= matters
           && out.pairs_to_exclude < PAIRS_MOST)
        out.pairs_to_exclude++;
    if (pairs >= out.pairs_least) {
        out.least_effect = effect_found(pairs, one);
        out.least_r = as_correlation(out.least_effect, 1);
    }
    return out;
}

void erg_intervention_reach_text(const erg_intervention_reach *reach, char *to, size_t size)
{
    if (!isfinite(reach->least_effect))
        snprintf(to, size, "%zu pairs of blocks have no p below %.3g: what changes one "
                 "figure alone cannot be shown; --blocks %zu or more can", reach->pairs,
                 reach->least_p, 2 * reach->pairs_least);
    else
        snprintf(to, size, "%zu pairs of blocks find a change of %.2g times the scatter of "
                 "blocks at one setting in four of five trials (r %.2f)%s", reach->pairs,
                 reach->least_effect, reach->least_r,
                 reach->pairs < reach->pairs_to_exclude ? "" : ", and can show that none "
                 "that matters is there");
    size_t used = strlen(to);
    if (reach->pairs < reach->pairs_to_exclude && used < size)
        snprintf(to + used, size - used, "; to show that no change matters takes about "
                 "--blocks %zu", 2 * reach->pairs_to_exclude);
}
