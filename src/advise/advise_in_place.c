/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which output may be written over an input: the input is read for the last time, by an
 * elementwise operator, and is as large. By the liveness of the memory plan, operators in
 * the graph's order and each a launch of its own. It saves memory;
 * bytes that move are the same.
 */
#include <stdlib.h>
#include <string.h>
#include "advise/advise_in_place.h"
#include "estimate/memory.h"

static const erg_column columns[] = {
    { "tensor", ERG_TEXT, "that may be written over an input" },
    { "over", ERG_TEXT, "that input, which nothing reads later" },
    { "operator", ERG_TEXT, "that reads the one and writes the other" },
    { "bytes", ERG_REAL, "of memory that it then needs no more" },
    { "source", ERG_TEXT, "of the order" },
    { "method", ERG_TEXT, "model" },
};

typedef struct listing {
    const erg_graph *graph;
    erg_memory *with, *without;         /* reuse */
    const erg_memory_step **steps;
    size_t count;
} listing;

static int64_t bytes_of(const listing *of, size_t i)
{
    return of->graph->tensors[of->steps[i]->made].bytes;
}

/* Largest first, else in the graph's order:
 * by insertion, as it is nearly sorted by shape. */
static void sort(listing *of)
{
    for (size_t i = 1; i < of->count; i++)
        for (size_t k = i; k > 0 && bytes_of(of, k - 1) < bytes_of(of, k); k--) {
            const erg_memory_step *step = of->steps[k];
            of->steps[k] = of->steps[k - 1];
            of->steps[k - 1] = step;
        }
}

static bool put(erg_table *table, const listing *of, size_t i, erg_error *err)
{
    const erg_tensor *made = &of->graph->tensors[of->steps[i]->made];

    return erg_table_row(table, err) && erg_table_text(table, "tensor", made->name, err)
        && erg_table_text(table, "over", of->graph->tensors[of->steps[i]->reused].name, err)
        && erg_table_text(table, "operator", of->graph->operators[made->producer].name, err)
        && erg_table_real(table, "bytes", (double)made->bytes, err)
        && erg_table_text(table, "source", "the graph's own order", err)
        && erg_table_text(table, "method", "model", err);
}

static bool put_all(erg_result *result, const listing *of, size_t top, erg_error *err)
{
    erg_table *table = erg_result_add(result, "in_place", columns, ERG_COUNT(columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < of->count && i < top; i++)
        good = put(table, of, i, err);
    return good;
}

static bool tell(listing *of, erg_result *result, size_t top, erg_error *err)
{
    of->steps = calloc((size_t)of->with->step_count + 1, sizeof(const erg_memory_step *));
    if (!of->steps)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for tensors");
    for (int32_t s = 0; s < of->with->step_count; s++)
        if (of->with->steps[s].reused >= 0)
            of->steps[of->count++] = &of->with->steps[s];
    sort(of);
    bool good = put_all(result, of, top, err)
        && erg_result_note(result, err,
                           "%zu outputs may be written over a dead input: at most "
                           "%.4g bytes of activations at a time, not %.4g", of->count,
                           (double)of->with->peak_activation_bytes,
                           (double)of->without->peak_activation_bytes);
    free(of->steps);
    return good;
}

bool erg_advise_in_place(const erg_graph *graph, size_t top, erg_result *result,
                         erg_error *err)
{
    const erg_memory_options plain = { .no_reuse = true }, reusing = { 0 };
    erg_partition *cut = erg_graph_partition(graph, ERG_FUSION_NONE, err);
    listing of = { .graph = graph };

    of.with = cut ? erg_memory_plan(cut, &reusing, err) : NULL;
    of.without = of.with ? erg_memory_plan(cut, &plain, err) : NULL;
    bool good = of.without && tell(&of, result, top, err);

    erg_memory_free(of.without);
    erg_memory_free(of.with);
    erg_partition_free(cut);
    return good;
}
