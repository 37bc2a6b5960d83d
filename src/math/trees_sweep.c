/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A curve of an application is many samples that differ in the clock alone. They are
 * sorted by it, so what reaches a node is one span of them: a split of another feature
 * sends the span on whole, one of the clock cuts it in two.
 */
#include "math/trees.h"

typedef struct span { uint32_t node; size_t begin, end; } span;

typedef struct sweep {
    const erg_forest *forest;
    const int32_t *keys, *swept;
    size_t feature;
    float *sums;
} sweep;

/* The first of the span that is not below the threshold. */
static size_t cut(const sweep *s, const span *at, int32_t threshold)
{
    size_t low = at->begin, high = at->end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->swept[middle] < threshold)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_leaf(const sweep *s, const span *at)
{
    float value = s->forest->values[at->node];

    for (size_t i = at->begin; i < at->end; i++)
        s->sums[i] += value;
}

/* Down to a leaf; what goes the other way waits, at most one span a level. */
static void descend(const sweep *s, span *at, span waiting[], size_t *count)
{
    const erg_tree_node *node = &s->forest->nodes[at->node];

    for (; node->child; node = &s->forest->nodes[at->node]) {
        at->node += node->child;
        if (node->feature != s->feature) {
            at->node += s->keys[node->feature] >= node->threshold;
            continue;
        }
        size_t middle = cut(s, at, node->threshold);
        if (middle == at->begin) {
            at->node++;
            continue;
        }
        if (middle < at->end)
            waiting[(*count)++] = (span){ at->node + 1, middle, at->end };
        at->end = middle;
    }
}

static void walk(const sweep *s, size_t tree, size_t count)
{
    span waiting[ERG_TREE_DEPTH + 2] = { { s->forest->roots[tree], 0, count } };
    size_t left = count > 0;

    while (left) {
        span at = waiting[--left];
        descend(s, &at, waiting, &left);
        add_leaf(s, &at);
    }
}

void erg_forest_sweep(const erg_forest *forest, const int32_t keys[], size_t feature,
                      const int32_t swept[], size_t count, float sums[])
{
    sweep s = { forest, keys, swept, feature, sums };

    for (size_t i = 0; i < count; i++)
        sums[i] = forest->base;
    for (size_t tree = 0; tree < forest->tree_count; tree++)
        walk(&s, tree, count);
}
