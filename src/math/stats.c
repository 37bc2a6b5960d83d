/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, levels, lines. Callers drop NAN first: an order needs values that compare. */
#include <math.h>
#include "math/stats.h"

void erg_sum_add(erg_sum *sum, double value)
{
    double next = sum->sum + value;

    /* Neumaier (1974): the smaller of the two is the one that lost digits. */
    if (fabs(sum->sum) >= fabs(value))
        sum->rest += (sum->sum - next) + value;
    else
        sum->rest += (value - next) + sum->sum;
    sum->sum = next;
}

double erg_sum_value(const erg_sum *sum) { return sum->sum + sum->rest; }

double erg_mean(const double x[], size_t n)
{
    erg_sum sum = { 0 };

    for (size_t i = 0; i < n; i++)
        erg_sum_add(&sum, x[i]);
    return n ? erg_sum_value(&sum) / (double)n : NAN;
}

double erg_sd(const double x[], size_t n)
{
    double mean = erg_mean(x, n), squares = 0, rest = 0;

    if (n < 2)
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        rest += d;
    }
    /* rest is 0 but for rounding: the corrected two-pass form. */
    return sqrt((squares - rest * rest / (double)n) / (double)(n - 1));
}

static void swap(double *a, double *b)
{
    double keep = *a;
    *a = *b;
    *b = keep;
}

/* Puts the k-th smallest at x[k], none larger before it (Hoare's find). */
static void select_kth(double x[], size_t n, size_t k)
{
    size_t low = 0, high = n - 1;

    while (low < high) {
        double pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;

        for (;;) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&x[i++], &x[j--]);
        }
        /* x[low..j] <= pivot <= x[j+1..high], whichever way they met. */
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

double erg_quantile(double x[], size_t n, double q)
{
    if (n == 0)
        return NAN;

    double place = q * (double)(n - 1);
    size_t k = place <= 0 ? 0 : place >= (double)(n - 1) ? n - 1 : (size_t)place;
    double share = place - (double)k;

    select_kth(x, n, k);
    if (k + 1 == n || share <= 0)
        return x[k];

    double above = x[k + 1];
    for (size_t i = k + 2; i < n; i++)
        above = fmin(above, x[i]);
    return x[k] + share * (above - x[k]);
}

double erg_median(double x[], size_t n) { return erg_quantile(x, n, 0.5); }

double erg_mad_sigma(double x[], size_t n)
{
    double middle = erg_median(x, n);

    for (size_t i = 0; i < n; i++)
        x[i] = fabs(x[i] - middle);
    return ERG_SIGMAS_OF_MAD * erg_median(x, n);
}

double erg_correlation(const double x[], const double y[], size_t n)
{
    double x_mean = erg_mean(x, n), y_mean = erg_mean(y, n), xx = 0, yy = 0, xy = 0;

    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - x_mean, dy = y[i] - y_mean;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

bool erg_line_fit(const double x[], const double y[], size_t n, erg_line *out)
{
    double x_mean = erg_mean(x, n), y_mean = erg_mean(y, n), xx = 0, xy = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - x_mean) * (x[i] - x_mean);
        xy += (x[i] - x_mean) * (y[i] - y_mean);
    }
    if (n < 2 || !(xx > 0))
        return false;

    out->slope = xy / xx;
    out->intercept = y_mean - out->slope * x_mean;
    for (size_t i = 0; i < n; i++) {
        double rest = (y[i] - y_mean) - out->slope * (x[i] - x_mean);
        squares += rest * rest;
    }
    out->residual_sd = n > 2 ? sqrt(squares / (double)(n - 2)) : NAN;
    out->slope_se = out->residual_sd / sqrt(xx);
    return true;
}
