/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "couple/stretch.h"

bool erg_stretch_open(const erg_pair *pair, erg_stretch *out)
{
    size_t n = pair->n, lags = pair->lags;
    double *room = calloc(3 * n + 2 * lags + 1, sizeof(*room));
    size_t *places = calloc(n + 1, sizeof(*places));

    *out = (erg_stretch){ .values = room, .places = places, .x = room ? room + n : NULL,
                      .y = room ? room + 2 * n + lags : NULL, .n = n, .lags = lags,
                      .room = room };
    if (!room || !places)
        return false;
    for (size_t t = 0; t < n; t++)
        if (isfinite(pair->residual_x[t]))
            places[out->count++] = t;
    erg_standardise(pair->residual_x, n, out->x);
    erg_standardise(pair->residual_y, n, out->y);
    for (size_t i = 0; i < out->count; i++)
        out->values[i] = out->x[places[i]];
    return true;
}

void erg_stretch_close(erg_stretch *of)
{
    free(of->room);
    free(of->places);
}

size_t erg_greatest(const double ccf[], size_t lags)
{
    size_t best = lags;

    for (size_t k = 1; k <= lags; k++) {
        best = fabs(ccf[lags + k]) > fabs(ccf[best]) ? lags + k : best;
        best = fabs(ccf[lags - k]) > fabs(ccf[best]) ? lags - k : best;
    }
    return best;
}

void erg_stretch_permute(const erg_stretch *of, erg_random *random, double *scratch,
                         double products[])
{
    double *x = scratch + of->count;

    memcpy(scratch, of->values, of->count * sizeof(*scratch));
    erg_random_shuffle(random, scratch, of->count);
    for (size_t i = 0; i < of->count; i++)
        x[of->places[i]] = scratch[i];
    erg_lag_products(x, of->y, of->n, of->lags, products);
}
