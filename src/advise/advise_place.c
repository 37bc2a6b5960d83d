/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which loads should share a power domain: those that peak at different times. Asynchrony
 * of a set is the sum of its peaks over the peak of its sum, 1 or more (SmoothOperator,
 * ASPLOS 2018). Domains hold equally many; the least asynchrony of them is
 * made greatest by swaps, then their sum.
 *
 * Packing is first-fit decreasing by peak: at most 11/9 of the fewest nodes and one more.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"

enum { PASSES_MOST = 64 };
static const double gain_least = 1e-12;

typedef struct placer {
    const erg_place_problem *is;
    size_t *domain;  /* of each load */
    double *sum_w;   /* domains x samples */
    double *peaks_w; /* of each load */
    double *scores;  /* of each domain */
    double *trial_w; /* samples */
} placer;

static double peak_of(const double power_w[], size_t count)
{
    double most_w = 0;

    for (size_t i = 0; i < count; i++)
        most_w = fmax(most_w, power_w[i]);
    return most_w;
}

static const double *load_of(const placer *of, size_t load)
{
    return of->is->power_w + load * of->is->samples;
}

/* ---- one domain --------------------------------------------------------------------- */

static double peaks_in(const placer *of, size_t d)
{
    double sum_w = 0;

    for (size_t i = 0; i < of->is->loads; i++)
        sum_w += of->domain[i] == d ? of->peaks_w[i] : 0;
    return sum_w;
}

static void measure(placer *of, size_t d)
{
    size_t n = of->is->samples;
    double *sum_w = of->sum_w + d * n;

    memset(sum_w, 0, n * sizeof(*sum_w));
    for (size_t i = 0; i < of->is->loads; i++)
        for (size_t k = 0; of->domain[i] == d && k < n; k++)
            sum_w[k] += load_of(of, i)[k];
    of->scores[d] = peaks_in(of, d) / peak_of(sum_w, n);
}

/* Its score with load `in` for load `out`. */
static double score_with(placer *of, size_t d, size_t out, size_t in)
{
    size_t n = of->is->samples;
    const double *leaves_w = load_of(of, out), *comes_w = load_of(of, in);

    for (size_t k = 0; k < n; k++)
        of->trial_w[k] = of->sum_w[d * n + k] - leaves_w[k] + comes_w[k];
    return (peaks_in(of, d) - of->peaks_w[out] + of->peaks_w[in]) / peak_of(of->trial_w, n);
}

/* ---- swaps -------------------------------------------------------------------------- */

typedef struct goal {
    double least, sum;
} goal;

static goal goal_of(const placer *of)
{
    goal is = { INFINITY, 0 };

    for (size_t d = 0; d < of->is->domains; d++) {
        is.least = fmin(is.least, of->scores[d]);
        is.sum += of->scores[d];
    }
    return is;
}

static bool is_better(goal a, goal b)
{
    if (fabs(a.least - b.least) > gain_least)
        return a.least > b.least;
    return a.sum > b.sum + gain_least;
}

static bool try_swap(placer *of, size_t a, size_t b)
{
    size_t p = of->domain[a], q = of->domain[b];
    double was_p = of->scores[p], was_q = of->scores[q];
    goal before = goal_of(of);

    if (p == q)
        return false;
    of->scores[p] = score_with(of, p, a, b);
    of->scores[q] = score_with(of, q, b, a);
    if (is_better(goal_of(of), before)) {
        of->domain[a] = q;
        of->domain[b] = p;
        measure(of, p);
        measure(of, q);
        return true;
    }
    of->scores[p] = was_p;
    of->scores[q] = was_q;
    return false;
}

static void improve(placer *of)
{
    bool goes_on = true;

    for (size_t d = 0; d < of->is->domains; d++)
        measure(of, d);
    for (size_t pass = 0; goes_on && pass < PASSES_MOST; pass++) {
        goes_on = false;
        for (size_t a = 0; a < of->is->loads; a++)
            for (size_t b = a + 1; b < of->is->loads; b++)
                goes_on |= try_swap(of, a, b);
    }
}

void erg_place_given(const erg_place_problem *is, size_t domain[])
{
    for (size_t i = 0; i < is->loads; i++)
        domain[i] = i * is->domains / is->loads;
}

static bool solve(placer *of, size_t domain[])
{
    size_t count = of->is->loads;

    for (size_t i = 0; i < count; i++)
        of->peaks_w[i] = peak_of(load_of(of, i), of->is->samples);
    of->domain = domain;
    erg_place_given(of->is, domain);
    improve(of);
    return true;
}

bool erg_place_solve(const erg_place_problem *is, size_t domain[], erg_error *err)
{
    placer of = { .is = is,
                  .sum_w = malloc(is->domains * is->samples * sizeof(double)),
                  .peaks_w = malloc(is->loads * sizeof(double)),
                  .scores = malloc(is->domains * sizeof(double)),
                  .trial_w = malloc(is->samples * sizeof(double)) };
    bool ok = (of.sum_w && of.peaks_w && of.scores && of.trial_w && solve(&of, domain))
              || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu loads", is->loads);

    free(of.sum_w);
    free(of.peaks_w);
    free(of.scores);
    free(of.trial_w);
    return ok;
}

double erg_place_asynchrony(const erg_place_problem *is, const size_t domain[],
                            size_t which)
{
    double *sum_w = calloc(is->samples, sizeof(*sum_w)), peaks_w = 0, score = NAN;

    for (size_t i = 0; sum_w && i < is->loads; i++) {
        const double *power_w = is->power_w + i * is->samples;
        if (domain[i] != which)
            continue;
        peaks_w += peak_of(power_w, is->samples);
        for (size_t k = 0; k < is->samples; k++)
            sum_w[k] += power_w[k];
    }
    if (sum_w)
        score = peaks_w / peak_of(sum_w, is->samples);
    free(sum_w);
    return score;
}

/* ---- packing ------------------------------------------------------------------------ */

/* The one not packed yet with the highest peak; of equal ones the first. */
static size_t highest_left(const double peaks_w[], const size_t node[], size_t count)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < count; i++)
        if (node[i] == SIZE_MAX && (best == SIZE_MAX || peaks_w[i] > peaks_w[best]))
            best = i;
    return best;
}

size_t erg_place_pack(const double peaks_w[], size_t count, double node_w, size_t node[])
{
    size_t nodes = 0;

    for (size_t i = 0; i < count; i++)
        node[i] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t next = highest_left(peaks_w, node, count), at = 0;
        for (; at < nodes; at++) {
            double used_w = 0;
            for (size_t k = 0; k < count; k++)
                used_w += node[k] == at ? peaks_w[k] : 0;
            if (used_w + peaks_w[next] <= node_w)
                break;
        }
        node[next] = at;
        nodes += at == nodes;
    }
    return nodes;
}
