/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/series.h"
#include "math/stats.h"

enum { ORDERS = 10, REST = 100 };           /* values until the start is forgotten */

bool erg_sieve_open(const double x[], size_t n, erg_sieve *out)
{
    *out = (erg_sieve){ .shocks = calloc(n + 1, sizeof(double)) };
    if (!out->shocks || !erg_ar_fit(x, n, ORDERS, &out->ar)
        || !erg_ar_residuals(&out->ar, x, n, out->shocks))
        return false;
    for (size_t t = 0; t < n; t++)
        if (isfinite(out->shocks[t]))
            out->shocks[out->count++] = out->shocks[t];
    double mean = erg_mean(out->shocks, out->count);
    for (size_t i = 0; i < out->count; i++)
        out->shocks[i] -= mean;
    return out->count > 0;
}

void erg_sieve_draw(const erg_sieve *sieve, erg_random *random, double out[], size_t n)
{
    const erg_ar *ar = &sieve->ar;
    double past[ERG_AR_MOST] = { 0 };

    for (size_t t = 0; t < n + REST; t++) {
        double value = sieve->shocks[erg_random_below(random, sieve->count)];
        for (size_t j = 0; j < ar->order; j++)
            value += ar->a[j] * past[j];
        for (size_t j = ar->order; j > 1; j--)
            past[j - 1] = past[j - 2];
        past[0] = value;
        if (t >= REST)
            out[t - REST] = ar->mean + value;
    }
}

void erg_sieve_close(erg_sieve *sieve)
{
    free(sieve->shocks);
    sieve->shocks = NULL;
}
