/* SPDX-License-Identifier: Apache-2.0 */
/* Trees by XGBoost: what it learns, and that our sum is its own to the last bit. */
#include "fit/boosted.h"
#include "test.h"

enum { ROWS = 3000, FEATURES = 5 };

static const erg_boost_options options = { .rounds = 20, .depth = 6, .threads = 1,
                                           .rate = 0.3,
    .row_share = 0.8, .feature_share = 0.8, .child_weight = 3 };

typedef struct lesson {
    float features[ROWS][FEATURES], targets[ROWS], own[ROWS];
    erg_forest forest;
} lesson;

/* y is a step and a product of features; skips without the library. */
static lesson *learn(void)
{
    lesson *of = calloc(1, sizeof(*of));
    test_random random = { 11 };
    erg_error err = { 0 };

    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < FEATURES; j++)
            of->features[i][j] = (float)test_normal(&random);
        of->targets[i] = (of->features[i][0] > 0.3f)
            + of->features[i][1] * of->features[i][2];
    }
    erg_boost_rows rows = { of->features[0], of->targets, ROWS, FEATURES, of->own };
    if (!erg_boost(&rows, &options, &of->forest, &err)) {
        free(of);
        if (err.code == ERG_UNSUPPORTED)
            SKIP(err.text);
        CHECK_TEXT(err.text, "");
    }
    return of;
}

static float sum_of(const erg_forest *forest, const float features[FEATURES])
{
    uint32_t keys[ERG_TREE_KEYS];

    erg_tree_row(features, FEATURES, keys);
    return erg_forest_sum(forest, keys);
}

static void our_sum_is_that_of_xgboost_to_the_last_bit(void)
{
    lesson *of = learn();

    for (int i = 0; i < ROWS; i++)
        CHECK(sum_of(&of->forest, of->features[i]) == of->own[i]);
    CHECK(of->forest.tree_count == 20);
    erg_forest_free(&of->forest);
    free(of);
}

static void it_learns_what_is_there(void)
{
    lesson *of = learn();
    double error = 0;

    for (int i = 0; i < ROWS; i++)
        error += fabs(sum_of(&of->forest, of->features[i]) - of->targets[i]) / ROWS;
    CHECK(error < 0.15);
    erg_forest_free(&of->forest);
    free(of);
}

static void no_rows_are_refused(void)
{
    erg_forest forest = { 0 };
    erg_error err = { 0 };

    CHECK(!erg_boost(&(erg_boost_rows){ .feature_count = 1 }, &options, &forest, &err));
    CHECK(err.text[0] != '\0');
}

int main(void)
{
    static const test tests[] = {
        TEST(our_sum_is_that_of_xgboost_to_the_last_bit),
        TEST(it_learns_what_is_there),
        TEST(no_rows_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
