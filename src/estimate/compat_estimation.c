/* SPDX-License-Identifier: Apache-2.0 */
/* Compat mode as an estimation: the same structs as physical mode, and a note. */
#include <math.h>
#include "estimate/compat.h"

/* In an arena of its own, as every partition. */
static erg_partition *partition_of(const erg_compat *compat, erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    size_t count = (size_t)compat->part_count;
    erg_partition *to = arena ? erg_arena_take(arena, sizeof(*to), err) : NULL;
    erg_subgraph *list = to ? erg_arena_take(arena, count * sizeof(*list), err) : NULL;
    int32_t *operators = list
        ? erg_arena_take(arena, count * sizeof(*operators), err) : NULL;

    if (!operators) {
        erg_arena_free(arena);
        return NULL;
    }
    for (int32_t i = 0; i < compat->part_count; i++) {
        const erg_compat_part *part = &compat->parts[i];
        const erg_compat_node *node = part->node;
        operators[i] = (int32_t)(node->op - compat->graph->operators);
        list[i] = (erg_subgraph){
            .operators = &operators[i], .operator_count = 1, .name = node->name,
            .pattern = node->type, .why = part->reason, .flop = node->flop,
            .macs = node->macs, .in_bytes = node->in_bytes, .out_bytes = node->out_bytes,
            .weight_bytes = node->weight_bytes, .needs = part->needs,
            .need_count = part->need_count,
        };
    }
    *to = (erg_partition){ .graph = compat->graph, .subgraphs = list,
                           .subgraph_count = compat->part_count,
                           .external_bytes = compat->partition.bytes, .inside = arena };
    return to;
}

static bool spread(erg_compat *compat, double measured_s, erg_error *err)
{
    size_t count = (size_t)compat->part_count;
    double *latencies = erg_arena_take(compat->arena, (count + 1) * sizeof(double), err);
    double scale = measured_s / compat->energy.latency_s;

    if (!latencies)
        return false;
    for (size_t i = 0; i < count; i++) {
        compat->parts[i].latency.total_s *= scale;
        latencies[i] = compat->parts[i].latency.total_s;
    }
    erg_compat_energy_fill(compat, latencies, compat->part_count);
    return erg_compat_hints_fill(compat, err);
}

static bool lists_fill(erg_estimation *to, const erg_compat *compat, erg_error *err)
{
    static const char *const notes[] = { ERG_COMPAT_NOTE };
    size_t count = (size_t)compat->part_count + 1;
    erg_latency *latency = erg_arena_take(compat->arena, count * sizeof(*latency), err);
    erg_estimate *energy = erg_arena_take(compat->arena, count * sizeof(*energy), err);

    if (!latency || !energy)
        return false;
    for (int32_t i = 0; i < compat->part_count; i++) {
        latency[i] = compat->parts[i].latency;
        energy[i] = compat->parts[i].energy;
    }
    to->latency = latency;
    to->energy = energy;
    to->notes = notes;
    to->note_count = ERG_COUNT(notes);
    return true;
}

static void totals_fill(erg_estimation *to, const erg_compat *compat)
{
    const erg_compat_energy *e = &compat->energy;

    to->graph = compat->graph;
    to->hardware = compat->hardware;
    to->total = (erg_estimate){
        .compute_j = e->compute_j, .memory_j = e->memory_j, .static_j = e->static_j,
        .total_j = e->total_j, .low_j = NAN, .high_j = NAN, .wasted_j = e->wasted_j,
        .efficiency = e->efficiency,
    };
    to->latency_s = e->latency_s;
    to->latency_low_s = to->latency_high_s = NAN;
    to->marginal_j = e->total_j - compat->machine.idle_w * e->latency_s;
    to->mean_w = e->mean_w;
    to->peak_w = e->peak_w;
    to->utilization = e->utilization;
    to->clock_hz = NAN;
    to->cap_w = compat->machine.cap_w;
    to->grade = ERG_GRADE_UNKNOWN;
    to->peak_memory_bytes = (double)compat->memory.peak_bytes;
}

erg_estimation *erg_compat_estimate(const erg_graph *graph, const erg_hardware *hardware,
                                    const erg_estimate_options *options, erg_error *err)
{
    erg_compat *compat = erg_compat_new(graph, hardware, err);
    erg_estimation *to = compat ? erg_arena_take(compat->arena, sizeof(*to), err) : NULL;
    bool ok = to != NULL;

    if (ok && compat->part_count == 0)
        ok = erg_fail(err, ERG_NO_DATA, "workload %s has no module that compat mode counts",
                      graph->name);
    if (ok && options->measured_latency_s > 0)
        ok = spread(compat, options->measured_latency_s, err);
    if (ok && lists_fill(to, compat, err)
        && (to->own_partition = partition_of(compat, err))) {
        to->partition = to->own_partition;
        totals_fill(to, compat);
        to->compat = compat;
        to->inside = compat->arena;
        return to;
    }
    erg_compat_free(compat);
    return NULL;
}
