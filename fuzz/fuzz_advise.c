/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CSV of erg advise, the first one says which: rows, or a sentence. */
#include <stdlib.h>
#include "advise/advise.h"

typedef void *parse(const char *name, const char *bytes, size_t size, size_t *count,
                    erg_error *err);

static void *variants(const char *name, const char *bytes, size_t size, size_t *count,
                      erg_error *err)
{
    return erg_precision_variants_parse(name, bytes, size, count, err);
}

static void *phases(const char *name, const char *bytes, size_t size, size_t *count,
                    erg_error *err)
{
    return erg_precision_phases_parse(name, bytes, size, count, err);
}

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

static void *tensors(const char *name, const char *bytes, size_t size, size_t *count,
                     erg_error *err)
{
    return erg_recompute_parse(name, bytes, size, count, err);
}

static void *operators(const char *name, const char *bytes, size_t size, size_t *count,
                       erg_error *err)
{
    return erg_offload_parse(name, bytes, size, count, err);
}

static void *order(const char *name, const char *bytes, size_t size, size_t *count,
                   erg_error *err)
{
    erg_order_item *items = erg_order_parse(name, bytes, size, count, err);
    erg_error needs_err = { 0 };
    size_t edge_count;

    if (items)
        free(erg_order_edges(items, *count, &edge_count, &needs_err));
    return items;
}

static void *stages(const char *name, const char *bytes, size_t size, size_t *count,
                    erg_error *err)
{
    return erg_stages_parse(name, bytes, size, count, err);
}

static parse *const parsers[] = { variants, phases, traffic, hops, tensors,
                                  operators, order, stages };

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    size_t count;

    if (size == 0)
        return 0;
    void *rows = parsers[(bytes[0] - 'A') % ERG_COUNT(parsers)](
        "fuzz", (const char *)bytes + 1, size - 1, &count, &err);
    if (!rows == (err.code == ERG_OK) || (rows && count == 0))
        abort();
    free(rows);
    return 0;
}
