/* SPDX-License-Identifier: Apache-2.0 */
/* Delays by chance that all ranks share: even, bounded, alike for who knows the same. */
#include "test.h"
#include "chance.h"

static const chance_jitter usual = { 10e-3, 50e-3, 7, 1 };

/* Mean (a+b)/2 and variance w^2/12 to four of their standard errors; neighbours in step
 * and in group do not go together. */
static void delays_are_even_between_their_bounds(void)
{
    enum { N = 20000 };
    double sum = 0, squares = 0, steps = 0, groups = 0;

    for (uint64_t i = 0; i < N; i++) {
        double x = (chance_jitter_s(&usual, 3, i) - 10e-3) / 40e-3;
        double next = (chance_jitter_s(&usual, 3, i + 1) - 10e-3) / 40e-3;
        double beside = (chance_jitter_s(&usual, 4, i) - 10e-3) / 40e-3;
        CHECK(x >= 0 && x < 1);
        sum += x;
        squares += (x - 0.5) * (x - 0.5);
        steps += (x - 0.5) * (next - 0.5);
        groups += (x - 0.5) * (beside - 0.5);
    }
    CHECK_NEAR(sum / N, 0.5, 4 * sqrt(1.0 / 12 / N));
    CHECK_NEAR(squares / N, 1.0 / 12, 4 * sqrt(1.0 / 180 / N));
    CHECK_NEAR(steps / N, 0, 4 / 12.0 / sqrt(N));
    CHECK_NEAR(groups / N, 0, 4 / 12.0 / sqrt(N));
}

static void the_same_is_delayed_alike_and_another_job_is_not(void)
{
    chance_jitter mine = usual, theirs = usual;
    mine.key = chance_job_key(7, "4711");
    theirs.key = chance_job_key(7, "4712");
    CHECK(mine.key == chance_job_key(7, "4711") && mine.key != theirs.key);
    CHECK(mine.key < 9.1e15 && mine.key >= 0 && mine.key == floor(mine.key));
    CHECK(chance_job_key(7, NULL) == 7 && chance_job_key(8, "4711") != mine.key);
    for (uint64_t i = 0; i < 100; i++) {
        CHECK(chance_jitter_s(&mine, 3, i) == chance_jitter_s(&mine, 3, i));
        CHECK(chance_jitter_s(&mine, 3, i) != chance_jitter_s(&theirs, 3, i));
    }
}

static void only_the_first_of_a_step_is_delayed(void)
{
    chance_jitter stepped = usual;
    stepped.every = 12;
    for (uint64_t i = 0; i < 120; i++)
        CHECK((chance_jitter_s(&stepped, 3, i) > 0) == (i % 12 == 0));
    CHECK(chance_jitter_s(&stepped, 3, 12) == chance_jitter_s(&usual, 3, 1));
}

static void without_a_wish_none_is_and_a_wrong_one_is_refused(void)
{
    static const chance_jitter none = { .every = 1 }, wrong = { 5e-3, 1e-3, 0, 1 };
    erg_error err = { 0 };
    CHECK(chance_jitter_s(&none, 3, 0) == 0 && chance_jitter_check(&none, "X", &err));
    CHECK(!chance_jitter_check(&wrong, "ERG_MPI", &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "ERG_MPI: jitter_from"));
}

int main(void)
{
    static const test tests[] = {
        TEST(delays_are_even_between_their_bounds),
        TEST(the_same_is_delayed_alike_and_another_job_is_not),
        TEST(only_the_first_of_a_step_is_delayed),
        TEST(without_a_wish_none_is_and_a_wrong_one_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
