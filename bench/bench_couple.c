/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The surrogates of a coupling study: 2,000 of 100,000 samples over 61 lags, beside what
 * the issue allows on two cores. Wall time; processor time on two cores beside it, for the
 * machine may have other work.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "math/random.h"
#include "couple/pair_test.h"
#include "couple/surrogate.h"

enum { SAMPLES = 100000, LAGS = 30, DRAWS = 2000 };
static const double limit_s = 2;

static bool primary(const double x[], const double y[])
{
    erg_pair_options options = { .lags = LAGS, .draws = DRAWS, .threads = 2 };
    erg_pair pair;
    bool ok = erg_pair_test(x, y, SAMPLES, &options, &pair, NULL);

    if (ok)
        erg_pair_free(&pair);
    return ok;
}

static bool surrogate(const double x[], const double y[], erg_surrogate_kind kind)
{
    erg_surrogate_options options = { .lags = LAGS, .draws = DRAWS, .threads = 2 };
    erg_surrogate found;

    return erg_surrogate_p(kind, x, y, SAMPLES, &options, &found, NULL);
}

/* kind below 0: the primary test. */
static void time_it(const char *name, const double x[], const double y[], int kind)
{
    double wall_s = bench_now_s(CLOCK_MONOTONIC);
    double processor_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
    bool ok = kind < 0 ? primary(x, y) : surrogate(x, y, kind);

    wall_s = bench_now_s(CLOCK_MONOTONIC) - wall_s;
    processor_s = (bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - processor_s) / 2;
    printf("couple: %d of %d samples over %d lags, %s: %.2f s, %.2f s of each of two cores "
           "(limit %.0f s: %s)\n", DRAWS, SAMPLES, 2 * LAGS + 1, name, wall_s, processor_s,
           limit_s, ok && processor_s < limit_s ? "met" : "missed");
}

int main(void)
{
    double *x = calloc(2 * (size_t)SAMPLES, sizeof(*x)), *y = x + SAMPLES;
    erg_random random = { 1 };

    if (!x)
        return 1;
    for (size_t t = 0; t < SAMPLES; t++) {
        x[t] = (t ? 0.87 * x[t - 1] : 0) + erg_random_normal(&random);
        y[t] = (t ? 0.85 * y[t - 1] : 0) + erg_random_normal(&random);
    }
    time_it("permutations (the whole primary test)", x, y, -1);
    for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++)
        time_it(erg_surrogate_name(kind), x, y, kind);
    free(x);
    return 0;
}
