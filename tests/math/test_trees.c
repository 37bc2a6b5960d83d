/* SPDX-License-Identifier: Apache-2.0 */
/* Boosted trees against a recursive walk over the splits as they were given. */
#include "math/trees.h"
#include "test.h"

enum { FEATURES = 7, NODES = 401, TREES = 29 };

/* A random tree in which children lie anywhere behind their parent's slot. */
static size_t grow(erg_split splits[NODES], test_random *random, size_t wanted)
{
    int32_t leaves[NODES] = { 0 };
    size_t leaf_count = 1, count = 1;

    splits[0] = (erg_split){ -1, -1, 0, 0, 0.25f };
    while (count + 2 <= wanted) {
        size_t pick = (size_t)(test_uniform(random) * (double)leaf_count);
        int32_t at = leaves[pick];
        bool flipped = test_uniform(random) < 0.5;
        splits[at].left = (int32_t)count + flipped;
        splits[at].right = (int32_t)count + !flipped;
        splits[at].feature = (uint16_t)(test_uniform(random) * FEATURES);
        splits[at].threshold = (float)test_normal(random);
        for (int j = 0; j < 2; j++)
            splits[count + (size_t)j] =
                (erg_split){ -1, -1, 0, 0, (float)test_normal(random) };
        leaves[pick] = (int32_t)count;
        leaves[leaf_count++] = (int32_t)count + 1;
        count += 2;
    }
    return count;
}

static int depth_of(const erg_split *splits, int32_t at)
{
    if (splits[at].left < 0)
        return 0;
    int left = depth_of(splits, splits[at].left),
        right = depth_of(splits, splits[at].right);
    return 1 + (left > right ? left : right);
}

static float value_of(const erg_split *splits, int32_t at, const float features[])
{
    const erg_split *split = &splits[at];

    if (split->left < 0)
        return split->value;
    bool goes_right = features[split->feature] >= split->threshold;
    return value_of(splits, goes_right ? split->right : split->left, features);
}

static float sum_of(const erg_forest *forest, const float features[])
{
    uint32_t keys[ERG_TREE_KEYS];

    erg_tree_row(features, forest->feature_count, keys);
    return erg_forest_sum(forest, keys);
}

static erg_forest forest_of(erg_split trees[TREES][NODES], test_random *random)
{
    erg_forest forest = { .feature_count = FEATURES, .base = 0.5f };
    erg_error err = { 0 };

    for (int i = 0; i < TREES;) {
        size_t count = grow(trees[i], random, i == 3 ? 1 : 2 + (size_t)i * 13);
        if (depth_of(trees[i], 0) > ERG_TREE_DEPTH)
            continue;
        CHECK_OK(erg_forest_add(&forest, trees[i++], count, &err), err);
    }
    return forest;
}

static void the_sum_is_that_of_a_recursive_walk_to_the_last_bit(void)
{
    static erg_split trees[TREES][NODES];
    test_random random = { 7 };
    erg_forest forest = forest_of(trees, &random);

    for (int row = 0; row < 500; row++) {
        float features[FEATURES], sum = forest.base;
        for (int j = 0; j < FEATURES; j++)
            features[j] = test_uniform(&random) < 0.1  ? NAN
                        : test_uniform(&random) < 0.05 ? -0.0f
                        : test_uniform(&random) < 0.1  ? INFINITY
                                                       : (float)test_normal(&random);
        for (int i = 0; i < TREES; i++)
            sum += value_of(trees[i], 0, features);
        CHECK(sum_of(&forest, features) == sum);
    }
    erg_forest_free(&forest);
}

static int rising(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Some samples alike, one missing, thresholds among them; more than are swept at once. */
static void fill_curve(const erg_split *tree, test_random *random, uint32_t swept[],
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float value = i == 5 ? NAN : i % 9 == 2 ? tree[i % 11].threshold
                    : (float)test_normal(random);
        erg_tree_keys(&value, 1, &swept[i]);
        if (i % 7 == 3)
            swept[i] = swept[i - 1];
    }
    qsort(swept, count, sizeof(*swept), rising);
}

static void a_sweep_has_the_bits_of_one_walk_a_sample(void)
{
    static erg_split trees[TREES][NODES];
    static const size_t counts[] = { 0, 1, 2, 97, 128, 129, 300 };
    test_random random = { 11 };
    erg_forest forest = forest_of(trees, &random);
    erg_flat_forest flat;
    erg_error err = { 0 };
    float row[FEATURES], sums[300];
    uint32_t keys[ERG_TREE_KEYS], swept[300];

    CHECK_OK(erg_forest_flatten(&forest, &flat, &err), err);
    for (size_t i = 0; i < ERG_COUNT(counts) * FEATURES; i++) {
        erg_flat_curve curve = { keys, swept, i % FEATURES, counts[i / FEATURES] };
        for (int j = 0; j < FEATURES; j++)
            row[j] = (float)test_normal(&random);
        erg_tree_row(row, FEATURES, keys);
        fill_curve(trees[TREES - 1], &random, swept, curve.count);
        CHECK_OK(erg_flat_sweep(&flat, &curve, sums, &err), err);
        for (size_t k = 0; k < curve.count; k++) {
            keys[curve.feature] = swept[k];
            float sum = erg_forest_sum(&forest, keys);
            CHECK(sums[k] == sum && signbit(sums[k]) == signbit(sum));
        }
    }
    erg_flat_free(&flat);
    erg_forest_free(&forest);
}

/* Of no trees it is the base; of leaves alone, theirs. */
static void a_sweep_of_leaves_asks_nothing(void)
{
    const erg_split leaf = { -1, -1, 0, 0, -0.0f };
    const uint32_t keys[1] = { 0 }, swept[3] = { 0, 5, 9 };
    erg_flat_curve curve = { keys, swept, 0, 3 };
    erg_forest forest = { .feature_count = 1, .base = -0.0f };
    erg_flat_forest flat;
    erg_error err = { 0 };
    float sums[3];

    for (int trees = 0; trees < 3; trees++) {
        CHECK_OK(erg_forest_flatten(&forest, &flat, &err), err);
        CHECK_OK(erg_flat_sweep(&flat, &curve, sums, &err), err);
        for (int i = 0; i < 3; i++)
            CHECK(sums[i] == 0 && signbit(sums[i]));
        erg_flat_free(&flat);
        CHECK_OK(erg_forest_add(&forest, &leaf, 1, &err), err);
    }
    erg_forest_free(&forest);
}

static void a_value_on_the_threshold_goes_right_and_a_missing_one_left(void)
{
    const erg_split stump[] = { { 2, 1, 0, 1.5f, 0 }, { -1, -1, 0, 0, 10 },
                                { -1, -1, 0, 0, -10 } };
    erg_forest forest = { .feature_count = 1 };

    CHECK(erg_forest_add(&forest, stump, 3, NULL));
    CHECK(sum_of(&forest, &(float){ 1.5f }) == 10);
    CHECK(sum_of(&forest, &(float){ 1.4999f }) == -10);
    CHECK(sum_of(&forest, &(float){ NAN }) == -10);
    CHECK(sum_of(&forest, &(float){ -INFINITY }) == -10);
    erg_forest_free(&forest);
}

static void no_trees_are_the_base_alone(void)
{
    erg_forest forest = { .feature_count = 1, .base = -0.75f };

    CHECK(sum_of(&forest, &(float){ 1 }) == -0.75f);
    erg_forest_free(&forest);
}

static void what_is_no_tree_is_refused(void)
{
    static const erg_split leaf = { -1, -1, 0, 0, 1 };
    const erg_split broken[][3] = {
        { { 1, 3, 0, 0, 0 }, leaf, leaf },          /* leads out */
        { { 1, 1, 0, 0, 0 }, leaf, leaf },          /* one child twice, one never */
        { { 1, 0, 0, 0, 0 }, leaf, leaf },          /* a ring */
        { { 1, 2, 2, 0, 0 }, leaf, leaf },          /* an unknown feature */
        { { 1, 2, 0, NAN, 0 }, leaf, leaf },
        { { 1, -1, 0, 0, 0 }, leaf, leaf },         /* one child */
        { { 1, 2, 0, 0, 0 }, leaf, { -1, -1, 0, 0, INFINITY } },
        { leaf, leaf, leaf },                       /* two nodes hang in the air */
    };

    for (size_t i = 0; i < ERG_COUNT(broken); i++) {
        erg_forest forest = { .feature_count = 2 };
        erg_error err = { 0 };
        CHECK(!erg_forest_add(&forest, broken[i], 3, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(forest.tree_count == 0);
        erg_forest_free(&forest);
    }
}

static void a_tree_too_deep_is_refused(void)
{
    erg_split splits[2 * ERG_TREE_DEPTH + 3];
    erg_forest forest = { .feature_count = 1 };

    for (int32_t i = 0; i <= ERG_TREE_DEPTH; i++) {
        splits[2 * i] = (erg_split){ 2 * i + 1, 2 * i + 2, 0, (float)i, 0 };
        splits[2 * i + 1] = splits[2 * i + 2] = (erg_split){ -1, -1, 0, 0, (float)i };
    }
    CHECK(!erg_forest_add(&forest, splits, ERG_COUNT(splits), NULL));
    splits[2 * ERG_TREE_DEPTH] = (erg_split){ -1, -1, 0, 0, 99 };
    CHECK(erg_forest_add(&forest, splits, ERG_COUNT(splits) - 2, NULL));
    CHECK(sum_of(&forest, &(float){ 1e9f }) == 99);
    erg_forest_free(&forest);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_sum_is_that_of_a_recursive_walk_to_the_last_bit),
        TEST(a_sweep_has_the_bits_of_one_walk_a_sample),
        TEST(a_sweep_of_leaves_asks_nothing),
        TEST(a_value_on_the_threshold_goes_right_and_a_missing_one_left),
        TEST(no_trees_are_the_base_alone),
        TEST(what_is_no_tree_is_refused),
        TEST(a_tree_too_deep_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
