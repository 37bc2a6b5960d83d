/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/draws.h"
#include "math/meta.h"
#include "math/stats.h"
#include "couple/sessions.h"
#include "couple/stretch.h"

enum { DRAWS = 2000 };

typedef struct all_runs {
    erg_stretch *runs;
    size_t count, longest, lags;
} all_runs;

/* Adds sqrt(m) r_k of one run, from its sums of products. */
static void add_run(const erg_stretch *run, const double products[], double z[])
{
    for (size_t k = 0; k <= 2 * run->lags; k++)
        z[k] += products[k] / sqrt((double)run->count);
}

/* scratch: z, products, then the run's own. */
static double permuted(const void *what, erg_random *random, double *scratch)
{
    const all_runs *of = what;
    size_t width = 2 * of->lags + 1;
    double *z = scratch, *products = z + width, *own = products + width;

    for (size_t k = 0; k < width; k++)
        z[k] = 0;
    for (size_t i = 0; i < of->count; i++) {
        /* Another run left values where this one has its gaps. */
        for (size_t t = 0; t < of->runs[i].count + of->runs[i].n; t++)
            own[t] = 0;
        erg_stretch_permute(&of->runs[i], random, own, products);
        add_run(&of->runs[i], products, z);
    }
    return fabs(z[erg_greatest(z, of->lags)]);
}

static bool test(const all_runs *of, const erg_pair_options *options, const double z[],
                 erg_sessions *out)
{
    size_t count = options && options->draws ? options->draws : DRAWS;
    double *values = calloc(count, sizeof(*values));
    erg_draws draws = { .draw = permuted, .what = of, .count = count,
                        .room = 2 * (2 * of->lags + 1) + 2 * of->longest,
                        .key = erg_key(options ? options->key : 0, of->count),
                        .cost = (double)(of->count * of->longest * (2 * of->lags + 4)),
                        .threads = options ? options->threads : 0 };
    bool ok = values && erg_draws_run(&draws, values);

    if (ok)
        out->p_value = erg_draws_p(values, count, fabs(z[erg_greatest(z, of->lags)]));
    free(values);
    return ok;
}

/* room: effects, variances, r of each run. */
static bool estimate(const erg_pair runs[], size_t count, size_t place, double *room,
                     erg_sessions *out)
{
    double *variances = room + count, *r = room + 2 * count, most = 0;
    erg_meta meta;

    out->is_one_sign = true;
    for (size_t i = 0; i < count; i++) {
        r[i] = runs[i].ccf_residual[place];
        room[i] = atanh(r[i]);
        variances[i] = 1 / ((double)runs[i].count - 3);
        out->is_one_sign = out->is_one_sign && r[i] * r[0] > 0;
    }
    double mean = erg_mean(r, count);
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs(r[i] - mean));
    out->spread = most / fabs(mean);
    if (!erg_random_effects(room, variances, count, &meta))
        return false;
    out->r = tanh(meta.mean);
    out->low = tanh(meta.low);
    out->high = tanh(meta.high);
    out->i2 = meta.i2;
    out->tau2 = meta.tau2;
    return true;
}

static bool open_runs(const erg_pair runs[], size_t count, all_runs *of)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        bool is_open = erg_stretch_open(&runs[i], &of->runs[i]);
        ok = ok && is_open;
        of->count = i + 1;
        of->longest = runs[i].n > of->longest ? runs[i].n : of->longest;
    }
    return ok;
}

static bool study(const erg_pair runs[], size_t count, const erg_pair_options *options,
                  erg_sessions *out)
{
    size_t lags = runs[0].lags, width = 2 * lags + 1;
    all_runs of = { .runs = calloc(count, sizeof(*of.runs)), .lags = lags };
    double *z = calloc(width + 3 * count, sizeof(*z));
    bool ok = of.runs && z && open_runs(runs, count, &of);

    for (size_t i = 0; ok && i < count; i++)
        for (size_t k = 0; k < width; k++)
            z[k] += sqrt((double)runs[i].count) * runs[i].ccf_residual[k];
    if (ok) {
        size_t best = erg_greatest(z, lags);
        out->lag = (int)best - (int)lags;
        out->z = z[best] / sqrt((double)count);
        ok = estimate(runs, count, best, z + width, out) && test(&of, options, z, out);
    }
    for (size_t i = 0; i < of.count; i++)
        erg_stretch_close(&of.runs[i]);
    free(of.runs);
    free(z);
    return ok;
}

bool erg_sessions_test(const erg_pair runs[], size_t count, const erg_pair_options *options,
                       erg_sessions *out, erg_error *err)
{
    *out = (erg_sessions){ .runs = count };
    if (count < 2)
        return erg_fail(err, ERG_NO_DATA, "one run cannot say whether it repeats");
    for (size_t i = 0; i < count; i++)
        if (runs[i].lags != runs[0].lags || runs[i].count < 4)
            return erg_fail(err, ERG_BAD_INPUT, "run %zu has other lags, or too few bins",
                            i + 1);
    return study(runs, count, options, out)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu runs", count);
}
