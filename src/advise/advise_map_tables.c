/* SPDX-License-Identifier: Apache-2.0 */
/* The order of ranks that was found: as tables, and as Open MPI reads it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "format/cells.h"

enum { FILE_MOST = 1 << 28 };

static const erg_column total_columns[] = {
    { "order", ERG_TEXT, "given: rank i on the i-th slot that the hops name; mapped" },
    { "bytes_hops", ERG_REAL, "sum of bytes times hops" },
    { "cross_bytes", ERG_REAL, "bytes that cross one hop or more" },
    { "saving", ERG_REAL, "of bytes times hops, 0 to 1" },
    { "source", ERG_TEXT, "where traffic and hops are from" },
    { "method", ERG_TEXT, "model: counted" },
};

static const erg_column rank_columns[] = {
    { "rank", ERG_INTEGER, "of the program" },
    { "slot", ERG_TEXT, "where it should sit" },
    { "given", ERG_TEXT, "where it sits in the given order" },
};

struct erg_rank_map {
    erg_slots *slots;
    double *bytes;
    size_t *order;
    size_t ranks;
    char source[200];
};

static erg_map_problem problem_of(const erg_rank_map *map)
{
    return (erg_map_problem){ .bytes = map->bytes,
                              .ranks = map->ranks,
                              .hops = map->slots->hops,
                              .slots = map->slots->count };
}

static bool load(erg_rank_map *to, const char *traffic, const char *hops, erg_error *err)
{
    size_t size;
    char *first = erg_file_read(traffic, FILE_MOST, &size, err), *second = NULL;

    if (first)
        to->bytes = erg_map_traffic_parse(traffic, first, size, &to->ranks, err);
    if (to->bytes)
        second = erg_file_read(hops, FILE_MOST, &size, err);
    if (second)
        to->slots = erg_map_slots_parse(hops, second, size, err);
    free(first);
    free(second);
    if (!to->slots)
        return false;
    snprintf(to->source, sizeof(to->source), "%s, %s", traffic, hops);
    return to->slots->count >= to->ranks
           || erg_fail(err, ERG_BAD_INPUT,
                       "%s names %zu slots, too few for the %zu ranks of %s", hops,
                       to->slots->count, to->ranks, traffic);
}

erg_rank_map *erg_rank_map_new(const char *traffic, const char *hops, erg_error *err)
{
    erg_rank_map *map = calloc(1, sizeof(*map));
    bool ok = (map || erg_fail(err, ERG_NO_MEMORY, "no memory for a map of ranks"))
              && load(map, traffic, hops, err);

    if (ok) {
        erg_map_problem is = problem_of(map);
        map->order = malloc(map->ranks * sizeof(*map->order));
        ok = (map->order
              || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu ranks", map->ranks))
             && erg_map_solve(&is, map->order, err);
    }
    if (ok)
        return map;
    erg_rank_map_free(map);
    return NULL;
}

void erg_rank_map_free(erg_rank_map *map)
{
    if (!map)
        return;
    erg_slots_free(map->slots);
    free(map->bytes);
    free(map->order);
    free(map);
}

/* ---- tables ------------------------------------------------------------------------- */

static double crossing(const erg_map_problem *is, const size_t slots[])
{
    double sum = 0;

    for (size_t i = 0; i < is->ranks; i++)
        for (size_t j = 0; j < is->ranks; j++)
            sum += is->hops[slots[i] * is->slots + slots[j]] > 0
                       ? is->bytes[i * is->ranks + j]
                       : 0;
    return sum;
}

static bool put_total(erg_table *table, const erg_rank_map *map, const size_t slots[],
                      double given, erg_error *err)
{
    erg_map_problem is = problem_of(map);
    double cost = erg_map_cost(&is, slots);
    const erg_real cells[] = {
        { "bytes_hops", cost },
        { "cross_bytes", crossing(&is, slots) },
        { "saving", given > 0 ? (given - cost) / given : 0 },
    };

    return erg_table_row(table, err)
           && erg_table_text(table, "order", slots == map->order ? "mapped" : "given", err)
           && erg_put_reals(table, cells, ERG_COUNT(cells), err)
           && erg_table_text(table, "source", map->source, err)
           && erg_table_text(table, "method", "model", err);
}

static bool put_totals(erg_result *result, const erg_rank_map *map, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "totals", total_columns, ERG_COUNT(total_columns), err);
    erg_map_problem is = problem_of(map);
    size_t *given = malloc(map->ranks * sizeof(*given));
    bool ok = table && given;

    for (size_t i = 0; given && i < map->ranks; i++)
        given[i] = i;
    double cost = ok ? erg_map_cost(&is, given) : NAN;
    ok = ok && put_total(table, map, map->order, cost, err)
         && put_total(table, map, given, cost, err);
    free(given);
    return ok;
}

static bool put_ranks(erg_result *result, const erg_rank_map *map, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "map", rank_columns, ERG_COUNT(rank_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < map->ranks; i++)
        ok = erg_table_row(table, err) && erg_table_integer(table, "rank", (int64_t)i, err)
             && erg_table_text(table, "slot", map->slots->names[map->order[i]], err)
             && erg_table_text(table, "given", map->slots->names[i], err);
    return ok;
}

erg_result *erg_rank_map_result(const erg_rank_map *map, erg_error *err)
{
    erg_result *result = erg_result_new("advise", err);

    if (result && put_totals(result, map, err) && put_ranks(result, map, err))
        return result;
    erg_result_free(result);
    return NULL;
}

/* "rank 3=n1 slot=0": the slot is what follows the colon of its name, else 0. */
bool erg_rank_map_write(const erg_rank_map *map, FILE *out, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < map->ranks; i++) {
        const char *name = map->slots->names[map->order[i]];
        size_t count = strcspn(name, ":");
        ok = fprintf(out, "rank %zu=%.*s slot=%s\n", i, (int)count, name,
                     name[count] && name[count + 1] ? name + count + 1 : "0")
             > 0;
    }
    return ok || erg_fail(err, ERG_IO, "cannot write the rankfile");
}
