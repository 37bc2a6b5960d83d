/* SPDX-License-Identifier: Apache-2.0 */
/* Fronts against the definition itself, tried on sets full of ties. */
#include "decide/decide.h"
#include "math/order.h"
#include "test.h"

static void the_fronts_of_the_specification_come_out(void)
{
    static const double two[] = { 1, 10, 2, 6, 2.5, 6.5, 3, 5, 4, 4, 4, 4 };
    static const double three[] = { 1, 3, 2, 2, 1, 3, 3, 2, 1 };
    static const bool wanted[] = { true, true, false, true, true, false };
    bool keep[6];
    double volume;
    erg_error err = { 0 };

    CHECK_OK(erg_pareto(two, 6, 2, keep, &err), err);
    CHECK(memcmp(keep, wanted, sizeof(wanted)) == 0);
    CHECK_OK(erg_hypervolume(two, 6, 2, (double[]){ 5, 12 }, &volume, &err), err);
    CHECK_NEAR(volume, 23, 1e-12);
    CHECK_OK(erg_pareto(three, 3, 3, keep, &err), err);
    CHECK(keep[0] && keep[1] && keep[2]);
    CHECK_OK(erg_hypervolume(three, 3, 3, (double[]){ 4, 4, 4 }, &volume, &err), err);
    CHECK_NEAR(volume, 13, 1e-12);
}

static bool is_beaten(const double *values, size_t rows, size_t dims, size_t one)
{
    for (size_t i = 0; i < rows; i++) {
        bool no_worse = true, better = false;
        for (size_t d = 0; d < dims; d++) {
            no_worse &= values[dims * i + d] <= values[dims * one + d];
            better |= values[dims * i + d] < values[dims * one + d];
        }
        if (no_worse && (better || i < one))
            return true;
    }
    return false;
}

/* Cells of the unit grid that some row commands: the figures are whole numbers. */
static double counted_volume(const double *values, size_t rows, size_t dims, int most)
{
    double volume = 0;

    for (int x = 0; x < most; x++)
        for (int y = 0; y < most; y++)
            for (int z = 0; z < (dims == 3 ? most : 1); z++) {
                bool held = false;
                for (size_t i = 0; i < rows; i++) {
                    const double *row = values + dims * i;
                    held |= row[0] <= x && row[1] <= y && (dims == 2 || row[2] <= z);
                }
                volume += held;
            }
    return volume;
}

static void fronts_and_rooms_agree_with_their_definition(void)
{
    test_random random = { 12 };
    double values[3 * 320];
    bool keep[320];

    for (int round = 0; round < 300; round++) {
        size_t dims = 2 + (size_t)(round % 2),
               rows = (size_t)(1 + test_uniform(&random) * 60);
        int levels = 2 + round % 9;
        if (round % 50 < 2)
            rows = 320;         /* beyond what is sorted by insertion */
        for (size_t i = 0; i < dims * rows; i++)
            values[i] = floor(test_uniform(&random) * levels);
        CHECK(erg_pareto(values, rows, dims, keep, NULL));
        for (size_t i = 0; i < rows; i++)
            CHECK(keep[i] == !is_beaten(values, rows, dims, i));
        double volume, reference[] = { levels, levels, levels };
        CHECK(erg_hypervolume(values, rows, dims, reference, &volume, NULL));
        CHECK_NEAR(volume, counted_volume(values, rows, dims, levels), 1e-9);
    }
}

static void what_is_not_a_number_is_never_on_a_front(void)
{
    double values[] = { NAN, 1, 2, 2, 1, NAN, INFINITY, 1, -0.0, 3, 0.0, 3, -4, 4 };
    bool keep[7];

    CHECK(erg_pareto(values, 7, 2, keep, NULL));
    CHECK(!keep[0] && keep[1] && !keep[2] && keep[3] && keep[4] && !keep[5] && keep[6]);
    CHECK(erg_pareto(NULL, 0, 2, keep, NULL));
    erg_error err = { 0 };
    CHECK(!erg_pareto(values, 3, 4, keep, &err) && err.code == ERG_UNSUPPORTED);
}

static void orders_hold_what_is_equal_in_its_place(void)
{
    enum { MANY = 5000 };
    test_random random = { 3 };
    static double values[MANY];
    static size_t order[MANY];

    for (size_t i = 0; i < MANY; i++) {
        values[i] = floor(test_normal(&random) * 20);
        values[i] = i % 97 == 0 ? NAN : i % 89 == 0 ? -values[i] * 1e300 : values[i];
        order[i] = i;
    }
    CHECK(erg_order(values, 1, order, MANY));
    for (size_t i = 1; i < MANY; i++) {
        double a = values[order[i - 1]], b = values[order[i]];
        CHECK(isnan(b) || a <= b);
        CHECK(!((isnan(a) && isnan(b)) || a == b) || order[i - 1] < order[i]);
    }
}

static void the_knee_is_where_the_front_bends(void)
{
    double values[] = { 1, 100, 1.1, 20, 4, 15, 10, 10, 20, 500 };
    bool keep[] = { true, true, true, true, false },
         two[] = { true, false, false, true, false };

    CHECK(erg_pareto_knee(values, 5, keep) == 1);
    CHECK(erg_pareto_knee(values, 5, two) == ERG_NO_OPTION);
}

static void two_settings_in_turn_meet_a_deadline(void)
{
    double values[] = { 1, 10, 2, 6, 1.4, 9.9, 3, 5.9, 0.9, NAN };
    erg_mix mix;

    CHECK(erg_mix_for(values, 5, 1.5, &mix));
    CHECK(mix.a == 0 && mix.b == 1);
    CHECK_NEAR(mix.share, 0.5, 1e-12);
    CHECK_NEAR(mix.energy_j, 8, 1e-12);
    CHECK(erg_mix_for(values, 5, 1, &mix) && mix.a == 0);
    CHECK_NEAR(mix.energy_j, 10, 1e-12);
    CHECK(erg_mix_for(values, 5, 50, &mix) && mix.a == 3 && mix.b == 3);
    CHECK_NEAR(mix.time_s, 3, 1e-12);
    CHECK(!erg_mix_for(values, 5, 0.95, &mix) && !erg_mix_for(values, 0, 1, &mix));
}

/* No mix of any two rows is better: tried for all pairs. */
static void no_other_pair_does_better(void)
{
    test_random random = { 8 };

    for (int round = 0; round < 300; round++) {
        double values[24], least = INFINITY;
        erg_mix mix;
        for (size_t i = 0; i < 24; i++)
            values[i] = 1 + floor(test_uniform(&random) * 12);
        double deadline = 1 + 12 * test_uniform(&random);
        for (size_t a = 0; a < 12; a++)
            for (size_t b = 0; b < 12; b++) {
                double at = values[2 * a], bt = values[2 * b];
                double share = bt > deadline ? (bt - deadline) / (bt - at) : 0;
                if (at <= deadline)
                    least = fmin(least, share * values[2 * a + 1]
                                            + (1 - share) * values[2 * b + 1]);
            }
        CHECK(erg_mix_for(values, 12, deadline, &mix) == isfinite(least));
        if (isfinite(least))
            CHECK_NEAR(mix.energy_j, least, 1e-9);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_fronts_of_the_specification_come_out),
        TEST(fronts_and_rooms_agree_with_their_definition),
        TEST(what_is_not_a_number_is_never_on_a_front),
        TEST(orders_hold_what_is_equal_in_its_place),
        TEST(the_knee_is_where_the_front_bends),
        TEST(two_settings_in_turn_meet_a_deadline),
        TEST(no_other_pair_does_better),
    };
    return test_run(tests, ERG_COUNT(tests));
}
