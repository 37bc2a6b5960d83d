/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KID: unlike FID without bias, so that few items may be compared. Kernels are summed a
 * block of rows at a time. Its interval is of first order (Hoeffding 1948: the projection
 * of a U-statistic), as a draw with an item twice would see that item agree with itself.
 */
#include <math.h>
#include <stdlib.h>
#include "math/linear.h"
#include "quality/frechet.h"
#include "quality/metric.h"

enum { BLOCK_ROWS = 256 };

/* sums[i] += k(a_i, b_j) over all j, or over j != i where b is a. */
static bool sum_kernels(const erg_array *a, const erg_array *b, double sums[],
                        erg_error *err)
{
    size_t d = a->dims[1], m = b->dims[0];
    double *block = malloc(BLOCK_ROWS * m * sizeof(*block));
    bool ok = block || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t at = 0; ok && at < a->dims[0]; at += BLOCK_ROWS) {
        size_t rows = a->dims[0] - at < BLOCK_ROWS ? a->dims[0] - at : BLOCK_ROWS;
        erg_product dots = { .a = a->values + at * d, .b = b->values, .rows = rows,
                             .inner = d,
                             .columns = m, .b_turned = true, .scale = 1 / (double)d };
        ok = erg_multiply(&dots, block, err);
        for (size_t i = 0; ok && i < rows; i++)
            for (size_t j = 0; j < m; j++) {
                double one = block[i * m + j] + 1;
                if (a != b || at + i != j)
                    sums[at + i] += one * one * one;
            }
    }
    free(block);
    return ok;
}

void erg_kernel_means_free(erg_kernel_means *means)
{
    free(means->own);
    free(means->other);
    *means = (erg_kernel_means){ 0 };
}

static bool among_real(const erg_array *b, double *mean, erg_error *err)
{
    size_t m = b->dims[0];
    double *sums = calloc(m, sizeof(*sums)), all = 0;
    bool ok = sums ? sum_kernels(b, b, sums, err)
                   : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t j = 0; ok && j < m; j++)
        all += sums[j];
    *mean = all / ((double)m * (double)(m - 1));
    free(sums);
    return ok;
}

bool erg_kernel_distance(const erg_array *a, const erg_array *b, erg_kernel_means *means,
                         double *distance, erg_error *err)
{
    size_t n = a->dims[0], m = b->dims[0];

    *means = (erg_kernel_means){ 0 };
    if (a->dims[1] != b->dims[1])
        return erg_fail(err, ERG_BAD_INPUT,
                        "features of %zu and of %zu columns do not compare", a->dims[1],
                        b->dims[1]);
    if (n < 2 || m < 2 || a->dims[1] < 1)
        return erg_fail(err, ERG_NO_DATA,
                        "a distance of distributions needs two rows a side");
    means->own = calloc(n, sizeof(double));
    means->other = calloc(n, sizeof(double));
    if (!means->own || !means->other)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (!sum_kernels(a, a, means->own, err) || !sum_kernels(a, b, means->other, err)
        || !among_real(b, &means->against, err))
        return false;
    *distance = means->against;
    for (size_t i = 0; i < n; i++) {
        means->own[i] /= (double)(n - 1);
        means->other[i] /= (double)m;
        *distance += (means->own[i] - 2 * means->other[i]) / (double)n;
    }
    return true;
}

/* Counts: own mean, mean with the real ones, 1. state: KID, and its own part. */
typedef struct kernel_state { double distance, own, other; } kernel_state;

static double value(const erg_tally *tally, const double sums[])
{
    const kernel_state *all = tally->state;

    if (!(sums[2] > 0))
        return NAN;
    return all->distance + 2 * (sums[0] / sums[2] - all->own)
         - 2 * (sums[1] / sums[2] - all->other);
}

bool erg_kernel_compute(const erg_metric *metric, const erg_quality_case *with,
                        erg_tally *tally, erg_error *err)
{
    const erg_array *mine = with->mine.features;
    size_t n = mine->dims[0];
    kernel_state *state = calloc(1, sizeof(*state));
    erg_kernel_means means = { 0 };
    bool ok = state
        ? erg_kernel_distance(mine, with->against, &means, &state->distance, err)
        : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    (void)metric;
    tally->state = state;
    tally->free_state = free;
    ok = ok && erg_tally_make(tally, n, 3, err);
    for (size_t i = 0; ok && i < n; i++) {
        tally->counts[3 * i] = means.own[i];
        tally->counts[3 * i + 1] = means.other[i];
        tally->counts[3 * i + 2] = 1;
        tally->is_scored[i] = true;
        state->own += means.own[i] / (double)n;
        state->other += means.other[i] / (double)n;
    }
    tally->value = value;
    tally->has_no_items = true;
    erg_kernel_means_free(&means);
    return ok;
}
