/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "math/regression.h"
#include "math/turns.h"

enum { DEGREE_MOST = 3, COLUMNS = DEGREE_MOST + 2 };

/* Of a drift that leaves three degrees of freedom or more. */
static int degree_of(size_t n)
{
    return n < 8 ? 1 : n < 10 ? 2 : DEGREE_MOST;
}

/* -1 to 1: powers of it are far from each other. */
static double place_of(const double at[], size_t n, size_t i)
{
    return 2 * (at[i] - at[0]) / (at[n - 1] - at[0]) - 1;
}

static bool is_usable(const double y[], const double at[], size_t n)
{
    if (n < ERG_TURNS_LEAST || n > ERG_TURNS_MOST)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(y[i]) || !isfinite(at[i]) || (i > 0 && !(at[i] > at[i - 1])))
            return false;
    return true;
}

bool erg_turns_fit(const double y[], const double at[], const bool second[], size_t n,
                   erg_turns *out)
{
    double columns[COLUMNS * ERG_TURNS_MOST], rest[ERG_TURNS_MOST];
    erg_regression fit;

    if (!is_usable(y, at, n))
        return false;
    const int degree = degree_of(n);
    const size_t effect = (size_t)degree + 1;
    for (size_t i = 0; i < n; i++) {
        for (int d = 0; d <= degree; d++)
            columns[(size_t)d * n + i] = pow(place_of(at, n, i), d);
        columns[effect * n + i] = second[i];
    }
    memcpy(rest, y, n * sizeof(*rest));
    if (!erg_regress(columns, rest, n, effect + 1, &fit))
        return false;
    *out = (erg_turns){ .effect = fit.b[effect], .error = fit.se[effect],
                        .df = (double)(n - effect - 1), .degree = degree };
    for (int d = 1; d <= degree; d += 2)        /* even powers end where they began */
        out->drift += 2 * fit.b[d];
    return true;
}
