/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees are laid out breadth first when they are added, so that the few nodes near a
 * root share cache lines. Eight trees are walked side by side for as many steps as the
 * deepest of them has: no branch depends on the data, and eight loads are under way at
 * a time. That, not the arithmetic, is what a small sum of trees takes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/trees.h"

enum { SIDE_BY_SIDE = 8 };

/* Ordered as the floats are, 0 and -0 alike; NAN below all of them: it goes left. */
static inline int32_t key_of(float value)
{
    int32_t bits;

    value += 0.0f;
    memcpy(&bits, &value, sizeof(bits));
    return value != value ? INT32_MIN : bits ^ ((bits >> 31) & INT32_MAX);
}

/* The way from a float to its key is its own way back. */
float erg_tree_threshold(const erg_tree_node *node)
{
    int32_t bits = node->threshold ^ ((node->threshold >> 31) & INT32_MAX);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

typedef struct layout {
    const erg_split *splits;
    size_t count;
    int32_t *order;             /* of nodes as they are laid out: index of the split */
    uint8_t *level;
    uint8_t *seen;
} layout;

static bool is_sound(const erg_split *split, size_t count, size_t features)
{
    if (split->left < 0 && split->right < 0)
        return isfinite(split->value);
    return split->left > 0 && split->right > 0 && (size_t)split->left < count
        && (size_t)split->right < count && split->feature < features
        && isfinite(split->threshold);
}

/* Breadth first; false: a node is reached twice, or lies too deep. */
static bool order_nodes(layout *to)
{
    size_t ready = 1;

    to->seen[0] = 1;
    for (size_t i = 0; i < ready; i++) {
        const erg_split *split = &to->splits[to->order[i]];
        const int32_t children[] = { split->left, split->right };
        for (size_t j = 0; split->left >= 0 && j < 2; j++) {
            if (to->seen[children[j]]++ || to->level[i] >= ERG_TREE_DEPTH)
                return false;
            to->level[ready] = (uint8_t)(to->level[i] + 1);
            to->order[ready++] = children[j];
        }
    }
    return ready == to->count;
}

static bool make_room(erg_forest *forest, size_t count, erg_error *err)
{
    size_t last = forest->node_count + count - 1;

    while (forest->node_room <= last)
        if (!erg_grow((void **)&forest->nodes, &forest->node_room, forest->node_room,
                      sizeof(forest->nodes[0]), err))
            return false;
    while (forest->value_room <= last)
        if (!erg_grow((void **)&forest->values, &forest->value_room, forest->value_room,
                      sizeof(forest->values[0]), err))
            return false;
    return erg_grow((void **)&forest->roots, &forest->root_room, forest->tree_count,
                    sizeof(forest->roots[0]), err)
        && erg_grow((void **)&forest->depths, &forest->depth_room, forest->tree_count,
                    sizeof(forest->depths[0]), err);
}

static void lay_out(erg_forest *forest, const layout *from)
{
    erg_tree_node *nodes = forest->nodes + forest->node_count;
    float *values = forest->values + forest->node_count;
    size_t next = 1;            /* where the children of the next split go */

    for (size_t i = 0; i < from->count; i++) {
        const erg_split *split = &from->splits[from->order[i]];
        bool is_leaf = split->left < 0;
        nodes[i] = is_leaf ? (erg_tree_node){ INT32_MAX, 0, 0 }
            : (erg_tree_node){ key_of(split->threshold), split->feature,
                               (uint16_t)(next - i) };
        values[i] = is_leaf ? split->value : 0;
        next += is_leaf ? 0 : 2;
    }
    forest->roots[forest->tree_count] = (uint32_t)forest->node_count;
    forest->depths[forest->tree_count++] = from->level[from->count - 1];
    forest->node_count += from->count;
}

bool erg_forest_add(erg_forest *forest, const erg_split splits[], size_t count,
                    erg_error *err)
{
    bool good = count > 0 && count <= ERG_TREE_NODES
        && forest->tree_count < ERG_FOREST_TREES
             && forest->feature_count <= ERG_TREE_FEATURES;

    for (size_t i = 0; good && i < count; i++)
        good = is_sound(&splits[i], count, forest->feature_count);
    if (!good)
        return erg_fail(err, ERG_BAD_INPUT, "tree %zu has a node that leads nowhere, an "
                        "unknown feature or a number that is not finite",
                        forest->tree_count);

    layout plan = { splits, count, calloc(count, sizeof(int32_t)), calloc(count, 1),
                    calloc(count, 1) };
    if (!plan.order || !plan.level || !plan.seen)
        good = erg_fail(err, ERG_NO_MEMORY, "no memory for a tree of %zu nodes", count);
    else if (!order_nodes(&plan))
        good = erg_fail(err, ERG_BAD_INPUT, "tree %zu is no tree of at most %d levels",
                        forest->tree_count, ERG_TREE_DEPTH);
    else if ((good = make_room(forest, count, err)))
        lay_out(forest, &plan);
    free(plan.order);
    free(plan.level);
    free(plan.seen);
    return good;
}

void erg_forest_free(erg_forest *forest)
{
    free(forest->nodes);
    free(forest->values);
    free(forest->roots);
    free(forest->depths);
    *forest = (erg_forest){ 0 };
}

/* Not below goes right. The node in one load: what is left of the loop is two loads
 * and five operations a step. */
static inline uint32_t step(const erg_tree_node *nodes, uint32_t at, const int32_t keys[])
{
    erg_tree_node node = nodes[at];
    return at + node.child + (uint32_t)(keys[node.feature] >= node.threshold);
}

/* at[] by name: the compiler then keeps all eight in registers. */
static float walk_eight(const erg_forest *forest, const uint32_t at[SIDE_BY_SIDE],
                        int depth, const int32_t keys[], float sum)
{
    const erg_tree_node *nodes = forest->nodes;
    const float *values = forest->values;
    uint32_t a = at[0], b = at[1], c = at[2], d = at[3];
    uint32_t e = at[4], f = at[5], g = at[6], h = at[7];

    for (int i = 0; i < depth; i++) {
        a = step(nodes, a, keys), b = step(nodes, b, keys);
        c = step(nodes, c, keys), d = step(nodes, d, keys);
        e = step(nodes, e, keys), f = step(nodes, f, keys);
        g = step(nodes, g, keys), h = step(nodes, h, keys);
    }
    sum += values[a], sum += values[b], sum += values[c], sum += values[d];
    sum += values[e], sum += values[f], sum += values[g], sum += values[h];
    return sum;
}

static int deepest(const erg_forest *forest, size_t first)
{
    int depth = 0;

    for (size_t j = first; j < first + SIDE_BY_SIDE; j++)
        if (forest->depths[j] > depth)
            depth = forest->depths[j];
    return depth;
}

void erg_tree_keys(const float features[], size_t count, int32_t keys[])
{
    for (size_t i = 0; i < count; i++)
        keys[i] = key_of(features[i]);
}

float erg_forest_sum(const erg_forest *forest, const int32_t keys[])
{
    float sum = forest->base;
    size_t tree = 0;

    for (; tree + SIDE_BY_SIDE <= forest->tree_count; tree += SIDE_BY_SIDE)
        sum = walk_eight(forest, forest->roots + tree, deepest(forest, tree), keys, sum);
    for (; tree < forest->tree_count; tree++) {
        uint32_t at = forest->roots[tree];
        for (int i = 0; i < forest->depths[tree]; i++)
            at = step(forest->nodes, at, keys);
        sum += forest->values[at];
    }
    return sum;
}
