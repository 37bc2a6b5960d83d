/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of products over lags, the inner loop of every surrogate test. Four lags go side by
 * side over four partial sums each, in one order on every machine: the same bytes.
 */
#include <string.h>
#include "math/series.h"

typedef double four __attribute__((vector_size(4 * sizeof(double))));

enum { LANES = 4 };

/* By reference: how vectors wider than the processor's are passed is not settled. */
static inline void add(four *sum, const four *x, const double *y)
{
    four value;

    memcpy(&value, y, sizeof(value));
    *sum += *x * value;
}

static double total(const four *sum)
{
    return ((*sum)[0] + (*sum)[1]) + ((*sum)[2] + (*sum)[3]);
}

/* Lags 0..LANES-1 of y. */
static void four_lags(const double x[], const double y[], size_t n, double out[])
{
    four a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 }, here;
    size_t t = 0;

    for (; t + LANES <= n; t += LANES) {
        memcpy(&here, x + t, sizeof(here));
        add(&a, &here, y + t);
        add(&b, &here, y + t + 1);
        add(&c, &here, y + t + 2);
        add(&d, &here, y + t + 3);
    }
    out[0] = total(&a), out[1] = total(&b), out[2] = total(&c), out[3] = total(&d);
    for (; t < n; t++)
        for (size_t k = 0; k < LANES; k++)
            out[k] += x[t] * y[t + k];
}

static double one_lag(const double x[], const double y[], size_t n)
{
    four sum = { 0 }, here;
    size_t t = 0;

    for (; t + LANES <= n; t += LANES) {
        memcpy(&here, x + t, sizeof(here));
        add(&sum, &here, y + t);
    }
    double value = total(&sum);
    for (; t < n; t++)
        value += x[t] * y[t];
    return value;
}

void erg_lag_products(const double x[], const double y[], size_t n, size_t lags,
                      double out[])
{
    size_t count = 2 * lags + 1, k = 0;
    const double *from = y - lags;

    for (; k + LANES <= count; k += LANES)
        four_lags(x, from + k, n, out + k);
    for (; k < count; k++)
        out[k] = one_lag(x, from + k, n);
}
