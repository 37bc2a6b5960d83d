/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recorded run suggests. Joules, intervals and qualities are those of erg show;
 * nothing is told that the file cannot support. What a remedy would save is not known
 * beforehand: the joules at stake bound it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/advise.h"
#include "format/cells.h"
#include "advise/advise_look.h"

static const erg_column columns[] = {
    { "finding", ERG_TEXT, "what was seen" },
    { "energy_j", ERG_REAL, "joules at stake: no remedy saves more" },
    { "energy_low_j", ERG_REAL, "low end of their 95 % interval; none for a model" },
    { "energy_high_j", ERG_REAL, "high end of their 95 % interval" },
    { "share", ERG_REAL, "of the joules of the device" },
    { "advice", ERG_TEXT, "what to do" },
    { "source", ERG_TEXT, "device and channel" },
    { "method", ERG_TEXT, "counter, integral or simulated; model: a share of such joules" },
};

/* The repetitions; a file that has none is all run. */
static void find_spans(erg_look *to)
{
    for (size_t i = 0; i < erg_trace_region_count(to->trace); i++) {
        const erg_region *region = erg_trace_region(to->trace, i);
        if (strcmp(region->name, "run") == 0 && region->end_ns != INT64_MAX
            && to->span_count < ERG_ADVISE_SPANS_MOST)
            to->spans[to->span_count++] = (erg_span){ region->begin_ns, region->end_ns };
    }
    if (to->span_count == 0)
        to->spans[to->span_count++] = erg_trace_span(to->trace);
}

static void look(erg_look *to)
{
    const erg_table *devices = erg_result_find(to->figures, "devices");

    find_spans(to);
    for (size_t i = 0; devices && i < erg_table_row_count(devices); i++)
        if (erg_table_find(devices, i, "counted").integer == 1)
            erg_look_at_device(to, (erg_look_row){ devices, i });
    erg_look_at_regions(to);
}

static int by_energy(const void *a, const void *b)
{
    const erg_finding *x = a, *y = b;
    double p = isnan(x->energy_j) ? -1 : x->energy_j,
           q = isnan(y->energy_j) ? -1 : y->energy_j;

    return p != q ? (p < q) - (p > q) : strcmp(x->text, y->text);
}

static bool put(erg_table *table, const erg_finding *one, erg_error *err)
{
    const erg_real cells[] = {
        { "energy_j", one->energy_j },
        { "energy_low_j", one->low_j },
        { "energy_high_j", one->high_j },
        { "share", one->share },
    };

    return erg_table_row(table, err) && erg_table_text(table, "finding", one->text, err)
           && erg_put_reals(table, cells, ERG_COUNT(cells), err)
           && erg_table_text(table, "advice", one->advice, err)
           && erg_table_text(table, "source", one->source, err)
           && erg_table_text(table, "method", one->method, err);
}

static bool put_notes(const erg_look *of, erg_result *result, erg_error *err)
{
    const erg_table *summary = erg_result_find(of->figures, "summary");

    if (of->count == 0 && !erg_result_note(result, err, "nothing stands out in this run"))
        return false;
    if (of->count > 0
        && !erg_result_note(result, err,
                            "joules at stake overlap: regions may lie within each "
                            "other, and idle power is part of all of them"))
        return false;
    return !isnan(erg_table_find(summary, 0, "idle_w").real)
           || erg_result_note(result, err,
                              "no idle record: what idling takes is not known; record "
                              "with erg run --idle 2s");
}

static erg_result *put_all(erg_look *of, erg_error *err)
{
    erg_result *result = erg_result_new("advise", err);
    erg_table *table =
        result ? erg_result_add(result, "advice", columns, ERG_COUNT(columns), err) : NULL;
    bool ok = table != NULL;

    qsort(of->list, of->count, sizeof(*of->list), by_energy);
    for (size_t i = 0; ok && i < of->count; i++)
        ok = put(table, &of->list[i], err);
    if (ok && put_notes(of, result, err))
        return result;
    erg_result_free(result);
    return NULL;
}

erg_result *erg_advise_run(const erg_trace *trace, erg_error *err)
{
    const erg_summary_options options = { .command = "advise" };
    erg_look *of = calloc(1, sizeof(*of));
    erg_result *result = NULL;

    if (!of) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for advice");
        return NULL;
    }
    of->trace = trace;
    of->figures = erg_trace_summary(trace, &options, err);
    if (of->figures) {
        look(of);
        result = put_all(of, err);
    }
    erg_result_free(of->figures);
    free(of);
    return result;
}
