/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "math/contrast.h"
#include "math/draws.h"
#include "math/meta.h"
#include "math/stats.h"

/* ---- random effects --------------------------------------------------------- */

/* Mean under weights 1/(variance + tau2), and what the effects leave around it. */
static double weigh(const double effects[], const double variances[], size_t n, double tau2,
                    double *rest)
{
    double weights = 0, sum = 0;

    for (size_t i = 0; i < n; i++) {
        weights += 1 / (variances[i] + tau2);
        sum += effects[i] / (variances[i] + tau2);
    }
    double mean = sum / weights;
    *rest = 0;
    for (size_t i = 0; i < n; i++)
        *rest += (effects[i] - mean) * (effects[i] - mean) / (variances[i] + tau2);
    return mean;
}

bool erg_random_effects(const double effects[], const double variances[], size_t n,
                        erg_meta *out)
{
    double weights = 0, squares = 0, df = (double)n - 1, rest;

    *out = (erg_meta){ NAN, NAN, NAN, NAN, NAN, NAN };
    if (n < 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!(variances[i] > 0) || !isfinite(effects[i]))
            return false;
        weights += 1 / variances[i];
        squares += 1 / (variances[i] * variances[i]);
    }
    weigh(effects, variances, n, 0, &out->q);
    out->tau2 = fmax(0, (out->q - df) / (weights - squares / weights));
    out->i2 = out->q > df ? (out->q - df) / out->q : 0;
    out->mean = weigh(effects, variances, n, out->tau2, &rest);
    weights = 0;
    for (size_t i = 0; i < n; i++)
        weights += 1 / (variances[i] + out->tau2);
    double half = erg_student_t(0.975, df) * sqrt(rest / (df * weights));
    out->low = out->mean - half;
    out->high = out->mean + half;
    return true;
}

/* ---- flips ------------------------------------------------------------------ */

enum { EXACT_MOST = 14, DRAWS = 10000 };

static double flipped(const double differences[], size_t n, uint64_t signs)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += i < 64 && signs >> i & 1 ? -differences[i] : differences[i];
    return fabs(sum);
}

static double exact_p(const double differences[], size_t n, double least)
{
    uint64_t all = (uint64_t)1 << n, above = 0;

    for (uint64_t signs = 0; signs < all; signs++)
        above += flipped(differences, n, signs) >= least;
    return (double)above / (double)all;
}

static double drawn_p(const double differences[], size_t n, uint64_t key, double least)
{
    erg_random random = { erg_key(key, 0) };
    size_t above = 0;

    for (size_t draw = 0; draw < DRAWS; draw++) {
        double sum = 0;
        for (size_t i = 0; i < n; i += 64) {
            uint64_t signs = erg_random_next(&random);
            for (size_t j = i; j < n && j < i + 64; j++, signs >>= 1)
                sum += signs & 1 ? -differences[j] : differences[j];
        }
        above += fabs(sum) >= least;
    }
    return (1 + (double)above) / (1 + (double)DRAWS);
}

bool erg_sign_flip(const double differences[], size_t n, uint64_t key, erg_flip *out)
{
    double mean = erg_mean(differences, n), half = erg_t_half_width(differences, n);
    double sum = flipped(differences, n, 0), least = sum - 1e-12 * sum;

    *out = (erg_flip){ .mean = mean,
                       .low = mean - half,
                       .high = mean + half,
                       .p_value = NAN,
                       .is_exact = n <= EXACT_MOST };
    if (n == 0)
        return false;
    out->p_value = out->is_exact ? exact_p(differences, n, least)
                                 : drawn_p(differences, n, key, least);
    return true;
}
