/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: Schreiber, Physical Review Letters 85 (2000); Kraskov, Stoegbauer and
 * Grassberger, Physical Review E 69 (2004), for neighbours; Frenzel and Pompe, Physical
 * Review Letters 99 (2007), for the condition. History 1, 4 neighbours, greatest distance
 * over the coordinates. Rows lie in the order of the condition, so that a neighbour is
 * never far away in memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/order.h"
#include "math/series.h"
#include "math/stats.h"
#include "couple/transfer.h"

enum { NEIGHBOURS = 4, DRAWS = 99 };
#define COST 1e3                    /* of one row among its neighbours, in products */
#define EULER 0.57721566490153286061
#define JITTER 1e-8 /* whole degrees repeat, and equal values have no rank */

typedef struct rows {
    double *source, *past, *next;   /* x[t], y[t], y[t+1], in the order of y[t] */
    double *digamma;                /* of 1..n */
    size_t count;
} rows;

/* ---- neighbours ------------------------------------------------------------- */

typedef struct nearest { double distance[NEIGHBOURS]; } nearest;

static void keep(nearest *of, double distance)
{
    size_t i = NEIGHBOURS;

    for (; i > 0 && of->distance[i - 1] > distance; i--)
        if (i < NEIGHBOURS)
            of->distance[i] = of->distance[i - 1];
    if (i < NEIGHBOURS)
        of->distance[i] = distance;
}

/* fmax is a call, for the sake of NAN, and there is none here. */
static inline double larger(double a, double b) { return a > b ? a : b; }

static double distance_of(const rows *of, const double source[], size_t i, size_t j)
{
    double d = larger(fabs(of->past[i] - of->past[j]), fabs(of->next[i] - of->next[j]));

    return larger(d, fabs(source[i] - source[j]));
}

/* Outwards from row i until the condition alone is farther than what is kept. */
static double reach(const rows *of, const double source[], size_t i)
{
    nearest best = { { INFINITY, INFINITY, INFINITY, INFINITY } };
    const double *farthest = &best.distance[NEIGHBOURS - 1];
    size_t below = i, above = i + 1;

    for (;;) {
        double down = below > 0 ? of->past[i] - of->past[below - 1] : INFINITY;
        double up = above < of->count ? of->past[above] - of->past[i] : INFINITY;
        if (!((down < up ? down : up) < *farthest))
            return *farthest;
        double distance = distance_of(of, source, i, down <= up ? --below : above++);
        if (distance < *farthest)
            keep(&best, distance);
    }
}

typedef struct counts { size_t past, with_next, with_source; } counts;

static void count_one(const rows *of, const double source[], size_t i, size_t j,
                      double within, counts *add)
{
    add->past++;
    add->with_next += fabs(of->next[i] - of->next[j]) < within;
    add->with_source += fabs(source[i] - source[j]) < within;
}

static counts count_within(const rows *of, const double source[], size_t i, double within)
{
    counts found = { 0 };

    for (size_t j = i; j-- > 0 && of->past[i] - of->past[j] < within;)
        count_one(of, source, i, j, within, &found);
    for (size_t j = i + 1; j < of->count && of->past[j] - of->past[i] < within; j++)
        count_one(of, source, i, j, within, &found);
    return found;
}

static double nats_of(const rows *of, const double source[])
{
    double sum = 0;

    for (size_t i = 0; i < of->count; i++) {
        counts near = count_within(of, source, i, reach(of, source, i));
        sum += of->digamma[near.past] - of->digamma[near.with_next]
             - of->digamma[near.with_source];
    }
    return of->digamma[NEIGHBOURS - 1] + sum / (double)of->count;
}

static double permuted(const void *what, erg_random *random, double *scratch)
{
    const rows *of = what;

    memcpy(scratch, of->source, of->count * sizeof(*scratch));
    erg_random_shuffle(random, scratch, of->count);
    return nats_of(of, scratch);
}

/* ---- rows ------------------------------------------------------------------- */

static bool is_row(const double x[], const double y[], size_t t)
{
    return isfinite(x[t]) && isfinite(y[t]) && isfinite(y[t + 1]);
}

/* From standardised series x, y beside the given ones, which know the gaps. */
static void fill(const double *given[2], const double *hats[2], size_t n, double *loose,
                 rows *out)
{
    out->count = 0;
    for (size_t t = 0; t + 1 < n; t++)
        if (is_row(given[0], given[1], t)) {
            double *row = loose + 3 * out->count++;
            row[0] = hats[1][t], row[1] = hats[0][t], row[2] = hats[1][t + 1];
        }
}

static bool sort_rows(const double *loose, rows *out)
{
    size_t *order = calloc(out->count + 1, sizeof(*order));
    bool ok = order != NULL;

    for (size_t i = 0; ok && i < out->count; i++)
        order[i] = i;
    ok = ok && erg_order(loose, 3, order, out->count);
    for (size_t i = 0; ok && i < out->count; i++) {
        out->past[i] = loose[3 * order[i]];
        out->source[i] = loose[3 * order[i] + 1];
        out->next[i] = loose[3 * order[i] + 2];
    }
    free(order);
    return ok;
}

/* Rows of one direction: room for 7 n. */
static bool set_rows(const double *given[2], const double *hats[2], size_t n, double *room,
                     rows *out)
{
    *out = (rows){ room, room + n, room + 2 * n, room + 3 * n, 0 };
    out->digamma[0] = -EULER;
    for (size_t i = 1; i < n; i++)
        out->digamma[i] = out->digamma[i - 1] + 1 / (double)i;
    fill(given, hats, n, room + 4 * n, out);
    return sort_rows(room + 4 * n, out);
}

static bool one_way(const double *given[2], const double *hats[2], size_t n,
                    const erg_transfer_options *options, erg_transfer_way *out)
{
    double *room = calloc(7 * n + options->draws, sizeof(*room)), *values = room + 7 * n;
    rows of = { 0 };
    bool ok = room && set_rows(given, hats, n, room, &of);
    erg_draws draws = { .draw = permuted, .what = &of, .room = of.count,
                        .count = options->draws, .key = erg_key(options->key, 1),
                        .cost = COST * (double)of.count, .threads = options->threads };

    if (ok) {
        out->nats = nats_of(&of, of.source);
        ok = erg_draws_run(&draws, values);
        out->p_value = ok ? erg_draws_p(values, options->draws, out->nats) : NAN;
    }
    free(room);
    return ok;
}

/* ---- size ------------------------------------------------------------------- */

enum { SIZE_RUNS = 100, SIZE_N = 600 };

typedef struct null_pairs { erg_sieve x, y; bool is_permuted; } null_pairs;

/* Of a pair without a tie, as it is or with its source permuted. scratch: 9 n. */
static double null_nats(const void *what, erg_random *random, double *scratch)
{
    const null_pairs *from = what;
    const double *hats[] = { scratch, scratch + SIZE_N };
    rows of;

    erg_sieve_draw(&from->x, random, scratch, SIZE_N);
    erg_sieve_draw(&from->y, random, scratch + SIZE_N, SIZE_N);
    erg_standardise(scratch, SIZE_N, scratch);
    erg_standardise(scratch + SIZE_N, SIZE_N, scratch + SIZE_N);
    if (!set_rows(hats, hats, SIZE_N, scratch + 2 * (size_t)SIZE_N, &of))
        return NAN;
    if (from->is_permuted)
        erg_random_shuffle(random, of.source, of.count);
    return nats_of(&of, of.source);
}

/* What permutations of such pairs reach with 0.05, and how many pairs are beyond. */
static bool measure_size(null_pairs *from, const erg_transfer_options *options,
                         uint64_t use, double *size)
{
    size_t runs = options->size_runs, above = 0;
    double *once = calloc(2 * runs, sizeof(*once)), *shuffled = once + runs;
    erg_draws draws = { .draw = null_nats, .what = from, .room = 9 * (size_t)SIZE_N,
                        .count = runs, .key = erg_key(options->key, use),
                        .cost = COST * SIZE_N, .threads = options->threads };

    from->is_permuted = false;
    bool ok = once && erg_draws_run(&draws, once);
    from->is_permuted = true;
    draws.key = erg_key(options->key, use + 1);
    ok = ok && erg_draws_run(&draws, shuffled);
    double least = ok ? erg_quantile(shuffled, runs, 0.95) : NAN;
    for (size_t i = 0; ok && i < runs; i++)
        above += once[i] > least;
    *size = (double)above / (double)runs;
    free(once);
    return ok;
}

static bool measure_sizes(const double x[], const double y[], size_t n,
                          const erg_transfer_options *options, erg_transfer *out)
{
    null_pairs ahead = { 0 };
    bool has_x = erg_sieve_open(x, n, &ahead.x), has_y = erg_sieve_open(y, n, &ahead.y);
    null_pairs back = { ahead.y, ahead.x, false };
    bool ok = has_x && has_y && measure_size(&ahead, options, 2, &out->x_to_y.size)
           && measure_size(&back, options, 4, &out->y_to_x.size);

    out->size_n = SIZE_N;
    erg_sieve_close(&ahead.x);
    erg_sieve_close(&ahead.y);
    return ok;
}

static void jitter(double x[], size_t n, erg_random *random)
{
    for (size_t t = 0; t < n; t++)
        x[t] += JITTER * erg_random_normal(random);
}

bool erg_transfer_test(const double x[], const double y[], size_t n,
                       const erg_transfer_options *given, erg_transfer *out, erg_error *err)
{
    erg_transfer_options options = given ? *given : (erg_transfer_options){ 0 };
    double *room = calloc(2 * n + 1, sizeof(*room));
    erg_random random = { erg_key(options.key, 0) };

    *out = (erg_transfer){ 0 };
    options.draws = options.draws ? options.draws : DRAWS;
    options.size_runs = options.size_runs ? options.size_runs : SIZE_RUNS;
    for (size_t t = 0; t + 1 < n; t++)
        out->rows += is_row(x, y, t);
    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
    bool moves = erg_standardise(x, n, room) && erg_standardise(y, n, room + n);
    jitter(room, 2 * n, &random);
    bool ok = moves && out->rows >= ERG_TRANSFER_LEAST;
    bool has_memory = !ok
        || (one_way((const double *[]){ x, y }, (const double *[]){ room, room + n }, n,
                    &options, &out->x_to_y)
            && one_way((const double *[]){ y, x }, (const double *[]){ room + n, room }, n,
                       &options, &out->y_to_x)
            && measure_sizes(x, y, n, &options, out));
    free(room);
    if (!ok)
        return erg_fail(err, ERG_NO_DATA,
                        "transfer entropy needs %d rows that move, not %zu",
                        ERG_TRANSFER_LEAST, out->rows);
    return has_memory || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
}
