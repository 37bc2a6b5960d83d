/* SPDX-License-Identifier: Apache-2.0 */
/* What runs, how long, at what power, and after what: read, and the answer as tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"

enum { ITEMS_MOST = 8192, EDGES_MOST = 1 << 16 };

#define USUAL_WINDOW_S 0.1
#define AT(field) offsetof(erg_order_item, field)
static const erg_row_field fields[] = {
    { "operator", AT(name), sizeof(((erg_order_item *)0)->name), 0, false },
    { "time_s", AT(time_s), 0, 0, false },
    { "power_w", AT(power_w), 0, 0, false },
    { "after", AT(after), sizeof(((erg_order_item *)0)->after), 0, true },
};
const erg_row_layout erg_order_layout = { fields, ERG_COUNT(fields),
                                          sizeof(erg_order_item), ITEMS_MOST };

static const erg_column total_columns[] = {
    { "peak_given_w", ERG_REAL, "greatest mean over the window, in the given order" },
    { "peak_w", ERG_REAL, "in the advised order" },
    { "mean_w", ERG_REAL, "of all of it: no order peaks lower" },
    { "saving", ERG_REAL, "of the given peak" },
    { "window_s", ERG_REAL, "of the mean" },
    { "time_s", ERG_REAL, "of all operators; no order changes it" },
    { "source", ERG_TEXT, "where the figures are from" },
    { "method", ERG_TEXT, "model: operators one after the other, each at its power" },
};

static const erg_column order_columns[] = {
    { "place", ERG_INTEGER, "in the advised order, from 1" },
    { "operator", ERG_TEXT, "as the file or the graph names it" },
    { "was", ERG_INTEGER, "its place as given" },
    { "time_s", ERG_REAL, "of it" },
    { "power_w", ERG_REAL, "of it" },
};

/* ---- reading ------------------------------------------------------------------------- */

/* Of the items before `below`; SIZE_MAX: none is called so. */
static size_t find(const erg_order_item items[], size_t below, const char *name,
                   size_t length)
{
    for (size_t i = 0; i < below; i++)
        if (strlen(items[i].name) == length && memcmp(items[i].name, name, length) == 0)
            return i;
    return SIZE_MAX;
}

typedef struct edges { erg_order_edge *items; size_t count, capacity; } edges;

static bool add_edges(const erg_order_item items[], size_t i, edges *to, erg_error *err)
{
    for (const char *at = items[i].after; *at; at += strspn(at, " ;")) {
        size_t length = strcspn(at, " ;"), from = find(items, i, at, length);
        if (length && from == SIZE_MAX)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s needs %.*s, which does not stand before it", items[i].name,
                            (int)(length < 95 ? length : 95), at);
        if (length && (to->count == EDGES_MOST
                       || !erg_grow((void **)&to->items, &to->capacity, to->count,
                                    sizeof(*to->items), err)))
            return erg_fail(err, ERG_BAD_INPUT, "more needs than %d", EDGES_MOST);
        if (length)
            to->items[to->count++] = (erg_order_edge){ from, i };
        at += length;
    }
    return true;
}

erg_order_edge *erg_order_edges(const erg_order_item items[], size_t count,
                                size_t *edge_count, erg_error *err)
{
    edges all = { malloc(sizeof(erg_order_edge)), 0, 1 };
    bool good = all.items || erg_fail(err, ERG_NO_MEMORY, "out of memory for an order");

    for (size_t i = 0; good && i < count; i++)
        good = add_edges(items, i, &all, err);
    *edge_count = all.count;
    if (good)
        return all.items;
    free(all.items);
    return NULL;
}

/* ---- telling ------------------------------------------------------------------------- */

static bool put_totals(erg_result *result, const erg_order_problem *is,
                       const size_t order[], const char *source, erg_error *err)
{
    erg_table *table = erg_result_add(result, "totals", total_columns,
                                      ERG_COUNT(total_columns), err);
    size_t *given = calloc(is->count + 1, sizeof(*given));
    double time_s = 0, energy_j = 0;

    for (size_t i = 0; i < is->count; i++) {
        time_s += is->items[i].time_s;
        energy_j += is->items[i].time_s * is->items[i].power_w;
        if (given)
            given[i] = i;
    }
    bool good = given || erg_fail(err, ERG_NO_MEMORY, "out of memory for an order");
    double was_w = good ? erg_order_peak_w(is, given, err) : NAN;
    double now_w = good ? erg_order_peak_w(is, order, err) : NAN;
    free(given);
    return good && table && erg_table_row(table, err)
        && erg_table_real(table, "peak_given_w", was_w, err)
        && erg_table_real(table, "peak_w", now_w, err)
        && erg_table_real(table, "mean_w", energy_j / time_s, err)
        && erg_table_real(table, "saving", (was_w - now_w) / was_w, err)
        && erg_table_real(table, "window_s", is->window_s, err)
        && erg_table_real(table, "time_s", time_s, err)
        && erg_table_text(table, "source", source, err)
        && erg_table_text(table, "method", "model", err);
}

static bool put_order(erg_result *result, const erg_order_problem *is, const size_t order[],
                      erg_error *err)
{
    erg_table *table = erg_result_add(result, "order", order_columns,
                                      ERG_COUNT(order_columns), err);
    bool good = table != NULL;

    for (size_t k = 0; good && k < is->count; k++) {
        const erg_order_item *item = &is->items[order[k]];
        good = erg_table_row(table, err)
            && erg_table_integer(table, "place", (int64_t)k + 1, err)
            && erg_table_text(table, "operator", item->name, err)
            && erg_table_integer(table, "was", (int64_t)order[k] + 1, err)
            && erg_table_real(table, "time_s", item->time_s, err)
            && erg_table_real(table, "power_w", item->power_w, err);
    }
    return good;
}

erg_result *erg_order_result(const erg_order_problem *is, const char *source,
                             erg_error *err)
{
    size_t *order = calloc(is->count + 1, sizeof(*order));
    erg_result *result = order ? erg_result_new("advise", err) : NULL;
    bool good = result && erg_order_solve(is, order, err)
        && put_totals(result, is, order, source, err) && put_order(result, is, order, err)
        && erg_result_note(result, err,
                           "operators are taken for one after the other; whether "
                           "the program may swap them beyond their stated needs is its own "
                           "to know");

    if (!order)
        erg_fail(err, ERG_NO_MEMORY, "out of memory for an order");
    free(order);
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}

erg_result *erg_advise_order(const char *path, double window_s, erg_error *err)
{
    size_t count, edge_count = 0;
    erg_order_item *items = erg_rows_read(&erg_order_layout, path, &count, err);
    erg_order_edge *needs = items ? erg_order_edges(items, count, &edge_count, err) : NULL;
    erg_result *result = NULL;

    if (needs) {
        const erg_order_problem is = { items, count, needs, edge_count,
                                       window_s > 0 ? window_s : USUAL_WINDOW_S };
        result = erg_order_result(&is, path, err);
    }
    free(items);
    free(needs);
    return result;
}
