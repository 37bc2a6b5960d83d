/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests by rank: Mann and Whitney (1947), Wilcoxon (1945), Kruskal and Wallis (1952),
 * Spearman (1904). NAN has no rank: callers drop it first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/contrast.h"
#include "math/stats.h"

enum { EXACT_MOST = 10 };

typedef struct placed { double value; size_t at; } placed;

static int by_value(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

bool erg_ranks(const double x[], size_t n, double ranks[], double *ties)
{
    placed *sorted = n ? malloc(n * sizeof(*sorted)) : NULL;

    *ties = 0;
    if (!sorted)
        return n == 0;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (placed){ x[i], i };
    qsort(sorted, n, sizeof(*sorted), by_value);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && !(sorted[next].value > sorted[i].value); next++)
            ;
        double count = (double)(next - i), rank = 0.5 * (double)(i + 1 + next);
        *ties += count * count * count - count;
        for (size_t k = i; k < next; k++)
            ranks[sorted[k].at] = rank;
    }
    free(sorted);
    return true;
}

/* Two-sided p of a sum with this mean and variance: half a step for continuity. */
static double normal_two_sided(double distance, double variance)
{
    if (!(variance > 0))
        return 1;
    double z = fmax(0, fabs(distance) - 0.5) / sqrt(variance);
    return fmin(1, 2 * erg_normal_p(-z));
}

/* Share of the ways to choose a of a + b ranks whose U is at most u: counted. */
static double mann_whitney_share(size_t a, size_t b, size_t u)
{
    /* ways[i][k]: i of the ranks seen so far are a's and U is k. */
    double ways[EXACT_MOST + 1][EXACT_MOST * EXACT_MOST + 1] = { { 0 } };
    double all = 0, at_most = 0;

    ways[0][0] = 1;
    /* Rank by rank: one of a's is above all of b's that came before it. */
    for (size_t seen = 0; seen < a + b; seen++)
        for (size_t i = seen < a ? seen + 1 : a; i > 0; i--) {
            size_t below = seen + 1 - i;
            for (size_t k = a * b; below <= b && k + 1 > below; k--)
                ways[i][k] += ways[i - 1][k - below];
        }
    for (size_t k = 0; k <= a * b; k++) {
        all += ways[a][k];
        at_most += k <= u ? ways[a][k] : 0;
    }
    return at_most / all;
}

bool erg_mann_whitney(const double a[], size_t a_count, const double b[], size_t b_count,
                      erg_rank_test *out)
{
    size_t n = a_count + b_count;
    double *both = a_count && b_count ? malloc(2 * n * sizeof(*both)) : NULL;
    double ties, sum = 0;

    if (!both)
        return false;
    memcpy(both, a, a_count * sizeof(*both));
    memcpy(both + a_count, b, b_count * sizeof(*both));
    bool ok = erg_ranks(both, n, both + n, &ties);
    for (size_t i = 0; ok && i < a_count; i++)
        sum += both[n + i];
    free(both);
    if (!ok)
        return false;

    double p = (double)a_count, q = (double)b_count, N = p + q;
    double u = sum - p * (p + 1) / 2, lesser = fmin(u, p * q - u);
    out->statistic = u;
    out->is_exact = !(ties > 0) && a_count <= EXACT_MOST && b_count <= EXACT_MOST;
    out->p_value =
        out->is_exact
            ? fmin(1, 2 * mann_whitney_share(a_count, b_count, (size_t)lesser))
            : normal_two_sided(u - p * q / 2,
                               p * q / 12 * (N + 1 - ties / (N * (N - 1))));
    return true;
}

/* Share of the 2^n choices of signs whose rank sum is at most w: counted. */
static double wilcoxon_share(size_t n, size_t w)
{
    double ways[EXACT_MOST * (EXACT_MOST + 1) / 2 + 1] = { 1 }, at_most = 0;

    for (size_t rank = 1; rank <= n; rank++)
        for (size_t k = n * (n + 1) / 2; k >= rank; k--)
            ways[k] += ways[k - rank];
    for (size_t k = 0; k <= w; k++)
        at_most += ways[k];
    return ldexp(at_most, -(int)n);
}

bool erg_wilcoxon(const double a[], const double b[], size_t n, erg_rank_test *out)
{
    double *size = n ? malloc(3 * n * sizeof(*size)) : NULL;
    double ties, above = 0;
    size_t kept = 0;

    if (!size)
        return false;
    double *rank = size + n, *sign = rank + n;
    for (size_t i = 0; i < n; i++) {
        double d = a[i] - b[i];
        if (!(fabs(d) > 0))
            continue;       /* pairs that are equal say nothing: Wilcoxon's own rule */
        sign[kept] = d;
        size[kept++] = fabs(d);
    }
    bool ok = kept > 0 && erg_ranks(size, kept, rank, &ties);
    for (size_t i = 0; ok && i < kept; i++)
        above += sign[i] > 0 ? rank[i] : 0;
    free(size);
    if (!ok)
        return false;

    double m = (double)kept, all = m * (m + 1) / 2;
    out->statistic = fmin(above, all - above);
    out->is_exact = !(ties > 0) && kept == n && kept <= EXACT_MOST;
    out->p_value =
        out->is_exact ? fmin(1, 2 * wilcoxon_share(kept, (size_t)out->statistic))
                      : normal_two_sided(above - all / 2,
                                         all * (2 * m + 1) / 12 - ties / 48);
    return true;
}

bool erg_kruskal(const double x[], const size_t group_counts[], size_t groups,
                 erg_rank_test *out)
{
    size_t n = 0;

    for (size_t g = 0; g < groups; g++)
        n += group_counts[g];
    double *rank = n > 1 && groups > 1 ? malloc(n * sizeof(*rank)) : NULL;
    double ties, sum = 0, N = (double)n;
    bool ok = rank && erg_ranks(x, n, rank, &ties);

    for (size_t g = 0, at = 0; ok && g < groups; at += group_counts[g++]) {
        double mean = erg_mean(rank + at, group_counts[g]) - (N + 1) / 2;
        ok = group_counts[g] > 0;
        sum += (double)group_counts[g] * mean * mean;
    }
    free(rank);
    double spread = ok ? N * (N + 1) / 12 * (1 - ties / (N * N * N - N)) : 0;
    if (!(spread > 0))
        return false;
    out->statistic = sum / spread;
    out->is_exact = false;
    out->p_value = erg_gamma_q(((double)groups - 1) / 2, out->statistic / 2);
    return true;
}

double erg_spearman(const double x[], const double y[], size_t n)
{
    double *rank = n ? malloc(2 * n * sizeof(*rank)) : NULL, ties;
    double r = rank && erg_ranks(x, n, rank, &ties) && erg_ranks(y, n, rank + n, &ties)
                   ? erg_correlation(rank, rank + n, n)
                   : NAN;

    free(rank);
    return r;
}
