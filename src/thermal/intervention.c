/* SPDX-License-Identifier: Apache-2.0 */
/* Means of blocks, their differences within pairs, and how sure those are. */
#include <math.h>
#include <stdlib.h>
#include "math/meta.h"
#include "math/stats.h"
#include "thermal/intervention.h"

const char erg_trial_mark[] = "intervene";

/* What 80 % power adds to the quantile of the test (section 5). */
static const double power_z = 0.8416;

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
