/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A curve of an application is many samples that differ in the clock alone. They are
 * sorted by it, so what reaches a node is one span of them: a split of another feature
 * sends the span on whole, one of the clock cuts it in two.
 *
 * What this takes is neither arithmetic nor the search for where to cut, which is done
 * once for all nodes that ask the same: it is waiting for memory, and for branches that
 * cannot be guessed. Hence the spans of several trees wait in one queue, each is parted
 * without a branch, and while one waits for its node the next are under way.
 */
#include <stdlib.h>
#include <string.h>
#include "math/trees.h"

enum { SAMPLES = 128, TREES = 4, PLACES = SAMPLES * TREES };    /* at a time */

/* ---- layout --------------------------------------------------------------- */

static int by_threshold(const void *a, const void *b)
{
    const erg_flat_cut *x = a, *y = b;

    if (x->feature != y->feature)
        return x->feature < y->feature ? -1 : 1;
    return (x->threshold > y->threshold) - (x->threshold < y->threshold);
}

static erg_flat_cut cut_of(const erg_split *split)
{
    erg_flat_cut cut = { .feature = split->feature };

    erg_tree_keys(&split->threshold, 1, &cut.threshold);
    return cut;
}

static void list_cuts(const erg_forest *from, erg_flat_forest *to)
{
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < from->node_count; i++) {
        erg_split split = erg_forest_split(from, i);
        if (split.left >= 0)
            to->cuts[count++] = cut_of(&split);
    }
    qsort(to->cuts, count, sizeof(*to->cuts), by_threshold);
    for (size_t i = 0; i < count; i++)
        if (!kept || by_threshold(&to->cuts[kept - 1], &to->cuts[i]))
            to->cuts[kept++] = to->cuts[i];
    erg_flat_cut *fitting = realloc(to->cuts, (kept + 1) * sizeof(*fitting));
    to->cuts = fitting ? fitting : to->cuts;
    to->cut_count = kept;
}

static void lay_out(const erg_forest *from, erg_flat_forest *to)
{
    for (size_t i = 0; i < from->node_count; i++) {
        const erg_split split = erg_forest_split(from, i);
        erg_flat_cut wanted = cut_of(&split);
        bool is_leaf = split.left < 0;
        to->nodes[i].child = is_leaf ? 0 : (uint32_t)split.left - (uint32_t)i;
        if (is_leaf)
            to->nodes[i].as.value = split.value;
        else
            to->nodes[i].as.cut = (uint32_t)((erg_flat_cut *)bsearch(&wanted, to->cuts,
                to->cut_count, sizeof(wanted), by_threshold) - to->cuts);
    }
    for (size_t tree = 0; tree < from->tree_count; tree++)
        to->roots[tree] = from->roots[tree];
}

bool erg_forest_flatten(const erg_forest *forest, erg_flat_forest *out, erg_error *err)
{
    *out = (erg_flat_forest){ .nodes = calloc(forest->node_count + 1, sizeof(*out->nodes)),
                              .roots = calloc(forest->tree_count + 1, sizeof(*out->roots)),
                              .cuts = calloc(forest->node_count + 1, sizeof(*out->cuts)),
                              .tree_count = forest->tree_count, .base = forest->base };
    if (!out->nodes || !out->roots || !out->cuts) {
        erg_flat_free(out);
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu trees", forest->tree_count);
    }
    list_cuts(forest, out);
    lay_out(forest, out);
    return true;
}

void erg_flat_free(erg_flat_forest *forest)
{
    free(forest->nodes);
    free(forest->roots);
    free(forest->cuts);
    *forest = (erg_flat_forest){ 0 };
}

/* ---- sweep ---------------------------------------------------------------- */

/* Samples begin to end - 1 of a tree: both times TREES, plus the tree. */
typedef struct span { uint32_t node; uint16_t begin, end; } span;

#define NO_VALUE UINT32_MAX     /* no finite number has these bits */
#define BITS_OF_MINUS_0 0x80000000u

typedef struct sweep {
    const erg_flat_node *nodes;
    uint32_t values[PLACES];    /* where a span begins, the bits of its leaf's */
    span queue[PLACES * (ERG_TREE_DEPTH + 1)];      /* a level's share no sample, and the
                                                       first level has few: one to spare */
    uint16_t cuts[];            /* times TREES: how many samples go left */
} sweep;

static void place_cuts(const erg_flat_forest *forest, const erg_flat_curve *curve,
                       uint16_t cuts[])
{
    size_t below = 0;           /* thresholds of a feature rise, and so do samples */

    for (size_t i = 0; i < forest->cut_count; i++) {
        const erg_flat_cut *cut = &forest->cuts[i];
        size_t left = curve->keys[cut->feature] < cut->threshold ? curve->count : 0;
        if (cut->feature == curve->feature) {
            while (below < curve->count && curve->swept[below] < cut->threshold)
                below++;
            left = below;
        }
        cuts[i] = (uint16_t)(left * TREES);
    }
}

/* All spans down to their leaves, first come first served. Each leaves the value of its
 * node where it begins: that of a split is overwritten by what becomes of its first
 * sample. Both children are queued; who gets no sample is overwritten by the next.
 * Pointers by name: else they are loaded anew after each store. */
static void part(sweep *s, size_t count)
{
    const erg_flat_node *nodes = s->nodes;
    const uint16_t *cuts = s->cuts;
    uint32_t *values = s->values;
    span *last = s->queue + count;

    for (const span *at = s->queue; at != last; at++) {
        erg_flat_node node = nodes[at->node];
        uint32_t begin = at->begin, end = at->end, left = at->node + node.child;
        uint32_t is_split = node.child != 0;
        uint32_t middle = cuts[node.as.cut & -is_split] + begin % TREES;

        values[begin] = node.as.cut;
        middle = middle < begin ? begin : middle;
        middle = middle > end ? end : middle;
        *last = (span){ left, (uint16_t)begin, (uint16_t)middle };
        last += is_split & (begin < middle);
        *last = (span){ left + 1, (uint16_t)middle, (uint16_t)end };
        last += is_split & (middle < end);
    }
}

/* The trees in their order: the sum is then that of one walk a sample. Where there are
 * fewer than TREES, -0 is added, which changes nothing. */
static void add(const uint32_t values[], float sums[], size_t count)
{
    float leaves[TREES], sum;
    uint32_t bits[TREES];

    for (size_t tree = 0; tree < TREES; tree++)
        bits[tree] = BITS_OF_MINUS_0;
    for (size_t i = 0; i < count; i++, values += TREES) {
        for (size_t tree = 0; tree < TREES; tree++)
            bits[tree] ^= (bits[tree] ^ values[tree])
                & -(uint32_t)(values[tree] != NO_VALUE);
        memcpy(leaves, bits, sizeof(leaves));
        sum = sums[i];
        for (size_t tree = 0; tree < TREES; tree++)
            sum += leaves[tree];
        sums[i] = sum;
    }
}

static void walk(sweep *s, const uint32_t roots[], size_t trees, float sums[],
                 size_t count)
{
    for (size_t i = 0; i < count * TREES; i++)
        s->values[i] = NO_VALUE;
    for (size_t tree = 0; tree < trees; tree++)
        s->queue[tree] = (span){ roots[tree], (uint16_t)tree,
                                 (uint16_t)(tree + count * TREES) };
    part(s, trees);
    add(s->values, sums, count);
}

static void sweep_block(sweep *s, const erg_flat_forest *forest,
                        const erg_flat_curve *block, float sums[])
{
    place_cuts(forest, block, s->cuts);
    for (size_t i = 0; i < block->count; i++)
        sums[i] = forest->base;
    for (size_t tree = 0; tree < forest->tree_count; tree += TREES) {
        size_t left = forest->tree_count - tree;
        walk(s, forest->roots + tree, left < TREES ? left : TREES, sums, block->count);
    }
}

bool erg_flat_sweep(const erg_flat_forest *forest, const erg_flat_curve *curve,
                    float sums[], erg_error *err)
{
    sweep *s = malloc(sizeof(*s) + (forest->cut_count + 1) * sizeof(s->cuts[0]));

    if (!s)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu trees", forest->tree_count);
    s->nodes = forest->nodes;
    s->cuts[forest->cut_count] = 0;
    for (size_t from = 0; from < curve->count; from += SAMPLES) {
        size_t left = curve->count - from;
        erg_flat_curve block = { curve->keys, curve->swept + from, curve->feature,
                                 left < SAMPLES ? left : SAMPLES };
        sweep_block(s, forest, &block, sums + from);
    }
    free(s);
    return true;
}
