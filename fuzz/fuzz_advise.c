/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CSV of erg advise, the first one says which: rows, or a sentence. */
#include <stdlib.h>
#include "advise/advise.h"

typedef void *parse(const char *name, const char *bytes, size_t size, size_t *count,
                    erg_error *err);

static void *traffic(const char *name, const char *bytes, size_t size, size_t *count,
                     erg_error *err)
{
    return erg_map_traffic_parse(name, bytes, size, count, err);
}

/* Rows are what it holds; slots own more. */
static void *hops(const char *name, const char *bytes, size_t size, size_t *count,
                  erg_error *err)
{
    erg_slots *slots = erg_map_slots_parse(name, bytes, size, err);

    *count = slots ? slots->count : 0;
    double *rows = slots ? slots->hops : NULL;
    free(slots);
    return rows;
}

static void *order(const char *name, const char *bytes, size_t size, size_t *count,
                   erg_error *err)
{
    erg_order_item *items =
        erg_rows_parse(&erg_order_layout, name, bytes, size, count, err);
    erg_error needs_err = { 0 };
    size_t edge_count;

    if (items)
        free(erg_order_edges(items, *count, &edge_count, &needs_err));
    return items;
}

/* A layout alone, or a parser that does more. */
static const struct { const erg_row_layout *layout; parse *parse; } kinds[] = {
    { &erg_variants_layout, NULL }, { &erg_phases_layout, NULL },
    { NULL, traffic },              { NULL, hops },
    { &erg_recompute_layout, NULL }, { &erg_offload_layout, NULL },
    { NULL, order },                { &erg_stages_layout, NULL },
};

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    size_t count;

    if (size == 0)
        return 0;
    size_t kind = (bytes[0] - 'A') % ERG_COUNT(kinds);
    const char *text = (const char *)bytes + 1;
    void *rows = kinds[kind].layout
        ? erg_rows_parse(kinds[kind].layout, "fuzz", text, size - 1, &count, &err)
        : kinds[kind].parse("fuzz", text, size - 1, &count, &err);
    if (!rows == (err.code == ERG_OK) || (rows && count == 0))
        abort();
    free(rows);
    return 0;
}
