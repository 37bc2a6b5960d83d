/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind is one function from two standardised series to a p value. Lags in a circle
 * come from one transform; random phases need no way back, for a few lags are summed over
 * the frequencies by a recurrence.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/spectrum.h"
#include "math/stats.h"
#include "couple/surrogate.h"

enum { DRAWS = 2000 };

typedef struct pair {
    const double *x, *y;        /* standardised; y has `lags` zeros on both sides */
    size_t n;
    const erg_surrogate_options *options;
} pair;

static double largest(const double values[], size_t count)
{
    double most = 0;

    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs(values[i]));
    return most;
}

/* ---- shifts ----------------------------------------------------------------- */

/* out[s] = sum of x[t] y[t+s mod n]. */
static bool in_a_circle(const pair *of, double out[])
{
    size_t n = of->n;
    double *line = calloc(2 * n, sizeof(*line));
    bool ok = line && erg_all_lag_products(of->x, of->y, n, n - 1, line);

    for (size_t s = 0; ok && s < n; s++)
        out[s] = line[n - 1 + s] + (s ? line[s - 1] : 0);
    free(line);
    return ok;
}

static double around(const double circle[], size_t n, size_t shift, size_t lags)
{
    double most = 0;

    for (size_t k = 0; k <= 2 * lags; k++)
        most = fmax(most, fabs(circle[(n + shift + k - lags) % n]));
    return most;
}

static bool test_shifts(const pair *of, erg_surrogate *out)
{
    size_t n = of->n, lags = of->options->lags, count = 0;
    double *circle = calloc(2 * n, sizeof(*circle)), *values = circle + n;

    if (!circle || !in_a_circle(of, circle)) {
        free(circle);
        return false;
    }
    double seen = around(circle, n, 0, lags);
    /* Nearer ones look at lags that are tested. */
    for (size_t shift = 2 * lags + 1; shift + 2 * lags < n; shift++)
        values[count++] = around(circle, n, shift, lags);
    out->r = seen / (double)n;
    out->p_value = erg_draws_p(values, count, seen);
    free(circle);
    return true;
}

/* ---- phases ----------------------------------------------------------------- */

enum { DIRECTIONS = 4096 }; /* so many phases: finer ones change no digit of a p value */

typedef struct phases {
    const double *size, *turn;  /* of each frequency above 0: |X Y|, 2 cos(2 pi f/n) */
    const double *cosine, *sine;
    const erg_wave *direction;
    size_t count, lags;
} phases;

enum { SIDE = 8 };              /* frequencies side by side: enough to hide latencies */

typedef double two __attribute__((vector_size(2 * sizeof(double))));
typedef struct eight { two a, b, c, d; } eight;

static inline eight load(const double *from)
{
    eight value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline eight times(eight x, eight y)
{
    return (eight){ x.a * y.a, x.b * y.b, x.c * y.c, x.d * y.d };
}

/* sums[k] += a cos(k w) for eight frequencies. `now` begins at k = 0, `before` at k = -1,
 * and each next one is turn * now - before. */
static void run_over_lags(eight now, eight before, eight turn, size_t lags, two sums[])
{
    for (size_t k = 0; k <= lags; k++) {
        eight next = { turn.a * now.a - before.a, turn.b * now.b - before.b,
                       turn.c * now.c - before.c, turn.d * now.d - before.d };
        sums[k] += (now.a + now.b) + (now.c + now.d);
        before = now;
        now = next;
    }
}

/* Sizes times directions by chance. */
static void draw_phases(const phases *of, size_t f, erg_random *random, eight *re,
                        eight *im)
{
    double x[SIDE], y[SIDE];

    for (size_t i = 0; i < SIDE; i += 4) {
        uint64_t bits = erg_random_next(random);
        for (size_t j = 0; j < 4; j++, bits >>= 16) {
            const erg_wave *to = of->direction + bits % DIRECTIONS;
            x[i + j] = to->re * of->size[f + i + j];
            y[i + j] = to->im * of->size[f + i + j];
        }
    }
    *re = load(x);
    *im = load(y);
}

/* The lags of a circle whose spectrum has these sizes and phases by chance. The sums over
 * cosines are the same for k and -k, those over sines change their sign. */
static double by_phases(const void *what, erg_random *random, double *scratch)
{
    const phases *of = what;
    const eight none = { 0 };
    size_t lags = of->lags;
    two *even = (two *)(void *)scratch, *odd = even + lags + 1;
    double most = 0;

    memset(scratch, 0, 4 * (lags + 1) * sizeof(*scratch));
    for (size_t f = 0; f < of->count; f += SIDE) {
        eight re, im, turn = load(of->turn + f);
        draw_phases(of, f, random, &re, &im);
        run_over_lags(re, times(re, load(of->cosine + f)), turn, lags, even);
        run_over_lags(none, times(im, load(of->sine + f)), turn, lags, odd);
    }
    /* The sines began at -sin(w): odd has the other sign, which the greatest ignores. */
    for (size_t k = 0; k <= lags; k++) {
        double same = even[k][0] + even[k][1], other = odd[k][0] + odd[k][1];
        most = fmax(most, fmax(fabs(same - other), fabs(same + other)));
    }
    return most;
}

/* |X Y| of frequency f, both sides, over n; from one transform of x + i y. */
static double size_of(const erg_wave both[], size_t f, size_t n)
{
    erg_wave here = both[f], mirror = both[n - f];
    double x = hypot(here.re + mirror.re, here.im - mirror.im) / 2;
    double y = hypot(here.im + mirror.im, here.re - mirror.re) / 2;

    return x * y * (2 * f == n ? 1 : 2) / (double)n;
}

static void set_frequencies(const erg_wave both[], size_t n, size_t half, double *tables)
{
    for (size_t i = 0; i < half; i++) {
        size_t f = i + 1;
        double angle = 2 * M_PI * (double)f / (double)n;
        tables[i] = 2 * f <= n ? size_of(both, f, n) : 0;
        tables[half + i] = 2 * cos(angle);
        tables[2 * half + i] = cos(angle);
        tables[3 * half + i] = sin(angle);
    }
}

static bool run_phases(const pair *of, const phases *with, double seen, double *p_value)
{
    size_t count = of->options->draws;
    double *values = calloc(count, sizeof(*values));
    erg_draws draws = { .draw = by_phases, .what = with, .room = 4 * (with->lags + 1),
                        .count = count, .key = erg_key(of->options->key, 1),
                        .cost = (double)(with->count * (2 * with->lags + 4)),
                        .threads = of->options->threads };
    bool ok = values && erg_draws_run(&draws, values);

    *p_value = ok ? erg_draws_p(values, count, seen) : NAN;
    free(values);
    return ok;
}

static bool test_phases(const pair *of, erg_surrogate *out)
{
    size_t n = of->n, half = (n / 2 + SIDE - 1) / SIDE * SIDE;
    erg_wave *both = calloc(n + DIRECTIONS, sizeof(*both)), *direction = both + n;
    double *tables = calloc(4 * half + n, sizeof(*tables)), *circle = tables + 4 * half;
    bool ok = both && tables && in_a_circle(of, circle);

    for (size_t t = 0; ok && t < n; t++)
        both[t] = (erg_wave){ of->x[t], of->y[t] };
    for (size_t i = 0; ok && i < DIRECTIONS; i++) {
        double angle = 2 * M_PI * ((double)i + 0.5) / DIRECTIONS;
        direction[i] = (erg_wave){ cos(angle), sin(angle) };
    }
    ok = ok && erg_fourier(both, n);
    if (ok) {
        phases with = { tables, tables + half, tables + 2 * half, tables + 3 * half,
                        direction, half, of->options->lags };
        double seen = around(circle, n, 0, with.lags);
        set_frequencies(both, n, half, tables);
        out->r = seen / (double)n;
        ok = run_phases(of, &with, seen, &out->p_value);
    }
    free(both);
    free(tables);
    return ok;
}

/* ---- blocks ----------------------------------------------------------------- */

typedef struct blocks {
    const pair *of;
    double log_goes_on;         /* of the chance that a block has one more value */
    const double *y_sums;       /* of y at each lag, for means that are not quite 0 */
} blocks;

/* Room for x, then products. Lengths are geometric. */
static void draw_blocks(const blocks *with, erg_random *random, double x[])
{
    const pair *of = with->of;
    size_t n = of->n;

    for (size_t t = 0; t < n;) {
        size_t at = erg_random_below(random, n), left = n - t;
        double drawn = 1 + log1p(-erg_random_uniform(random)) / with->log_goes_on;
        size_t length = drawn < (double)left ? (size_t)drawn : left;
        for (; length > 0; at = 0) {
            size_t run = n - at < length ? n - at : length;
            memcpy(x + t, of->x + at, run * sizeof(*x));
            t += run;
            length -= run;
        }
    }
}

static double by_blocks(const void *what, erg_random *random, double *scratch)
{
    const blocks *with = what;
    const pair *of = with->of;
    size_t n = of->n, lags = of->options->lags;
    double *products = scratch + n, sum = 0, squares;

    draw_blocks(with, random, scratch);
    erg_lag_products(scratch, of->y, n, lags, products);
    erg_lag_products(scratch, scratch, n, 0, &squares);
    for (size_t t = 0; t < n; t++)
        sum += scratch[t];
    double mean = sum / (double)n, variance = squares / (double)n - mean * mean;
    for (size_t k = 0; k <= 2 * lags; k++)
        products[k] -= mean * with->y_sums[k];
    return variance > 1e-9 ? largest(products, 2 * lags + 1) / sqrt(variance) : NAN;
}

/* As long as remembers a series whose lag-1 correlation is the geometric mean of both:
 * Carlstein, Annals of Statistics 14 (1986). */
static double block_length(const pair *of)
{
    double of_x = erg_correlation(of->x, of->x + 1, of->n - 1);
    double of_y = erg_correlation(of->y, of->y + 1, of->n - 1);
    double rho = fmin(0.99, sqrt(fmax(0, of_x) * fmax(0, of_y)));
    double length = pow(2 * rho / (1 - rho * rho), 2.0 / 3) * cbrt((double)of->n);

    return fmax(1, fmin(length, (double)of->n / 4));
}

/* Of y over t = 0..n-1 at each lag: zeros on both sides take part. */
static void sums_of_y(const pair *of, double sums[])
{
    size_t lags = of->options->lags;

    for (size_t k = 0; k <= 2 * lags; k++) {
        sums[k] = 0;
        for (size_t t = 0; t < of->n; t++)
            sums[k] += of->y[(ptrdiff_t)(t + k) - (ptrdiff_t)lags];
    }
}

static bool test_blocks(const pair *of, erg_surrogate *out)
{
    size_t n = of->n, width = 2 * of->options->lags + 1, count = of->options->draws;
    double *values = calloc(count + 2 * width, sizeof(*values));
    double *products = values + count, *y_sums = products + width;
    blocks with = { of, -INFINITY, y_sums };
    erg_draws draws = { .draw = by_blocks, .what = &with, .room = n + width, .count = count,
                        .key = erg_key(of->options->key, 2),
                        .cost = (double)n * (double)(width + 8),
                        .threads = of->options->threads };
    bool ok;

    out->block = block_length(of);
    with.log_goes_on = out->block > 1 ? log1p(-1 / out->block) : -INFINITY;
    if (values)
        sums_of_y(of, y_sums);
    ok = values && erg_draws_run(&draws, values);
    if (ok) {
        erg_lag_products(of->x, of->y, n, of->options->lags, products);
        double seen = largest(products, width);
        out->r = seen / (double)n;
        out->p_value = erg_draws_p(values, count, seen);
    }
    free(values);
    return ok;
}

/* ---- all of them ------------------------------------------------------------ */

static const struct {
    const char *name;
    bool (*test)(const pair *of, erg_surrogate *out);
} kinds[ERG_SURROGATE_KINDS] = {
    [ERG_SURROGATE_SHIFT]  = { "circular shift", test_shifts },
    [ERG_SURROGATE_PHASE]  = { "random phases", test_phases },
    [ERG_SURROGATE_BLOCKS] = { "stationary bootstrap", test_blocks },
};

const char *erg_surrogate_name(erg_surrogate_kind kind) { return kinds[kind].name; }

static erg_surrogate_options with_defaults(const erg_surrogate_options *given)
{
    erg_surrogate_options options = given ? *given : (erg_surrogate_options){ 0 };

    options.lags = options.lags ? options.lags : ERG_SURROGATE_LAGS;
    options.draws = options.draws ? options.draws : DRAWS;
    return options;
}

bool erg_surrogate_p(erg_surrogate_kind kind, const double x[], const double y[], size_t n,
                     const erg_surrogate_options *given, erg_surrogate *out, erg_error *err)
{
    erg_surrogate_options options = with_defaults(given);
    double *room = calloc(3 * n + 2 * options.lags, sizeof(*room));
    double *x_hat = room + n, *y_hat = room + 2 * n + options.lags;
    pair of = { x_hat, y_hat, n, &options };
    bool ok = room != NULL, is_enough = n >= 4 * options.lags + 8;

    *out = (erg_surrogate){ .p_value = NAN, .size = NAN, .block = NAN };
    if (ok && is_enough) {
        erg_detrend_series(x, n, options.detrend, room);
        is_enough = erg_standardise(room, n, x_hat) > 0;
        erg_detrend_series(y, n, options.detrend, room);
        is_enough = is_enough && erg_standardise(room, n, y_hat) > 0;
    }
    if (ok && is_enough)
        ok = kinds[kind].test(&of, out);
    free(room);
    if (!ok)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
    return is_enough
           || erg_fail(err, ERG_NO_DATA, "%zu bins that do not move, or too few", n);
}
