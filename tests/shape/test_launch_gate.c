/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of launches on a GPU that is three lines of code: its bounds, the closed form of
 * the specification, and what it learns from a counter. */
#include "shape/launch_board.h"

/* Spec 5.1: 1000 W for 0.75 s of 1 ms launches, 300 W for 0.25 s, R 850 W: 20 ms of bucket
 * stretch the second to 1.1736 s, a little more by the grain; 150 ms change nothing. */
static void a_load_is_slowed_as_the_closed_form_says(void)
{
    static const struct { double window_s, want_s; } rows[] = { { 0.02, 1.1736 },
                                                                { 0.15, 1.0 } };
    for (size_t r = 0; r < ERG_COUNT(rows); r++) {
        board is = board_of((erg_launch_budget){ .power_w = 850, .idle_w = 300,
                                                 .window_s = rows[r].window_s,
                                                 .busy_w = 1000 }, 300);
        double begin_s = 0;
        for (int step = 0; step < 20; step++) {
            if (step == 10)
                begin_s = is.t_s;
            for (int i = 0; i < 750; i++)
                launch(&is, 1, 1e-3, 1000, 1, false);
            go(&is, is.free_s + 0.25, 1000, false);
        }
        CHECK_NEAR((is.t_s - begin_s) / 10, rows[r].want_s, 0.003 * rows[r].want_s);
    }
}

/* By chance: what is admitted in any time tau is at most B + R tau, and one item larger
 * than B. */
static void no_window_holds_more_than_the_bucket_and_its_refill(void)
{
    enum { N = 400 };
    test_random random = { 5 };

    for (int world = 0; world < 40; world++) {
        erg_launch_budget budget = { .power_w = 100 + 800 * test_uniform(&random),
                                     .window_s = 0.05 * test_uniform(&random) + 1e-3,
                                     .busy_w = 1000 };
        board is = board_of(budget, 0);
        double at_s[N], energy_j[N], size_j = budget.power_w * budget.window_s;
        for (int i = 0; i < N; i++) {
            /* Kinds have been seen: of one that was not the time is a guess. */
            uint64_t kind = (uint64_t)(1 + 4 * test_uniform(&random));
            double item_s = 1e-3 * (double)(kind * kind);
            is.gate.last_s = item_s;
            launch(&is, kind, item_s, 1000, 64, false);
            at_s[i] = is.t_s;
            energy_j[i] = 1000 * item_s;
            if (test_uniform(&random) < 0.1)
                go(&is, is.t_s + 0.1 * test_uniform(&random), 1000, false);
        }
        for (int a = 0; a < N; a++) {
            double sum_j = 0;
            for (int b = a; b < N; b++) {
                sum_j += energy_j[b];
                CHECK(sum_j <= size_j + budget.power_w * (at_s[b] - at_s[a])
                                   + fmax(0, 16 - size_j) + 1e-6);
            }
        }
    }
}

static void a_launch_waits_as_long_as_was_said_and_no_longer(void)
{
    board is = board_of((erg_launch_budget){ .power_w = 500, .window_s = 0.01,
                                             .busy_w = 1000 }, 0);
    erg_launch_item item;
    launch(&is, 1, 4e-3, 1000, 1, false);
    go(&is, is.free_s, 1000, false);            /* 4 of 5 J are gone, 4 are needed */
    double wait_s = erg_launch_gate_admit(&is.gate, ns(is.t_s), 1, false, &item);
    CHECK_NEAR(wait_s, 3.0 / 500, 1e-6);
    CHECK(erg_launch_gate_admit(&is.gate, ns(is.t_s + 0.9 * wait_s), 1, false, &item) > 0);
    const int64_t then_ns = ns(is.t_s + wait_s + 1e-6);
    CHECK(erg_launch_gate_admit(&is.gate, then_ns, 1, false, &item) == 0);
    CHECK_NEAR(item.energy_j, 4, 1e-9);
    /* Who must go pays all the same. */
    double before_j = is.gate.bucket.tokens_j;
    CHECK(erg_launch_gate_admit(&is.gate, then_ns, 1, true, &item) == 0);
    CHECK_NEAR(is.gate.bucket.tokens_j, before_j - 4, 1e-6);
    /* What was not launched after all gets its joules back. */
    erg_launch_gate_done(&is.gate, then_ns, &item, 0);
    CHECK_NEAR(is.gate.bucket.tokens_j, before_j, 1e-6);
}

/* The table says four times too much, or a third; two kinds of unlike power. */
static void the_counter_holds_the_mean_however_wrong_the_table_is(void)
{
    static const double busy_w[] = { 300, 900, 3000 };

    for (size_t r = 0; r < ERG_COUNT(busy_w); r++) {
        board is = board_of((erg_launch_budget){ .power_w = 500, .window_s = 0.02,
                                                 .busy_w = busy_w[r] }, 100);
        double begin_j = 0;
        for (int i = 0; i < 40000; i++) {
            if (i == 20000)
                begin_j = is.energy_j - 500 * is.t_s;
            launch(&is, (uint64_t)(1 + i / 500 % 2), 1e-3, i / 500 % 2 ? 700 : 1000, 16,
                   true);
        }
        double over_w = (is.energy_j - 500 * is.t_s - begin_j) / 20;
        print_message("# busy=%g: %.1f W of 500, ratio %.3f\n", busy_w[r],
                      is.energy_j / is.t_s, is.gate.ratio);
        CHECK(fabs(over_w) < 10);
        CHECK_NEAR(is.energy_j / is.t_s, 500, 25);
        CHECK(is.gate.ratio >= 0.5 && is.gate.ratio <= 2);
    }
}

/* One launch fills a second: what the counter says before its end is no fault of the
 * table. */
static void a_long_launch_does_not_spoil_the_ratio(void)
{
    board is = board_of((erg_launch_budget){ .power_w = 800, .window_s = 0.02,
                                             .busy_w = 1000 }, 0);

    for (int i = 0; i < 30; i++)
        launch(&is, 1, 1, 1000, 2, true);
    CHECK_NEAR(is.gate.ratio, 1, 0.3);
    CHECK_NEAR(is.energy_j / is.t_s, 800, 40);
}

static void what_is_read_again_or_begins_anew_is_no_energy(void)
{
    board is = board_of((erg_launch_budget){ .power_w = 500, .window_s = 1,
                                             .busy_w = 1000 }, 0);
    erg_launch_gate_counted(&is.gate, ns(0), 1e6);
    erg_launch_gate_counted(&is.gate, ns(0.1), NAN);
    erg_launch_gate_counted(&is.gate, ns(0.2), 1e6);
    CHECK(is.gate.bucket.tokens_j == 500);
    erg_launch_gate_counted(&is.gate, ns(0.3), 1e6 + 100);
    CHECK_NEAR(is.gate.bucket.tokens_j, 400, 1e-9);
    erg_launch_gate_counted(&is.gate, ns(0.3), 50);      /* the driver was loaded again */
    CHECK_NEAR(is.gate.bucket.tokens_j, 400, 1e-9);
    /* A counter that jumps cannot shut the gate for good. */
    erg_launch_gate_counted(&is.gate, ns(0.4), 1e9);
    CHECK(is.gate.bucket.tokens_j >= -10 * 500);
}

static void watts_at_once_stay_within_the_slot_or_one_goes_alone(void)
{
    test_random random = { 9 };
    board is = board_of((erg_launch_budget){ .slot_w = 900, .busy_w = 400 }, 0);
    erg_launch_item items[8];
    size_t live = 0;

    for (int i = 0; i < 2000; i++) {
        if (live && test_uniform(&random) < 0.5) {
            size_t at = (size_t)((double)live * test_uniform(&random));
            erg_launch_gate_done(&is.gate, ns(1e-3 * i), &items[at], 1e-3);
            items[at] = items[--live];
        } else if (live < 8) {
            double wait_s =
                erg_launch_gate_admit(&is.gate, ns(1e-3 * i), 1, false, &items[live]);
            CHECK(live < 2 ? wait_s == 0 : isinf(wait_s));
            live += wait_s == 0;
        }
        CHECK(is.gate.semaphore.used_w <= 900);
        CHECK(live || is.gate.semaphore.used_w == 0);
    }
    is = board_of((erg_launch_budget){ .slot_w = 300, .busy_w = 400 }, 0);
    CHECK(erg_launch_gate_admit(&is.gate, ns(0), 1, false, &items[0]) == 0);
    CHECK(isinf(erg_launch_gate_admit(&is.gate, ns(0), 1, false, &items[1])));
}

/* More kinds than it has room for; a copy goes on as the first would, to the bit. */
static void many_kinds_are_forgotten_and_a_copy_is_as_good(void)
{
    board is = board_of((erg_launch_budget){ .power_w = 500, .window_s = 0.02,
                                             .busy_w = 1000 }, 50), copy;
    for (uint64_t i = 0; i < 5000; i++)
        launch(&is, i * 0x9e3779b97f4a7c15u, 1e-4, 900, 4, true);
    memcpy(&copy, &is, sizeof(is));
    for (uint64_t i = 0; i < 3000; i++) {
        launch(&is, i % 40, 2e-4, 800, 4, true);
        launch(&copy, i % 40, 2e-4, 800, 4, true);
        CHECK(is.t_s == copy.t_s && is.gate.ratio == copy.gate.ratio);
    }
    CHECK(memcmp(&is.gate, &copy.gate, sizeof(is.gate)) == 0);
}

static void a_budget_that_bounds_nothing_is_refused(void)
{
    static const erg_launch_budget rows[] = {
        { .window_s = 0.02 }, { .power_w = 500 }, { .power_w = -1, .window_s = 1 },
        { .power_w = 500, .window_s = 0.02, .idle_w = -3 },
        { .power_w = INFINITY, .window_s = 0.02 }, { .slot_w = NAN, .busy_w = 1 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!erg_launch_gate_new(&rows[i], &err) && err.code == ERG_BAD_INPUT);
    }
    erg_launch_gate *good = erg_launch_gate_new(&(erg_launch_budget){ .slot_w = 9 }, NULL);
    CHECK(good);
    erg_launch_gate_free(good);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_load_is_slowed_as_the_closed_form_says),
        TEST(no_window_holds_more_than_the_bucket_and_its_refill),
        TEST(a_launch_waits_as_long_as_was_said_and_no_longer),
        TEST(the_counter_holds_the_mean_however_wrong_the_table_is),
        TEST(a_long_launch_does_not_spoil_the_ratio),
        TEST(what_is_read_again_or_begins_anew_is_no_energy),
        TEST(watts_at_once_stay_within_the_slot_or_one_goes_alone),
        TEST(many_kinds_are_forgotten_and_a_copy_is_as_good),
        TEST(a_budget_that_bounds_nothing_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
