/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees are laid out breadth first when they are added, so that the few nodes near a
 * root share cache lines. Eight trees are walked side by side for as many steps as the
 * deepest of them has: no branch depends on the data, and eight loads are under way at
 * a time. That, not the arithmetic, is what a small sum of trees takes. A leaf holds its
 * value where a split has its threshold: no second array is touched.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/trees.h"

enum { SIDE_BY_SIDE = 8 };

#define SIGN 0x80000000u
enum { LEAF = ERG_TREE_FEATURES, FEATURE_BITS = 8 };

static inline uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Ordered as the floats are, 0 and -0 alike; NAN below all of them: it goes left. */
static inline uint32_t key_of(float value)
{
    uint32_t bits = bits_of(value + 0.0f);

    return value != value ? 0 : bits ^ (-(bits >> 31) | SIGN);
}

static float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

erg_split erg_forest_split(const erg_forest *forest, size_t at)
{
    erg_tree_node node = forest->nodes[at];
    uint32_t feature = node.link & UINT8_MAX;
    int32_t right = (int32_t)(node.link >> FEATURE_BITS);

    if (feature == LEAF)
        return (erg_split){ .left = -1, .right = -1, .value = float_of(node.number) };
    return (erg_split){ .left = right - 1, .right = right, .feature = (uint16_t)feature,
        .threshold = float_of(node.number ^ (node.number & SIGN ? SIGN : UINT32_MAX)) };
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
    return erg_grow((void **)&forest->roots, &forest->root_room, forest->tree_count,
                    sizeof(forest->roots[0]), err)
        && erg_grow((void **)&forest->depths, &forest->depth_room, forest->tree_count,
                    sizeof(forest->depths[0]), err);
}

static void lay_out(erg_forest *forest, const layout *from)
{
    erg_tree_node *nodes = forest->nodes + forest->node_count;
    size_t right = forest->node_count + 2;      /* of the next split */

    for (size_t i = 0; i < from->count; i++) {
        const erg_split *split = &from->splits[from->order[i]];
        bool is_leaf = split->left < 0;
        size_t link = is_leaf ? forest->node_count + i : right;
        nodes[i].number = is_leaf ? bits_of(split->value) : key_of(split->threshold);
        nodes[i].link = (uint32_t)link << FEATURE_BITS | (is_leaf ? LEAF : split->feature);
        right += is_leaf ? 0 : 2;
    }
    forest->roots[forest->tree_count] = (uint32_t)forest->node_count;
    forest->depths[forest->tree_count++] = from->level[from->count - 1];
    forest->node_count += from->count;
}

bool erg_forest_add(erg_forest *forest, const erg_split splits[], size_t count,
                    erg_error *err)
{
    bool good = count > 0 && count <= ERG_TREE_NODES
        && forest->feature_count <= ERG_TREE_FEATURES;

    if (forest->tree_count == ERG_FOREST_TREES
        || forest->node_count + count > ERG_FOREST_NODES)
        return erg_fail(err, ERG_BAD_INPUT, "a forest of over %d trees or %d nodes",
                        ERG_FOREST_TREES, ERG_FOREST_NODES);

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
    free(forest->roots);
    free(forest->depths);
    *forest = (erg_forest){ 0 };
}

/* Below goes left. Three loads, a shift, an extension, and a comparison whose carry is
 * subtracted: a step is six instructions. */
static inline uint32_t step(const erg_tree_node *nodes, uint32_t at, const uint32_t keys[])
{
    uint32_t link = nodes[at].link;
    return (link >> FEATURE_BITS) - (keys[(uint8_t)link] < nodes[at].number);
}

static inline float value_at(const erg_tree_node *nodes, uint32_t at)
{
    return float_of(nodes[at].number);
}

/* at[] by name: the compiler then keeps all eight in registers. */
static float walk_eight(const erg_forest *forest, const uint32_t at[SIDE_BY_SIDE],
                        int depth, const uint32_t keys[], float sum)
{
    const erg_tree_node *nodes = forest->nodes;
    uint32_t a = at[0], b = at[1], c = at[2], d = at[3];
    uint32_t e = at[4], f = at[5], g = at[6], h = at[7];

    for (int i = 0; i < depth; i++) {
        a = step(nodes, a, keys), b = step(nodes, b, keys);
        c = step(nodes, c, keys), d = step(nodes, d, keys);
        e = step(nodes, e, keys), f = step(nodes, f, keys);
        g = step(nodes, g, keys), h = step(nodes, h, keys);
    }
    sum += value_at(nodes, a), sum += value_at(nodes, b), sum += value_at(nodes, c);
    sum += value_at(nodes, d), sum += value_at(nodes, e), sum += value_at(nodes, f);
    return sum + value_at(nodes, g) + value_at(nodes, h);
}

static int deepest(const erg_forest *forest, size_t first)
{
    int depth = 0;

    for (size_t j = first; j < first + SIDE_BY_SIDE; j++)
        if (forest->depths[j] > depth)
            depth = forest->depths[j];
    return depth;
}

void erg_tree_keys(const float features[], size_t count, uint32_t keys[])
{
    for (size_t i = 0; i < count; i++)
        keys[i] = key_of(features[i]);
}

void erg_tree_row(const float features[], size_t count, uint32_t keys[ERG_TREE_KEYS])
{
    erg_tree_keys(features, count, keys);
    keys[LEAF] = UINT32_MAX;
}

float erg_forest_sum(const erg_forest *forest, const uint32_t keys[ERG_TREE_KEYS])
{
    float sum = forest->base;
    size_t tree = 0;

    for (; tree + SIDE_BY_SIDE <= forest->tree_count; tree += SIDE_BY_SIDE)
        sum = walk_eight(forest, forest->roots + tree, deepest(forest, tree), keys, sum);
    for (; tree < forest->tree_count; tree++) {
        uint32_t at = forest->roots[tree];
        for (int i = 0; i < forest->depths[tree]; i++)
            at = step(forest->nodes, at, keys);
        sum += value_at(forest->nodes, at);
    }
    return sum;
}
