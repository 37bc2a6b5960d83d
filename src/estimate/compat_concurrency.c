/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concurrency as of 2025-10-28 (branes-ai/graphs): stages of all that is ready,
 * a path of most nodes. Both rest on needs that forget functions.
 */
#include <string.h>
#include "estimate/compat.h"

/* By type: efficiency, most units, and whether positions alone are parallel. */
typedef struct type_units {
    const char *type;
    double efficiency;
    int64_t units;
    bool by_position;
} type_units;

static const type_units types[] = {
    { "conv2d",           0.90, 128, false },
    { "conv2d_pointwise", 0.90, 128, false },
    { "conv2d_depthwise", 0.30,  32, true },
    { "linear",           0.85, 128, false },
    { "relu",             0.95, 128, false },
    { "relu6",            0.95, 128, false },
    { "gelu",             0.95, 128, false },
    { "hardswish",        0.95, 128, false },
};
static const double efficiency_else = 0.5;
static const int64_t units_else = 32, threads_of_unit = 256;

static erg_compat_units units_for(int64_t threads, int64_t units, double efficiency)
{
    int64_t wanted = threads / threads_of_unit;

    wanted = wanted < 1 ? 1 : wanted > units ? units : wanted;
    return (erg_compat_units){ .efficiency = efficiency, .independent = threads,
                               .optimal = wanted, .most = 2 * wanted };
}

erg_compat_units erg_compat_units_of(const erg_compat_part *part)
{
    const erg_compat_node *node = part->node;

    for (size_t i = 0; i < ERG_COUNT(types); i++)
        if (strcmp(types[i].type, node->type) == 0)
            return units_for(types[i].by_position ? node->batch * node->spatial
                                                  : node->threads,
                             types[i].units, types[i].efficiency);
    erg_compat_units units = units_for(node->threads, units_else, efficiency_else);
    units.independent = node->threads / 2;
    return units;
}

/* ---- stages: a part comes one after the last of its needs ------------------------ */

static void stage_count(const erg_compat *compat, const int32_t *stage_of, int32_t stage,
                        erg_compat_concurrency *to)
{
    int32_t width = 0;
    int64_t largest = 0;

    for (int32_t i = 0; i < compat->part_count; i++) {
        if (stage_of[i] != stage)
            continue;
        width++;
        if (compat->parts[i].node->flop > largest)
            largest = compat->parts[i].node->flop;
    }
    to->parallel_flop += largest;
    to->widest = width > to->widest ? width : to->widest;
    to->independent += width > 1 ? width : 0;
    to->sequential += width == 1;
}

/* Of equally long ways to a part the first of its needs wins, as max() did. */
static void path_count(const erg_compat *compat, const int32_t *order, const int32_t *depth,
                       erg_compat_concurrency *to)
{
    int32_t at = compat->part_count ? order[0] : -1;

    for (int32_t i = 0; i < compat->part_count; i++)
        if (depth[order[i]] > depth[at])
            at = order[i];
    while (at >= 0) {
        const erg_compat_part *part = &compat->parts[at];
        int32_t before = -1;
        to->path_length++;
        to->path_flop += part->node->flop;
        for (int32_t i = 0; i < part->need_count; i++)
            if (before < 0 || depth[part->needs[i]] > depth[before])
                before = part->needs[i];
        at = before;
    }
}

static void averages(const erg_compat *compat, erg_compat_concurrency *to)
{
    double parts = compat->part_count;
    double sum = 0.0;

    for (int32_t i = 0; i < compat->part_count; i++)
        sum += erg_compat_units_of(&compat->parts[i]).efficiency;
    to->efficiency = compat->part_count ? sum / parts : 0.0;
    to->use = to->stages ? parts / to->stages / parts : 0.0;
    /* The old default for modules it did not know had a batch of 1. */
    bool knows = compat->part_count && strcmp(compat->parts[0].node->type, "unknown") != 0;
    to->batch = knows ? compat->parts[0].node->batch : 1;
    to->speedup = to->widest * to->batch;
}

bool erg_compat_concurrency_fill(erg_compat *compat, erg_error *err)
{
    erg_compat_concurrency *to = &compat->concurrency;
    int32_t *order = erg_compat_order(compat, err);
    size_t count = (size_t)compat->part_count + 1;
    int32_t *depth = order ? erg_arena_take(compat->arena, count * sizeof(*depth), err)
                           : NULL;

    if (!depth)
        return false;
    *to = (erg_compat_concurrency){ 0 };
    for (int32_t i = 0; i < compat->part_count; i++) {
        const erg_compat_part *part = &compat->parts[order[i]];
        for (int32_t j = 0; j < part->need_count; j++)
            if (depth[part->needs[j]] >= depth[order[i]])
                depth[order[i]] = depth[part->needs[j]] + 1;
        if (depth[order[i]] >= to->stages)
            to->stages = depth[order[i]] + 1;
    }
    for (int32_t stage = 0; stage < to->stages; stage++)
        stage_count(compat, depth, stage, to);
    path_count(compat, order, depth, to);
    averages(compat, to);
    return true;
}
