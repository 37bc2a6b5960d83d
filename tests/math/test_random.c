/* SPDX-License-Identifier: Apache-2.0 */
/* splitmix64 against its published stream, and orders against those of the plan. */
#include "math/random.h"
#include "test.h"

static void the_stream_is_the_published_one(void)
{
    /* Vigna's splitmix64.c from state 1234567. */
    static const uint64_t wanted[] = { 6457827717110365317u, 3203168211198807973u,
                                       9817491932198370423u, 4593380528125082431u,
                                       16408922859458223821u };
    erg_random random = { 1234567 };

    for (size_t i = 0; i < ERG_COUNT(wanted); i++)
        CHECK(erg_random_next(&random) == wanted[i]);
}

static void orders_are_those_of_the_plan(void)
{
    static const struct { uint64_t start; size_t n, order[8]; } wanted[] = {
        { 1, 8, { 4, 3, 2, 7, 5, 6, 0, 1 } },
        { 2, 8, { 5, 2, 7, 4, 1, 3, 0, 6 } },
        { 42, 5, { 1, 2, 0, 4, 3 } },
    };

    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        erg_random random = { wanted[i].start };
        size_t order[8];
        erg_random_order(&random, order, wanted[i].n);
        for (size_t k = 0; k < wanted[i].n; k++)
            CHECK(order[k] == wanted[i].order[k]);
    }
}

static void draws_below_a_number_are_even(void)
{
    erg_random random = { 5 };
    size_t counts[7] = { 0 };

    for (int i = 0; i < 70000; i++)
        counts[erg_random_below(&random, 7)]++;
    for (size_t i = 0; i < 7; i++)
        CHECK_NEAR(counts[i], 10000, 400);  /* four sd */
    CHECK(erg_random_below(&random, 1) == 0 && erg_random_below(&random, 0) == 0);
    for (int i = 0; i < 100; i++)
        CHECK(erg_random_below(&random, (uint64_t)1 << 63) < (uint64_t)1 << 63);
}

static void normals_have_mean_0_and_sd_1(void)
{
    erg_random random = { 9 };
    double sum = 0, squares = 0;

    for (int i = 0; i < 40000; i++) {
        double z = erg_random_normal(&random);
        sum += z;
        squares += z * z;
    }
    CHECK_NEAR(sum / 40000, 0, 0.02);
    CHECK_NEAR(squares / 40000, 1, 0.03);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_stream_is_the_published_one),
        TEST(orders_are_those_of_the_plan),
        TEST(draws_below_a_number_are_even),
        TEST(normals_have_mean_0_and_sd_1),
    };
    return test_run(tests, ERG_COUNT(tests));
}
