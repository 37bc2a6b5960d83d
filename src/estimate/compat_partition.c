/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition as of 2025-10-28 (branes-ai/graphs): every module a subgraph, then
 * functions add, mul, sub, div. Needs are direct arguments that are modules, so
 * what follows a function forgets who came before it (the old fault).
 */
#include <string.h>
#include "estimate/compat.h"

static const struct { const char *first, *second; } fusable[] = {
    { "Conv2d", "BatchNorm2d" }, { "Conv2d", "ReLU" }, { "Conv2d", "ReLU6" },
    { "BatchNorm2d", "ReLU" }, { "Linear", "ReLU" }, { "Linear", "GELU" },
};

static const double most_flop = 10e9, most_bytes = 100e6;

static bool has_fusable_reader(const erg_compat *compat, const erg_compat_node *node)
{
    int32_t index = (int32_t)(node - compat->nodes);

    for (int32_t i = index + 1; i <= node->consumer; i++) {
        const erg_compat_node *reader = &compat->nodes[i];
        bool reads = false;
        for (int32_t j = 0; j < reader->input_count; j++)
            reads = reads || reader->inputs[j] == index;
        for (size_t j = 0; reads && reader->is_module && j < ERG_COUNT(fusable); j++)
            if (strcmp(fusable[j].first, node->module) == 0
                && strcmp(fusable[j].second, reader->module) == 0)
                return true;
    }
    return false;
}

/* The first reason that holds. */
static const char *reason_of(const erg_compat *compat, const erg_compat_part *part)
{
    if ((double)part->node->flop > most_flop)
        return "compute_threshold";
    if ((double)part->bytes > most_bytes)
        return "memory_limit";
    if (part->node->is_module && has_fusable_reader(compat, part->node))
        return "fusion_opportunity";
    return part->node->consumers > 1 ? "data_dependency" : "operation_boundary";
}

static const char *class_of(double intensity)
{
    if (intensity > 50)
        return "compute_bound";
    if (intensity > 10 || intensity == 0.0)
        return "balanced";
    return intensity > 1 ? "memory_bound" : "bandwidth_bound";
}

static void part_fill(const erg_compat *compat, erg_compat_part *part,
                      const erg_compat_node *node)
{
    part->node = node;
    part->bytes = node->in_bytes + node->out_bytes + node->weight_bytes;
    part->intensity = part->bytes ? (double)node->flop / (double)part->bytes : 0.0;
    part->static_class = class_of(part->intensity);
    part->reason = reason_of(compat, part);
}

/* Modules stand in front, in their order: a module's part counts those before it. */
static bool needs_fill(erg_compat *compat, erg_compat_part *part, const int32_t *part_of,
                       erg_error *err)
{
    const erg_compat_node *node = part->node;
    int32_t *needs = erg_arena_take(compat->arena,
                                    (size_t)(node->input_count + 1) * sizeof(*needs), err);

    if (!needs)
        return false;
    part->needs = needs;
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t from = node->inputs[i];
        if (from >= 0 && compat->nodes[from].is_module)
            needs[part->need_count++] = part_of[from];
    }
    return true;
}

static void total(erg_compat *compat)
{
    erg_compat_partition *sum = &compat->partition;
    int32_t counted = 0;

    for (int32_t i = 0; i < compat->part_count; i++) {
        const erg_compat_part *part = &compat->parts[i];
        sum->flop += part->node->flop;
        sum->macs += part->node->macs;
        sum->bytes += part->bytes;
        sum->mean_intensity += part->intensity;
        counted += part->intensity > 0.0;
    }
    sum->mean_intensity = counted ? sum->mean_intensity / counted : 0.0;
}

bool erg_compat_parts(erg_compat *compat, erg_error *err)
{
    size_t count = (size_t)compat->node_count;
    int32_t *part_of = erg_arena_take(compat->arena, count * sizeof(*part_of), err);

    compat->parts = part_of
        ? erg_arena_take(compat->arena, count * sizeof(*compat->parts), err) : NULL;
    if (!compat->parts)
        return false;
    for (int modules = 1; modules >= 0; modules--)
        for (int32_t i = 0; i < compat->node_count; i++) {
            const erg_compat_node *node = &compat->nodes[i];
            if (node->is_module != (modules == 1) || !node->type)
                continue;
            part_of[i] = compat->part_count;
            part_fill(compat, &compat->parts[compat->part_count++], node);
        }
    for (int32_t i = 0; i < compat->part_count; i++)
        if (!needs_fill(compat, &compat->parts[i], part_of, err))
            return false;
    total(compat);
    return true;
}
