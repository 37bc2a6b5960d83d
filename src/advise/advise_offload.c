/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operator belongs on the CPU iff it is done there, copies included, within the slack
 * that the rest leaves it, and for fewer joules: t_cpu + t_copy <= slack and
 * E_cpu + E_copy < E_gpu. All joules are marginal: what idles on either way does not count.
 */
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "format/cells.h"

enum { ITEMS_MOST = 1 << 20 };

#define AT(field) offsetof(erg_offload_item, field)
static const erg_row_field fields[] = {
    { "operator", AT(name), sizeof(((erg_offload_item *)0)->name), 0, false },
    { "cpu_s", AT(cpu_s), 0, 0, false },
    { "copy_s", AT(copy_s), 0, 0, false },
    { "slack_s", AT(slack_s), 0, 0, false },
    { "cpu_j", AT(cpu_j), 0, 0, false },
    { "copy_j", AT(copy_j), 0, 0, false },
    { "gpu_j", AT(gpu_j), 0, 0, false },
};
const erg_row_layout erg_offload_layout = { fields, ERG_COUNT(fields),
                                            sizeof(erg_offload_item), ITEMS_MOST };

static const erg_column columns[] = {
    { "operator", ERG_TEXT, "as the file names it" },
    { "saving_j", ERG_REAL, "on the CPU, copies included; below 0: dearer" },
    { "spare_s", ERG_REAL, "of its slack that is left; below 0: late" },
    { "advice", ERG_TEXT, "offload or stay" },
    { "why", ERG_TEXT, "it stays" },
    { "source", ERG_TEXT, "where the figures are from" },
    { "method", ERG_TEXT, "model: sums of given figures" },
};

static double saving_of(const erg_offload_item *item)
{
    return item->gpu_j - item->cpu_j - item->copy_j;
}

bool erg_offload_pays(const erg_offload_item *item)
{
    return item->cpu_s + item->copy_s <= item->slack_s && saving_of(item) > 0;
}

static int by_saving(const void *a, const void *b)
{
    const erg_offload_item *x = a, *y = b;
    double p = saving_of(x), q = saving_of(y);

    return p != q ? (p < q) - (p > q) : strcmp(x->name, y->name);
}

static bool put(erg_table *table, const erg_offload_item *item, const char *source,
                erg_error *err)
{
    bool pays = erg_offload_pays(item);
    double spare_s = item->slack_s - item->cpu_s - item->copy_s;

    return erg_table_row(table, err) && erg_table_text(table, "operator", item->name, err)
           && erg_table_real(table, "saving_j", saving_of(item), err)
           && erg_table_real(table, "spare_s", spare_s, err)
           && erg_table_text(table, "advice", pays ? "offload" : "stay", err)
           && erg_table_text(table, "why",
                             pays                  ? NULL
                             : saving_of(item) > 0 ? "it would be late"
                                                   : "it takes no fewer joules there",
                             err)
           && erg_table_text(table, "source", source, err)
           && erg_table_text(table, "method", "model", err);
}

static erg_result *tables_of(erg_offload_item items[], size_t count, const char *source,
                             erg_error *err)
{
    erg_result *result = erg_result_new("advise", err);
    erg_table *table =
        result ? erg_result_add(result, "offload", columns, ERG_COUNT(columns), err) : NULL;
    bool ok = table != NULL;

    qsort(items, count, sizeof(*items), by_saving);
    for (size_t i = 0; ok && i < count; i++)
        ok = put(table, &items[i], source, err);
    if (ok
        && erg_result_note(result, err,
                           "each operator is judged alone: two of one path share "
                           "its slack"))
        return result;
    erg_result_free(result);
    return NULL;
}

erg_result *erg_advise_offload(const char *path, erg_error *err)
{
    size_t count;
    erg_offload_item *items = erg_rows_read(&erg_offload_layout, path, &count, err);
    erg_result *result = items ? tables_of(items, count, path, err) : NULL;

    free(items);
    return result;
}
