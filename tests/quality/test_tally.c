/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap and retention: oracle 8 of the specification of quality, and their limits. */
#include "math/stats.h"
#include "quality/tally.h"
#include "test.h"

static void make(erg_tally *tally, const double values[], size_t count)
{
    *tally = (erg_tally){ 0 };
    CHECK(erg_tally_make(tally, count, 2, NULL));
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        tally->counts[2 * i] = values[i];
        tally->counts[2 * i + 1] = 1;
        tally->is_scored[i] = true;
    }
    tally->value = erg_tally_mean;
}

static const double base_values[] = { .8, .9, 1, .7 }, new_values[] = { .78, .9, .95, .7 };

static void retention_is_bounded_over_all_draws_of_few_items(void)
{
    erg_tally base, mine;
    erg_spread bounds;

    make(&base, base_values, 4);
    make(&mine, new_values, 4);
    double retention = erg_retention_of(ERG_RETAIN_HIGHER, erg_tally_value(&mine),
                                        erg_tally_value(&base));
    CHECK_NEAR(retention, .979412, 1e-6);
    CHECK(erg_retention_spread(ERG_RETAIN_HIGHER, &mine, &base, ERG_DRAWS, &bounds, NULL));
    CHECK_NEAR(bounds.low, .9611, 5e-5);
    CHECK(bounds.low >= 0.95 && bounds.low < 0.97 && bounds.high >= retention);
    erg_tally_free(&base);
    erg_tally_free(&mine);
}

static void every_rule_says_one_for_equals(void)
{
    static const struct { erg_retention_rule rule; double value, base, want; } rows[] = {
        { ERG_RETAIN_HIGHER, 30, 30, 1 },   { ERG_RETAIN_HIGHER, 33, 30, 1.1 },
        { ERG_RETAIN_LOWER, 5, 5, 1 },      { ERG_RETAIN_LOWER, 8, 4, 0.5 },
        { ERG_RETAIN_ERROR, .2, .2, 1 },    { ERG_RETAIN_ERROR, .6, .2, .5 },
        { ERG_RETAIN_ERROR, 1.5, .2, 0 },   { ERG_RETAIN_DISTANCE, 0, NAN, 1 },
        { ERG_RETAIN_DISTANCE, .25, NAN, .75 },
        { ERG_RETAIN_HIGHER, 1, 0, NAN },   { ERG_RETAIN_HIGHER, 1, -1, NAN },
        { ERG_RETAIN_HIGHER, NAN, 1, NAN }, { ERG_RETAIN_LOWER, -1e-4, 1e-3, NAN },
        { ERG_RETAIN_LOWER, 1e-3, 0, NAN }, { ERG_RETAIN_ERROR, .5, 1, NAN },
        { ERG_RETAIN_ERROR, NAN, .2, NAN }, { ERG_RETAIN_NONE, 1, 1, NAN },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        double got = erg_retention_of(rows[i].rule, rows[i].value, rows[i].base);
        if (isnan(rows[i].want))
            CHECK(isnan(got));
        else
            CHECK_NEAR(got, rows[i].want, 1e-12);
    }
}

static void an_item_that_one_side_lacks_counts_for_neither(void)
{
    static const double with_gap[] = { .8, .9, 1, .7, NAN };
    static const double without[] = { .78, .9, .95, .7, 100 };
    erg_tally base, mine;
    erg_spread bounds;

    make(&base, with_gap, 5);
    make(&mine, without, 5);
    CHECK(erg_retention_spread(ERG_RETAIN_HIGHER, &mine, &base, ERG_DRAWS, &bounds, NULL));
    CHECK_NEAR(bounds.low, .9611, 5e-5);
    erg_tally_free(&base);
    erg_tally_free(&mine);
}

static void one_item_has_no_interval(void)
{
    erg_tally one;
    erg_spread spread;
    bool too_long;

    make(&one, base_values, 1);
    CHECK(erg_tally_spread(&one, ERG_DRAWS, &spread, &too_long, NULL));
    CHECK(isnan(spread.low) && isnan(spread.high) && !too_long);
    erg_tally_free(&one);
}

/* A nominal 95 % interval of 40 normal values covers the mean about so often. */
static void intervals_cover_the_truth(void)
{
    test_random random = { 3 };
    double values[40];
    int covered = 0;

    for (int round = 0; round < 200; round++) {
        erg_tally tally;
        erg_spread spread;
        bool too_long;
        for (size_t i = 0; i < ERG_COUNT(values); i++)
            values[i] = 10 + test_normal(&random);
        make(&tally, values, ERG_COUNT(values));
        CHECK(erg_tally_spread(&tally, 400, &spread, &too_long, NULL));
        covered += spread.low <= 10 && 10 <= spread.high;
        erg_tally_free(&tally);
    }
    CHECK(covered >= 176 && covered <= 199);
}

/* Pairs cancel what both share: the bound is far tighter than either score's own. */
static void pairs_are_drawn_together(void)
{
    test_random random = { 5 };
    double first[60], second[60];
    erg_tally base, mine;
    erg_spread bounds, alone;
    bool too_long;

    for (size_t i = 0; i < 60; i++) {
        first[i] = 1 + 5 * test_uniform(&random);
        second[i] = 0.98 * first[i];
    }
    make(&base, first, 60);
    make(&mine, second, 60);
    CHECK(erg_retention_spread(ERG_RETAIN_HIGHER, &mine, &base, ERG_DRAWS, &bounds, NULL));
    CHECK(erg_tally_spread(&mine, ERG_DRAWS, &alone, &too_long, NULL));
    CHECK_NEAR(bounds.low, 0.98, 1e-9);
    CHECK_NEAR(bounds.high, 0.98, 1e-9);
    CHECK(alone.high - alone.low > 0.3);
    erg_tally_free(&base);
    erg_tally_free(&mine);
}

int main(void)
{
    static const test tests[] = {
        TEST(retention_is_bounded_over_all_draws_of_few_items),
        TEST(every_rule_says_one_for_equals),
        TEST(an_item_that_one_side_lacks_counts_for_neither),
        TEST(one_item_has_no_interval),
        TEST(intervals_cover_the_truth),
        TEST(pairs_are_drawn_together),
    };
    return test_run(tests, ERG_COUNT(tests));
}
