/* SPDX-License-Identifier: Apache-2.0 */
/* A gate of launches whose budget changes while it runs, ends, or loses its counter. */
#include "shape/launch_board.h"

/* Launches without an end of 1 ms at 1000 W, idle 100 W, for so long: how many. */
static int launches_until(board *is, double t_s)
{
    int count = 0;

    while (is->t_s < t_s) {
        launch(is, 1, 1e-3, 1000, 1, false);
        count += is->t_s < t_s;
    }
    return count;
}

/* Joules a second of what was launched, and of idling, until t_s. */
static double mean_w(board *is, double t_s, bool counts)
{
    double begin_s = is->t_s, begin_j = is->energy_j;

    while (is->t_s < t_s)
        launch(is, 1, 1e-3, 1000, 1, counts);
    return (is->energy_j - begin_j) / (is->t_s - begin_s);
}

/* Under R a launch of 1 ms at 1000 W and idling at 100 W leave (R - 100)/900 of the time to
 * launches. Half of the time under 700 W, half under 250 W: the change is in force at once,
 * whether it comes down or goes up, and the bucket brings at most one B. */
static void a_budget_that_changes_halfway_is_two_closed_forms(void)
{
    static const struct { double first_w, then_w; } rows[] = {
        { 700, 250 }, { 250, 700 }, { 400, 400 }, { 250, 2000 },
    };
    for (size_t r = 0; r < ERG_COUNT(rows); r++) {
        board is = board_of((erg_launch_budget){ .power_w = rows[r].first_w,
                                                 .idle_w = 100, .busy_w = 1000,
                                                 .window_s = 0.02 }, 100);
        const double watts[] = { rows[r].first_w, rows[r].then_w };
        for (int half = 0; half < 2; half++) {
            double share = fmin(1, (watts[half] - 100) / 900), burst_j = 0.02 * watts[half];
            if (half)
                erg_launch_gate_grant(&is.gate, ns(is.t_s), watts[1], ns(100));
            double begin_s = is.t_s;
            int count = launches_until(&is, begin_s + 10);
            CHECK_NEAR(count, 1e3 * share * (is.t_s - begin_s), 2 + burst_j / 0.9);
        }
    }
}

/* A grant that nobody renews ends at its moment, though nobody looks then; the next one
 * raises it again. */
static void a_grant_runs_out_to_the_fallback_and_comes_back(void)
{
    board is = board_of((erg_launch_budget){ .power_w = 700, .fallback_w = 190,
                                             .idle_w = 100, .busy_w = 1000,
                                             .window_s = 0.02 }, 100);
    static const struct { double until_s, share; } rows[] = {
        { 4, 600 / 900. },          /* as it began: it has no end */
        { 8, 300 / 900. },          /* 400 W, granted to 8 s and renewed to 10 s */
        { 10, 300 / 900. }, { 20, 90 / 900. }, { 24, 700 / 900. },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        double begin_s = is.t_s;
        if (i == 1)
            erg_launch_gate_grant(&is.gate, ns(is.t_s), 400, ns(9));
        if (i == 2)
            erg_launch_gate_grant(&is.gate, ns(is.t_s), 400, ns(10));
        if (i == 4)
            erg_launch_gate_grant(&is.gate, ns(is.t_s), 800, ns(30));
        int count = launches_until(&is, rows[i].until_s);
        CHECK_NEAR(count, 1e3 * rows[i].share * (is.t_s - begin_s), 18);
    }
    /* Nothing was launched over the end: what flowed in before it is of the old rate. */
    board late = board_of((erg_launch_budget){ .power_w = 700, .fallback_w = 100,
                                               .busy_w = 1000, .window_s = 10 }, 0);
    erg_launch_item item;
    CHECK(erg_launch_gate_admit(&late.gate, ns(0), 1, true, &item) == 0);
    late.gate.bucket.tokens_j = 0;
    erg_launch_gate_grant(&late.gate, ns(0), 500, ns(1));
    erg_launch_gate_counted(&late.gate, ns(3), NAN);
    CHECK_NEAR(late.gate.bucket.tokens_j, 500 * 1 + 100 * 2, 1e-6);
}

/* By chance: what is admitted in any time is at most what flowed in, one bucket of the
 * largest and one launch; a launch that could be paid is never held up. */
static void no_window_holds_more_than_what_was_granted_in_it(void)
{
    enum { N = 600 };
    test_random random = { 21 };

    for (int world = 0; world < 20; world++) {
        board is = board_of((erg_launch_budget){ .power_w = 500, .fallback_w = 150,
                                                 .busy_w = 1000, .window_s = 0.03 }, 0);
        double at_s[N], flown_j[N], most_w = 500, in_j = 0, seen_s = 0, until_s = INFINITY;
        double rate_w = 500;
        is.gate.last_s = 2e-3;      /* the kind has been seen */
        for (int i = 0; i < N; i++) {
            launch(&is, 1, 2e-3, 1000, 64, false);
            double first_s = fmax(seen_s, fmin(until_s, is.t_s));
            in_j += rate_w * (first_s - seen_s) + 150 * (is.t_s - first_s);
            rate_w = is.t_s >= until_s ? 150 : rate_w;
            seen_s = at_s[i] = is.t_s;
            flown_j[i] = in_j;
            if (test_uniform(&random) < 0.05) {
                rate_w = 150 + 700 * test_uniform(&random);
                until_s = is.t_s + 0.2 * test_uniform(&random);
                most_w = fmax(most_w, rate_w);
                erg_launch_gate_grant(&is.gate, ns(is.t_s), rate_w, ns(until_s));
            }
        }
        for (int a = 0; a < N; a++)
            for (int b = a; b < N; b++)
                CHECK(2 * (b - a) <= 0.03 * most_w + flown_j[b] - flown_j[a] + 1e-3);
        CHECK(at_s[N - 1] > 0);
    }
}

/* Under 500 W a launch of 1 J has learned to cost 1.125 J, an eighth of it idling. Once the
 * counter is silent and 200 W are left, there are 8 ms of idling for each: without what the
 * GPU rests at 260 W are drawn. */
static void idling_is_in_the_fallback_of_a_counter_that_falls_silent(void)
{
    static const struct { double rest_w; bool at_rest; double fallback_w, low_w, high_w;
    } rows[] = {
        { NAN, true, 200, 235, 270 },   /* not known: what launches have learned alone */
        { 100, true, 200, 190, 204 }, { 100, true, 150, 144, 153 },
        { 100, true, 400, 390, 406 },
        { 60, true, 200, 204, 240 },    /* less than it is: between the two */
        /* Never seen alone: at most half of the fallback is for idling. */
        { 490, false, 200, 190, 204 }, { 490, false, 400, 350, 385 },
        { 490, false, 150, 155, 182 }, { 60, false, 200, 204, 240 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        board is = board_of((erg_launch_budget){ .power_w = 500, .busy_w = 1000,
                                                 .fallback_w = rows[i].fallback_w,
                                                 .window_s = 0.02 }, 100);
        erg_launch_gate_rests(&is.gate, ns(0), rows[i].rest_w, rows[i].at_rest);
        CHECK_NEAR(mean_w(&is, 20, true), 500, 10);
        erg_launch_gate_grant(&is.gate, ns(is.t_s), 500, ns(is.t_s + 1e-3));
        mean_w(&is, is.t_s + 2, false);
        double seen_w = mean_w(&is, is.t_s + 20, false);
        print_message("# rest=%g: %.1f W of %g\n", rows[i].rest_w, seen_w,
                      rows[i].fallback_w);
        CHECK(seen_w > rows[i].low_w && seen_w < rows[i].high_w);
        /* It counts again, and what was drawn meanwhile is settled. */
        erg_launch_gate_grant(&is.gate, ns(is.t_s), 500, ns(1e6));
        mean_w(&is, is.t_s + 5, true);
        CHECK_NEAR(mean_w(&is, is.t_s + 20, true), 500, 10);
    }
}

/* What idles at more than it may draw waits for no launch: a finite time is said. */
static void a_board_that_rests_above_its_budget_is_asked_again(void)
{
    board is = board_of((erg_launch_budget){ .power_w = 500, .busy_w = 1000,
                                             .fallback_w = 80, .window_s = 0.02 }, 100);
    erg_launch_item item;

    erg_launch_gate_rests(&is.gate, ns(0), 100, true);
    mean_w(&is, 2, true);
    go(&is, is.free_s, 1000, true);
    erg_launch_gate_grant(&is.gate, ns(is.t_s), 500, ns(is.t_s + 1e-3));
    go(&is, is.t_s + 5, 1000, false);
    double wait_s = erg_launch_gate_admit(&is.gate, ns(is.t_s), 1, false, &item);
    CHECK(wait_s > 1 && isfinite(wait_s));
    CHECK(erg_launch_gate_admit(&is.gate, ns(is.t_s), 1, true, &item) == 0);
}

/* A daemon that began in the middle of a job has only seen 490 W: more than the fallback,
 * so that no launch would ever be paid. Half of the fallback is left to launches; what the
 * board draws then is at most half above it. */
static void a_board_that_was_never_seen_at_rest_goes_on_launching(void)
{
    static const double fallback_w[] = { 200, 120, 80 };

    for (size_t i = 0; i < ERG_COUNT(fallback_w); i++) {
        board is = board_of((erg_launch_budget){ .power_w = 500, .busy_w = 1000,
                                                 .fallback_w = fallback_w[i],
                                                 .window_s = 0.02 }, 100);
        erg_launch_gate_rests(&is.gate, ns(0), 490, false);
        mean_w(&is, 20, true);
        erg_launch_gate_grant(&is.gate, ns(is.t_s), 500, ns(is.t_s + 1e-3));
        mean_w(&is, is.t_s + 2, false);
        double begin_s = is.t_s, begin_j = is.energy_j;
        int count = launches_until(&is, begin_s + 10);
        double seen_w = (is.energy_j - begin_j) / (is.t_s - begin_s);
        print_message("# %g W: %d launches in 10 s, %.1f W\n", fallback_w[i], count,
                      seen_w);
        CHECK(count > 200);
        CHECK(seen_w < 1.5 * fmax(fallback_w[i], 100));
    }
}

static void what_is_no_grant_changes_nothing(void)
{
    static const double bad[] = { 0, -5, NAN, INFINITY };
    board is = board_of((erg_launch_budget){ .power_w = 500, .window_s = 0.02 }, 0);
    board slot = board_of((erg_launch_budget){ .slot_w = 500, .busy_w = 400 }, 0);

    for (size_t i = 0; i < ERG_COUNT(bad); i++)
        erg_launch_gate_grant(&is.gate, ns(1), bad[i], ns(2));
    CHECK(is.gate.bucket.rate_w == 500 && is.gate.until_ns == 0);
    erg_launch_gate_grant(&slot.gate, ns(1), 100, ns(2));
    CHECK(isinf(slot.gate.bucket.rate_w));
    /* One whose time is over when it comes is the fallback: here what it began with. */
    erg_launch_gate_grant(&is.gate, ns(5), 900, ns(4));
    CHECK(is.gate.bucket.rate_w == 500 && is.gate.until_ns == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_budget_that_changes_halfway_is_two_closed_forms),
        TEST(a_grant_runs_out_to_the_fallback_and_comes_back),
        TEST(no_window_holds_more_than_what_was_granted_in_it),
        TEST(idling_is_in_the_fallback_of_a_counter_that_falls_silent),
        TEST(a_board_that_rests_above_its_budget_is_asked_again),
        TEST(a_board_that_was_never_seen_at_rest_goes_on_launching),
        TEST(what_is_no_grant_changes_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
