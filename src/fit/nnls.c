/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With k <= 8 columns all 2^k - 1 subsets are solved by their normal equations;
 * those with a negative coefficient are dropped, the least sum of squares stays.
 * The best point of a convex problem over c >= 0 is the free optimum of some
 * subset, so this is exact. Columns are scaled to length 1 first and the sums
 * are long double: the normal equations square the condition number.
 *
 * Source: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23.
 */
#include <math.h>
#include "fit/nnls.h"
#include "math/stats.h"

typedef struct problem {
    const double *x, *y;
    size_t rows, columns;
    long double scale[ERG_NNLS_MOST];                   /* length of each column */
    long double gram[ERG_NNLS_MOST][ERG_NNLS_MOST];     /* of the scaled columns */
    long double right[ERG_NNLS_MOST];
} problem;

typedef struct subset { size_t index[ERG_NNLS_MOST], count; } subset;

static void add_row(problem *p, size_t row)
{
    const double *x = p->x + row * p->columns;

    for (size_t i = 0; i < p->columns; i++) {
        p->right[i] += (long double)x[i] * p->y[row];
        for (size_t j = 0; j < p->columns; j++)
            p->gram[i][j] += (long double)x[i] * x[j];
    }
}

static void build(problem *p)
{
    for (size_t row = 0; row < p->rows; row++)
        add_row(p, row);
    for (size_t i = 0; i < p->columns; i++)
        p->scale[i] = sqrtl(p->gram[i][i]);
    for (size_t i = 0; i < p->columns; i++) {
        p->right[i] = p->scale[i] > 0 ? p->right[i] / p->scale[i] : 0;
        for (size_t j = 0; j < p->columns; j++) {
            long double by = p->scale[i] * p->scale[j];
            p->gram[i][j] = by > 0 ? p->gram[i][j] / by : 0;
        }
    }
}

/* Cholesky of the subset's Gram matrix into the lower triangle; false: the
 * columns depend on each other (or one is all zero). */
static bool factor(const problem *p, const subset *of, long double l[][ERG_NNLS_MOST])
{
    for (size_t i = 0; i < of->count; i++)
        for (size_t j = 0; j <= i; j++) {
            long double sum = p->gram[of->index[i]][of->index[j]];
            for (size_t k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            if (i == j && !(sum > 1e-14L))
                return false;
            l[i][j] = i == j ? sqrtl(sum) : sum / l[j][j];
        }
    return true;
}

static void substitute(long double l[][ERG_NNLS_MOST], size_t count, long double b[])
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i][k] * b[k];
        b[i] /= l[i][i];
    }
    for (size_t i = count; i-- > 0;) {
        for (size_t k = i + 1; k < count; k++)
            b[i] -= l[k][i] * b[k];
        b[i] /= l[i][i];
    }
}

static subset subset_of(unsigned bits)
{
    subset of = { .count = 0 };

    for (size_t i = 0; i < ERG_NNLS_MOST; i++)
        if (bits >> i & 1)
            of.index[of.count++] = i;
    return of;
}

/* Unscaled coefficients of a subset; false: unsolvable or one is negative. */
static bool solve(const problem *p, const subset *of, double value[])
{
    long double l[ERG_NNLS_MOST][ERG_NNLS_MOST], b[ERG_NNLS_MOST];

    if (!factor(p, of, l))
        return false;
    for (size_t i = 0; i < of->count; i++)
        b[i] = p->right[of->index[i]];
    substitute(l, of->count, b);
    for (size_t i = 0; i < ERG_NNLS_MOST; i++)
        value[i] = 0;
    for (size_t i = 0; i < of->count; i++) {
        if (b[i] < 0)
            return false;
        value[of->index[i]] = (double)(b[i] / p->scale[of->index[i]]);
    }
    return true;
}

static double squares_of(const problem *p, const double value[])
{
    long double sum = 0;

    for (size_t row = 0; row < p->rows; row++) {
        long double left = p->y[row];
        for (size_t i = 0; i < p->columns; i++)
            left -= (long double)value[i] * p->x[row * p->columns + i];
        sum += left * left;
    }
    return (double)sum;
}

/* Standard error of coefficient i among the columns of a subset that holds it. */
static double standard_error(const problem *p, const subset *of, size_t i, double variance)
{
    long double l[ERG_NNLS_MOST][ERG_NNLS_MOST], b[ERG_NNLS_MOST] = { 0 };
    size_t at = 0;

    while (of->index[at] != i)
        at++;
    if (!factor(p, of, l))
        return NAN;
    b[at] = 1;
    substitute(l, of->count, b);
    return sqrt(variance * (double)b[at]) / (double)p->scale[i];
}

static void bound(const problem *p, unsigned best, erg_nnls *out)
{
    size_t used = subset_of(best).count;
    bool free_rows = p->rows > used;
    double df = free_rows ? (double)(p->rows - used) : NAN;
    double t = free_rows ? erg_student_t(0.975, df) : NAN;

    for (size_t i = 0; i < p->columns; i++) {
        subset with = subset_of(best | 1u << i);
        double half = t * standard_error(p, &with, i, out->squares / df);
        out->low[i] = fmax(0, out->value[i] - half);
        out->high[i] = out->value[i] + half;
        if (isnan(half))
            out->low[i] = out->high[i] = NAN;
    }
}

/* Largest eigenvalue of the Gram matrix shifted by `shift`, by power iteration:
 * an order of magnitude is all that a condition number is read for. */
static long double largest(const problem *p, long double shift)
{
    long double v[ERG_NNLS_MOST], next[ERG_NNLS_MOST], length = 0;

    for (size_t i = 0; i < p->columns; i++)
        v[i] = 1 + 0.1L * (long double)i * (i % 2 ? -1 : 1);
    for (int round = 0; round < 500; round++) {
        length = 0;
        for (size_t i = 0; i < p->columns; i++) {
            next[i] = -shift * v[i];
            for (size_t j = 0; j < p->columns; j++)
                next[i] += p->gram[i][j] * v[j];
            length += next[i] * next[i];
        }
        length = sqrtl(length);
        for (size_t i = 0; i < p->columns && length > 0; i++)
            v[i] = next[i] / length;
    }
    return length;
}

bool erg_nnls_solve(const double *x, const double *y, size_t rows, size_t columns,
                    erg_nnls *out, erg_error *err)
{
    problem p = { .x = x, .y = y, .rows = rows, .columns = columns };
    double value[ERG_NNLS_MOST];
    unsigned best = 0;

    *out = (erg_nnls){ .squares = NAN };
    if (columns < 1 || columns > ERG_NNLS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "cannot fit %zu coefficients, only 1 to %d",
                        columns, ERG_NNLS_MOST);

    build(&p);
    long double length = 0;
    for (size_t i = 0; i < columns; i++)
        length += p.scale[i];
    if (!(length > 0) || !rows)
        return erg_fail(err, ERG_NO_DATA, "no fit: %zu rows say nothing of %zu coefficients",
                        rows, columns);

    out->squares = squares_of(&p, out->value);      /* of all zero: the empty subset */
    for (unsigned bits = 1; bits < 1u << columns; bits++) {
        subset of = subset_of(bits);
        if (!solve(&p, &of, value) || !(squares_of(&p, value) < out->squares))
            continue;
        out->squares = squares_of(&p, value);
        best = bits;
        for (size_t i = 0; i < ERG_NNLS_MOST; i++)
            out->value[i] = value[i];
    }
    long double most = largest(&p, 0), least = most - largest(&p, most);
    out->condition = least > 0 ? (double)sqrtl(most / least) : INFINITY;
    bound(&p, best, out);
    return true;
}
