/* SPDX-License-Identifier: Apache-2.0 */
/* How often a kind of surrogate finds what is not there, in pairs like these two. */
#include <math.h>
#include <stdlib.h>
#include "math/draws.h"
#include "couple/surrogate.h"

enum { RUNS = 200, LENGTH = 500, DRAWS_INSIDE = 199 };

static erg_surrogate_options with_defaults(const erg_surrogate_options *given)
{
    erg_surrogate_options options = given ? *given : (erg_surrogate_options){ 0 };

    options.lags = options.lags ? options.lags : ERG_SURROGATE_LAGS;
    options.size_runs = options.size_runs ? options.size_runs : RUNS;
    options.size_n = options.size_n ? options.size_n : LENGTH;
    options.alpha = options.alpha > 0 ? options.alpha : 0.05;
    return options;
}

typedef struct null_pairs {
    erg_sieve x, y;
    size_t n;
    erg_surrogate_kind kind;
    erg_surrogate_options options;
} null_pairs;

static double null_p(const void *what, erg_random *random, double *scratch)
{
    const null_pairs *of = what;
    erg_surrogate_options options = of->options;
    erg_surrogate found;

    erg_sieve_draw(&of->x, random, scratch, of->n);
    erg_sieve_draw(&of->y, random, scratch + of->n, of->n);
    options.key = erg_random_next(random);
    return erg_surrogate_p(of->kind, scratch, scratch + of->n, of->n, &options, &found,
                           NULL)
               ? found.p_value
               : NAN;
}

static bool measure_size(const null_pairs *of, int threads, erg_surrogate *out)
{
    size_t runs = of->options.size_runs, below = 0, valid = 0;
    double *values = calloc(runs, sizeof(*values));
    erg_draws draws = { .draw = null_p, .what = of, .room = 2 * of->n, .count = runs,
                        .key = erg_key(of->options.key, 3), .threads = threads,
                        .cost = (double)(of->n * of->options.draws) };
    bool ok = values && erg_draws_run(&draws, values);

    for (size_t i = 0; ok && i < runs; i++) {
        below += values[i] < of->options.alpha;
        valid += !isnan(values[i]);
    }
    out->size = valid ? (double)below / (double)valid : NAN;
    out->size_n = of->n;
    out->size_runs = valid;
    free(values);
    return ok;
}

bool erg_surrogate_test(erg_surrogate_kind kind, const double x[], const double y[],
                        size_t n, const erg_surrogate_options *given, erg_surrogate *out,
                        erg_error *err)
{
    null_pairs of = { .kind = kind, .options = with_defaults(given) };
    const erg_surrogate_options options = of.options;
    double *room;
    bool ok;

    if (!erg_surrogate_p(kind, x, y, n, &options, out, err))
        return false;
    of.n = n < options.size_n ? n : options.size_n;
    of.n = of.n < 4 * options.lags + 8 ? 4 * options.lags + 8 : of.n;
    of.options.draws = DRAWS_INSIDE;
    /* The models are of differences already. */
    if (options.detrend == ERG_DETREND_DIFF)
        of.options.detrend = ERG_DETREND_NONE;
    of.options.threads = 1;             /* the runs are what is shared out */
    room = calloc(2 * n, sizeof(*room));
    if (room) {
        erg_detrend_series(x, n, options.detrend, room);
        erg_detrend_series(y, n, options.detrend, room + n);
    }
    ok = room && erg_sieve_open(room, n, &of.x);
    bool has_y = ok && erg_sieve_open(room + n, n, &of.y);
    ok = has_y && measure_size(&of, options.threads, out);
    erg_sieve_close(&of.x);
    erg_sieve_close(&of.y);
    free(room);
    return ok || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
}
