/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of launches on a GPU that is three lines of code: its bounds, the closed form of
 * the specification, and what it learns from a counter. */
#include "shape/launch_gate.h"
#include "test.h"

/* Launches one after the other, as one stream has them. */
typedef struct board {
    erg_launch_gate gate;
    double t_s, free_s, energy_j;   /* now; the last launch ends; drawn so far */
    double idle_w, told_s;
    erg_launch_item under_way[64];
    double begins_s[64], ends_s[64];
    size_t first, count;
} board;

static int64_t ns(double t_s) { return erg_ns_from_s(10 + t_s); }

static board board_of(erg_launch_budget budget, double idle_w)
{
    board is = { .idle_w = idle_w };

    erg_launch_gate_start(&is.gate, &budget);
    return is;
}

/* Time goes on to t_s: launches end, and the counter is read every 50 ms. */
static void go(board *is, double t_s, double watts, bool counts)
{
    while (is->t_s < t_s) {
        double next_s = fmin(t_s, is->told_s + 0.05);
        bool ends = is->count && is->ends_s[is->first] <= next_s;
        next_s = ends ? is->ends_s[is->first] : next_s;
        double busy_s = fmax(0, fmin(next_s, is->free_s) - is->t_s);
        is->energy_j += busy_s * watts + (next_s - is->t_s - busy_s) * is->idle_w;
        is->t_s = next_s;
        if (ends) {
            size_t at = is->first;
            is->first = (at + 1) % 64;
            is->count--;
            erg_launch_gate_done(&is->gate, ns(next_s), &is->under_way[at],
                                 is->ends_s[at] - is->begins_s[at]);
        }
        if (next_s >= is->told_s + 0.05) {
            is->told_s = next_s;
            if (counts)
                erg_launch_gate_counted(&is->gate, ns(next_s), is->energy_j);
        }
    }
}

/* One launch of so long at so many watts; at most deep under way. */
static void launch(board *is, uint64_t kind, double item_s, double watts, size_t deep,
                   bool counts)
{
    erg_launch_item item;
    double wait_s;

    while (is->count >= deep)
        go(is, is->ends_s[is->first], watts, counts);
    while ((wait_s = erg_launch_gate_admit(&is->gate, ns(is->t_s), kind, false, &item)) > 0)
        go(is, is->t_s + fmin(fmax(wait_s, 1e-7), 1e-3), watts, counts);
    size_t at = (is->first + is->count++) % 64;
    is->under_way[at] = item;
    is->begins_s[at] = fmax(is->t_s, is->free_s);
    is->ends_s[at] = is->free_s = is->begins_s[at] + item_s;
}

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
        TEST(a_budget_that_changes_halfway_is_two_closed_forms),
        TEST(a_grant_runs_out_to_the_fallback_and_comes_back),
        TEST(no_window_holds_more_than_what_was_granted_in_it),
        TEST(what_is_no_grant_changes_nothing),
        TEST(a_budget_that_bounds_nothing_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
