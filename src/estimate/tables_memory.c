/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, its timeline and what could run at once, as tables; in compat mode those of
 * the old formulas. */
#include <math.h>
#include "estimate/compat.h"
#include "estimate/study.h"

static const erg_column memory_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "peak_bytes", ERG_INTEGER, "most that is held at a step" },
    { "at_step", ERG_INTEGER, "step of the peak" },
    { "at_subgraph", ERG_TEXT, "subgraph of the peak" },
    { "peak_activation_bytes", ERG_INTEGER, "most activations at a step" },
    { "weights_bytes", ERG_INTEGER, "resident from step 0" },
    { "max_workspace_bytes", ERG_INTEGER, "largest workspace" },
    { "mean_bytes", ERG_REAL, "over the steps" },
    { "mean_over_peak", ERG_REAL, "0 to 1" },
    { "kv_cache_bytes", ERG_INTEGER, "keys and values, resident" },
    { "fits_l2", ERG_TRUTH, "the peak fits the last cache" },
    { "fits_shared", ERG_TRUTH, "the peak fits all on-unit memories" },
    { "fits_device", ERG_TRUTH, "the peak fits 0.94 of the device's memory" },
    { "bound_bytes", ERG_INTEGER, "the largest demand of one step: no order needs less" },
    { "gradient_bytes", ERG_INTEGER, "of training" },
    { "optimizer_bytes", ERG_INTEGER, "state of the optimizer" },
    { "order_saves_bytes", ERG_INTEGER, "against the graph's own order" },
};

static const erg_column timeline_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "step", ERG_INTEGER, "from 0" },
    { "subgraph", ERG_TEXT, "that runs" },
    { "total_bytes", ERG_INTEGER, "held while it runs" },
    { "activation_bytes", ERG_INTEGER, "of the total" },
    { "workspace_bytes", ERG_INTEGER, "of the total" },
    { "live_tensors", ERG_INTEGER, "weights apart" },
    { "allocated_bytes", ERG_INTEGER, "at its begin" },
    { "freed_bytes", ERG_INTEGER, "at its end" },
};

static const erg_column concurrency_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "stages", ERG_INTEGER, "rounds in which all that is ready runs" },
    { "widest_stage", ERG_INTEGER, "subgraphs" },
    { "independent", ERG_INTEGER, "members of stages wider than 1" },
    { "sequential", ERG_INTEGER, "the others" },
    { "critical_operators", ERG_INTEGER, "longest path by count" },
    { "critical_flop", ERG_INTEGER, "longest path by FLOP" },
    { "critical_s", ERG_REAL, "longest path by latency" },
    { "parallelism", ERG_REAL, "sum of latencies over the longest path" },
    { "speedup_bound", ERG_REAL, "graph x batch, as far as units are free" },
    { "threads_least", ERG_INTEGER, "of a subgraph" },
    { "threads_largest", ERG_INTEGER, "of a subgraph" },
    { "threads_mean", ERG_REAL, "of the subgraphs" },
    { "units", ERG_INTEGER, "of the device" },
    { "units_wanted", ERG_REAL, "mean: threads / 256" },
    { "parallel_efficiency", ERG_REAL, "mean share of full waves" },
    { "limit", ERG_TEXT, "what sets the bound: graph, batch or device" },
    { "streams", ERG_INTEGER, "branches that the latency lets run at once" },
};

/* ---- memory -------------------------------------------------------------------- */

static bool put_truth(erg_table *table, const char *column, double bytes, double capacity)
{
    /* Unknown capacity: the cell stays unmeasured. */
    return isnan(capacity) || capacity <= 0
        || erg_table_truth(table, column, bytes <= capacity, NULL);
}

static bool put_fits(erg_table *table, const erg_hardware *hardware, double peak)
{
    return put_truth(table, "fits_l2", peak, hardware->l2_bytes)
        && put_truth(table, "fits_shared", peak,
                     hardware->l1_bytes_per_unit * hardware->units)
        && put_truth(table, "fits_device", peak,
                     ERG_MEMORY_USABLE * hardware->memory_bytes);
}

static bool put_physical_memory(const erg_desk *desk, erg_table *table, const erg_case *one)
{
    const erg_memory *memory = one->memory;
    int32_t at = memory->step_count ? memory->steps[memory->peak_step].subgraph : -1;
    const erg_whole wholes[] = {
        { "peak_bytes", memory->peak_bytes },
        { "at_step", memory->peak_step },
        { "peak_activation_bytes", memory->peak_activation_bytes },
        { "weights_bytes", memory->weights_bytes },
        { "max_workspace_bytes", memory->max_workspace_bytes },
        { "kv_cache_bytes", memory->cache_bytes },
        { "bound_bytes", memory->bound_bytes },
        { "gradient_bytes", memory->gradient_bytes },
        { "optimizer_bytes", memory->optimizer_bytes },
        { "order_saves_bytes", memory->graph_peak_bytes - memory->peak_bytes },
    };
    return erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err)
        && erg_table_text(table, "at_subgraph",
                          at < 0 ? NULL : one->estimation->partition->subgraphs[at].name,
                          desk->err)
        && erg_table_real(table, "mean_bytes", memory->mean_bytes, desk->err)
        && erg_table_real(table, "mean_over_peak",
                          memory->mean_bytes / (double)memory->peak_bytes, desk->err)
        && put_fits(table, one->estimation->hardware, (double)memory->peak_bytes);
}

static bool put_compat_memory(const erg_desk *desk, erg_table *table, const erg_case *one)
{
    const erg_compat_memory *memory = &one->estimation->compat->memory;
    const erg_whole wholes[] = {
        { "peak_bytes", memory->peak_bytes },
        { "at_step", memory->peak_step },
        { "peak_activation_bytes", memory->activation_bytes },
        { "weights_bytes", memory->weights_bytes },
        { "max_workspace_bytes", memory->workspace_bytes },
    };
    return erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err)
        && erg_table_text(table, "at_subgraph", memory->peak_name, desk->err)
        && erg_table_real(table, "mean_bytes", memory->mean_bytes, desk->err)
        && erg_table_real(table, "mean_over_peak", memory->mean_over_peak, desk->err)
        && erg_table_truth(table, "fits_l2", memory->fits_l2, desk->err)
        && erg_table_truth(table, "fits_device", memory->fits_device, desk->err);
}

static bool put_memory(erg_desk *desk, erg_table *table, const erg_case *one)
{
    return erg_put_case(desk, table, one)
        && (one->estimation->compat ? put_compat_memory(desk, table, one)
                                    : put_physical_memory(desk, table, one));
}

bool erg_tables_memory(erg_desk *desk)
{
    return erg_put_cases(desk, "memory", memory_columns, ERG_COUNT(memory_columns),
                         put_memory);
}

/* ---- timeline -------------------------------------------------------------------- */

static bool put_step(const erg_desk *desk, erg_table *table, const erg_case *one, int32_t i)
{
    const erg_memory_step *step = &one->memory->steps[i];
    const erg_whole wholes[] = {
        { "step", i },
        { "total_bytes", step->total_bytes },
        { "activation_bytes", step->activation_bytes },
        { "workspace_bytes", step->workspace_bytes },
        { "live_tensors", step->live },
        { "allocated_bytes", step->allocated_bytes },
        { "freed_bytes", step->freed_bytes },
    };
    return erg_put_case(desk, table, one)
        && erg_table_text(table, "subgraph",
                          one->estimation->partition->subgraphs[step->subgraph].name,
                          desk->err)
        && erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err);
}

static bool put_compat_step(const erg_desk *desk, erg_table *table, const erg_case *one,
                            int32_t i)
{
    const erg_compat *compat = one->estimation->compat;
    const erg_compat_step *step = &compat->memory.steps[i];
    const erg_whole wholes[] = {
        { "step", i },
        { "total_bytes", step->total_bytes },
        { "activation_bytes", step->activation_bytes },
        { "workspace_bytes", step->workspace_bytes },
        { "live_tensors", step->live_tensors },
    };
    return erg_put_case(desk, table, one)
        && erg_table_text(table, "subgraph", compat->parts[step->part].node->name,
                          desk->err)
        && erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err);
}

static bool put_timeline(erg_desk *desk, erg_table *table, const erg_case *one)
{
    bool is_compat = one->estimation->compat, ok = true;
    int32_t steps = is_compat ? one->estimation->compat->part_count
                  : one->memory ? one->memory->step_count : 0;

    for (int32_t s = 0; s < steps && ok; s++)
        ok = is_compat
            ? put_compat_step(desk, table, one, s) : put_step(desk, table, one, s);
    return ok;
}

bool erg_tables_timeline(erg_desk *desk)
{
    return erg_put_cases(desk, "timeline", timeline_columns, ERG_COUNT(timeline_columns),
                         put_timeline);
}

/* ---- concurrency ------------------------------------------------------------------ */

static bool put_physical_concurrency(const erg_desk *desk, erg_table *table,
                                     const erg_case *one)
{
    const erg_concurrency *found = &one->concurrency;
    const erg_whole wholes[] = {
        { "stages", found->stages },
        { "widest_stage", found->widest_stage },
        { "independent", found->independent },
        { "sequential", found->sequential },
        { "critical_operators", found->critical_operators },
        { "critical_flop", found->critical_flop },
        { "threads_least", found->threads_least },
        { "threads_largest", found->threads_largest },
        { "units", found->units > 0 ? found->units : ERG_NONE },
        { "streams", one->setting.options.streams > 1 ? one->setting.options.streams : 1 },
    };
    const erg_real reals[] = {
        { "critical_s", found->critical_s },
        { "parallelism", found->parallelism },
        { "speedup_bound", found->speedup_bound },
        { "threads_mean", found->threads_mean },
        { "units_wanted", found->units_wanted },
        { "parallel_efficiency", found->efficiency },
    };
    return erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err)
        && erg_table_text(table, "limit", erg_limit_name(found->limit), desk->err);
}

static bool put_compat_concurrency(const erg_desk *desk, erg_table *table,
                                   const erg_case *one)
{
    const erg_compat_concurrency *found = &one->estimation->compat->concurrency;
    const erg_whole wholes[] = {
        { "stages", found->stages },
        { "widest_stage", found->widest },
        { "independent", found->independent },
        { "sequential", found->sequential },
        { "critical_operators", found->path_length },
        { "critical_flop", found->path_flop },
    };
    return erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err)
        && erg_table_real(table, "speedup_bound", (double)found->speedup, desk->err)
        && erg_table_real(table, "parallel_efficiency", found->efficiency, desk->err);
}

static bool put_concurrency(erg_desk *desk, erg_table *table, const erg_case *one)
{
    return erg_put_case(desk, table, one)
        && (one->estimation->compat ? put_compat_concurrency(desk, table, one)
                                    : put_physical_concurrency(desk, table, one));
}

bool erg_tables_concurrency(erg_desk *desk)
{
    return erg_put_cases(desk, "concurrency", concurrency_columns,
                         ERG_COUNT(concurrency_columns), put_concurrency);
}
