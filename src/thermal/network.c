/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For given time constants the model is linear. Resistances cannot be negative: every
 * subset of them is solved and the best that is not negative stays: exact for so few.
 */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/network.h"

/* ---- the linear part ----------------------------------------------------------------- */

/* exp(-h/tau) for one interval after another. Stamps of a log differ by milliseconds from
 * their period: a few terms of a series from the usual interval are exact to the last digit
 * and several times as fast as exp. */
typedef struct decay { double tau_s, usual_s, usual, last_s, last; } decay;

static decay decay_of(double tau_s, double usual_s)
{
    return (decay){ .tau_s = tau_s, .usual_s = usual_s, .usual = exp(-usual_s / tau_s),
                    .last_s = NAN };
}

static double decay_over(decay *of, double h_s)
{
    double z = (of->usual_s - h_s) / of->tau_s;

    if (h_s == of->last_s)
        return of->last;
    of->last_s = h_s;
    if (fabs(z) < 1e-5)
        of->last = of->usual * (1 + z * (1 + z / 2));
    else if (fabs(z) <= 0.01)
        of->last = of->usual
            * (1 + z * (1 + z / 2 * (1 + z / 3 * (1 + z / 4 * (1 + z / 5)))));
    else
        of->last = exp(-h_s / of->tau_s);
    return of->last;
}

/* Exact for power that is a straight line between two samples. */
void erg_lag(const erg_window *window, double tau_s, double x[])
{
    const double *p = window->late_w, *t = window->t_s;
    decay fading = decay_of(tau_s, window->dt_s);

    for (size_t k = 0; k < window->n; k++) {
        if (k == 0 || window->segment[k] != window->segment[k - 1]) {
            x[k] = 0;
            continue;
        }
        double h = t[k] - t[k - 1], a = decay_over(&fading, h), c = tau_s * (1 - a) / h;
        x[k] = a * x[k - 1] + (c - a) * p[k - 1] + (1 - c) * p[k];
    }
}

enum { BLOCK = ERG_WINDOW_BLOCK };

typedef struct linear {
    size_t free_count, count;   /* the first are free, the rest at least zero */
    const double *column[ERG_NETWORK_COLUMNS];      /* rows of the block */
    size_t begin[ERG_NETWORK_COLUMNS], end[ERG_NETWORK_COLUMNS];    /* zero elsewhere */
    long double gram[ERG_NETWORK_COLUMNS][ERG_NETWORK_COLUMNS], right[ERG_NETWORK_COLUMNS];
    long double squares;
} linear;

/* exp(-t/tau) since the head of a segment whose rows are [begin, end). */
static void fade(const erg_window *window, double tau_s, size_t begin, size_t end,
                 double column[])
{
    decay fading = decay_of(tau_s, window->dt_s);

    for (size_t k = begin; k < end; k++)
        column[k] = k == begin ? 1 : column[k - 1]
            * decay_over(&fading, window->t_s[k] - window->t_s[k - 1]);
}

static size_t segment_end(const erg_window *window, size_t begin)
{
    size_t end = begin;

    while (end < window->n && window->segment[end] == window->segment[begin])
        end++;
    return end;
}

static void next_column(linear *to, const double *block, size_t begin, size_t end)
{
    to->column[to->count] = block;
    to->begin[to->count] = begin;
    to->end[to->count++] = end;
}

/* T_a, b of each pole and segment; then P and each x. The fades of one pole share a block,
 * for no row is in two segments. */
static void lay_columns(const erg_window *w, const erg_network *net, linear *to)
{
    double *block = w->columns;

    *to = (linear){ .count = 0 };
    if (isnan(w->ambient_k)) {
        next_column(to, block, 0, w->n);
        for (size_t k = 0; k < BLOCK; k++)
            block[k] = 1;
    }
    for (int i = 0; i < net->poles; i++) {
        block += BLOCK;
        for (size_t begin = 0, end; begin < w->n; begin = end) {
            end = segment_end(w, begin);
            next_column(to, block, begin, end);
        }
    }
    to->free_count = to->count;
    next_column(to, NULL, 0, w->n);
    for (int i = 0; i < net->poles; i++)
        next_column(to, block += BLOCK, 0, w->n);
}

/* How far a pole's fade and lag have come: both go by the same exp. */
typedef struct running { decay fading; double faded, lagged_w; } running;

static void fill_pole(const erg_window *w, running *of, size_t first, size_t n,
                      double fade[], double lag[])
{
    const double *p = w->late_w, *t = w->t_s;
    double tau_s = of->fading.tau_s, faded = of->faded, lagged_w = of->lagged_w;

    for (size_t i = 0; i < n; i++) {
        size_t k = first + i;
        if (k == 0 || w->segment[k] != w->segment[k - 1]) {
            faded = 1;
            lagged_w = 0;
        } else {
            double h = t[k] - t[k - 1], a = decay_over(&of->fading, h);
            double c = tau_s * (1 - a) / h;
            lagged_w = a * lagged_w + (c - a) * p[k - 1] + (1 - c) * p[k];
            faded *= a;
        }
        fade[i] = faded;
        lag[i] = lagged_w;
    }
    of->faded = faded;
    of->lagged_w = lagged_w;
}

/* Four sums that do not wait for each other. */
static double dot(const double a[], const double b[], size_t n)
{
    double sum[4] = { 0 };
    size_t k = 0;

    for (; k + 4 <= n; k += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += a[k + j] * b[k + j];
    for (; k < n; k++)
        sum[0] += a[k] * b[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* What rows [first, first + n) add; target: their temperature over the base. */
static void add_block(linear *of, size_t first, size_t n, const double target[])
{
    size_t from[ERG_NETWORK_COLUMNS], to[ERG_NETWORK_COLUMNS];

    for (size_t i = 0; i < of->count; i++) {
        from[i] = of->begin[i] > first ? of->begin[i] - first : 0;
        to[i] = of->end[i] <= first ? 0 : of->end[i] - first < n ? of->end[i] - first : n;
    }
    for (size_t i = 0; i < of->count; i++) {
        const double *a = of->column[i];
        if (from[i] < to[i])
            of->right[i] += dot(a + from[i], target + from[i], to[i] - from[i]);
        for (size_t j = 0; j <= i; j++) {
            size_t begin = from[i] > from[j] ? from[i] : from[j];
            size_t end = to[i] < to[j] ? to[i] : to[j];
            if (begin < end)
                of->gram[i][j] += dot(a + begin, of->column[j] + begin, end - begin);
        }
    }
    of->squares += dot(target, target, n);
}

static void scale(double x[], const double by[], size_t n)
{
    for (size_t k = 0; k < n; k++)
        x[k] *= by[k];
}

/* Every column of a block, and its target, by the weights of its rows. */
static void weigh_block(const erg_window *w, int poles, size_t first, size_t n, linear *of)
{
    const double *weight = w->weight + first;
    double *power = w->columns + BLOCK * (size_t)(2 * poles + 2);

    memcpy(w->columns, weight, n * sizeof(*weight));    /* of the ones */
    memcpy(power, w->late_w + first, n * sizeof(*power));
    of->column[of->free_count] = power;
    for (int i = 1; i <= 2 * poles + 2; i++)
        scale(w->columns + BLOCK * (size_t)i, weight, n);
}

/* A block of rows at a time, so that columns are made and multiplied in the nearest memory:
 * an hour at 1 kHz has millions of rows. */
static void sum_up(const erg_window *w, const erg_network *net, linear *of)
{
    double *target = w->columns + BLOCK * (size_t)(2 * net->poles + 1);
    double base_k = isnan(w->ambient_k) ? 0 : w->ambient_k;
    running at[ERG_POLES_MOST];

    lay_columns(w, net, of);
    for (int i = 0; i < net->poles; i++)
        at[i] = (running){ .fading = decay_of(net->tau_s[i], w->dt_s) };
    for (size_t first = 0; first < w->n; first += BLOCK) {
        size_t n = w->n - first < BLOCK ? w->n - first : BLOCK;
        for (size_t k = 0; k < n; k++)
            target[k] = w->temp_k[first + k] - base_k;
        of->column[of->free_count] = w->late_w + first;
        for (int i = 0; i < net->poles; i++)
            fill_pole(w, &at[i], first, n, w->columns + BLOCK * (size_t)(1 + i),
                      w->columns + BLOCK * (size_t)(1 + net->poles + i));
        if (w->is_weighed)
            weigh_block(w, net->poles, first, n, of);
        add_block(of, first, n, target);
    }
    for (size_t i = 0; i < of->count; i++)
        for (size_t j = 0; j < i; j++)
            of->gram[j][i] = of->gram[i][j];
}

typedef struct solution {
    size_t index[ERG_NETWORK_COLUMNS], count;
    long double l[ERG_NETWORK_COLUMNS][ERG_NETWORK_COLUMNS], value[ERG_NETWORK_COLUMNS];
} solution;

static bool factor(const linear *of, solution *s)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; j <= i; j++) {
            long double sum = of->gram[s->index[i]][s->index[j]];
            for (size_t k = 0; k < j; k++)
                sum -= s->l[i][k] * s->l[j][k];
            if (i == j && !(sum > 1e-12L * of->gram[s->index[i]][s->index[i]]))
                return false;
            s->l[i][j] = i == j ? sqrtl(sum) : sum / s->l[j][j];
        }
    return true;
}

static void substitute(const solution *s, long double b[])
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= s->l[i][k] * b[k];
        b[i] /= s->l[i][i];
    }
    for (size_t i = s->count; i-- > 0;) {
        for (size_t k = i + 1; k < s->count; k++)
            b[i] -= s->l[k][i] * b[k];
        b[i] /= s->l[i][i];
    }
}

/* The squares that are left over; INFINITY: not solvable, or a resistance is negative. */
static long double solve_subset(const linear *of, unsigned kept, solution *s)
{
    long double left = of->squares;

    s->count = 0;
    for (size_t i = 0; i < of->count; i++)
        if (i < of->free_count || (kept >> (i - of->free_count) & 1))
            s->index[s->count++] = i;
    if (s->count == 0 || !factor(of, s))
        return INFINITY;
    for (size_t i = 0; i < s->count; i++)
        s->value[i] = of->right[s->index[i]];
    substitute(s, s->value);
    for (size_t i = 0; i < s->count; i++) {
        if (s->index[i] >= of->free_count && s->value[i] < 0)
            return INFINITY;
        left -= s->value[i] * of->right[s->index[i]];
    }
    return left;
}

/* The square root of the diagonal of the inverse, for one column that was kept. */
static double spread_of(const solution *s, size_t i)
{
    long double b[ERG_NETWORK_COLUMNS] = { 0 };

    b[i] = 1;
    substitute(s, b);
    return sqrt((double)b[i]);
}

static void unpack(const erg_window *w, const linear *of, const solution *s, double sd,
                   erg_network *net)
{
    size_t has_ambient = isnan(w->ambient_k), first = w->segment[0];
    size_t spans = w->segment[w->n - 1] - first + 1;

    net->ambient_k = w->ambient_k;
    net->se_ambient = 0;
    net->r_fast = net->se_r_fast = 0;
    memset(net->r, 0, sizeof(net->r));
    memset(net->se_r, 0, sizeof(net->se_r));
    memset(net->start_k, 0, sizeof(net->start_k));
    for (size_t i = 0; i < s->count; i++) {
        size_t column = s->index[i];
        double value = (double)s->value[i], se = sd * spread_of(s, i);
        if (has_ambient && column == 0) {
            net->ambient_k = value;
            net->se_ambient = se;
        } else if (column < of->free_count)
            net->start_k[(column - has_ambient) / spans]
                        [first + (column - has_ambient) % spans] = value;
        else if (column == of->free_count) {
            net->r_fast = value;
            net->se_r_fast = se;
        } else {
            net->r[column - of->free_count - 1] = value;
            net->se_r[column - of->free_count - 1] = se;
        }
    }
}

bool erg_network_solve(const erg_window *window, erg_network *net)
{
    linear of;
    solution best = { .count = 0 }, one;
    long double least = INFINITY;

    sum_up(window, net, &of);
    for (unsigned kept = 0; kept < 1u << (of.count - of.free_count); kept++) {
        long double left = solve_subset(&of, kept, &one);
        if (left < least) {
            least = left;
            best = one;
        }
    }
    net->sse = INFINITY;
    if (!isfinite((double)least))
        return false;
    net->sse = fmax((double)least, 0);
    double df = (double)window->n - (double)best.count;
    unpack(window, &of, &best, df > 0 ? sqrt(net->sse / df) : NAN, net);
    return true;
}

void erg_network_residuals(const erg_window *window, const erg_network *net,
                           double residual[])
{
    for (size_t k = 0; k < window->n; k++)
        residual[k] = window->temp_k[k] - net->ambient_k - net->r_fast * window->late_w[k];
    for (int i = 0; i < net->poles; i++) {
        double *x = window->columns;
        erg_lag(window, net->tau_s[i], x);
        for (size_t k = 0; k < window->n; k++)
            residual[k] -= net->r[i] * x[k];
        for (size_t begin = 0, end; begin < window->n; begin = end) {
            double start_k = net->start_k[i][window->segment[begin]];
            end = segment_end(window, begin);
            fade(window, net->tau_s[i], begin, end, x);
            for (size_t k = begin; k < end; k++)
                residual[k] -= start_k * x[k];
        }
    }
}
