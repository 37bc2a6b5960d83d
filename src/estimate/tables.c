/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a study as tables: docs/formats.md fixes the columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/compat.h"
#include "estimate/run.h"
#include "estimate/study.h"

static const erg_column summary_columns[] = {
    { "model", ERG_TEXT, "workload" },
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "seq_len", ERG_INTEGER, "tokens; none: no sequence" },
    { "phase", ERG_TEXT, "prefill, decode or train" },
    { "mode", ERG_TEXT, "physical, or compat: not physical" },
    { "subgraphs", ERG_INTEGER, "launches" },
    { "coverage", ERG_REAL, "share of operators with a cost rule" },
    { "macs", ERG_INTEGER, "of convolutions and matrix products" },
    { "flop", ERG_INTEGER, "of all operators" },
    { "bytes", ERG_INTEGER, "read and written by the subgraphs" },
    { "latency_s", ERG_REAL, "of the batch" },
    { "latency_low_s", ERG_REAL, "of its 95 % interval" },
    { "latency_high_s", ERG_REAL, "of its 95 % interval" },
    { "energy_j", ERG_REAL, "of the batch" },
    { "energy_low_j", ERG_REAL, "of its 95 % interval" },
    { "energy_high_j", ERG_REAL, "of its 95 % interval" },
    { "compute_j", ERG_REAL, "of matrix work" },
    { "memory_j", ERG_REAL, "of moving bytes" },
    { "static_j", ERG_REAL, "that flows whatever happens" },
    { "mean_w", ERG_REAL, "energy over latency" },
    { "peak_w", ERG_REAL, "of the hottest subgraph" },
    { "efficiency", ERG_REAL, "compute and memory over energy" },
    { "utilization", ERG_REAL, "time at the roof over time taken" },
    { "wasted_j", ERG_REAL, "static energy of what was not used" },
    { "weights_bytes", ERG_INTEGER, "of all parameters and buffers" },
    { "peak_memory_bytes", ERG_INTEGER, "of the timeline" },
    { "marginal_j", ERG_REAL, "above a board that idles anyway" },
    { "energy_per_inference_j", ERG_REAL, "over the batch; in decode per token" },
    { "throughput", ERG_REAL, "inferences per second" },
    { "edp_js", ERG_REAL, "energy x latency" },
    { "clock_hz", ERG_REAL, "core clock held" },
    { "capped", ERG_TRUTH, "the power cap took clock away" },
    { "grade", ERG_TEXT, "calibrated, interpolated, theoretical or unknown" },
    { "boundary", ERG_TEXT, "what the joules cover" },
    { "confidence", ERG_REAL, "0 to 1, by grade and interval" },
    { "runtime", ERG_TEXT, "eager, fused or graph" },
    { "compute_bound", ERG_INTEGER, "subgraphs" },
    { "bandwidth_bound", ERG_INTEGER, "subgraphs" },
    { "balanced", ERG_INTEGER, "subgraphs" },
    { "launch_bound", ERG_INTEGER, "subgraphs" },
    { "fusion", ERG_TEXT, "none, runtime or compat; of compat mode none" },
};

static const erg_column subgraph_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "subgraph", ERG_TEXT, "name of its first operator, or its pattern" },
    { "operators", ERG_INTEGER, "in one launch" },
    { "kind", ERG_TEXT, "of its first operator, or the fused pattern" },
    { "flop", ERG_INTEGER, "of all its operators" },
    { "bytes", ERG_INTEGER, "in, out and weights" },
    { "latency_s", ERG_REAL, "time taken" },
    { "bottleneck", ERG_TEXT, "compute, bandwidth, balanced or launch" },
    { "compute_j", ERG_REAL, "of matrix work" },
    { "memory_j", ERG_REAL, "of moving bytes" },
    { "static_j", ERG_REAL, "that flows whatever happens" },
    { "energy_j", ERG_REAL, "sum of the three" },
    { "efficiency", ERG_REAL, "compute and memory over energy" },
    { "wasted_j", ERG_REAL, "static energy of what was not used" },
    { "utilization", ERG_REAL, "time at the roof over time taken" },
    { "fused", ERG_TRUTH, "more than one operator" },
    { "in_bytes", ERG_INTEGER, "activations read" },
    { "out_bytes", ERG_INTEGER, "written" },
    { "weight_bytes", ERG_INTEGER, "weights read" },
    { "energy_low_j", ERG_REAL, "of the 95 % interval" },
    { "energy_high_j", ERG_REAL, "of the 95 % interval" },
    { "why", ERG_TEXT, "why it ends here" },
};

static const erg_column consumer_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "rank", ERG_INTEGER, "1 takes most" },
    { "subgraph", ERG_TEXT, "which" },
    { "energy_j", ERG_REAL, "of it" },
    { "share", ERG_REAL, "of the total, 0 to 1" },
};

static const erg_column roofline_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "subgraph", ERG_TEXT, "which" },
    { "intensity_flop_per_byte", ERG_REAL, "FLOP over bytes" },
    { "attained_flop_per_s", ERG_REAL, "FLOP over latency" },
    { "roof_flop_per_s", ERG_REAL, "FLOP over the plain roofline's time" },
    { "bound", ERG_TEXT, "compute, bandwidth, balanced or launch" },
};

/* ---- helpers -------------------------------------------------------------------- */

static int64_t bytes_of(const erg_subgraph *one)
{
    return one->in_bytes + one->out_bytes + one->weight_bytes;
}

/* ---- summary -------------------------------------------------------------------- */

static const char *phase_name(erg_phase phase)
{
    static const char *const names[] = { [ERG_PREFILL] = "prefill", [ERG_DECODE] = "decode",
                                         [ERG_TRAIN] = "train" };
    return names[phase];
}

static const char *runtime_name(erg_runtime runtime)
{
    static const char *const names[] = { [ERG_EAGER] = "eager", [ERG_FUSED] = "fused",
                                         [ERG_GRAPH] = "graph" };
    return names[runtime];
}

/* Compat mode cuts nothing: it prices module by module. */
static const char *fusion_of(const erg_case *one)
{
    const erg_estimate_options *options = &one->setting.options;

    return options->mode == ERG_COMPAT
        ? NULL : erg_fusion_name(erg_fusion_of(options->fusion, options->runtime));
}

static bool put_words(erg_table *table, const erg_case *one, erg_error *err)
{
    const erg_estimation *done = one->estimation;
    bool is_compat = one->setting.options.mode == ERG_COMPAT;

    return erg_table_text(table, "model", one->graph->name, err)
        && erg_table_text(table, "phase", phase_name(one->graph->phase), err)
        && erg_table_text(table, "mode", is_compat ? "compat" : "physical", err)
        && erg_table_text(table, "grade", is_compat ? "not physical"
                                                    : erg_grade_name(done->grade), err)
        && erg_table_text(table, "boundary", done->hardware->boundary, err)
        && erg_table_text(table, "runtime", runtime_name(one->setting.options.runtime), err)
        && erg_table_text(table, "fusion", fusion_of(one), err)
        && erg_table_truth(table, "capped", done->capped, err);
}

static bool put_counts(erg_table *table, const erg_case *one, erg_error *err)
{
    const erg_partition *partition = one->estimation->partition;
    int64_t bytes = 0, flop = 0, bounds[ERG_BOUNDS] = { 0 };

    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        bytes += bytes_of(&partition->subgraphs[i]);
        flop += partition->subgraphs[i].flop;
        bounds[one->estimation->latency[i].bound]++;
    }
    const erg_whole list[] = {
        { "seq_len", one->graph->seq > 0 ? one->graph->seq : ERG_NONE },
        { "subgraphs", partition->subgraph_count },
        { "macs", one->graph->macs },
        { "flop", flop },
        { "bytes", bytes },
        { "weights_bytes", one->graph->weights_bytes },
        { "peak_memory_bytes", isfinite(one->estimation->peak_memory_bytes)
              ? (int64_t)one->estimation->peak_memory_bytes : ERG_NONE },
        { "compute_bound", bounds[ERG_BOUND_COMPUTE] },
        { "bandwidth_bound", bounds[ERG_BOUND_BANDWIDTH] },
        { "balanced", bounds[ERG_BOUND_BALANCED] },
        { "launch_bound", bounds[ERG_BOUND_LAUNCH] },
    };
    return erg_put_wholes(table, list, ERG_COUNT(list), err);
}

static bool put_figures(erg_table *table, const erg_case *one, erg_error *err)
{
    const erg_estimation *done = one->estimation;
    const erg_estimate *total = &done->total;
    const erg_real list[] = {
        { "coverage", one->graph->coverage },
        { "latency_s", done->latency_s },
        { "latency_low_s", done->latency_low_s },
        { "latency_high_s", done->latency_high_s },
        { "energy_j", total->total_j },
        { "energy_low_j", total->low_j },
        { "energy_high_j", total->high_j },
        { "compute_j", total->compute_j },
        { "memory_j", total->memory_j },
        { "static_j", total->static_j },
        { "mean_w", done->mean_w },
        { "peak_w", done->peak_w },
        { "efficiency", total->efficiency },
        { "utilization", done->utilization },
        { "wasted_j", total->wasted_j },
        { "marginal_j", done->marginal_j },
        { "energy_per_inference_j", one->energy_per_j },
        { "throughput", one->throughput },
        { "edp_js", one->edp_js },
        { "clock_hz", done->clock_hz },
        { "confidence", erg_case_confidence(one) },
    };
    return erg_put_reals(table, list, ERG_COUNT(list), err);
}

bool erg_tables_summary(erg_desk *desk)
{
    erg_table *table = erg_result_add(desk->result, "summary", summary_columns,
                                      ERG_COUNT(summary_columns), desk->err);
    bool ok = table != NULL;

    for (size_t i = 0; i < desk->case_count && ok; i++) {
        const erg_case *one = &desk->cases[i];
        ok = erg_put_case(desk, table, one);
        if (one->estimation)
            ok = ok && put_words(table, one, desk->err) && put_counts(table, one, desk->err)
              && put_figures(table, one, desk->err);
    }
    return ok;
}

/* ---- subgraphs ------------------------------------------------------------------ */

static bool put_subgraph(const erg_desk *desk, erg_table *table, const erg_case *one,
                         int32_t s)
{
    const erg_estimation *done = one->estimation;
    const erg_subgraph *part = &done->partition->subgraphs[s];
    const erg_operator *first = &one->graph->operators[part->operators[0]];
    const erg_latency *time = &done->latency[s];
    const erg_estimate *energy = &done->energy[s];
    bool named = part->pattern && (part->operator_count > 1 || done->compat);
    const erg_whole wholes[] = {
        { "operators", part->operator_count }, { "flop", part->flop },
        { "bytes", bytes_of(part) },           { "in_bytes", part->in_bytes },
        { "out_bytes", part->out_bytes },      { "weight_bytes", part->weight_bytes },
    };
    const erg_real reals[] = {
        { "latency_s", time->total_s },        { "compute_j", energy->compute_j },
        { "memory_j", energy->memory_j },      { "static_j", energy->static_j },
        { "energy_j", energy->total_j },       { "efficiency", energy->efficiency },
        { "wasted_j", energy->wasted_j },      { "utilization", time->utilization },
        { "energy_low_j", energy->low_j },     { "energy_high_j", energy->high_j },
    };
    return erg_put_case(desk, table, one)
        && erg_table_text(table, "subgraph", part->name, desk->err)
        && erg_table_text(table, "kind", named ? part->pattern
                                               : erg_op_kinds[first->kind].name, desk->err)
        && erg_table_text(table, "bottleneck", erg_bound_name(time->bound), desk->err)
        && erg_table_text(table, "why", part->why, desk->err)
        && erg_table_truth(table, "fused", part->operator_count > 1, desk->err)
        && erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err);
}

static bool put_roof(const erg_desk *desk, erg_table *table, const erg_case *one, int32_t s)
{
    const erg_subgraph *part = &one->estimation->partition->subgraphs[s];
    const erg_latency *time = &one->estimation->latency[s];
    double flop = (double)part->flop, bytes = (double)bytes_of(part);
    const erg_real reals[] = {
        { "intensity_flop_per_byte", bytes > 0 ? flop / bytes : NAN },
        { "attained_flop_per_s", flop / time->total_s },
        { "roof_flop_per_s", time->roof_s > 0 ? flop / time->roof_s : NAN },
    };
    return erg_put_case(desk, table, one)
        && erg_table_text(table, "subgraph", part->name, desk->err)
        && erg_table_text(table, "bound", erg_bound_name(time->bound), desk->err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err);
}

static bool put_subgraphs(erg_desk *desk, erg_table *table, const erg_case *one)
{
    bool ok = true;

    for (int32_t s = 0; s < one->estimation->partition->subgraph_count && ok; s++)
        ok = put_subgraph(desk, table, one, s);
    return ok;
}

static bool put_roofs(erg_desk *desk, erg_table *table, const erg_case *one)
{
    bool ok = true;

    for (int32_t s = 0; s < one->estimation->partition->subgraph_count && ok; s++)
        ok = put_roof(desk, table, one, s);
    return ok;
}

bool erg_tables_subgraphs(erg_desk *desk)
{
    return erg_put_cases(desk, "subgraphs", subgraph_columns, ERG_COUNT(subgraph_columns),
                         put_subgraphs);
}

bool erg_tables_roofline(erg_desk *desk)
{
    return erg_put_cases(desk, "roofline", roofline_columns, ERG_COUNT(roofline_columns),
                         put_roofs);
}

/* ---- consumers ------------------------------------------------------------------ */

/* The next after `last` in falling order of energy; equal ones in theirs. */
static int32_t next_consumer(const erg_estimation *done, int32_t last)
{
    int32_t best = -1;

    for (int32_t s = 0; s < done->partition->subgraph_count; s++) {
        double energy_j = done->energy[s].total_j;
        double last_j = last < 0 ? INFINITY : done->energy[last].total_j;
        bool is_after = energy_j < last_j || (energy_j == last_j && s > last && last >= 0);
        if (is_after && (best < 0 || energy_j > done->energy[best].total_j))
            best = s;
    }
    return best;
}

static bool put_consumers(erg_desk *desk, erg_table *table, const erg_case *one)
{
    size_t top = desk->study->top ? desk->study->top : 5;
    const erg_estimation *done = one->estimation;
    int32_t s = -1;
    bool ok = true;

    for (size_t rank = 1; rank <= top && ok; rank++) {
        s = next_consumer(done, s);
        if (s < 0)
            break;
        ok = erg_put_case(desk, table, one)
            && erg_table_integer(table, "rank", (int64_t)rank, desk->err)
            && erg_table_text(table, "subgraph", done->partition->subgraphs[s].name,
                              desk->err)
            && erg_table_real(table, "energy_j", done->energy[s].total_j, desk->err)
            && erg_table_real(table, "share", done->energy[s].total_j / done->total.total_j,
                              desk->err);
    }
    return ok;
}

bool erg_tables_consumers(erg_desk *desk)
{
    return erg_put_cases(desk, "consumers", consumer_columns, ERG_COUNT(consumer_columns),
                         put_consumers);
}
