/* SPDX-License-Identifier: Apache-2.0 */
/* Timing of kernels by an engine whose times are known, on a clock that is set by hand. */
#include "replay_fake.h"

/* ---- tests --------------------------------------------------------------------------- */

static void launches_near_the_floor_are_no_kernel_times(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 20 } };

    append(plan, kernel_of(ERG_OP_RELU, "one", 1000));
    append(plan, kernel_of(ERG_OP_RELU, "five", 5000));
    append(plan, kernel_of(ERG_OP_RELU, "twenty", 20000));
    play(&p, plan);
    CHECK_NEAR(p.bench.empty_s, 4e-6, 1e-9);
    CHECK(timing_of(&p, "one", ERG_STATE_HOT)->launch_bound);
    CHECK(timing_of(&p, "five", ERG_STATE_HOT)->launch_bound);
    CHECK(!timing_of(&p, "twenty", ERG_STATE_HOT)->launch_bound);
    CHECK_NEAR(timing_of(&p, "twenty", ERG_STATE_HOT)->time_s, 20e-6, 1e-9);
    end(&p);
    erg_replay_plan_free(plan);
}

static void runs_follow_a_rule_in_seconds(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 20 } };

    append(plan, kernel_of(ERG_OP_RELU, "short", 10000));
    append(plan, kernel_of(ERG_OP_RELU, "long", 50000000));
    play(&p, plan);
    const erg_kernel_timing *brief = timing_of(&p, "short", ERG_STATE_HOT);
    const erg_kernel_timing *slow = timing_of(&p, "long", ERG_STATE_HOT);
    CHECK_NEAR(brief->runs_requested, 20000, 1);        /* 0.2 s */
    CHECK(brief->runs_executed >= brief->runs_requested);
    CHECK_NEAR(slow->runs_requested, 20, 0);
    /* The window holds the runs, and nothing else. */
    CHECK_NEAR(erg_s_from_ns(slow->span.end_ns - slow->span.begin_ns),
               slow->runs_executed * slow->time_s, 1e-6);
    CHECK_NEAR(erg_s_from_ns(brief->span.end_ns - brief->span.begin_ns),
               brief->runs_executed * brief->time_s, 1e-6);
    end(&p);
    erg_replay_plan_free(plan);
}

/* Worst distance from the true ratio to the first; of times as measured or as corrected. */
static double worst(const played *p, bool is_raw)
{
    double most = 0, least = INFINITY;

    for (size_t i = 0; i < p->bench.replay->kernel_count; i++) {
        const erg_kernel_timing *row = &p->bench.replay->kernels[i];
        double window_s = erg_s_from_ns(row->span.end_ns - row->span.begin_ns);
        double time_s = is_raw ? window_s / row->runs_executed : row->time_s;
        double ratio = time_s / (1e-9 * (double)p->bench.stage->plan->kernels[row->kernel]
                                            .signature.tensors[0].dims[0]);

        most = fmax(most, ratio);
        least = fmin(least, ratio);
    }
    return most / least - 1;
}

static void a_drift_of_four_percent_is_removed(void)
{
    erg_replay_plan *plan = many();
    played p = { .options = { .runs = 20, .no_whole = true } };

    machine_drifts = true;
    play(&p, plan);
    machine_drifts = false;
    CHECK(erg_s_from_ns(clock_of_all.now_ns) > 0.8 * session_s);
    CHECK(worst(&p, true) > 0.02);
    CHECK(worst(&p, false) < 0.005);
    end(&p);
    erg_replay_plan_free(plan);
}

static void the_order_of_kernels_changes_nothing(void)
{
    erg_replay_plan *plan = many();
    played a = { .options = { .runs = 20, .seed = 1, .no_whole = true } };
    played b = { .options = { .runs = 20, .seed = 2, .no_whole = true } };
    size_t moved = 0;

    machine_drifts = true;
    play(&a, plan);
    play(&b, plan);
    machine_drifts = false;
    CHECK(a.bench.replay->kernel_count == b.bench.replay->kernel_count);
    for (size_t i = 0; i < a.bench.replay->kernel_count; i++) {
        const erg_kernel_timing *row = &a.bench.replay->kernels[i];
        const erg_kernel_timing *other = timing_of(&b, row->name, row->state);

        moved += strcmp(row->name, b.bench.replay->kernels[i].name) != 0;
        CHECK_NEAR(other->time_s / row->time_s, 1, 0.005);
    }
    CHECK(moved > 10);
    end(&a);
    end(&b);
    erg_replay_plan_free(plan);
}

static void the_whole_is_the_sum_where_launches_only_follow_each_other(void)
{
    erg_replay_plan *plan = many();
    played p = { .options = { .runs = 20 } };
    double sum_s = 0;

    play(&p, plan);
    for (size_t i = 0; i < p.bench.replay->kernel_count; i++)
        if (p.bench.replay->kernels[i].state == ERG_STATE_HOT)
            sum_s += p.bench.replay->kernels[i].count * p.bench.replay->kernels[i].time_s;
    CHECK_NEAR(p.bench.replay->whole.time_s / sum_s, 1, 1e-4);
    CHECK(p.bench.replay->whole.runs >= 20);
    CHECK_NEAR(p.bench.replay->whole.traced_s / sum_s, 1, 1e-4);
    CHECK_NEAR(p.bench.replay->whole.traced_share, 1, 1e-9);
    end(&p);
    erg_replay_plan_free(plan);
}

static double half_width_of(const erg_kernel_timing *row)
{
    return 0.5 * (row->high_s - row->low_s) / row->time_s;
}

/* Ten kernels stand and are done at the first look; two scatter by a twentieth, and need
 * 15 s each for 1 %. All have 4 s, so that the others leave it to them. */
static void what_quick_kernels_leave_goes_to_those_that_scatter(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 20, .most_s = 4, .no_whole = true,
                              .no_cold = true } };
    char name[16];

    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "kernel%d", i);
        append(plan, kernel_of(ERG_OP_RELU, name, 20000 + 7000 * i + (i < 2)));
    }
    scatter = 0.05;
    play(&p, plan);
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "kernel%d", i);
        const erg_kernel_timing *row = timing_of(&p, name, ERG_STATE_HOT);
        CHECK(half_width_of(row) <= 0.01);
        CHECK_NEAR(row->time_s / (1e-9 * (20000 + 7000 * i + 1)), 1 - 0.674 * 0.05, 0.012);
    }
    end(&p);
    /* Where there is too little for all, it ends all the same. */
    p.options.most_s = 0.5;
    play(&p, plan);
    scatter = 0;
    CHECK(half_width_of(timing_of(&p, "kernel0", ERG_STATE_HOT)) > 0.01);
    CHECK(erg_s_from_ns(clock_of_all.now_ns) < 30);
    end(&p);
    erg_replay_plan_free(plan);
}

int main(void)
{
    static const test tests[] = {
        TEST(launches_near_the_floor_are_no_kernel_times),
        TEST(runs_follow_a_rule_in_seconds),
        TEST(a_drift_of_four_percent_is_removed),
        TEST(the_order_of_kernels_changes_nothing),
        TEST(what_quick_kernels_leave_goes_to_those_that_scatter),
        TEST(the_whole_is_the_sum_where_launches_only_follow_each_other),
    };
    return test_run(tests, ERG_COUNT(tests));
}
