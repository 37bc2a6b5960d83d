/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no other choice beats in every respect: exact fronts of two and three
 * figures, all of which are better when smaller, and the room they command.
 *
 * Source: Kung, Luccio and Preparata, J. ACM 22 (1975): sort by the first figure, then
 * a row stands unless one before it is as small in all others. For three figures the
 * least third among rows with no larger second is asked of a tree of prefixes
 * (Fenwick 1994).
 */
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"
#include "math/order.h"

static bool has_nan(const double *row, size_t dims)
{
    for (size_t i = 0; i < dims; i++)
        if (isnan(row[i]))
            return true;
    return false;
}

/* The rows by their first figure, then the second, then the third. */
static size_t *sorted(const double *values, size_t rows, size_t dims)
{
    size_t *order = malloc((rows + !rows) * sizeof(*order));
    bool ok = order != NULL;

    for (size_t i = 0; ok && i < rows; i++)
        order[i] = i;
    for (size_t dim = dims; ok && dim-- > 0;)
        ok = erg_order(values + dim, dims, order, rows);
    if (!ok)
        free(order);
    return ok ? order : NULL;
}

static void keep_two(const double *values, const size_t order[], size_t rows, bool keep[])
{
    double least = INFINITY;
    bool any = false;

    for (size_t i = 0; i < rows; i++) {
        const double *row = values + 2 * order[i];
        bool stands = !has_nan(row, 2) && (!any || row[1] < least);
        keep[order[i]] = stands;
        if (stands)
            least = row[1];
        any |= stands;
    }
}

/* Ranks from 1 of the second figure; equal figures have one rank. */
static size_t *ranks_of_second(const double *values, size_t rows, size_t *most)
{
    size_t *order = malloc(rows * sizeof(*order)), *ranks = malloc(rows * sizeof(*ranks));
    size_t rank = 0;
    bool ok = order && ranks;

    for (size_t i = 0; ok && i < rows; i++)
        order[i] = i;
    ok = ok && erg_order(values + 1, 3, order, rows);
    for (size_t i = 0; ok && i < rows; i++) {
        if (i == 0 || values[3 * order[i] + 1] > values[3 * order[i - 1] + 1])
            rank++;
        ranks[order[i]] = rank;
    }
    *most = rank;
    free(order);
    if (!ok)
        free(ranks);
    return ok ? ranks : NULL;
}

static bool keep_three(const double *values, const size_t order[], size_t rows, bool keep[])
{
    size_t most, *ranks = ranks_of_second(values, rows, &most);
    double *least = ranks ? malloc((most + 1) * sizeof(*least)) : NULL;

    for (size_t i = 0; least && i <= most; i++)
        least[i] = NAN;
    for (size_t i = 0; least && i < rows; i++) {
        const double *row = values + 3 * order[i];
        double below = NAN;     /* fmin passes NAN by: none yet */

        keep[order[i]] = false;
        if (has_nan(row, 3))
            continue;
        for (size_t at = ranks[order[i]]; at > 0; at &= at - 1)
            below = fmin(below, least[at]);
        if (below <= row[2])
            continue;
        keep[order[i]] = true;
        for (size_t at = ranks[order[i]]; at <= most; at += at & (~at + 1))
            least[at] = fmin(least[at], row[2]);
    }
    free(ranks);
    free(least);
    return least != NULL;
}

bool erg_pareto(const double *values, size_t rows, size_t dims, bool keep[], erg_error *err)
{
    if (dims != 2 && dims != 3)
        return erg_fail(err, ERG_UNSUPPORTED, "a front of %zu figures: it is 2 or 3", dims);
    if (rows == 0)
        return true;

    size_t *order = sorted(values, rows, dims);
    bool ok = order != NULL;
    if (ok && dims == 2)
        keep_two(values, order, rows, keep);
    if (ok && dims == 3)
        ok = keep_three(values, order, rows, keep);
    free(order);
    return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for a front of %zu rows", rows);
}
