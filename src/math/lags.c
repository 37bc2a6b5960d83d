/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of products over lags, the inner loop of every surrogate test. Four lags go side by
 * side over four partial sums each, in one order on every machine: the same bytes.
 */
#include <string.h>
#include "math/series.h"

/* Two lanes: what every x86-64 and aarch64 has, and may be passed by value. */
typedef double two __attribute__((vector_size(2 * sizeof(double))));

typedef struct partial { two first, second; } partial;

enum { SIDE = 4 };

static inline two load(const double *from)
{
    two value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline double total(partial sum)
{
    return (sum.first[0] + sum.first[1]) + (sum.second[0] + sum.second[1]);
}

/* Lags 0..3 of y. */
static void four_lags(const double x[], const double y[], size_t n, double out[])
{
    partial a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
    size_t t = 0;

    for (; t + SIDE <= n; t += SIDE) {
        two first = load(x + t), second = load(x + t + 2);
        a.first += first * load(y + t), a.second += second * load(y + t + 2);
        b.first += first * load(y + t + 1), b.second += second * load(y + t + 3);
        c.first += first * load(y + t + 2), c.second += second * load(y + t + 4);
        d.first += first * load(y + t + 3), d.second += second * load(y + t + 5);
    }
    out[0] = total(a), out[1] = total(b), out[2] = total(c), out[3] = total(d);
    for (; t < n; t++)
        for (size_t k = 0; k < SIDE; k++)
            out[k] += x[t] * y[t + k];
}

static double one_lag(const double x[], const double y[], size_t n)
{
    partial sum = { 0 };
    size_t t = 0;

    for (; t + SIDE <= n; t += SIDE) {
        sum.first += load(x + t) * load(y + t);
        sum.second += load(x + t + 2) * load(y + t + 2);
    }
    double value = total(sum);
    for (; t < n; t++)
        value += x[t] * y[t];
    return value;
}

void erg_lag_products(const double x[], const double y[], size_t n, size_t lags,
                      double out[])
{
    size_t count = 2 * lags + 1, k = 0;
    const double *from = y - lags;

    for (; k + SIDE <= count; k += SIDE)
        four_lags(x, from + k, n, out + k);
    for (; k < count; k++)
        out[k] = one_lag(x, from + k, n);
}
