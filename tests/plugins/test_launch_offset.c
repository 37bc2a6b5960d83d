/* SPDX-License-Identifier: Apache-2.0 */
/* Delays of NCCL's collectives: alike on all ranks, spread over groups, within bounds. */
#include <string.h>
#include "test.h"
#include "launch/offset.h"

static const offset_config usual = { .stagger_s = 20e-3, .slack_s = INFINITY,
                                     .timeout_s = 600, .jitter.every = 1 };

static uint64_t key_of(int number)
{
    char id[128] = "";
    snprintf(id, sizeof(id), "unique id %d", number);
    return offset_key(id, sizeof(id));
}

static void who_has_the_same_id_has_the_same_delay(void)
{
    for (int i = 0; i < 100; i++)
        for (uint64_t call = 0; call < 10; call++)
            CHECK(offset_s(&usual, key_of(i), call) == offset_s(&usual, key_of(i), call));
    CHECK(key_of(1) != key_of(2));
    CHECK(offset_key_split(key_of(1), 0, 3) == offset_key_split(key_of(1), 0, 3));
    CHECK(offset_key_split(key_of(1), 0, 3) != offset_key_split(key_of(1), 1, 3));
    CHECK(offset_key_split(key_of(1), 0, 3) != offset_key_split(key_of(1), 0, 4));
    CHECK(offset_key_split(key_of(1), 0, 3) != offset_key_split(key_of(2), 0, 3));
}

/* Uniform: mean T/2 and variance T^2/12, to four of their standard errors. */
static void many_communicators_fill_the_stagger_evenly(void)
{
    enum { N = 4000 };
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        double x = offset_s(&usual, offset_key_split(key_of(7), 0, i), 0) / usual.stagger_s;
        CHECK(x >= 0 && x < 1);
        sum += x;
        squares += (x - 0.5) * (x - 0.5);
    }
    CHECK_NEAR(sum / N, 0.5, 4 * sqrt(1.0 / 12 / N));
    CHECK_NEAR(squares / N, 1.0 / 12, 4 * sqrt(1.0 / 180 / N));
}

static void no_delay_is_above_the_slack_or_a_hundredth_of_the_timeout(void)
{
    offset_config tight = usual, hasty = usual;
    tight.slack_s = 3e-3;
    hasty.timeout_s = 0.5;
    for (int i = 0; i < 1000; i++) {
        double free_s = offset_s(&usual, key_of(i), 0);
        CHECK(offset_s(&tight, key_of(i), 0) == fmin(free_s, 3e-3));
        CHECK(offset_s(&hasty, key_of(i), 0) == fmin(free_s, 5e-3));
    }
    tight.slack_s = 0;
    CHECK(offset_s(&tight, key_of(1), 0) == 0);
}

static void only_the_first_collective_of_a_step_is_delayed(void)
{
    offset_config stepped = usual;
    stepped.jitter.every = 5;
    for (uint64_t call = 0; call < 50; call++) {
        double want_s = call % 5 ? 0 : offset_s(&usual, key_of(9), 0);
        CHECK(offset_s(&stepped, key_of(9), call) == want_s);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(who_has_the_same_id_has_the_same_delay),
        TEST(many_communicators_fill_the_stagger_evenly),
        TEST(no_delay_is_above_the_slack_or_a_hundredth_of_the_timeout),
        TEST(only_the_first_collective_of_a_step_is_delayed),
    };
    return test_run(tests, ERG_COUNT(tests));
}
