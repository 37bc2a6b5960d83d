/* SPDX-License-Identifier: Apache-2.0 */
/* The lock of phases by delays alone: its closed forms, and groups that drift. */
#include "shape/lock.h"
#include "shape/policy.h"
#include "test.h"

#define PERIOD_S 2.0

/* Steps until the error is below 0.02 T for a group that begins that far off; drift: it is
 * faster by that share. *rest: its error at the end, of T. */
static int steps_to_lock(double error, double most, double drift, double *rest)
{
    double mark_s = PERIOD_S * (1 - error), error_s = error * PERIOD_S;
    int locked = 0;

    for (int k = 0; k < 2000; k++) {
        double delay_s = erg_lock_delay(mark_s, 0, 0, PERIOD_S, most * PERIOD_S);
        CHECK(delay_s >= 0 && delay_s <= most * PERIOD_S);
        error_s = fmod(2 * PERIOD_S - fmod(mark_s, PERIOD_S), PERIOD_S);
        if (error_s >= 0.02 * PERIOD_S && fmod(mark_s, PERIOD_S) >= 0.02 * PERIOD_S)
            locked = k + 2;
        mark_s += delay_s + PERIOD_S * (1 - drift);
    }
    *rest = error_s / PERIOD_S;
    return locked;
}

static void it_locks_in_as_many_steps_as_its_closed_form_says(void)
{
    static const struct {
        double error, steps;
    } known[] = { { 0.9, 35 }, { 0.5, 21 }, { 0.1, 8 } };

    for (size_t i = 0; i < ERG_COUNT(known); i++) {
        double rest, steps = erg_lock_steps(known[i].error, 0.03 * PERIOD_S, PERIOD_S);
        int took = steps_to_lock(known[i].error, 0.03, 0, &rest);
        print_message("# error %.1f T: %d steps, %.1f by the formula\n", known[i].error,
                      took, steps);
        CHECK(fabs(steps - known[i].steps) <= 1 && abs(took - (int)known[i].steps) <= 1);
    }
}

static void a_faster_group_rests_at_its_drift_over_the_gain(void)
{
    double rest;

    for (double drift = 0.0005; drift < 0.0035; drift += 0.0005) {
        CHECK(erg_lock_holds(drift, 0.03 * PERIOD_S, PERIOD_S));
        CHECK(steps_to_lock(0.5, 0.03, drift, &rest) < 40);
        CHECK_NEAR(rest, drift / 0.2, 1e-3 * drift);
    }
}

static void what_is_too_fast_or_slower_cannot_be_locked(void)
{
    double rest;

    CHECK(!erg_lock_holds(0.005, 1, PERIOD_S));             /* would rest at 0.025 T */
    CHECK(!erg_lock_holds(0.003, 0.002 * PERIOD_S, PERIOD_S));
    CHECK(!erg_lock_holds(-1e-6, 1, PERIOD_S));
    CHECK(steps_to_lock(0.5, 0.03, -0.001, &rest) > 1900);  /* off again and again */
}

static void a_period_is_the_median_of_its_steps(void)
{
    static const double times_s[ERG_LOCK_TIMES] = { 1, 9, 1.1, 0.9, 1, 1.2, 50, 0.8, 1 };

    CHECK(erg_lock_period(times_s, 9) == 1);
    CHECK(erg_lock_period(times_s, 2) == 5);
    CHECK(erg_lock_period(times_s, 1) == 1);
}

static void the_policy_brings_a_group_to_its_share_and_stops(void)
{
    erg_policy_chain chain;
    erg_error err = { 0 };
    erg_policy_state state = { 0 };
    double late_s = 0, wait_s = 0;
    int last = 0;

    CHECK_OK(erg_policy_parse("lock=4:30ms", 11, &chain, &err), err);
    erg_policy_setup setup = { .group = 3, .groups = 4 };
    memcpy(setup.values, chain.values[0], sizeof(setup.values));
    chain.policies[0]->start(&state, &setup);
    for (int k = 0; k < 200; k++) {
        erg_policy_out out = erg_policy_free();
        erg_policy_in in = { .step_begins = true, .period_s = NAN };
        chain.policies[0]->step(&state, &in, k ? 1 + wait_s : 0, &out);
        wait_s = out.wait_s;
        CHECK(wait_s >= 0 && wait_s <= 0.03 + 1e-12);
        late_s += wait_s;
        if (late_s < 0.73)
            last = k;
    }
    CHECK(fabs(late_s - 0.75) < 0.02 && last < 60);
    CHECK(!erg_policy_parse("lock=2.5:30ms", 13, &chain, &err)
          && strstr(err.text, "whole"));
}

int main(void)
{
    static const test tests[] = {
        TEST(it_locks_in_as_many_steps_as_its_closed_form_says),
        TEST(a_faster_group_rests_at_its_drift_over_the_gain),
        TEST(what_is_too_fast_or_slower_cannot_be_locked),
        TEST(a_period_is_the_median_of_its_steps),
        TEST(the_policy_brings_a_group_to_its_share_and_stops),
    };
    return test_run(tests, ERG_COUNT(tests));
}
