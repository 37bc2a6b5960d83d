/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source: Haugh (1976): residual cross-correlation, one
 * model for each series because feedback is possible. The estimate's interval is Fisher's,
 * Bonferroni over lags.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/contrast.h"
#include "math/draws.h"
#include "math/stats.h"
#include "couple/stretch.h"

enum { LAGS = 3, ORDERS = 10, DRAWS = 2000, WHITE_LAGS = 10, COUNT_LEAST = 8 };
static const double white_least = 0.01, alpha_default = 0.05;
#define Z_POWER 0.8416              /* Phi^-1(0.80) */

static erg_pair_options with_defaults(const erg_pair_options *given)
{
    erg_pair_options options = given ? *given : (erg_pair_options){ 0 };

    options.lags = options.lags ? options.lags : LAGS;
    options.order_most = options.order_most ? options.order_most : ORDERS;
    options.draws = options.draws ? options.draws : DRAWS;
    options.alpha = options.alpha > 0 ? options.alpha : alpha_default;
    return options;
}

/* ---- room ------------------------------------------------------------------- */

static bool make_room(erg_pair *pair, size_t n, size_t lags)
{
    size_t width = 2 * lags + 1;
    double *room = calloc(4 * width + 2 * n + 1, sizeof(*room));

    if (!room)
        return false;
    *pair = (erg_pair){ .n = n, .lags = lags, .ccf = room, .ccf_detrended = room + width,
                        .ccf_differenced = room + 2 * width,
                        .ccf_residual = room + 3 * width, .residual_x = room + 4 * width,
                        .residual_y = room + 4 * width + n };
    return true;
}

void erg_pair_free(erg_pair *pair)
{
    if (pair)
        free(pair->ccf);
}

/* ---- description ------------------------------------------------------------ */

static bool describe_as(const double x[], const double y[], erg_detrend how, double ccf[],
                        const erg_pair *pair)
{
    double *room = calloc(2 * pair->n + 1, sizeof(*room));

    if (!room)
        return false;
    erg_detrend_series(x, pair->n, how, room);
    erg_detrend_series(y, pair->n, how, room + pair->n);
    bool ok = erg_ccf(room, room + pair->n, pair->n, pair->lags, ccf);
    free(room);
    return ok;
}

static bool describe(const double x[], const double y[], erg_pair *pair)
{
    pair->n_both = erg_both_finite(x, y, pair->n);
    if (!describe_as(x, y, ERG_DETREND_NONE, pair->ccf, pair)
        || !describe_as(x, y, ERG_DETREND_LINEAR, pair->ccf_detrended, pair)
        || !describe_as(x, y, ERG_DETREND_DIFF, pair->ccf_differenced, pair))
        return false;
    pair->r_zero = pair->ccf[pair->lags];
    pair->n_eff = erg_bartlett_n_eff(x, y, pair->n);
    double r = pair->r_zero, df = pair->n_eff - 2;
    pair->t = r * sqrt(df / fmax(1 - r * r, 1e-300));
    pair->t_p_value = isnan(pair->t) ? NAN : 2 * erg_student_p(-fabs(pair->t), df);
    return true;
}

/* ---- prewhitening ----------------------------------------------------------- */

/* The order that AICc takes; where that leaves the residuals coloured, up to 20. */
static bool whiten(const double x[], size_t n, size_t most, size_t *order, double e[])
{
    const size_t tries[] = { most, ERG_AR_MOST };
    erg_ar ar;

    for (size_t i = 0; i < ERG_COUNT(tries); i++) {
        if (!erg_ar_fit(x, n, tries[i], &ar) || !erg_ar_residuals(&ar, x, n, e))
            return false;
        *order = ar.order;
        if (erg_ljung_box(e, n, WHITE_LAGS) >= white_least)
            break;
    }
    return true;
}

static bool prewhiten(const double x[], const double y[], const erg_pair_options *options,
                      erg_pair *pair)
{
    size_t n = pair->n;
    double *e_x = pair->residual_x, *e_y = pair->residual_y;

    erg_detrend_series(x, n, options->detrend, e_x);
    erg_detrend_series(y, n, options->detrend, e_y);
    double *detrended = calloc(n + 1, sizeof(*detrended));
    bool ok = detrended != NULL;
    if (ok) {
        memcpy(detrended, e_x, n * sizeof(*e_x));
        ok = whiten(detrended, n, options->order_most, &pair->order_x, e_x);
        memcpy(detrended, e_y, n * sizeof(*e_y));
        ok = ok && whiten(detrended, n, options->order_most, &pair->order_y, e_y);
    }
    free(detrended);
    pair->ljung_box_x = erg_ljung_box(e_x, n, WHITE_LAGS);
    pair->ljung_box_y = erg_ljung_box(e_y, n, WHITE_LAGS);
    pair->is_white = pair->ljung_box_x >= white_least && pair->ljung_box_y >= white_least;
    return ok;
}

/* Both cut to where both are, and standardised there; gaps stay NAN. */
static void to_common(erg_pair *pair)
{
    for (size_t t = 0; t < pair->n; t++)
        if (!isfinite(pair->residual_x[t]) || !isfinite(pair->residual_y[t]))
            pair->residual_x[t] = pair->residual_y[t] = NAN;
    pair->count = erg_both_finite(pair->residual_x, pair->residual_y, pair->n);
}

/* ---- the test --------------------------------------------------------------- */

static double permuted(const void *what, erg_random *random, double *scratch)
{
    const erg_stretch *of = what;
    double *products = scratch + of->count + of->n;

    erg_stretch_permute(of, random, scratch, products);
    return fabs(products[erg_greatest(products, of->lags)]);
}

static bool test(const erg_pair_options *options, erg_pair *pair)
{
    erg_stretch of;
    double *values = calloc(options->draws, sizeof(*values));
    bool ok = erg_stretch_open(pair, &of) && values;

    if (ok) {
        erg_draws draws = { .draw = permuted, .what = &of, .count = options->draws,
                            .room = of.count + of.n + 2 * of.lags + 1, .key = options->key,
                            .cost = (double)of.n * (double)(2 * of.lags + 4),
                            .threads = options->threads };
        size_t width = 2 * of.lags + 1;
        erg_lag_products(of.x, of.y, of.n, of.lags, pair->ccf_residual);
        double seen = fabs(pair->ccf_residual[erg_greatest(pair->ccf_residual, of.lags)]);
        ok = erg_draws_run(&draws, values);
        pair->p_value = ok ? erg_draws_p(values, options->draws, seen) : NAN;
        for (size_t k = 0; k < width; k++)
            pair->ccf_residual[k] /= (double)of.count;
    }
    erg_stretch_close(&of);
    free(values);
    return ok;
}

static void estimate(const erg_pair_options *options, erg_pair *pair)
{
    size_t best = erg_greatest(pair->ccf_residual, pair->lags);
    double r = pair->ccf_residual[best], free_count = (double)pair->count - 3;
    double z = erg_normal_z(1 - options->alpha / (2 * (2 * (double)pair->lags + 1)));

    pair->lag = (int)best - (int)pair->lags;
    pair->r = r;
    pair->low = tanh(atanh(r) - z / sqrt(free_count));
    pair->high = tanh(atanh(r) + z / sqrt(free_count));
    pair->band = z / sqrt((double)pair->count);
    pair->detectable_r = tanh((z + Z_POWER) / sqrt(free_count));
}

static bool moves(const double e[], size_t n)
{
    double least = INFINITY, most = -INFINITY;

    for (size_t t = 0; t < n; t++)
        if (isfinite(e[t])) {
            least = fmin(least, e[t]);
            most = fmax(most, e[t]);
        }
    return most > least;
}

bool erg_pair_test(const double x[], const double y[], size_t n,
                   const erg_pair_options *given, erg_pair *out, erg_error *err)
{
    erg_pair_options options = with_defaults(given);

    *out = (erg_pair){ 0 };
    if (erg_both_finite(x, y, n) < COUNT_LEAST)
        return erg_fail(err, ERG_NO_DATA, "fewer than %d bins have both values",
                        COUNT_LEAST);
    if (!moves(x, n) || !moves(y, n))
        return erg_fail(err, ERG_NO_DATA, "a series does not move");
    if (!make_room(out, n, options.lags))
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
    bool ok = describe(x, y, out) && prewhiten(x, y, &options, out);
    if (ok)
        to_common(out);
    if (ok && (out->count < COUNT_LEAST || !moves(out->residual_x, n)
               || !moves(out->residual_y, n)))
        ok = erg_fail(err, ERG_NO_DATA, "only %zu residuals in common", out->count);
    else if (!ok || !test(&options, out))
        ok = erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
    if (ok)
        estimate(&options, out);
    else {
        erg_pair_free(out);
        *out = (erg_pair){ 0 };
    }
    return ok;
}
