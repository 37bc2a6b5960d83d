/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does sending only what is not zero move less? A ring all-reduce moves 2 (N - 1) / N n b
 * bytes a rank, an all-gather of d n pairs of b + i bytes moves (N - 1) d n (b + i): they
 * are equal at d* = 2 b / (N (b + i)). All ranks must agree on the way of sending: the
 * program has to do it.
 */
#include <math.h>
#include "advise/advise.h"
#include "format/cells.h"

static const erg_column columns[] = {
    { "ranks", ERG_INTEGER, "of the all-reduce" },
    { "element_bytes", ERG_REAL, "of one value" },
    { "index_bytes", ERG_REAL, "sent along with each value" },
    { "break_even_density", ERG_REAL,
      "share of values that are not 0 below which sparse moves less" },
    { "density", ERG_REAL, "as given" },
    { "bytes_ratio", ERG_REAL, "bytes moved sparse over dense" },
    { "advice", ERG_TEXT, "sparse or dense" },
    { "method", ERG_TEXT, "model: counted bytes" },
};

double erg_sparse_break_even(double ranks, double element_bytes, double index_bytes)
{
    return 2 * element_bytes / (ranks * (element_bytes + index_bytes));
}

static bool put(erg_table *table, const erg_sparse_wish *wish, double index_bytes,
                erg_error *err)
{
    double even = erg_sparse_break_even(wish->ranks, wish->element_bytes, index_bytes);
    const erg_real cells[] = {
        { "element_bytes", wish->element_bytes }, { "index_bytes", index_bytes },
        { "break_even_density", even },           { "density", wish->density },
        { "bytes_ratio", wish->density / even },
    };
    const char *advice = isnan(wish->density)   ? NULL
                         : wish->density < even ? "sparse"
                                                : "dense";

    return erg_table_row(table, err) && erg_table_integer(table, "ranks", wish->ranks, err)
           && erg_put_reals(table, cells, ERG_COUNT(cells), err)
           && erg_table_text(table, "advice", advice, err)
           && erg_table_text(table, "method", "model", err);
}

erg_result *erg_advise_sparse(const erg_sparse_wish *wish, erg_error *err)
{
    double index_bytes = wish->index_bytes > 0 ? wish->index_bytes : 4;

    if (wish->ranks < 2 || !(wish->element_bytes > 0) || wish->density < 0
        || wish->density > 1) {
        erg_fail(err, ERG_BAD_INPUT,
                 "an all-reduce takes 2 ranks or more, elements of some bytes "
                 "and a density from 0 to 1");
        return NULL;
    }
    erg_result *result = erg_result_new("advise", err);
    erg_table *table =
        result ? erg_result_add(result, "sparse", columns, ERG_COUNT(columns), err) : NULL;
    if (table && put(table, wish, index_bytes, err)
        && erg_result_note(result, err,
                           "the density is of what one rank hands in, before the sum, "
                           "which is denser; sums are then taken in another order"))
        return result;
    erg_result_free(result);
    return NULL;
}
