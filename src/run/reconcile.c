/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A measured run beside an estimate. A region that bears the name of a subgraph or
 * of a kind of operator is held to those; one that bears the workload's name, the
 * phase's, or a word for a whole pass, to the total; any other stands alone.
 */
#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/base.h"
#include "erg/energy.h"
#include "run/reconcile.h"

static const erg_column columns[] = {
    { "region", ERG_TEXT, "as measured" },
    { "track", ERG_TEXT, "thread or stream" },
    { "matched", ERG_TEXT, "workload, kernel; none: nothing estimated has this name" },
    { "count", ERG_INTEGER, "times it ran" },
    { "measured_s", ERG_REAL, "of all of them" },
    { "estimated_s", ERG_REAL, "as often" },
    { "measured_j", ERG_REAL, "of all of them" },
    { "measured_low_j", ERG_REAL, "of its 95 % interval" },
    { "measured_high_j", ERG_REAL, "of its 95 % interval" },
    { "estimated_j", ERG_REAL, "as often" },
    { "estimated_low_j", ERG_REAL, "of its 95 % interval" },
    { "estimated_high_j", ERG_REAL, "of its 95 % interval" },
    { "ratio", ERG_REAL, "estimated over measured energy" },
    { "agreement_en", ERG_REAL, "difference over the joint half width: at most 1 agrees" },
    { "agrees", ERG_TRUTH, "agreement_en is at most 1" },
    { "time_ratio", ERG_REAL, "estimated over measured time" },
};

/* A region of this name is one pass of the workload. */
static const char *const whole_words[] = { "inference", "forward", "infer", "batch", "step",
                                           "model", "full_model" };

static double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

static bool is_text(const erg_table *table, size_t row, const char *column,
                    const char *wanted)
{
    const char *text = erg_table_find(table, row, column).text;
    return text && wanted && strcasecmp(text, wanted) == 0;
}

static bool is_whole(const erg_table *summary, size_t row, const char *region)
{
    for (size_t i = 0; i < ERG_COUNT(whole_words); i++)
        if (strcasecmp(whole_words[i], region) == 0)
            return true;
    return is_text(summary, row, "model", region) || is_text(summary, row, "phase", region);
}

bool erg_reconcile_is_same_case(const erg_table *part, size_t at, const erg_table *summary,
                                size_t row)
{
    return is_text(part, at, "hardware", erg_table_find(summary, row, "hardware").text)
        && is_text(part, at, "precision", erg_table_find(summary, row, "precision").text)
        && erg_table_find(part, at, "batch").integer
               == erg_table_find(summary, row, "batch").integer;
}

/* The mean subgraph of that name or kind, for a region is one launch of it: as many of
 * "conv" as there are in a pass are those of one pass. Errors of one profile go one way. */
static erg_estimated_part kernels(const erg_result *estimate, size_t row,
                                  const char *region)
{
    const erg_table *parts = erg_result_find(estimate, "subgraphs");
    const erg_table *summary = erg_result_find(estimate, "summary");
    erg_estimated_part sum = { .matched = NULL };
    double count = 0;

    for (size_t i = 0; i < erg_table_row_count(parts); i++) {
        if (!erg_reconcile_is_same_case(parts, i, summary, row)
            || !(is_text(parts, i, "subgraph", region)
                 || is_text(parts, i, "kind", region)))
            continue;
        sum.matched = "kernel";
        count++;
        sum.time_s += real(parts, i, "latency_s");
        sum.energy_j += real(parts, i, "energy_j");
        sum.low_j += real(parts, i, "energy_low_j");
        sum.high_j += real(parts, i, "energy_high_j");
    }
    if (count > 0)
        sum = (erg_estimated_part){ sum.matched, sum.time_s / count, sum.energy_j / count,
                                    sum.low_j / count, sum.high_j / count };
    return sum;
}

erg_estimated_part erg_reconcile_whole(const erg_table *summary, size_t row)
{
    return (erg_estimated_part){ "workload", real(summary, row, "latency_s"),
                                 real(summary, row, "energy_j"),
                                 real(summary, row, "energy_low_j"),
                                 real(summary, row, "energy_high_j") };
}

static erg_estimated_part guess_of(const erg_result *estimate, size_t row,
                                   const char *region)
{
    const erg_table *summary = erg_result_find(estimate, "summary");
    erg_estimated_part found = kernels(estimate, row, region);

    if (!found.matched && is_whole(summary, row, region))
        return erg_reconcile_whole(summary, row);
    if (!found.matched)
        return (erg_estimated_part){ NULL, NAN, NAN, NAN, NAN };
    return found;
}

/* E_n = |p - m| / sqrt(U_p^2 + U_m^2) <= 1 (ISO 13528). */
static double agreement(const erg_estimated_part *p, const erg_measured_part *m,
                        double count)
{
    return fabs(count * p->energy_j - m->energy_j)
        / hypot(0.5 * count * (p->high_j - p->low_j), 0.5 * (m->high_j - m->low_j));
}

bool erg_reconcile_put(erg_table *table, const erg_measured_part *m,
                       const erg_estimated_part *p, erg_error *err)
{
    double count = m->count == ERG_NONE ? NAN : (double)m->count;
    double en = agreement(p, m, count);
    const struct { const char *column; double value; } reals[] = {
        { "measured_s", m->time_s },
        { "estimated_s", count * p->time_s },
        { "measured_j", m->energy_j },
        { "measured_low_j", m->low_j },
        { "measured_high_j", m->high_j },
        { "estimated_j", count * p->energy_j },
        { "estimated_low_j", count * p->low_j },
        { "estimated_high_j", count * p->high_j },
        { "ratio", count * p->energy_j / m->energy_j },
        { "agreement_en", en },
        { "time_ratio", count * p->time_s / m->time_s },
    };
    bool ok = erg_table_row(table, err) && erg_table_text(table, "region", m->region, err)
        && erg_table_text(table, "track", m->track, err)
        && erg_table_text(table, "matched", p->matched, err)
        && erg_table_integer(table, "count", m->count, err);
    for (size_t i = 0; i < ERG_COUNT(reals) && ok; i++)
        ok = erg_table_real(table, reals[i].column, reals[i].value, err);
    return ok && (isnan(en) || erg_table_truth(table, "agrees", en <= 1, err));
}

static erg_measured_part measured_at(const erg_table *table, size_t row, const char *count)
{
    return (erg_measured_part){
        .region = erg_table_find(table, row, "region").text,
        .track = erg_table_find(table, row, "track").text,
        .count = erg_table_find(table, row, count).integer,
        .time_s = real(table, row, "duration_s"),
        .energy_j = real(table, row, "energy_j"),
        .low_j = real(table, row, "energy_low_j"),
        .high_j = real(table, row, "energy_high_j"),
    };
}

size_t erg_reconcile_row(const erg_table *summary)
{
    size_t row = 0;

    while (row + 1 < erg_table_row_count(summary) && isnan(real(summary, row, "latency_s")))
        row++;
    return row;
}

/* A run without regions is held to the workload, as often as it was repeated. */
static bool put_run(erg_table *table, erg_result *estimate, const erg_result *run,
                    erg_error *err)
{
    erg_measured_part whole = measured_at(erg_result_find(run, "summary"), 0, "repeats");
    const erg_table *summary = erg_result_find(estimate, "summary");
    erg_estimated_part p = guess_of(estimate, erg_reconcile_row(summary), whole_words[0]);

    whole.region = "run";
    whole.count = whole.count == ERG_NONE ? 1 : whole.count;
    return erg_reconcile_put(table, &whole, &p, err)
        && erg_result_note(estimate, err, "The run has no regions: all of it is "
                           "held to the workload.");
}

static bool put_regions(erg_table *table, erg_result *estimate, const erg_table *regions,
                        erg_error *err)
{
    size_t row = erg_reconcile_row(erg_result_find(estimate, "summary")), matched = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < erg_table_row_count(regions); i++) {
        erg_measured_part m = measured_at(regions, i, "count");
        erg_estimated_part p = guess_of(estimate, row, m.region ? m.region : "");
        matched += p.matched != NULL;
        ok = erg_reconcile_put(table, &m, &p, err);
    }
    if (ok && !matched)
        ok =
            erg_result_note(estimate, err,
                            "No region of the run bears the name of the workload, "
                            "of a phase or of a subgraph: nothing could be held together.");
    return ok;
}

erg_table *erg_reconcile_table(erg_result *estimate, erg_error *err)
{
    if (erg_result_find(estimate, "summary") && erg_result_find(estimate, "subgraphs"))
        return erg_result_add(estimate, "reconciliation", columns, ERG_COUNT(columns), err);
    erg_fail(err, ERG_BAD_INPUT, "only an estimate can be held against a run");
    return NULL;
}

bool erg_study_reconcile(erg_result *estimate, const erg_trace *trace, erg_error *err)
{
    erg_table *table = erg_reconcile_table(estimate, err);
    erg_result *run =
        table ? erg_trace_summary(trace, &(erg_summary_options){ .command = "show" }, err)
              : NULL;
    const erg_table *regions = run ? erg_result_find(run, "regions") : NULL;
    bool ok = run
              && (regions && erg_table_row_count(regions)
                      ? put_regions(table, estimate, regions, err)
                      : put_run(table, estimate, run, err));
    erg_result_free(run);
    return ok;
}
