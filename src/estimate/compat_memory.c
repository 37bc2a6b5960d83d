/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory as of 2025-10-28 (branes-ai/graphs): weights from step 0, no inputs of
 * the graph, no reuse in place. Tensors that only a function reads die at once,
 * for the old needs forgot functions: never to be used by physical mode.
 */
#include <string.h>
#include "estimate/compat.h"

static int64_t workspace_of(const erg_compat_node *node)
{
    int64_t larger = node->in_bytes > node->out_bytes ? node->in_bytes : node->out_bytes;

    if (strcmp(node->type, "conv2d") == 0)
        return 2 * node->in_bytes;
    if (strcmp(node->type, "linear") == 0 || strcmp(node->type, "matmul") == 0)
        return larger / 2;
    if (node->rule->kind == ERG_OP_ATTENTION)
        return node->out_bytes;
    return 0;
}

typedef struct walk {
    erg_compat *compat;
    const int32_t *order;
    erg_compat_step *steps;
    bool *lives;            /* the output of each part */
    int32_t *last_use;
    int32_t live;           /* tensors: weights and outputs */
    int64_t weights_bytes, activation_bytes;
} walk;

/* The step of the last part that lists each. */
static void last_uses(walk *w)
{
    for (int32_t step = 0; step < w->compat->part_count; step++) {
        const erg_compat_part *reader = &w->compat->parts[w->order[step]];
        for (int32_t i = 0; i < reader->need_count; i++)
            w->last_use[reader->needs[i]] = step;
    }
}

static void free_dead(walk *w, int32_t step)
{
    for (int32_t i = 0; i < w->compat->part_count; i++)
        if (w->lives[i] && i != w->order[step] && w->last_use[i] <= step) {
            w->lives[i] = false;
            w->live--;
            w->activation_bytes -= w->compat->parts[i].node->out_bytes;
        }
}

static void step_take(walk *w, int32_t step)
{
    int32_t index = w->order[step];
    erg_compat_part *part = &w->compat->parts[index];

    part->workspace_bytes = workspace_of(part->node);
    if (part->node->out_bytes > 0) {
        w->lives[index] = true;
        w->live++;
        w->activation_bytes += part->node->out_bytes;
    }
    w->steps[step] = (erg_compat_step){
        .part = index,
        .activation_bytes = w->activation_bytes,
        .workspace_bytes = part->workspace_bytes,
        .total_bytes = w->weights_bytes + w->activation_bytes + part->workspace_bytes,
        .live_tensors = w->live + (part->workspace_bytes > 0),
    };
    free_dead(w, step);
}

static void summarize(erg_compat *compat)
{
    erg_compat_memory *m = &compat->memory;
    double sum = 0.0;

    for (int32_t i = 0; i < compat->part_count; i++) {
        const erg_compat_step *step = &m->steps[i];
        sum += (double)step->total_bytes;
        if (step->activation_bytes > m->activation_bytes)
            m->activation_bytes = step->activation_bytes;
        if (step->workspace_bytes > m->workspace_bytes)
            m->workspace_bytes = step->workspace_bytes;
        if (step->total_bytes > m->peak_bytes) {
            m->peak_bytes = step->total_bytes;
            m->peak_step = i;
            m->peak_name = compat->parts[step->part].node->name;
        }
    }
    m->mean_bytes = compat->part_count ? sum / compat->part_count : 0.0;
    m->mean_over_peak = m->peak_bytes ? m->mean_bytes / (double)m->peak_bytes : 0.0;
    m->fits_l2 = (double)m->peak_bytes <= compat->machine.l2_bytes;
    m->fits_device = (double)m->peak_bytes <= compat->machine.memory_bytes;
}

bool erg_compat_memory_fill(erg_compat *compat, erg_error *err)
{
    size_t count = (size_t)compat->part_count + 1;
    walk w = { .compat = compat, .order = erg_compat_order(compat, err) };

    w.steps = w.order ? erg_arena_take(compat->arena, count * sizeof(*w.steps), err) : NULL;
    w.lives = w.steps ? erg_arena_take(compat->arena, count * sizeof(*w.lives), err) : NULL;
    w.last_use = w.lives
        ? erg_arena_take(compat->arena, count * sizeof(*w.last_use), err) : NULL;
    if (!w.last_use)
        return false;
    last_uses(&w);
    for (int32_t i = 0; i < compat->part_count; i++) {
        w.weights_bytes += compat->parts[i].node->weight_bytes;
        w.live += compat->parts[i].node->weight_bytes > 0;
    }
    compat->memory = (erg_compat_memory){ .weights_bytes = w.weights_bytes,
                                          .steps = w.steps, .peak_name = "" };
    for (int32_t step = 0; step < compat->part_count; step++)
        step_take(&w, step);
    summarize(compat);
    return true;
}
