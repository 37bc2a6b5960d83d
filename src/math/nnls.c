/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The active set method on the normal equations of columns scaled to length 1. Sums are
 * long double because those equations square the condition number.
 */
#include <math.h>
#include <stdlib.h>
#include "math/nnls.h"
#include "math/stats.h"

typedef long double real;

static const real DEPENDENT = 1e-14L;       /* what is left of a column beside the others */
static const real SETTLED = 1e-15L;         /* of the steepest slope at zero */
enum { ROUNDS = 200, TURNS_A_COLUMN = 10 };

typedef struct problem {
    const erg_nonnegative_rows *in;
    size_t n;
    real *scale;                /* length of each column */
    real *gram, *right;         /* of the scaled columns */
    real *factor;               /* Cholesky of the columns in use, lower triangle */
    real *now, *next;           /* coefficients of the scaled columns */
    size_t *used, count;        /* columns that are not held at zero */
    bool *is_used, *is_dependent;
} problem;

static bool make(problem *p, const erg_nonnegative_rows *in, erg_error *err)
{
    size_t n = in->columns;
    real *room = calloc(2 * n * n + 4 * n, sizeof(real));
    *p = (problem){ .in = in, .n = n, .used = calloc(n, sizeof(size_t)),
                    .is_used = calloc(2 * n, sizeof(bool)), .gram = room };

    if (!room || !p->used || !p->is_used)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu coefficients", n);
    p->factor = p->gram + n * n;
    p->right = p->factor + n * n;
    p->scale = p->right + n;
    p->now = p->scale + n;
    p->next = p->now + n;
    p->is_dependent = p->is_used + n;
    return true;
}

static void drop(problem *p)
{
    free(p->gram);
    free(p->used);
    free(p->is_used);
}

static void add_row(problem *p, const double *x, double y)
{
    for (size_t i = 0; i < p->n; i++) {
        p->right[i] += (real)x[i] * y;
        for (size_t j = 0; x[i] != 0 && j <= i; j++)
            p->gram[i * p->n + j] += (real)x[i] * x[j];
    }
}

static void build(problem *p)
{
    for (size_t row = 0; row < p->in->rows; row++)
        add_row(p, p->in->x + row * p->n, p->in->y[row]);
    for (size_t i = 0; i < p->n; i++)
        p->scale[i] = sqrtl(p->gram[i * p->n + i]);
    for (size_t i = 0; i < p->n; i++) {
        p->right[i] = p->scale[i] > 0 ? p->right[i] / p->scale[i] : 0;
        for (size_t j = 0; j <= i; j++) {
            real by = p->scale[i] * p->scale[j];
            real value = by > 0 ? p->gram[i * p->n + j] / by : 0;
            p->gram[i * p->n + j] = p->gram[j * p->n + i] = value;
        }
    }
}

/* False: the last column used depends on those before it, or is all zero. */
static bool factor_row(problem *p, size_t i)
{
    real *l = p->factor;

    for (size_t j = 0; j <= i; j++) {
        real sum = p->gram[p->used[i] * p->n + p->used[j]];
        for (size_t k = 0; k < j; k++)
            sum -= l[i * p->n + k] * l[j * p->n + k];
        if (i == j && !(sum > DEPENDENT))
            return false;
        l[i * p->n + j] = i == j ? sqrtl(sum) : sum / l[j * p->n + j];
    }
    return true;
}

static bool factor(problem *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!factor_row(p, i))
            return false;
    return true;
}

static void substitute(const problem *p, real b[])
{
    const real *l = p->factor;

    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i * p->n + k] * b[k];
        b[i] /= l[i * p->n + i];
    }
    for (size_t i = p->count; i-- > 0;) {
        for (size_t k = i + 1; k < p->count; k++)
            b[i] -= l[k * p->n + i] * b[k];
        b[i] /= l[i * p->n + i];
    }
}

/* Minus half the slope of the squares along column j. */
static real pull(const problem *p, size_t j)
{
    real sum = p->right[j];

    for (size_t i = 0; i < p->count; i++)
        sum -= p->gram[j * p->n + p->used[i]] * p->now[p->used[i]];
    return sum;
}

/* The column at zero that would lower the squares most; n: none, this is the least. */
static size_t steepest(const problem *p)
{
    size_t best = p->n;
    real most = 0;

    for (size_t j = 0; j < p->n; j++)
        most = fmaxl(most, fabsl(p->right[j]));
    most *= SETTLED;
    for (size_t j = 0; j < p->n; j++) {
        if (p->is_used[j] || p->is_dependent[j])
            continue;
        real slope = pull(p, j);
        best = slope > most ? j : best;
        most = fmaxl(most, slope);
    }
    return best;
}

static void use(problem *p, size_t j)
{
    p->is_used[j] = true;
    p->used[p->count++] = j;
}

static void release(problem *p, size_t place)
{
    size_t j = p->used[place];

    p->is_used[j] = false;
    p->now[j] = 0;
    for (size_t i = place; i + 1 < p->count; i++)
        p->used[i] = p->used[i + 1];
    p->count--;
}

static void solve_used(problem *p)
{
    for (size_t i = 0; i < p->count; i++)
        p->next[i] = p->right[p->used[i]];
    substitute(p, p->next);
}

/* As far towards the free optimum as no coefficient turns negative. True: all the way. */
static bool step(problem *p)
{
    real share = 1;
    size_t blocking = p->count;

    for (size_t i = 0; i < p->count; i++) {
        real now = p->now[p->used[i]];
        if (p->next[i] > 0 || now / (now - p->next[i]) >= share)
            continue;
        share = now / (now - p->next[i]);
        blocking = i;
    }
    for (size_t i = 0; i < p->count; i++)
        p->now[p->used[i]] += share * (p->next[i] - p->now[p->used[i]]);
    if (blocking == p->count)
        return true;
    release(p, blocking);
    return false;
}

static void descend(problem *p)
{
    size_t turns = TURNS_A_COLUMN * p->n + 1;

    for (size_t j; turns-- > 0 && (j = steepest(p)) < p->n;) {
        use(p, j);
        if (!factor(p)) {
            p->is_dependent[j] = true;
            release(p, p->count - 1);
            continue;
        }
        for (solve_used(p); !step(p); solve_used(p))
            (void)factor(p);    /* of fewer columns: they stay independent */
        for (size_t i = 0; i < p->n; i++)
            p->is_dependent[i] = false;
    }
}

static double squares_of(const problem *p, const double value[])
{
    real sum = 0;

    for (size_t row = 0; row < p->in->rows; row++) {
        real left = p->in->y[row];
        for (size_t i = 0; i < p->n; i++)
            left -= (real)value[i] * p->in->x[row * p->n + i];
        sum += left * left;
    }
    return (double)sum;
}

/* Standard error of coefficient i among the columns in use, or beside them. */
static double standard_error(problem *p, size_t i, double variance)
{
    bool added = !p->is_used[i];
    size_t place = 0;
    double out = NAN;

    if (added)
        use(p, i);
    while (p->used[place] != i)
        place++;
    if (factor(p)) {
        for (size_t k = 0; k < p->count; k++)
            p->next[k] = k == place;
        substitute(p, p->next);
        out = sqrt(variance * (double)p->next[place]) / (double)p->scale[i];
    }
    if (added)
        release(p, p->count - 1);
    return out;
}

static void bound(problem *p, erg_nonnegative *out)
{
    bool free_rows = p->in->rows > p->count;
    double df = free_rows ? (double)(p->in->rows - p->count) : NAN;
    double t = free_rows ? erg_student_t(0.975, df) : NAN;

    for (size_t i = 0; i < p->n; i++) {
        double half = t * standard_error(p, i, out->squares / df);
        out->low[i] = isnan(half) ? NAN : fmax(0, out->value[i] - half);
        out->high[i] = out->value[i] + half;
    }
}

/* The largest eigenvalue of the Gram matrix, or of its inverse, by power iteration: a start
 * that no structure of the columns is orthogonal to. */
static real largest(problem *p, bool of_inverse)
{
    real *v = p->now, length = 0;

    for (size_t i = 0; i < p->n; i++)
        v[i] = (1 + 0.1L * (real)(i % 7)) * (i % 2 ? -1 : 1);
    for (int round = 0; round < ROUNDS; round++) {
        length = 0;
        for (size_t i = 0; i < p->n; i++) {
            p->next[i] = of_inverse ? v[i] : 0;
            for (size_t j = 0; !of_inverse && j < p->n; j++)
                p->next[i] += p->gram[i * p->n + j] * v[j];
        }
        if (of_inverse)
            substitute(p, p->next);
        for (size_t i = 0; i < p->n; i++)
            length += p->next[i] * p->next[i];
        length = sqrtl(length);
        for (size_t i = 0; i < p->n && length > 0; i++)
            v[i] = p->next[i] / length;
    }
    return length;
}

/* Uses up the coefficients. */
static double condition_of(problem *p)
{
    for (p->count = 0; p->count < p->n; p->count++)
        p->used[p->count] = p->count;
    if (!factor(p))
        return INFINITY;
    real least = largest(p, true);
    return (double)sqrtl(largest(p, false) * least);
}

bool erg_columns_condition(const erg_nonnegative_rows *in, double *condition,
                           erg_error *err)
{
    problem p;
    bool ok = make(&p, in, err);

    if (ok) {
        build(&p);
        *condition = condition_of(&p);
    }
    drop(&p);
    return ok;
}

static bool has_work(const problem *p)
{
    real length = 0;

    for (size_t i = 0; i < p->n; i++)
        length += p->scale[i];
    return length > 0 && p->in->rows > 0;
}

bool erg_nonnegative_fit(const erg_nonnegative_rows *in, erg_nonnegative *out,
                         erg_error *err)
{
    problem p;
    bool ok = make(&p, in, err);

    out->squares = out->condition = NAN;
    if (ok)
        build(&p);
    if (ok && !has_work(&p))
        ok = erg_fail(err, ERG_NO_DATA, "no fit: %zu rows say nothing of %zu coefficients",
                      in->rows, in->columns);
    if (ok) {
        descend(&p);
        for (size_t i = 0; i < in->columns; i++)
            out->value[i] = p.now[i] > 0 ? (double)(p.now[i] / p.scale[i]) : 0;
        out->squares = squares_of(&p, out->value);
        if (out->low && out->high)
            bound(&p, out);
        out->condition = condition_of(&p);
    }
    drop(&p);
    return ok;
}
