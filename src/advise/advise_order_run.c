/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a recorded run's regions, one repetition of it: the innermost ones, each at
 * the mean power of all regions of its name, as one alone may be too short for its sensor.
 * What needs what no recording says: regions of one name keep their order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "erg/energy.h"

enum { ITEMS_MOST = 8192 };

#define USUAL_WINDOW_S 0.1

typedef struct part { const char *name; int64_t begin_ns, end_ns; } part;

typedef struct shop {
    const erg_trace *trace;
    part *parts;                    /* innermost regions, as they ran */
    size_t count;
    erg_span span;                  /* of the repetition */
    erg_result *figures;            /* of erg show */
    erg_order_item *items;
    erg_order_edge *edges;
    size_t edge_count;
    const char *poor;               /* a region that was too short for its sensor */
} shop;

static bool is_work(const erg_region *region)
{
    static const char *const apart[] = { "run", "warmup", "idle_before", "idle_after" };

    for (size_t i = 0; i < ERG_COUNT(apart); i++)
        if (strcmp(region->name, apart[i]) == 0)
            return false;
    return region->end_ns != INT64_MAX && region->end_ns > region->begin_ns;
}

/* A parent comes before what lies in it. */
static int by_begin(const void *a, const void *b)
{
    const part *x = a, *y = b;

    return x->begin_ns != y->begin_ns ? (x->begin_ns > y->begin_ns) * 2 - 1
                                      : (x->end_ns < y->end_ns) - (x->end_ns > y->end_ns);
}

/* The first repetition; a file that has none is all run. */
static erg_span first_run(const erg_trace *trace)
{
    erg_span found = erg_trace_span(trace);
    bool has = false;

    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (strcmp(region->name, "run") != 0 || region->end_ns == INT64_MAX
            || (has && region->begin_ns >= found.begin_ns))
            continue;
        found = (erg_span){ region->begin_ns, region->end_ns };
        has = true;
    }
    return found;
}

static void gather(shop *of)
{
    for (size_t i = 0; i < erg_trace_region_count(of->trace); i++) {
        const erg_region *region = erg_trace_region(of->trace, i);
        if (is_work(region) && region->begin_ns >= of->span.begin_ns
            && region->end_ns <= of->span.end_ns)
            of->parts[of->count++] = (part){ region->name, region->begin_ns,
                                             region->end_ns };
    }
    qsort(of->parts, of->count, sizeof(*of->parts), by_begin);
}

/* Keeps those that hold no other; two that overlap are no sequence. */
static bool keep_innermost(shop *of, erg_error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < of->count; i++) {
        const part now = of->parts[i];
        const part *next = i + 1 < of->count ? &of->parts[i + 1] : NULL;
        if (next && next->begin_ns < now.end_ns && next->end_ns <= now.end_ns)
            continue;
        if (next && next->begin_ns < now.end_ns)
            return erg_fail(err, ERG_BAD_INPUT, "regions %s and %s overlap: an order is of "
                            "what runs one after the other; record one thread or stream",
                            now.name, next->name);
        if (kept == ITEMS_MOST)
            return erg_fail(err, ERG_BAD_INPUT, "more than %d regions in one run: record "
                            "fewer steps", ITEMS_MOST);
        of->parts[kept++] = now;
    }
    of->count = kept;
    return kept > 0
        || erg_fail(err, ERG_NO_DATA, "no regions in this run: mark its parts, as in "
                    "erg_region_begin(rec, \"attention\")");
}

static bool is_counted(const erg_result *figures, const char *source)
{
    const erg_table *devices = erg_result_find(figures, "devices");

    for (size_t i = 0; devices && source && i < erg_table_row_count(devices); i++) {
        const char *text = erg_table_find(devices, i, "source").text;
        if (text && strcmp(text, source) == 0)
            return erg_table_find(devices, i, "counted").integer == 1;
    }
    return false;
}

/* The sum of all counted devices; NAN: no joules. */
static double power_of(shop *of, const char *name)
{
    const erg_table *table = erg_result_find(of->figures, "regions");
    double sum_w = NAN;

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *region = erg_table_find(table, i, "region").text;
        const char *quality = erg_table_find(table, i, "quality").text;
        double mean_w = erg_table_find(table, i, "mean_w").real;
        if (!region || strcmp(region, name) != 0 || isnan(mean_w)
            || !is_counted(of->figures, erg_table_find(table, i, "source").text))
            continue;
        sum_w = (isnan(sum_w) ? 0 : sum_w) + mean_w;
        if (quality && strcmp(quality, "too_short") == 0)
            of->poor = name;
    }
    return sum_w;
}

/* Of the items before i; SIZE_MAX: none is called so. */
static size_t last_of(const shop *of, size_t i)
{
    for (size_t k = i; k-- > 0;)
        if (strcmp(of->items[k].name, of->items[i].name) == 0)
            return k;
    return SIZE_MAX;
}

static bool fill(shop *of, erg_error *err)
{
    of->items = calloc(of->count, sizeof(*of->items));
    of->edges = calloc(of->count, sizeof(*of->edges));
    if (!of->items || !of->edges)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu regions", of->count);
    for (size_t i = 0; i < of->count; i++) {
        const part *region = &of->parts[i];
        erg_order_item *item = &of->items[i];
        erg_text_put(item->name, sizeof(item->name), region->name);
        item->time_s = erg_s_from_ns(region->end_ns - region->begin_ns);
        size_t before = last_of(of, i);
        item->power_w = before != SIZE_MAX ? of->items[before].power_w
                                           : power_of(of, region->name);
        if (isnan(item->power_w))
            return erg_fail(err, ERG_NO_DATA, "region %s has no joules: see erg show",
                            region->name);
        if (before != SIZE_MAX)
            of->edges[of->edge_count++] = (erg_order_edge){ before, i };
    }
    return true;
}

static bool put_notes(const shop *of, erg_result *result, erg_error *err)
{
    double work_s = 0, whole_s = erg_s_from_ns(of->span.end_ns - of->span.begin_ns);

    for (size_t i = 0; i < of->count; i++)
        work_s += of->items[i].time_s;
    return erg_result_note(result, err, "a run does not say what needs what: regions of "
                           "one name keep their order, all others are taken to be "
                           "free; give needs as CSV operator,time_s,power_w,after")
        && erg_result_note(result, err, "each region is at the mean power of all of its "
                           "name; %.3g s of the run's %.3g s lie in no innermost region "
                           "and are left out", whole_s - work_s, whole_s)
        && (!of->poor || erg_result_note(result, err, "region %s is too short for its "
                                         "sensor: its power is a guess", of->poor));
}

erg_result *erg_advise_order_of_run(const erg_trace *trace, const char *name,
                                    double window_s, erg_error *err)
{
    const erg_summary_options options = { .command = "advise" };
    shop of = { .trace = trace, .span = first_run(trace) };
    erg_result *result = NULL;

    of.parts = calloc(erg_trace_region_count(trace) + 1, sizeof(*of.parts));
    if (of.parts)
        gather(&of);
    else
        erg_fail(err, ERG_NO_MEMORY, "out of memory for an order");
    if (of.parts && keep_innermost(&of, err)
        && (of.figures = erg_trace_summary(trace, &options, err)) && fill(&of, err)) {
        const erg_order_problem is = { of.items, of.count, of.edges, of.edge_count,
                                       window_s > 0 ? window_s : USUAL_WINDOW_S };
        result = erg_order_result(&is, name, err);
    }
    if (result && !put_notes(&of, result, err)) {
        erg_result_free(result);
        result = NULL;
    }
    free(of.parts);
    free(of.items);
    free(of.edges);
    erg_result_free(of.figures);
    return result;
}
