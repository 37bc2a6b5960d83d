/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A curve of an application is many samples that differ in the clock alone. They are
 * sorted by it, so what reaches a node is one span of them: a split of another feature
 * sends the span on whole, one of the clock cuts it in two.
 *
 * What this takes is waiting for memory: a forest of a megabyte is touched a node here
 * and a node there. Hence the layout of its own.
 */
#include <stdlib.h>
#include "math/trees.h"

/* ---- layout --------------------------------------------------------------- */

/* Depth first from node `at`; returns where the next goes. Trees are at most
 * ERG_TREE_DEPTH deep, and so is this. */
static size_t lay_out(const erg_forest *from, uint32_t at, erg_flat_node *nodes, size_t next)
{
    const erg_tree_node *node = &from->nodes[at];
    size_t here = next++;

    if (!node->child) {
        nodes[here] = (erg_flat_node){ .as.value = from->values[at],
                                       .feature = ERG_TREE_FEATURES };
        return next;
    }
    next = lay_out(from, at + node->child, nodes, next);
    nodes[here] = (erg_flat_node){ { node->threshold }, node->feature,
                                   (uint16_t)(next - here) };
    return lay_out(from, at + node->child + 1, nodes, next);
}

bool erg_forest_flatten(const erg_forest *forest, erg_flat_forest *out, erg_error *err)
{
    size_t next = 0;

    *out = (erg_flat_forest){ .nodes = calloc(forest->node_count + 1, sizeof(*out->nodes)),
                              .roots = calloc(forest->tree_count + 1, sizeof(*out->roots)),
                              .tree_count = forest->tree_count, .base = forest->base };
    if (!out->nodes || !out->roots) {
        erg_flat_free(out);
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu trees", forest->tree_count);
    }
    for (size_t tree = 0; tree < forest->tree_count; tree++) {
        out->roots[tree] = (uint32_t)next;
        next = lay_out(forest, forest->roots[tree], out->nodes, next);
    }
    return true;
}

void erg_flat_free(erg_flat_forest *forest)
{
    free(forest->nodes);
    free(forest->roots);
    *forest = (erg_flat_forest){ 0 };
}

/* ---- sweep ---------------------------------------------------------------- */

typedef struct span { const erg_flat_node *node; size_t begin, end; } span;

typedef struct sweep {
    const int32_t *keys, *swept;
    size_t feature;
    float *sums;
} sweep;

/* The first of the span that is not below the threshold. Without a branch: which way a
 * search goes cannot be guessed, and a wrong guess costs as much as ten steps. */
static size_t cut(const sweep *s, const span *at, int32_t threshold)
{
    const int32_t *low = s->swept + at->begin;
    size_t count = at->end - at->begin;

    for (; count > 1; count -= count / 2)
        low += (low[count / 2 - 1] < threshold) * (count / 2);
    return (size_t)(low - s->swept) + (*low < threshold);
}

/* Down to a leaf; what goes the other way waits, at most one span a level. */
static void descend(const sweep *s, span *at, span waiting[], size_t *count)
{
    while (at->node->feature != ERG_TREE_FEATURES) {
        const erg_flat_node *node = at->node, *right = node + node->right;
        int32_t threshold = node->as.threshold;
        if (node->feature != s->feature) {
            bool goes_left = s->keys[node->feature] < threshold;
            at->node = node + (goes_left ? 1 : (size_t)node->right);
            continue;
        }
        size_t middle = cut(s, at, threshold);
        at->node = middle > at->begin ? node + 1 : right;
        if (middle == at->begin)
            continue;
        if (middle < at->end)
            waiting[(*count)++] = (span){ right, middle, at->end };
        at->end = middle;
    }
}

static void walk(const sweep *s, const erg_flat_node *root, size_t count)
{
    span waiting[ERG_TREE_DEPTH + 2] = { { root, 0, count } };
    size_t left = count > 0;

    while (left) {
        span at = waiting[--left];
        descend(s, &at, waiting, &left);
        for (size_t i = at.begin; i < at.end; i++)
            s->sums[i] += at.node->as.value;
    }
}

void erg_flat_sweep(const erg_flat_forest *forest, const int32_t keys[], size_t feature,
                    const int32_t swept[], size_t count, float sums[])
{
    sweep s = { keys, swept, feature, sums };

    for (size_t i = 0; i < count; i++)
        sums[i] = forest->base;
    for (size_t tree = 0; tree < forest->tree_count; tree++)
        walk(&s, forest->nodes + forest->roots[tree], count);
}
