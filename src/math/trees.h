/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boosted regression trees in flat arrays: the sum of one leaf a tree. Evaluated a
 * sample at a time, without allocation; the sum is that of XGBoost to the last bit.
 *
 *   Missing  A feature that is NAN goes left.
 *   Bounds   Every tree that is added was checked: an evaluation ends and stays inside.
 */
#ifndef ERG_MATH_TREES_H
#define ERG_MATH_TREES_H

#include <stdint.h>
#include "base/base.h"

enum { ERG_TREE_FEATURES = 64, ERG_TREE_DEPTH = 16, ERG_TREE_NODES = 1 << 15,
       ERG_FOREST_TREES = 4096, ERG_FOREST_NODES = 1 << 24,
       ERG_TREE_KEYS = ERG_TREE_FEATURES + 1 };

/* number: of a split the key of its threshold (keys are ordered as their floats are), of
 * a leaf the bits of its value. link: the node to its right << 8 | feature; the left one
 * lies before it. A leaf is its own right and asks the last key, which is above all
 * numbers: walking on stays on it. */
typedef struct erg_tree_node { uint32_t number, link; } erg_tree_node;

typedef struct erg_forest {
    erg_tree_node *nodes;
    uint32_t *roots;            /* one a tree */
    uint8_t *depths;
    size_t node_count, node_room, tree_count, root_room, depth_room;
    size_t feature_count;
    float base;                 /* added to the sum */
} erg_forest;

/* One node as files have it, in any order with the root first. */
typedef struct erg_split {
    int32_t left, right;        /* < 0: a leaf */
    uint16_t feature;
    float threshold;            /* below it: left */
    float value;                /* of a leaf */
} erg_split;

/* Adds a tree: ERG_BAD_INPUT unless each node but the root is the child of exactly one
 * other, all features are known and all numbers finite. */
bool erg_forest_add(erg_forest *forest, const erg_split splits[], size_t count,
                    erg_error *err);
void erg_forest_free(erg_forest *forest);
/* As it was added; children by their place in the forest. */
erg_split erg_forest_split(const erg_forest *forest, size_t node);
/* Integers that are ordered as the features are. */
void erg_tree_keys(const float features[], size_t count, uint32_t keys[]);
/* Those of a sample, and the one that leaves ask: made once, they serve many forests. */
void erg_tree_row(const float features[], size_t count, uint32_t keys[ERG_TREE_KEYS]);
/* keys: of forest->feature_count features, by erg_tree_row. */
float erg_forest_sum(const erg_forest *forest, const uint32_t keys[ERG_TREE_KEYS]);

/* The same trees for curves. What a split asks is asked of all samples of a curve at once
 * and by many nodes: nodes name the question. The value of a leaf is in its node. */
typedef struct erg_flat_node {
    union { uint32_t cut; float value; } as;
    uint32_t child;             /* how far on, left and then right; 0: a leaf */
} erg_flat_node;

typedef struct erg_flat_cut { uint32_t feature, threshold; } erg_flat_cut;

typedef struct erg_flat_forest {
    erg_flat_node *nodes;
    uint32_t *roots;
    erg_flat_cut *cuts;         /* by feature and threshold, each once */
    size_t tree_count, cut_count;
    float base;
} erg_flat_forest;

/* out is yours: erg_flat_free. */
bool erg_forest_flatten(const erg_forest *forest, erg_flat_forest *out, erg_error *err);
void erg_flat_free(erg_flat_forest *forest);

/* Samples which differ in one feature only: keys with keys[feature] by turns
 * swept[0..count), which rise. */
typedef struct erg_flat_curve {
    const uint32_t *keys, *swept;
    size_t feature, count;
} erg_flat_curve;

/* Their sums, those of erg_forest_sum to the last bit, for a fraction of the walk: a tree
 * is entered once, and parts the samples as it goes. */
bool erg_flat_sweep(const erg_flat_forest *forest, const erg_flat_curve *curve,
                    float sums[], erg_error *err);

#endif
