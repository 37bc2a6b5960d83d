/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watts of each class from the looks of the sensor: least squares with a normal prior,
 * so that what the looks cannot tell apart keeps the prior's value and the prior's doubt.
 *
 * Posterior (Bishop, Pattern Recognition and Machine Learning, 3.3): precision
 * A/s^2 + 1/t^2, mean of (b/s^2 + m/t^2), A and b the normal equations, s the noise of a
 * look, m and t the prior's mean and standard deviation.
 */
#include <math.h>
#include <string.h>
#include "math/linear.h"
#include "timeline/timeline.h"

enum { MOST = ERG_WATTS_MOST + 2, ROUNDS = 6 };
static const double LEAST_NOISE = 1e-4;     /* of the mean: a sensor shows four digits */

void erg_watts_add(erg_watts *watts, const size_t columns[], const double shares[],
                   size_t count, double look_w)
{
    for (size_t i = 0; i < count; i++) {
        double *row = &watts->products[columns[i] * MOST];
        watts->moments[columns[i]] += shares[i] * look_w;
        for (size_t k = 0; k < count; k++)
            row[columns[k]] += shares[i] * shares[k];
    }
    watts->squares += look_w * look_w;
    watts->looks++;
}

void erg_watts_try(erg_watts *watts, const size_t columns[], const double shares[],
                   size_t count, double error_w)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            watts->errors[columns[i] * MOST + columns[k]] +=
                error_w * error_w * shares[i] * shares[k];
    watts->tried++;
}

/* The sandwich (White 1980, Econometrica 48): P (E/s^4 + 1/t^2) P with P the posterior and
 * E the products weighted by squared errors. Readings that spike are no normal noise. */
void erg_watts_widen(erg_watts *watts)
{
    const size_t n = watts->columns;
    double found[MOST], scale = (double)watts->looks / fmax(1, (double)watts->tried);

    if (!watts->has_learnt)
        return;
    scale /= pow(watts->noise_w, 4);
    for (size_t i = 0; i < n; i++) {
        const double *row = &watts->u_squares[i * MOST];
        found[i] = 0;
        for (size_t k = 0; k < n; k++) {
            double sum = row[k] / (watts->prior_u_w * watts->prior_u_w);
            for (size_t j = 0; j < n; j++)
                sum += scale * watts->errors[k * MOST + j] * row[j];
            found[i] += row[k] * sum;
        }
    }
    for (size_t i = 0; i < n; i++)
        watts->u_squares[i * MOST + i] = fmax(watts->u_squares[i * MOST + i], found[i]);
}

/* Sum of (look - what the watts explain)^2. */
static double residual_squares(const erg_watts *watts)
{
    double sum = watts->squares;

    for (size_t i = 0; i < watts->columns; i++) {
        double explained = 0;
        for (size_t k = 0; k < watts->columns; k++)
            explained += watts->products[i * MOST + k] * watts->w[k];
        sum += watts->w[i] * (explained - 2 * watts->moments[i]);
    }
    return fmax(0, sum);
}

/* How many columns the looks have settled: n - t^-2 trace of the covariance. */
static double settled(const erg_watts *watts)
{
    double kept = 0;

    for (size_t i = 0; i < watts->columns; i++)
        kept += watts->u_squares[i * MOST + i];
    return (double)watts->columns - kept / (watts->prior_u_w * watts->prior_u_w);
}

static bool solve_once(erg_watts *watts, erg_error *err)
{
    const size_t n = watts->columns;
    double factor[MOST * MOST], inverse[MOST * MOST] = { 0 };
    double noise = 1 / (watts->noise_w * watts->noise_w);
    double prior = 1 / (watts->prior_u_w * watts->prior_u_w);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++)
            factor[i * n + k] = watts->products[i * MOST + k] * noise
                + (i == k ? prior : 0);
        inverse[i * n + i] = 1;
    }
    if (!erg_cholesky(factor, n, err) || !erg_cholesky_solve(factor, n, inverse, n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        watts->w[i] = 0;
        for (size_t k = 0; k < n; k++) {
            watts->u_squares[i * MOST + k] = inverse[i * n + k];
            watts->w[i] += inverse[i * n + k]
                         * (watts->moments[k] * noise + watts->prior_w[k] * prior);
        }
    }
    return true;
}

static void keep_prior(erg_watts *watts)
{
    memset(watts->u_squares, 0, sizeof(watts->u_squares));
    for (size_t i = 0; i < watts->columns; i++) {
        watts->w[i] = watts->prior_w[i];
        watts->u_squares[i * MOST + i] = watts->prior_u_w * watts->prior_u_w;
    }
    watts->noise_w = NAN;
    watts->has_learnt = false;
}

bool erg_watts_solve(erg_watts *watts, erg_error *err)
{
    erg_error own = { 0 };
    double looks = (double)watts->looks;
    double least_w = LEAST_NOISE * sqrt(watts->squares / fmax(1, looks));

    keep_prior(watts);
    if (watts->looks < 2 || !(watts->squares > 0))
        return true;
    watts->noise_w = fmax(least_w, sqrt(residual_squares(watts) / looks));
    for (int round = 0; round < ROUNDS; round++) {
        if (!solve_once(watts, &own)) {
            keep_prior(watts);
            return own.code != ERG_NO_MEMORY || erg_fail(err, own.code, "%s", own.text);
        }
        double left = fmax(1, looks - settled(watts));
        watts->noise_w = fmax(least_w, sqrt(residual_squares(watts) / left));
    }
    watts->has_learnt = true;
    return true;
}
