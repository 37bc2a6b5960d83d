/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source: Granger, Econometrica 37 (1969). F = ((RSS_r -
 * RSS_u)/p)/(RSS_u/(m - 2p - 1)) over m rows, an intercept in both. Sieve bootstrap:
 * Buehlmann, Bernoulli 3 (1997); each series from its own model, so that none leads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/stats.h"
#include "couple/granger.h"

enum { ORDERS = 5, ORDERS_MOST = 10, DRAWS = 1000, ROWS_LEAST = 20, TWICE_MOST = 250 };
enum { WIDTH_MOST = 2 * ORDERS_MOST + 2 };      /* intercept, both pasts, target */
static const double alpha = 0.05;      /* of the sizes */
#define DEPENDENT 1e-10             /* of a column's square that others leave */

/* Where a regression can be made: every value of the past `order` is there. */
typedef struct places { size_t *at, count; } places;

typedef struct errors { double own, both; } errors;     /* residual square sums */

static bool find_rows(const double x[], const double y[], size_t n, size_t order,
                      places *out)
{
    size_t whole = 0;

    out->at = calloc(n + 1, sizeof(*out->at));
    out->count = 0;
    for (size_t t = 0; out->at && t < n; t++) {
        whole = isfinite(x[t]) && isfinite(y[t]) ? whole + 1 : 0;
        if (whole > order)
            out->at[out->count++] = t;
    }
    return out->at != NULL;
}

/* Columns in the order that nests the models: 1, past of y, past of x, y itself. */
static size_t set_columns(const double x[], const double y[], const places *rows,
                          size_t order, double *columns)
{
    size_t m = rows->count;

    for (size_t i = 0; i < m; i++) {
        size_t t = rows->at[i];
        columns[i] = 1;
        for (size_t j = 1; j <= order; j++) {
            columns[j * m + i] = y[t - j];
            columns[(order + j) * m + i] = x[t - j];
        }
        columns[(2 * order + 1) * m + i] = y[t];
    }
    return 2 * order + 2;
}

typedef double gram[WIDTH_MOST + 1][WIDTH_MOST + 1];

/* Takes column j out of those behind it. One that says nothing new takes nothing. */
static void eliminate(gram low, size_t j, size_t width, double whole)
{
    double pivot = low[j][j] > DEPENDENT * whole ? sqrt(low[j][j]) : 0;

    for (size_t i = j + 1; i < width; i++)
        low[i][j] = pivot > 0 ? low[i][j] / pivot : 0;
    for (size_t i = j + 1; i < width; i++)
        for (size_t k = j + 1; k <= i; k++)
            low[i][k] -= low[i][j] * low[k][j];
}

/* Cholesky of all products: what each column in turn leaves of the target, the last, so
 * that one pass gives the residuals of both models. */
static errors nested_errors(const double *columns, size_t m, size_t width, size_t own)
{
    gram low = { { 0 } };
    errors out = { 0 };
    double whole[WIDTH_MOST + 1];

    for (size_t i = 0; i < width; i++) {
        for (size_t j = 0; j <= i; j++)
            erg_lag_products(columns + i * m, columns + j * m, m, 0, &low[i][j]);
        whole[i] = low[i][i];
    }
    for (size_t j = 0; j + 1 < width; j++) {
        out.own = j == own ? low[width - 1][width - 1] : out.own;
        eliminate(low, j, width, whole[j]);
    }
    out.both = low[width - 1][width - 1];
    return out;
}

static errors errors_of(const double x[], const double y[], const places *rows,
                        size_t order, double *columns)
{
    size_t width = set_columns(x, y, rows, order, columns);

    return nested_errors(columns, rows->count, width, order + 1);
}

static double f_of(errors rss, size_t m, size_t order)
{
    double rest = (double)m - 2 * (double)order - 1;

    return fmax(0, rss.own - rss.both) / (double)order / (rss.both / rest);
}

/* ---- order ------------------------------------------------------------------ */

/* ln det of the residuals' covariance: y given both pasts, then x given those and y now. */
static double log_determinant(const double x[], const double y[], const places *rows,
                              size_t order, double *columns)
{
    size_t m = rows->count, width = set_columns(x, y, rows, order, columns);
    double of_y = nested_errors(columns, m, width, width - 1).both;

    for (size_t i = 0; i < m; i++)
        columns[width * m + i] = x[rows->at[i]];
    double of_x = nested_errors(columns, m, width + 1, width).both;
    return log(of_y / (double)m) + log(of_x / (double)m);
}

/* All orders on the same rows. */
static size_t choose_order(const double x[], const double y[], size_t n, size_t most,
                           double *columns)
{
    double best = INFINITY;
    size_t chosen = 1;
    places rows;

    if (!find_rows(x, y, n, most, &rows))
        return 0;
    for (size_t p = 1; p <= most && rows.count > 4 * p + 4; p++) {
        double m = (double)rows.count;
        double bic = m * log_determinant(x, y, &rows, p, columns)
                   + log(m) * 2 * (2 * (double)p + 1);
        if (bic < best) {
            best = bic;
            chosen = p;
        }
    }
    free(rows.at);
    return chosen;
}

/* ---- bootstrap -------------------------------------------------------------- */

typedef struct problem {
    const double *x, *y;
    size_t n, order;
    bool is_line_taken;         /* the simulated lose theirs, too */
    places rows;
    erg_sieve from_x, from_y;
} problem;

/* scratch: x, y, columns. */
static double simulated(const void *what, erg_random *random, double *scratch)
{
    const problem *of = what;
    double *x = scratch, *y = scratch + of->n, *columns = scratch + 2 * of->n;

    erg_sieve_draw(&of->from_x, random, x, of->n);
    erg_sieve_draw(&of->from_y, random, y, of->n);
    if (of->is_line_taken) {
        erg_detrend_series(x, of->n, ERG_DETREND_LINEAR, x);
        erg_detrend_series(y, of->n, ERG_DETREND_LINEAR, y);
    }
    return f_of(errors_of(x, y, &of->rows, of->order, columns), of->rows.count, of->order);
}

/* The same from models of a simulated pair: what a bootstrap of that pair would draw. */
static double simulated_twice(const void *what, erg_random *random, double *scratch)
{
    const problem *of = what;
    problem again = *of;
    double f = NAN;

    simulated(what, random, scratch);
    bool has_x = erg_sieve_open(scratch, of->n, &again.from_x);
    bool has_y = erg_sieve_open(scratch + of->n, of->n, &again.from_y);
    if (has_x && has_y)
        f = simulated(&again, random, scratch);
    erg_sieve_close(&again.from_x);
    erg_sieve_close(&again.from_y);
    return f;
}

static double naive_p(double f, size_t m, size_t order)
{
    double rest = (double)m - 2 * (double)order - 1, p = (double)order;

    return erg_incomplete_beta(rest / 2, p / 2, rest / (rest + p * f));     /* AS 26.6.2 */
}

static size_t twice_of(size_t count) { return count < TWICE_MOST ? count : TWICE_MOST; }

/* once: F of null pairs; twice: F that bootstraps of such pairs draw, fewer: they cost more
 * and one quantile is all that is asked of them. */
static void set_sizes(const problem *of, double once[], double twice[], size_t count,
                      erg_granger_way *out)
{
    size_t above = 0, naive = 0;
    double least = erg_quantile(twice, twice_of(count), 1 - alpha);

    for (size_t i = 0; i < count; i++) {
        above += once[i] > least;
        naive += naive_p(once[i], of->rows.count, of->order) < alpha;
    }
    out->size = (double)above / (double)count;
    out->size_naive = (double)naive / (double)count;
}

static bool one_way(const problem *of, const erg_granger_options *options, uint64_t use,
                    erg_granger_way *out)
{
    size_t m = of->rows.count, room = 2 * of->n + (2 * of->order + 2) * m;
    size_t count = options->draws;
    double *scratch = calloc(room + 2 * count + 1, sizeof(*scratch));
    double *once = scratch + room, *twice = once + count;
    erg_draws draws = { .draw = simulated, .what = of, .room = room, .count = count,
                        .key = erg_key(options->key, use), .threads = options->threads,
                        .cost = (double)(room * (of->order + 2)) };
    bool ok = scratch != NULL;

    if (ok) {
        out->f = f_of(errors_of(of->x, of->y, &of->rows, of->order, scratch), m, of->order);
        out->p_naive = naive_p(out->f, m, of->order);
        ok = erg_draws_run(&draws, once);
        out->p_value = ok ? erg_draws_p(once, count, out->f) : NAN;
        draws.draw = simulated_twice;
        draws.count = twice_of(count);
        draws.key = erg_key(options->key, use + 2);
        ok = ok && erg_draws_run(&draws, twice);
    }
    if (ok)
        set_sizes(of, once, twice, count, out);
    free(scratch);
    return ok;
}

/* ---- both ways -------------------------------------------------------------- */

static bool both_ways(problem *of, const erg_granger_options *options, erg_granger *out)
{
    bool ok = one_way(of, options, 0, &out->x_to_y);
    problem back = *of;

    back.x = of->y, back.y = of->x;
    back.from_x = of->from_y, back.from_y = of->from_x;
    return ok && one_way(&back, options, 1, &out->y_to_x);
}

static bool study(double x[], double y[], size_t n, const erg_granger_options *options,
                  erg_granger *out, erg_error *err)
{
    problem of = { .x = x, .y = y, .n = n,
                   .is_line_taken = options->detrend == ERG_DETREND_LINEAR };
    size_t most = options->order_most < ORDERS_MOST ? options->order_most : ORDERS_MOST;
    double *columns = calloc((2 * most + 3) * n + 1, sizeof(*columns));
    bool ok = columns != NULL, is_enough = true;

    if (ok)
        out->order = of.order = choose_order(x, y, n, most, columns);
    free(columns);
    ok = ok && of.order > 0 && find_rows(x, y, n, of.order, &of.rows);
    out->rows = of.rows.count;
    if (ok)
        is_enough = out->rows >= ROWS_LEAST + 2 * of.order;
    bool has_x = ok && is_enough && erg_sieve_open(x, n, &of.from_x);
    bool has_y = has_x && erg_sieve_open(y, n, &of.from_y);
    ok = has_y && both_ways(&of, options, out);
    free(of.rows.at);
    erg_sieve_close(&of.from_x);
    erg_sieve_close(&of.from_y);
    if (!is_enough)
        return erg_fail(err, ERG_NO_DATA, "only %zu rows have a whole past", out->rows);
    return ok || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
}

bool erg_granger_test(const double x[], const double y[], size_t n,
                      const erg_granger_options *given, erg_granger *out, erg_error *err)
{
    erg_granger_options options = given ? *given : (erg_granger_options){ 0 };
    double *room = calloc(4 * n + 1, sizeof(*room));
    bool ok;

    options.order_most = options.order_most ? options.order_most : ORDERS;
    options.draws = options.draws ? options.draws : DRAWS;
    *out = (erg_granger){ 0 };
    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
    erg_detrend_series(x, n, options.detrend, room);
    erg_detrend_series(y, n, options.detrend, room + n);
    if (!erg_standardise(room, n, room + 2 * n)
        || !erg_standardise(room + n, n, room + 3 * n))
        ok = erg_fail(err, ERG_NO_DATA, "a series does not move");
    else
        ok = study(room, room + n, n, &options, out, err);
    free(room);
    return ok;
}
