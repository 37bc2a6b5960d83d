/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline: at each step outputs are allocated, then the workspace, the
 * total is taken, then the workspace and all that nobody reads again goes.
 *
 * A tensor here is its storage: views cost nothing and keep it alive. A tensor
 * made and read inside one subgraph stays in registers and is never allocated.
 */
#include <math.h>
#include <string.h>
#include "estimate/memory.h"
#include "estimate/memory_inside.h"

static bool is_resident(const erg_tensor *tensor)
{
    return tensor->role == ERG_WEIGHT || tensor->role == ERG_BUFFER
        || tensor->role == ERG_CACHE || tensor->role == ERG_GRADIENT
        || tensor->role == ERG_STATE;
}

static const erg_operator *op_at(const erg_planner *planner, int32_t subgraph, int32_t i)
{
    const erg_subgraph *one = &planner->partition->subgraphs[subgraph];
    return &planner->partition->graph->operators[one->operators[i]];
}

static void list_put(erg_storage_list *list, int32_t storage)
{
    list->items[list->count++] = storage;
}

static int32_t storage_of(const erg_planner *planner, int32_t tensor)
{
    return planner->partition->graph->tensors[tensor].storage;
}

/* Every tensor a subgraph touches, as two lists in the planner's pool. */
static bool gather_lists(erg_planner *planner, int32_t s, erg_error *err)
{
    const erg_subgraph *one = &planner->partition->subgraphs[s];
    const erg_tensor *tensors = planner->partition->graph->tensors;
    size_t most = 0;

    for (int32_t i = 0; i < one->operator_count; i++)
        most += (size_t)op_at(planner, s, i)->input_count
              + (size_t)op_at(planner, s, i)->output_count;
    int32_t *pool = erg_arena_take(planner->arena, (2 * most + 1) * sizeof(*pool), err);
    if (!pool)
        return false;
    erg_storage_list *reads = &planner->reads[s], *makes = &planner->makes[s];
    *reads = (erg_storage_list){ .items = pool };
    *makes = (erg_storage_list){ .items = pool + most };
    for (int32_t i = 0; i < one->operator_count; i++) {
        const erg_operator *op = op_at(planner, s, i);
        for (int32_t j = 0; j < op->output_count; j++) {
            int32_t made = storage_of(planner, op->outputs[j]);
            if (!is_resident(&tensors[made]) && planner->maker[made] < 0
                && tensors[made].role != ERG_INPUT) {
                planner->maker[made] = s;
                list_put(makes, made);
            }
        }
        for (int32_t j = 0; j < op->input_count; j++) {
            int32_t read = storage_of(planner, op->inputs[j]);
            /* Once: a fused subgraph may read as much as the graph has. */
            if (!is_resident(&tensors[read]) && planner->maker[read] != s
                && planner->read_by[read] != s) {
                planner->read_by[read] = s;
                list_put(reads, read);
            }
        }
    }
    return true;
}

/* What a subgraph makes is real if somebody outside reads it or it is an output. */
static void drop_internal(erg_planner *planner)
{
    const erg_graph *graph = planner->partition->graph;

    for (int32_t s = 0; s < planner->partition->subgraph_count; s++)
        for (int32_t i = 0; i < planner->reads[s].count; i++)
            planner->readers[planner->reads[s].items[i]]++;
    for (int32_t s = 0; s < planner->partition->subgraph_count; s++) {
        erg_storage_list *makes = &planner->makes[s];
        const erg_subgraph *one = &planner->partition->subgraphs[s];
        int32_t kept = 0;
        for (int32_t i = 0; i < makes->count; i++) {
            int32_t t = makes->items[i];
            bool is_real = planner->readers[t] || graph->tensors[t].is_output
                || one->operator_count == 1;
            if (is_real)
                makes->items[kept++] = t;
        }
        makes->count = kept;
    }
}

static bool planner_begin(erg_planner *planner, const erg_partition *partition,
                          erg_error *err)
{
    size_t n = (size_t)partition->subgraph_count,
           t = (size_t)partition->graph->tensor_count;

    planner->partition = partition;
    planner->arena = erg_arena_new(err);
    if (!planner->arena)
        return false;
    planner->reads = erg_arena_take(planner->arena, (n + 1) * sizeof(*planner->reads), err);
    planner->makes = erg_arena_take(planner->arena, (n + 1) * sizeof(*planner->makes), err);
    planner->order = erg_arena_take(planner->arena, (n + 1) * sizeof(*planner->order), err);
    planner->maker = erg_arena_take(planner->arena, (t + 1) * sizeof(*planner->maker), err);
    planner->readers = erg_arena_take(planner->arena, (t + 1) * sizeof(*planner->readers),
                                      err);
    planner->read_by = erg_arena_take(planner->arena, (t + 1) * sizeof(*planner->read_by),
                                      err);
    if (!planner->reads || !planner->makes || !planner->order || !planner->maker
        || !planner->readers || !planner->read_by)
        return false;
    memset(planner->maker, -1, t * sizeof(*planner->maker));
    memset(planner->read_by, -1, t * sizeof(*planner->read_by));
    for (int32_t s = 0; s < partition->subgraph_count; s++) {
        planner->order[s] = s;
        if (!gather_lists(planner, s, err))
            return false;
    }
    drop_internal(planner);
    return true;
}

/* ---- one step -------------------------------------------------------------- */

static bool is_elementwise(erg_op_kind kind)
{
    return (kind >= ERG_OP_ADD && kind <= ERG_OP_HARD_SWISH) || kind == ERG_OP_DROPOUT
        || kind == ERG_OP_SOFTMAX || kind == ERG_OP_ROTARY;
}

/* The input whose place the output of an elementwise step takes, if it has at most so
 * many readers left; -1: none. */
static int32_t reused_by(const erg_planner *planner, int32_t s, int32_t readers_most)
{
    const erg_tensor *tensors = planner->partition->graph->tensors;
    const erg_subgraph *one = &planner->partition->subgraphs[s];

    if (planner->options.no_reuse || planner->makes[s].count != 1)
        return -1;
    for (int32_t i = 0; i < one->operator_count; i++)
        if (!is_elementwise(op_at(planner, s, i)->kind))
            return -1;
    int64_t need = tensors[planner->makes[s].items[0]].bytes;
    for (int32_t i = 0; i < planner->reads[s].count; i++) {
        int32_t t = planner->reads[s].items[i];
        if (tensors[t].role == ERG_ACTIVATION && planner->maker[t] >= 0
            && planner->readers[t] <= readers_most && !tensors[t].is_output
            && tensors[t].bytes == need)
            return t;
    }
    return -1;
}

static bool dies_after(const erg_planner *planner, int32_t tensor)
{
    return planner->readers[tensor] == 0
        && !planner->partition->graph->tensors[tensor].is_output;
}

/* Runs subgraph s: planner->live_bytes, live and readers move on. */
static erg_memory_step take_step(erg_planner *planner, int32_t s)
{
    const erg_tensor *tensors = planner->partition->graph->tensors;
    erg_memory_step step = { .subgraph = s };
    int32_t reused = reused_by(planner, s, 1), made = planner->makes[s].count;

    step.reused = reused;
    step.made = reused < 0 ? -1 : planner->makes[s].items[0];
    for (int32_t i = 0; i < made && reused < 0; i++)
        step.allocated_bytes += tensors[planner->makes[s].items[i]].bytes;
    step.workspace_bytes = erg_memory_workspace(planner, s);
    planner->live_bytes += step.allocated_bytes;
    planner->live += reused < 0 ? made : 0;
    step.activation_bytes = planner->live_bytes;
    step.live = planner->live;
    step.total_bytes = planner->resident_bytes + step.activation_bytes
        + step.workspace_bytes;
    for (int32_t i = 0; i < planner->reads[s].count; i++) {
        int32_t t = planner->reads[s].items[i];
        planner->readers[t]--;
        if (t == reused || !dies_after(planner, t))
            continue;
        step.freed_bytes += tensors[t].bytes;
        planner->live--;
    }
    for (int32_t i = 0; i < made; i++)
        if (dies_after(planner, planner->makes[s].items[i])) {
            step.freed_bytes += tensors[planner->makes[s].items[i]].bytes;
            planner->live--;
        }
    planner->live_bytes -= step.freed_bytes;
    return step;
}

/* What step s needs in any order: its inputs, outputs and workspace. In another order it
 * may be the last reader, and reuse a place that it cannot have in this one. */
static int64_t demand_of(const erg_planner *planner, int32_t s)
{
    bool may_reuse = reused_by(planner, s, INT32_MAX) >= 0;
    const erg_tensor *tensors = planner->partition->graph->tensors;
    int64_t bytes = planner->resident_bytes + erg_memory_workspace(planner, s);

    for (int32_t i = 0; i < planner->reads[s].count; i++)
        bytes += tensors[planner->reads[s].items[i]].bytes;
    for (int32_t i = 0; i < planner->makes[s].count && !may_reuse; i++)
        bytes += tensors[planner->makes[s].items[i]].bytes;
    return bytes;
}

/* ---- the whole ------------------------------------------------------------- */

static void add_inputs(erg_planner *planner)
{
    const erg_graph *graph = planner->partition->graph;

    for (int32_t t = 0; t < graph->tensor_count; t++) {
        bool is_fed = graph->tensors[t].storage == t && !is_resident(&graph->tensors[t])
            && planner->maker[t] < 0 && planner->readers[t] > 0;
        planner->live_bytes += is_fed ? graph->tensors[t].bytes : 0;
        planner->live += is_fed;
    }
}

static void note_step(erg_memory *memory, int32_t index, const erg_memory_step *step)
{
    if (step->total_bytes > memory->peak_bytes) {
        memory->peak_bytes = step->total_bytes;
        memory->peak_step = index;
    }
    if (step->activation_bytes > memory->peak_activation_bytes)
        memory->peak_activation_bytes = step->activation_bytes;
    if (step->workspace_bytes > memory->max_workspace_bytes)
        memory->max_workspace_bytes = step->workspace_bytes;
}

static void run_order(erg_planner *planner, erg_memory *memory, erg_memory_step *steps)
{
    double sum = 0;

    memory->bound_bytes = memory->peak_bytes = planner->resident_bytes
        + planner->live_bytes;
    memory->peak_step = 0;
    for (int32_t i = 0; i < memory->step_count; i++) {
        int32_t s = planner->order[i];
        int64_t demand = demand_of(planner, s);
        if (demand > memory->bound_bytes)
            memory->bound_bytes = demand;
        steps[i] = take_step(planner, s);
        note_step(memory, i, &steps[i]);
        sum += (double)steps[i].total_bytes;
    }
    memory->mean_bytes = memory->step_count ? sum / memory->step_count : NAN;
    memory->steps = steps;
    memory->graph_peak_bytes = memory->peak_bytes;
}

/* Leaves planner->readers as it was, so that another order can be tried. */
static bool run_plain(erg_planner *planner, erg_memory *memory, erg_memory_step *steps,
                      erg_error *err)
{
    size_t bytes = (size_t)planner->partition->graph->tensor_count
        * sizeof(*planner->readers);
    int32_t *kept = planner->options.by_memory
        ? erg_arena_take(planner->arena, bytes + 1, err) : planner->readers;

    if (!kept)
        return false;
    if (kept != planner->readers)
        memcpy(kept, planner->readers, bytes);
    add_inputs(planner);
    run_order(planner, memory, steps);
    planner->readers = kept;
    planner->live_bytes = planner->live = 0;
    return true;
}

/* A greedy order may be worse than the graph's own: then that one stays. */
static bool try_other_order(erg_planner *planner, erg_memory *memory,
                            erg_memory_step *steps, erg_error *err)
{
    size_t bytes = (size_t)memory->step_count * sizeof(*steps);
    erg_memory_step *other = erg_arena_take(planner->arena, bytes + 1, err);
    erg_memory plain = *memory;

    if (!other || !erg_memory_order(planner, err))
        return false;
    add_inputs(planner);
    memory->peak_activation_bytes = memory->max_workspace_bytes = 0;
    run_order(planner, memory, other);
    memory->graph_peak_bytes = plain.peak_bytes;
    if (memory->peak_bytes > plain.peak_bytes) {
        *memory = plain;
        memory->graph_peak_bytes = plain.peak_bytes;
        memory->steps = steps;
    }
    return true;
}

static bool fill(erg_planner *planner, erg_memory *memory, erg_error *err)
{
    size_t n = (size_t)planner->partition->subgraph_count;
    erg_memory_step *steps = erg_arena_take(planner->arena, (n + 1) * sizeof(*steps), err);

    if (!steps)
        return false;
    *memory = (erg_memory){ .step_count = (int32_t)n, .inside = planner->arena };
    erg_memory_residents(planner, memory);
    planner->resident_bytes = memory->resident_bytes;
    return run_plain(planner, memory, steps, err)
        && (!planner->options.by_memory || try_other_order(planner, memory, steps, err));
}

erg_memory *erg_memory_plan(const erg_partition *partition,
                            const erg_memory_options *options, erg_error *err)
{
    erg_planner planner = { 0 };

    if (options)
        planner.options = *options;
    erg_memory *memory = planner_begin(&planner, partition, err)
        ? erg_arena_take(planner.arena, sizeof(*memory), err) : NULL;
    if (memory && fill(&planner, memory, err))
        return memory;
    erg_arena_free(planner.arena);
    return NULL;
}

void erg_memory_free(erg_memory *memory)
{
    if (memory)
        erg_arena_free(memory->inside);
}
