/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/contrast.h"
#include "math/stats.h"

enum { LEAST_PER_SIDE = 3 };

double erg_t_half_width(const double x[], size_t n)
{
    return n < 2 ? NAN
                 : erg_student_t(0.975, (double)n - 1) * erg_sd(x, n) / sqrt((double)n);
}

/* The figures of an estimate with its standard error; none: no difference. */
static bool fill(erg_contrast *out, double value, double error, double df)
{
    if (!(error > 0) || !isfinite(value))
        return false;

    double t = value / error, width = erg_student_t(0.975, df) * error;
    *out = (erg_contrast){ .value = value, .low = value - width, .high = value + width,
                           .t = t, .df = df, .p_value = 2 * erg_student_p(-fabs(t), df) };
    return true;
}

bool erg_contrast_welch(const double a[], size_t a_count, const double b[], size_t b_count,
                        erg_contrast *out)
{
    if (a_count < 2 || b_count < 2)
        return false;

    double sd_a = erg_sd(a, a_count), sd_b = erg_sd(b, b_count);
    double u = sd_a * sd_a / (double)a_count, v = sd_b * sd_b / (double)b_count;
    double df = (u + v) * (u + v)
              / (u * u / (double)(a_count - 1) + v * v / (double)(b_count - 1));

    if (!fill(out, erg_mean(a, a_count) - erg_mean(b, b_count), sqrt(u + v), df))
        return false;
    out->is_significant = (out->low > 0 || out->high < 0) && a_count >= LEAST_PER_SIDE
                       && b_count >= LEAST_PER_SIDE;
    return true;
}

/* The mean of d against 0. */
static bool one_sample(const double d[], size_t n, erg_contrast *out)
{
    if (n < 2
        || !fill(out, erg_mean(d, n), erg_sd(d, n) / sqrt((double)n), (double)n - 1))
        return false;
    out->is_significant = (out->low > 0 || out->high < 0) && n >= LEAST_PER_SIDE;
    return true;
}

bool erg_contrast_pairs(const double a[], const double b[], size_t n, erg_contrast *out)
{
    double *d = n ? malloc(n * sizeof(*d)) : NULL;
    bool ok = d != NULL;

    for (size_t i = 0; ok && i < n; i++)
        d[i] = a[i] - b[i];
    ok = ok && one_sample(d, n, out);
    free(d);
    return ok;
}

bool erg_contrast_ratio(const double a[], const double b[], size_t n, erg_contrast *out)
{
    double *d = n ? malloc(n * sizeof(*d)) : NULL;
    bool ok = d != NULL;

    for (size_t i = 0; ok && i < n; i++) {
        ok = a[i] > 0 && b[i] > 0;
        d[i] = ok ? log(a[i] / b[i]) : 0;
    }
    ok = ok && one_sample(d, n, out);
    if (ok) {
        out->value = exp(out->value);
        out->low = exp(out->low);
        out->high = exp(out->high);
    }
    free(d);
    return ok;
}

double erg_hedges_g(const double a[], size_t a_count, const double b[], size_t b_count)
{
    if (a_count < 2 || b_count < 2)
        return NAN;

    double sd_a = erg_sd(a, a_count), sd_b = erg_sd(b, b_count);
    double df = (double)(a_count + b_count) - 2;
    double pooled = sqrt(((double)(a_count - 1) * sd_a * sd_a
                          + (double)(b_count - 1) * sd_b * sd_b) / df);

    return pooled > 0 ? (erg_mean(a, a_count) - erg_mean(b, b_count)) / pooled
                            * (1 - 3 / (4 * df - 1))
                      : NAN;
}

void erg_holm(double p[], size_t n)
{
    double floor = 0;

    /* Smallest first. A value already corrected is marked by its sign (-0 for 0). */
    for (size_t done = 0; done < n; done++) {
        size_t least = n;
        for (size_t i = 0; i < n; i++)
            if (!signbit(p[i]) && (least == n || p[i] < p[least]))
                least = i;
        if (least == n)
            break;
        floor = fmax(floor, fmin(1, p[least] * (double)(n - done)));
        p[least] = -floor;
    }
    for (size_t i = 0; i < n; i++)
        p[i] = fabs(p[i]);
}
