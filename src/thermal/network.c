/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For given time constants the model is linear. Resistances cannot be negative: every
 * subset of them is solved and the best that is not negative stays, which is exact for so
 * few. The search over time constants is a grid in the logarithm and golden sections.
 */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/network.h"

enum { GRID = 60, COARSE = 3, SWEEPS = 6 };
#define LOG_TOLERANCE 1e-6

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
    of->last = fabs(z) > 0.01
        ? exp(-h_s / of->tau_s)
        : of->usual * (1 + z * (1 + z / 2 * (1 + z / 3 * (1 + z / 4 * (1 + z / 5)))));
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

typedef struct linear {
    size_t free_count, count;   /* the first are free, the rest at least zero */
    const double *column[ERG_NETWORK_COLUMNS];
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

/* The place of the next column, whose rows outside [begin, end) count as zero. */
static double *next_column(const erg_window *w, linear *to, size_t begin, size_t end)
{
    double *column = w->columns + w->n * to->count;

    to->column[to->count] = column;
    to->begin[to->count] = begin;
    to->end[to->count++] = end;
    return column;
}

/* T_a, b of each pole and segment; then P and each x. */
static void fill_columns(const erg_window *w, const erg_network *net, linear *to)
{
    to->count = 0;
    if (isnan(w->ambient_k)) {
        double *ones = next_column(w, to, 0, w->n);
        for (size_t k = 0; k < w->n; k++)
            ones[k] = 1;
    }
    for (int i = 0; i < net->poles; i++)
        for (size_t begin = 0, end; begin < w->n; begin = end) {
            end = segment_end(w, begin);
            fade(w, net->tau_s[i], begin, end, next_column(w, to, begin, end));
        }
    to->free_count = to->count;
    memcpy(next_column(w, to, 0, w->n), w->late_w, w->n * sizeof(double));
    for (int i = 0; i < net->poles; i++)
        erg_lag(w, net->tau_s[i], next_column(w, to, 0, w->n));
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

static void sum_up(const erg_window *w, linear *of)
{
    double *target = w->columns + w->n * of->count;
    double base_k = isnan(w->ambient_k) ? 0 : w->ambient_k;

    for (size_t k = 0; k < w->n; k++)
        target[k] = w->temp_k[k] - base_k;
    for (size_t i = 0; i < of->count; i++) {
        const double *a = of->column[i];
        of->right[i] = dot(a + of->begin[i], target + of->begin[i],
                           of->end[i] - of->begin[i]);
        for (size_t j = 0; j <= i; j++) {
            size_t begin = of->begin[i] > of->begin[j] ? of->begin[i] : of->begin[j];
            size_t end = of->end[i] < of->end[j] ? of->end[i] : of->end[j];
            of->gram[i][j] = of->gram[j][i] =
                begin < end ? dot(a + begin, of->column[j] + begin, end - begin) : 0;
        }
    }
    of->squares = dot(target, target, w->n);
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

    fill_columns(window, net, &of);
    sum_up(window, &of);
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

/* ---- the search over time constants -------------------------------------------------- */

void erg_network_grid(const erg_window *window, double *low_s, double *high_s)
{
    *low_s = 2 * window->dt_s;
    *high_s = fmax(window->t_s[window->n - 1] - window->t_s[0], 8 * window->dt_s) / 2;
}

static double grid_s(const erg_window *window, size_t i)
{
    double low_s, high_s;

    erg_network_grid(window, &low_s, &high_s);
    return low_s * pow(high_s / low_s, (double)i / (GRID - 1));
}

static double squares_at(const erg_window *window, erg_network *net, int pole, double tau_s)
{
    net->tau_s[pole] = tau_s;
    erg_network_solve(window, net);
    return net->sse;
}

/* Golden section between two logarithms: each step keeps one of its two values. */
static void close_in(const erg_window *window, erg_network *net, int pole, double low,
                     double high)
{
    const double golden = 0.6180339887498949;
    double left = high - golden * (high - low), right = low + golden * (high - low);
    double at_left = squares_at(window, net, pole, exp(left));
    double at_right = squares_at(window, net, pole, exp(right));

    while (high - low > LOG_TOLERANCE) {
        if (at_left < at_right) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - golden * (high - low);
            at_left = squares_at(window, net, pole, exp(left));
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + golden * (high - low);
            at_right = squares_at(window, net, pole, exp(right));
        }
    }
    squares_at(window, net, pole, exp((low + high) / 2));
}

/* Scans one time constant, the others held, on every stride-th place of the grid (0: looks
 * only around where it is), and closes in on the least. */
static void improve(const erg_window *window, erg_network *net, int pole, size_t stride)
{
    double low_s = NAN, high_s = NAN, best_s = net->tau_s[pole], least = INFINITY;

    erg_network_grid(window, &low_s, &high_s);
    double step = pow(high_s / low_s, (stride ? (double)stride : 1) / (GRID - 1));
    for (size_t i = 0; stride && i < GRID; i += stride) {
        double sse = squares_at(window, net, pole, grid_s(window, i));
        if (sse < least) {
            least = sse;
            best_s = grid_s(window, i);
        }
    }
    close_in(window, net, pole, log(fmax(best_s / step, low_s)),
             log(fmin(best_s * step, high_s)));
}

static void sort_poles(const erg_window *window, erg_network *net)
{
    for (int i = 0; i < net->poles; i++)
        for (int j = i + 1; j < net->poles; j++)
            if (net->tau_s[j] < net->tau_s[i]) {
                double tau_s = net->tau_s[i];
                net->tau_s[i] = net->tau_s[j];
                net->tau_s[j] = tau_s;
            }
    erg_network_solve(window, net);
}

/* Each further pole is scanned with those before it in place,
 * then all are improved in turn. */
bool erg_network_search(const erg_window *window, int poles, erg_network *out)
{
    *out = (erg_network){ .poles = 0, .sse = INFINITY };
    for (int i = 0; i < poles; i++) {
        out->poles = i + 1;
        improve(window, out, i, 1);
        double before = INFINITY;
        for (int turn = 0; i > 0 && turn < SWEEPS && out->sse < before * (1 - 1e-6);
             turn++) {
            before = out->sse;
            for (int j = 0; j <= i; j++)
                improve(window, out, j, turn == 0 ? 1 : 0);
        }
    }
    sort_poles(window, out);
    return isfinite(out->sse);
}

/* One pole, and quickly: for the many delays that are tried. */
erg_network erg_network_glance(const erg_window *window)
{
    erg_network net = { .poles = 1, .sse = INFINITY };

    improve(window, &net, 0, COARSE);
    return net;
}
