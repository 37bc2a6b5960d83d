/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many independent rows a window is worth. Neighbours agree, and an edge of power that
 * fell between two rows leaves an error as long as the pole, under the noise of the sensor:
 * lag 1 hardly sees that one, and the pole's interval and the order depend on it.
 */
#include <math.h>
#include "math/stats.h"
#include "thermal/fit_inside.h"

enum { ROWS_SUMMED = 4096 };    /* rows whose lags are summed one by one */
#define SLOPE_STEP 0.01         /* of ln tau */

static double product_at(const double x[], size_t n, size_t lag)
{
    double sum = 0;

    for (size_t k = lag; k < n; k++)
        sum += x[k] * x[k - lag];
    return sum;
}

static double square_of(const double x[], size_t n)
{
    return product_at(x, n, 0) / (double)n;
}

/* Means of so many rows, in place; how much of the square of x they keep. */
static double to_means(double x[], size_t n, size_t rows)
{
    double before = square_of(x, n);

    for (size_t m = 0; m < n / rows; m++) {
        double sum = 0;
        for (size_t k = 0; k < rows; k++)
            sum += x[m * rows + k];
        x[m] = sum / (double)rows;
    }
    return before > 0 ? square_of(x, n / rows) / before : 0;
}

/* 1 + 2 sum (1 - k/n) rho_k rho'_k of two series (Bartlett 1935): how many rows are worth
 * an independent one to what follows the second. */
static double rows_for(double x[], double slope[], size_t n, size_t rows)
{
    double kept = to_means(x, n, rows) * to_means(slope, n, rows), sum = 0;
    size_t means = n / rows;
    double all = product_at(x, means, 0) * product_at(slope, means, 0);

    for (size_t lag = 1; lag < means / 4; lag++)
        sum += product_at(x, means, lag) * product_at(slope, means, lag)
            * (1 - (double)lag / (double)means);
    return all > 0 ? (double)rows * kept * (1 + 2 * sum / all) : 1;
}

/* 1 + 2 (rho_1 + rho_2 + ...), by pairs of lags for as long as a pair is positive (Geyer
 * 1992): for what moves most slowly, which is what passes for a further pole. */
static double rows_for_slowest(double x[], size_t n, size_t rows)
{
    double kept = to_means(x, n, rows), sum = 0;
    size_t means = n / rows;
    double all = product_at(x, means, 0);

    for (size_t lag = 1; all > 0 && lag + 1 < means / 4; lag += 2) {
        double pair = product_at(x, means, lag) + product_at(x, means, lag + 1);
        if (!(pair > 0))
            break;
        sum += pair / all;
    }
    return (double)rows * kept * (1 + 2 * sum);
}

static void look_at(const erg_fitting *f, const erg_network *net, double x[])
{
    const erg_window *w = &f->window;

    erg_network_residuals(w, net, x);
    for (size_t k = 0; k < w->n && w->is_weighed; k++)
        x[k] *= w->weight[k];
}

/* How the model follows ln tau of a pole, all that is linear fitted anew; into f->slope. */
static bool slope_of(const erg_fitting *f, int pole)
{
    erg_network low = f->net, high = f->net;

    low.tau_s[pole] *= 1 - SLOPE_STEP;
    high.tau_s[pole] *= 1 + SLOPE_STEP;
    if (!erg_network_solve(&f->window, &low) || !erg_network_solve(&f->window, &high))
        return false;
    look_at(f, &low, f->slope);
    look_at(f, &high, f->residual);
    for (size_t k = 0; k < f->window.n; k++)
        f->slope[k] -= f->residual[k];
    return true;
}

void erg_fitting_look(erg_fitting *f)
{
    size_t n = f->window.n, rows = 1 + (n - 1) / ROWS_SUMMED;

    look_at(f, &f->net, f->residual);
    double rho = fmax(0, fmin(erg_correlation(f->residual, f->residual + 1, n - 1), 0.99));
    double first = isnan(rho) ? 1 : (1 + rho) / (1 - rho), most = first;
    for (int i = 0; i < f->net.poles; i++)
        if (slope_of(f, i)) {
            most = fmax(most, erg_fitting_rows_for_edges(f, f->slope));
            look_at(f, &f->net, f->residual);
            most = fmax(most, rows_for(f->residual, f->slope, n, rows));
        }
    look_at(f, &f->net, f->residual);
    double slowest = fmax(most, rows_for_slowest(f->residual, n, rows));
    f->n_first = (double)n / first;
    f->n_eff = (double)n / most;
    f->n_slowest = (double)n / slowest;
}
