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
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"
#include "math/order.h"

/* Rows lie by chance: what waits for memory asks some steps before. */
enum { AHEAD = 12 };

static bool has_nan(const double *row, size_t dims)
{
    for (size_t i = 0; i < dims; i++)
        if (isnan(row[i]))
            return true;
    return false;
}

/* Of the second figure from 1, by its order; equal figures have one. */
static void rank_all(const double *values, const size_t order[], size_t rows,
                     size_t ranks[])
{
    size_t rank = 0;

    for (size_t i = 0; i < rows; i++) {
        rank += i == 0 || values[3 * order[i] + 1] > values[3 * order[i - 1] + 1];
        ranks[order[i]] = rank;
    }
}

/* Rows that share their first figure, by the second and then the third: few, or each of
 * the two is an order of all rows that costs as much as the first. */
static bool order_alike(const double *values, size_t dims, size_t order[], size_t rows)
{
    bool ok = true;

    for (size_t begin = 0, end = 0; ok && begin < rows; begin = end) {
        double first = values[dims * order[begin]];
        while (end < rows && !(values[dims * order[end]] > first))
            end++;
        for (size_t dim = dims; ok && end - begin > 1 && dim-- > 1;)
            ok = erg_order(values + dim, dims, order + begin, end - begin);
    }
    return ok;
}

/* The rows by their first figure, then the second, then the third. Of three, ranks (else
 * NULL) are those of the second figure. */
static size_t *sorted(const double *values, size_t rows, size_t dims, size_t ranks[])
{
    size_t *order = malloc((rows + !rows) * sizeof(*order));
    bool ok = order != NULL;

    for (size_t i = 0; ok && i < rows; i++)
        order[i] = i;
    if (ok && ranks) {
        ok = erg_order(values + 1, dims, order, rows);
        if (ok)
            rank_all(values, order, rows, ranks);
        for (size_t i = 0; ok && i < rows; i++)
            order[i] = i;
    }
    ok = ok && erg_order(values, dims, order, rows)
      && order_alike(values, dims, order, rows);
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

/* least: of the third figure among rows kept so far, by prefixes of the second's ranks. */
static void keep_three(const double *values, const size_t order[], const size_t ranks[],
                       size_t rows, double least[], bool keep[])
{
    for (size_t i = 0; i <= rows; i++)
        least[i] = INFINITY;
    for (size_t i = 0; i < rows; i++) {
        const double *row = values + 3 * order[i];
        double third = row[2] > DBL_MAX ? DBL_MAX : row[2], below = INFINITY;
        size_t ahead = order[i + AHEAD < rows ? i + AHEAD : i];

        __builtin_prefetch(values + 3 * ahead);
        __builtin_prefetch(ranks + ahead);
        __builtin_prefetch(keep + ahead, 1);

        keep[order[i]] = false;
        if (has_nan(row, 3))
            continue;
        for (size_t at = ranks[order[i]]; at > 0 && below > third; at &= at - 1)
            below = least[at] < below ? least[at] : below;
        if (below <= third)
            continue;
        keep[order[i]] = true;
        for (size_t at = ranks[order[i]]; at <= rows && third < least[at];
             at += at & (~at + 1)) /* what covers more is at most as large: it ends there */
            least[at] = third;
    }
}

bool erg_pareto(const double *values, size_t rows, size_t dims, bool keep[], erg_error *err)
{
    if (dims != 2 && dims != 3)
        return erg_fail(err, ERG_UNSUPPORTED, "a front of %zu figures: it is 2 or 3", dims);
    if (rows == 0)
        return true;

    size_t *ranks = dims == 3 ? malloc(rows * sizeof(*ranks)) : NULL;
    double *least = dims == 3 ? malloc((rows + 1) * sizeof(*least)) : NULL;
    size_t *order =
        dims == 3 && !(ranks && least) ? NULL : sorted(values, rows, dims, ranks);
    bool ok = order != NULL;
    if (ok && dims == 2)
        keep_two(values, order, rows, keep);
    if (ok && dims == 3)
        keep_three(values, order, ranks, rows, least, keep);
    free(ranks);
    free(least);
    free(order);
    return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for a front of %zu rows", rows);
}
