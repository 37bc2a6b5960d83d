/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares by Gram and Schmidt with every step repeated: as good as Householder's
 * (Giraud et al., Numerische Mathematik 101, 2005), and in the order of the columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/regression.h"

#define DEPENDENT 1e-10             /* of a column's length that others leave */

typedef struct triangle {
    double r[ERG_COLUMNS_MOST][ERG_COLUMNS_MOST];
} triangle;

static double dot(const double a[], const double b[], size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Takes from v its part along the unit vector q; returns its size. */
static double take(const double q[], double v[], size_t n)
{
    double part = dot(q, v, n);

    for (size_t i = 0; i < n; i++)
        v[i] -= part * q[i];
    return part;
}

/* Makes column j a unit vector at right angles to those before it. */
static bool make_right(double *columns, size_t n, size_t j, triangle *r)
{
    double *mine = columns + j * n, before = sqrt(dot(mine, mine, n));

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < j; i++)
            r->r[i][j] += take(columns + i * n, mine, n);
    double length = sqrt(dot(mine, mine, n));
    if (!(length > DEPENDENT * before))
        return false;
    for (size_t i = 0; i < n; i++)
        mine[i] /= length;
    r->r[j][j] = length;
    return true;
}

/* R b = q for the upper triangle, in place. */
static void solve_back(const triangle *r, size_t count, double q[])
{
    for (size_t i = count; i-- > 0;) {
        for (size_t j = i + 1; j < count; j++)
            q[i] -= r->r[i][j] * q[j];
        q[i] /= r->r[i][i];
    }
}

/* Columns become Q, y the residuals. */
static bool decompose(double *columns, double *y, size_t n, size_t count, triangle *r,
                      erg_regression *out)
{
    *out = (erg_regression){ .n = n, .count = count };
    memset(r, 0, sizeof(*r));
    if (count > ERG_COLUMNS_MOST || n < count)
        return false;
    for (size_t j = 0; j < count; j++)
        if (!make_right(columns, n, j, r))
            return false;
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < count; j++)
            out->b[j] += take(columns + j * n, y, n);
    solve_back(r, count, out->b);
    out->rss = dot(y, y, n);
    return true;
}

/* Row j of R^-1 has the square sum that the variance of b[j] is made of. */
static void white_errors(const triangle *r, size_t count, double rest, double se[])
{
    double squares[ERG_COLUMNS_MOST] = { 0 };

    for (size_t i = 0; i < count; i++) {
        double unit[ERG_COLUMNS_MOST] = { 0 };
        unit[i] = 1;
        solve_back(r, count, unit);
        for (size_t j = 0; j < count; j++)
            squares[j] += unit[j] * unit[j];
    }
    for (size_t j = 0; j < count; j++)
        se[j] = sqrt(squares[j] * rest);
}

bool erg_regress(double *columns, double *y, size_t n, size_t count, erg_regression *out)
{
    triangle r;

    if (!decompose(columns, y, n, count, &r, out))
        return false;
    white_errors(&r, count, n > count ? out->rss / (double)(n - count) : NAN, out->se);
    return true;
}

/* ---- errors that remember --------------------------------------------------- */

size_t erg_newey_west_lags(size_t n)
{
    return (size_t)floor(4 * pow((double)n / 100, 2.0 / 9));
}

/* What one row of X says of each b: R^-1 times the row of Q, times its residual. */
static void scores(const double *q, const double e[], size_t n, size_t count,
                   const triangle *r, double *out)
{
    for (size_t t = 0; t < n; t++) {
        double row[ERG_COLUMNS_MOST];
        for (size_t j = 0; j < count; j++)
            row[j] = q[j * n + t] * e[t];
        solve_back(r, count, row);
        for (size_t j = 0; j < count; j++)
            out[j * n + t] = row[j];
    }
}

bool erg_regress_newey_west(double *columns, double *y, size_t n, size_t count, size_t lags,
                            erg_regression *out)
{
    triangle r;
    double *all = calloc(n * count + 1, sizeof(*all));
    bool ok = all && decompose(columns, y, n, count, &r, out);

    if (ok)
        scores(columns, y, n, count, &r, all);
    for (size_t j = 0; ok && j < count; j++) {
        const double *mine = all + j * n;
        double sum = dot(mine, mine, n);
        for (size_t l = 1; l <= lags && l < n; l++)
            sum += 2 * (1 - (double)l / (double)(lags + 1)) * dot(mine, mine + l, n - l);
        out->se[j] = sqrt(sum);
    }
    free(all);
    return ok;
}

/* ---- drivers ---------------------------------------------------------------- */

typedef struct rows { size_t *places, count; double *columns, *y; size_t width; } rows;

static bool is_whole(const double x[], const double *const drivers[], size_t count,
                     size_t lags, size_t t)
{
    bool is_known = t >= lags && isfinite(x[t]);

    for (size_t d = 0; is_known && d < count; d++)
        for (size_t k = 0; k <= lags; k++)
            is_known = is_known && isfinite(drivers[d][t - k]);
    return is_known;
}

/* Appends driver d at lag k, centred, if the columns before it do not say it already. */
static void add_column(rows *of, const double driver[], size_t lag)
{
    double *column = of->columns + of->width * of->count, mean = 0, before;
    triangle unused = { 0 };

    for (size_t i = 0; i < of->count; i++) {
        column[i] = driver[of->places[i] - lag];
        mean += column[i] / (double)of->count;
    }
    before = sqrt(dot(column, column, of->count));
    for (size_t i = 0; i < of->count; i++)
        column[i] -= mean;
    if (of->width < ERG_COLUMNS_MOST
        && sqrt(dot(column, column, of->count)) > DEPENDENT * before
        && make_right(of->columns, of->count, of->width, &unused))
        of->width++;
}

static void explain(const double x[], const double *const drivers[], size_t count,
                    size_t lags, rows *of)
{
    double mean = 0;

    for (size_t i = 0; i < of->count; i++)
        mean += x[of->places[i]] / (double)of->count;
    for (size_t i = 0; i < of->count; i++)
        of->y[i] = x[of->places[i]] - mean;
    for (size_t d = 0; d < count; d++)
        for (size_t k = 0; k <= lags; k++)
            add_column(of, drivers[d], k);
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < of->width; j++)
            take(of->columns + j * of->count, of->y, of->count);
}

bool erg_regress_out(const double x[], const double *const drivers[], size_t count,
                     size_t n, size_t lags, double out[])
{
    size_t width = count * (lags + 1) < ERG_COLUMNS_MOST ? count * (lags + 1)
                                                         : ERG_COLUMNS_MOST;
    rows of = { .places = calloc(n + 1, sizeof(*of.places)),
                .columns = calloc(n * (width + 1) + 1, sizeof(*of.columns)),
                .y = calloc(n + 1, sizeof(*of.y)) };
    bool ok = of.places && of.columns && of.y;

    for (size_t t = 0; ok && t < n; t++) {
        out[t] = NAN;
        if (is_whole(x, drivers, count, lags, t))
            of.places[of.count++] = t;
    }
    ok = ok && of.count > 2 * width + 2;
    if (ok)
        explain(x, drivers, count, lags, &of);
    for (size_t i = 0; ok && i < of.count; i++)
        out[of.places[i]] = of.y[i];
    free(of.places);
    free(of.columns);
    free(of.y);
    return ok;
}
