/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "format/cells.h"
#include "govern/shape_rows.h"

#define STEP_ALARM 3.0

static const erg_column policy_columns[] = {
    { "policy", ERG_TEXT, "as typed; none is the base" },
    { "mean_w", ERG_REAL, "of all units together" },
    { "peak_w", ERG_REAL, "greatest sample" },
    { "peak_to_mean", ERG_REAL, "peak over mean" },
    { "range", ERG_REAL, "greatest less least, over mean" },
    { "ramp_w_per_s", ERG_REAL, "steepest, of 10 ms means" },
    { "band_rms", ERG_REAL, "0.1 to 20 Hz, over mean" },
    { "breaker_margin", ERG_REAL,
      "1 - greatest heat of a breaker over that at which it trips" },
    { "steps_per_s", ERG_REAL, "of a job; open loop: an upper bound" },
    { "throughput_loss", ERG_REAL, "against none" },
    { "energy_per_step_j", ERG_REAL, "of one unit" },
    { "accepted", ERG_TRUTH, "by the gate" },
    { "reason", ERG_TEXT, "of the gate" },
    { "peak_10ms_w", ERG_REAL, "of 10 ms means" },
    { "crest", ERG_REAL, "peak over rms of the samples" },
    { "ramp_100ms_w_per_s", ERG_REAL, "of 100 ms means" },
    { "ramp_1s_w_per_s", ERG_REAL, "of 1 s means" },
    { "ramp_60s_w_per_s", ERG_REAL, "of 60 s means" },
    { "band_share", ERG_REAL, "of all AC power, 0.1 to 20 Hz" },
    { "line_hz", ERG_REAL, "the strongest in the band" },
    { "psu_violations", ERG_INTEGER, "of power supplies' excursion limits" },
    { "burned_j", ERG_REAL, "by a floor, of all units" },
    { "loop", ERG_TEXT, "closed: barriers are simulated; open: a record" },
    { "step_10ms_w", ERG_REAL, "largest |P(t + 10 ms) - P(t)|" },
    { "line_w", ERG_REAL, "amplitude of the strongest line" },
    { "collective_p99_s", ERG_REAL, "99 % of a collective's time, waiting included" },
};

static const erg_column explain_columns[] = {
    { "policy", ERG_TEXT, "as typed" },
    { "clause", ERG_TEXT, "of the gate" },
    { "value", ERG_REAL, "of the policy" },
    { "limit", ERG_REAL, "at most" },
    { "passed", ERG_TRUTH, "n/a: not to be judged" },
    { "about", ERG_TEXT, "what is compared" },
};

static const erg_column detail_columns[] = {
    { "policy", ERG_TEXT, "as typed" },
    { "steps", ERG_INTEGER, "whole ones of the first job" },
    { "step_p50_s", ERG_REAL, "half of them take at most" },
    { "step_p95_s", ERG_REAL, "95 % of them" },
    { "step_p99_s", ERG_REAL, "99 % of them" },
    { "step_p95_to_p50", ERG_REAL, "from 3 on an alarm" },
    { "p99_w", ERG_REAL, "99 % of the samples are at most" },
    { "ramp_up_w_per_s", ERG_REAL, "steepest rise, of 10 ms means" },
    { "ramp_down_w_per_s", ERG_REAL, "steepest fall, of 10 ms means" },
    { "band_low_rms", ERG_REAL, "0.1 to 0.7 Hz, over mean" },
    { "band_middle_rms", ERG_REAL, "0.7 to 2.5 Hz, over mean" },
    { "band_high_rms", ERG_REAL, "2.5 to 20 Hz, over mean" },
    { "breaker_trips", ERG_TRUTH, "if the load goes on as its rms was" },
    { "breaker_trip_s", ERG_REAL, "after so long; none: it holds" },
    { "breaker_above_80_s", ERG_REAL, "over 80 % of the heat at which it trips; of any" },
};

bool erg_shape_tables_begin(erg_shape_tables *tables, const erg_shape_options *options,
                            erg_error *err)
{
    *tables = (erg_shape_tables){ .result = erg_result_new("shape", err),
                                  .options = options };
    tables->policies = tables->result
        ? erg_result_add(tables->result, "policies", policy_columns,
                         ERG_COUNT(policy_columns), err) : NULL;
    if (tables->policies && options->explain)
        tables->explain = erg_result_add(tables->result, "explain", explain_columns,
                                         ERG_COUNT(explain_columns), err);
    return tables->policies && (!options->explain || tables->explain);
}

static bool put_figures(erg_table *table, const erg_shape_row *row, erg_error *err)
{
    const erg_metrics *is = &row->shaped->metrics;
    const erg_real cells[] = {
        { "mean_w", is->mean_w }, { "peak_w", is->peak_w },
        { "peak_to_mean", is->peak_to_mean }, { "range", is->range },
        { "ramp_w_per_s", is->ramp_w_per_s[0] }, { "band_rms", is->band_rms },
        { "breaker_margin", row->shaped->breaker_margin },
        { "steps_per_s", row->shaped->steps_per_s }, { "throughput_loss", row->loss },
        { "energy_per_step_j", row->shaped->energy_per_step_j },
        { "peak_10ms_w", is->peak_mean_w[0] }, { "crest", is->crest },
        { "ramp_100ms_w_per_s", is->ramp_w_per_s[1] },
        { "ramp_1s_w_per_s", is->ramp_w_per_s[2] },
        { "ramp_60s_w_per_s", is->ramp_w_per_s[3] }, { "band_share", is->band_share },
        { "line_hz", is->line_hz }, { "burned_j", row->shaped->burned_j },
        { "step_10ms_w", is->step_10ms_w }, { "line_w", is->line_w },
        { "collective_p99_s", row->shaped->collective_p99_s },
    };
    return erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

static bool put_clauses(const erg_shape_tables *tables, const erg_shape_row *row,
                        erg_error *err)
{
    erg_table *to = tables->explain;

    for (const erg_gate_clause *clause = erg_gate_clauses; to && clause->name; clause++) {
        const erg_gate_weighed is = clause->weigh(&row->base, &row->new, tables->options);
        if (!erg_table_row(to, err) || !erg_table_text(to, "policy", row->policy, err)
            || !erg_table_text(to, "clause", clause->name, err)
            || !erg_table_text(to, "about", clause->about, err)
            || !erg_table_real(to, "value", is.value, err)
            || !erg_table_real(to, "limit", isfinite(is.limit) ? is.limit : NAN, err)
            || (erg_gate_is_judged(&is)
                && !erg_table_truth(to, "passed", erg_gate_is_met(&is), err)))
            return false;
    }
    return true;
}

bool erg_shape_tables_add(const erg_shape_tables *tables, const erg_shape_row *row,
                          erg_verdict *verdict, erg_error *err)
{
    erg_gate_result gate = erg_gate_judge(&row->base, &row->new, tables->options);
    erg_table *to = tables->policies;

    *verdict = gate.verdict;
    if (!erg_table_row(to, err) || !erg_table_text(to, "policy", row->policy, err)
        || !put_figures(to, row, err)
        || (row->shaped->psu_violations >= 0
            && !erg_table_integer(to, "psu_violations", row->shaped->psu_violations, err))
        || !erg_table_text(to, "loop", row->is_open ? "open" : "closed", err)
        || !erg_table_text(to, "reason", row->is_base ? "base" : gate.reason, err))
        return false;
    if (row->is_base)
        return true;
    if (gate.verdict != ERG_NOT_ASSESSABLE
        && !erg_table_truth(to, "accepted", gate.verdict == ERG_ACCEPTED, err))
        return false;
    return put_clauses(tables, row, err);
}

/* Five of a hundred steps at three times the usual: who waits for them may give up. */
static bool put_alarm(const erg_shape_tables *tables, const char *policy,
                      const erg_shaped *shaped, erg_error *err)
{
    double ratio = shaped->step_p95_s / shaped->step_p50_s;

    return !(ratio >= STEP_ALARM)
        || erg_result_note(tables->result, err, "%s: 5 %% of the steps take %.3g times the "
                           "middle one or more: who waits for a step may take it for lost",
                           policy, ratio);
}

bool erg_shape_details_add(erg_shape_tables *tables, const char *policy,
                           const erg_shaped *shaped, erg_error *err)
{
    const erg_metrics *is = &shaped->metrics;
    const erg_real cells[] = {
        { "step_p50_s", shaped->step_p50_s }, { "step_p95_s", shaped->step_p95_s },
        { "step_p99_s", shaped->step_p99_s },
        { "step_p95_to_p50", shaped->step_p95_s / shaped->step_p50_s },
        { "p99_w", is->p99_w }, { "ramp_up_w_per_s", is->ramp_up_w_per_s },
        { "ramp_down_w_per_s", is->ramp_down_w_per_s }, { "band_low_rms", is->bands[0] },
        { "band_middle_rms", is->bands[1] }, { "band_high_rms", is->bands[2] },
        { "breaker_trip_s", isfinite(shaped->trip_s) ? shaped->trip_s : NAN },
        { "breaker_above_80_s", shaped->above_80_s },
    };

    if (!put_alarm(tables, policy, shaped, err))
        return false;
    if (!tables->options->explain)
        return true;
    if (!tables->details)
        tables->details = erg_result_add(tables->result, "details", detail_columns,
                                         ERG_COUNT(detail_columns), err);
    return tables->details && erg_table_row(tables->details, err)
        && erg_table_text(tables->details, "policy", policy, err)
        && erg_table_integer(tables->details, "steps", (int64_t)shaped->steps, err)
        && (isnan(shaped->trip_s)
            || erg_table_truth(tables->details, "breaker_trips", isfinite(shaped->trip_s),
                               err))
        && erg_put_reals(tables->details, cells, ERG_COUNT(cells), err);
}
