/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tensor is better computed again than kept iff F e_flop + dT P_static < 2 bytes e_byte:
 * the work once more against writing it and reading it back. Its own inputs must be at
 * hand: what reading them again from memory would cost is told beside it.
 */
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "format/cells.h"

enum { ITEMS_MOST = 1 << 20 };

#define AT(field) offsetof(erg_recompute_item, field)
static const erg_row_field fields[] = {
    { "tensor", AT(name), sizeof(((erg_recompute_item *)0)->name), 0, false },
    { "flop", AT(flop), 0, 0, false },
    { "bytes", AT(bytes), 0, 0, false },
    { "time_s", AT(time_s), 0, 0, false },
    { "input_bytes", AT(input_bytes), 0, 0, true },
};
const erg_row_layout erg_recompute_layout = { fields, ERG_COUNT(fields),
                                              sizeof(erg_recompute_item), ITEMS_MOST };

static const erg_column columns[] = {
    { "tensor", ERG_TEXT, "or segment" },
    { "margin_j", ERG_REAL, "saved by computing it again; below 0: keep it" },
    { "bytes", ERG_REAL, "of memory freed" },
    { "recompute_j", ERG_REAL, "of the work once more, and static power meanwhile" },
    { "store_j", ERG_REAL, "of writing it and reading it back" },
    { "inputs_j", ERG_REAL, "more, if its inputs have to come from memory again" },
    { "advice", ERG_TEXT, "recompute, recompute if inputs are at hand, or store" },
    { "source", ERG_TEXT, "where the figures are from" },
    { "method", ERG_TEXT, "model" },
};

void erg_recompute_judge(erg_recompute_item *item, const erg_energy_costs *costs)
{
    item->recompute_j = item->flop * costs->flop_j + item->time_s * costs->static_w;
    item->store_j = 2 * item->bytes * costs->byte_j;
    item->inputs_j = item->input_bytes * costs->byte_j;
}

static double margin_of(const erg_recompute_item *item)
{
    return item->store_j - item->recompute_j;
}

static int by_margin(const void *a, const void *b)
{
    const erg_recompute_item *x = a, *y = b;
    double p = margin_of(x), q = margin_of(y);

    return p != q ? (p < q) - (p > q) : strcmp(x->name, y->name);
}

static bool put(erg_table *table, const erg_recompute_item *item, const char *source,
                erg_error *err)
{
    double margin_j = margin_of(item);
    const erg_real cells[] = {
        { "margin_j", margin_j },
        { "bytes", item->bytes },
        { "recompute_j", item->recompute_j },
        { "store_j", item->store_j },
        { "inputs_j", item->inputs_j },
    };
    const char *advice = !(margin_j > 0)              ? "store"
                         : margin_j <= item->inputs_j ? "recompute if inputs are at hand"
                                                      : "recompute";

    return erg_table_row(table, err) && erg_table_text(table, "tensor", item->name, err)
           && erg_put_reals(table, cells, ERG_COUNT(cells), err)
           && erg_table_text(table, "advice", advice, err)
           && erg_table_text(table, "source", source, err)
           && erg_table_text(table, "method", "model", err);
}

erg_result *erg_recompute_result(erg_recompute_item items[], size_t count, size_t top,
                                 const char *source, erg_error *err)
{
    erg_result *result = erg_result_new("advise", err);
    erg_table *table =
        result ? erg_result_add(result, "recompute", columns, ERG_COUNT(columns), err)
               : NULL;
    double saved_j = 0, freed = 0;
    size_t pays = 0;
    bool ok = table != NULL;

    qsort(items, count, sizeof(*items), by_margin);
    for (; pays < count && margin_of(&items[pays]) > 0; pays++) {
        saved_j += margin_of(&items[pays]);
        freed += items[pays].bytes;
    }
    for (size_t i = 0; ok && i < count && i < top; i++)
        ok = put(table, &items[i], source, err);
    if (ok
        && erg_result_note(result, err,
                           "%zu of %zu are worth computing again: %.4g J less, %.4g "
                           "bytes freed, inputs at hand; one that another one needs may no "
                           "longer be",
                           pays, count, saved_j, freed))
        return result;
    erg_result_free(result);
    return NULL;
}
