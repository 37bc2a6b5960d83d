/* SPDX-License-Identifier: Apache-2.0 */
/* erg run --until: observations are filled, looked at, and stopped in time. */
#include "run/repeat.h"
#include "test.h"

enum { FOR_S = 1100 };
static const double window_s = 5;

/* A counter whose power is drawn anew each 5 s, 200 W with that relative scatter. */
static erg_trace *scattered(double cv)
{
    erg_error err = { 0 };
    test_random random = { 11 };
    erg_trace *trace = erg_trace_new(&err);
    erg_device_info device = { .name = "sim:0", .driver = "sim", .scope = ERG_SCOPE_BOARD };
    erg_channel_info info = { .name = "energy", .quantity = ERG_ENERGY, .kind = ERG_COUNTER,
                              .method = ERG_METHOD_SIMULATED, .scope = ERG_SCOPE_BOARD,
                              .update_s = 0.1 };
    CHECK_OK(trace && erg_trace_add_device(trace, &device, &err) == 0, err);
    CHECK_OK(erg_trace_add_channel(trace, &info, &err) == 0, err);
    double joules = 0, w = 200;
    for (int i = 0; i <= FOR_S * 10; i++) {
        if (i % 50 == 0)        /* a uniform one: sd is 1 / sqrt(12) of its width */
            w = 200 * (1 + cv * sqrt(12) * (test_uniform(&random) - 0.5));
        erg_sample sample = { i * 100 * ERG_NS_PER_MS, 0, joules };
        CHECK_OK(erg_trace_add_samples(trace, 0, &sample, 1, &err), err);
        joules += 0.1 * w;
    }
    return trace;
}

/* Plays runs of run_s until it stops. */
static void play(erg_repeat *repeat, const erg_trace *trace, double run_s)
{
    erg_error err = { 0 };
    bool enough = false;

    repeat->looks = ERG_LOOKS;
    repeat->window_s = erg_repeat_window_s(trace);
    CHECK_NEAR(repeat->window_s, window_s, 1e-9);
    for (int i = 0; !enough; i++) {
        erg_span run = { erg_ns_from_s(run_s * i), erg_ns_from_s(run_s * (i + 1)) };
        CHECK(run_s * (i + 1) < FOR_S);
        if (erg_repeat_add(repeat, run, &err))
            enough = erg_repeat_look(repeat, trace, &err);
    }
}

static void one_per_cent_is_reached_and_is_one_per_cent_of_the_truth(void)
{
    erg_trace *trace = scattered(0.02);
    erg_repeat repeat = { .until = 0.01, .most = 200 };

    play(&repeat, trace, 5);
    print_message("# --until 1%%: %zu observations, %.2f J +- %.2f J\n", repeat.count,
                  repeat.interval.mean, repeat.interval.half_width);
    CHECK(repeat.has_converged && erg_is_look(repeat.count) && repeat.count >= 18);
    CHECK(repeat.interval.half_width <= 0.01 * repeat.interval.mean);
    CHECK_NEAR(repeat.interval.mean, 1000, 10);
    erg_repeat_free(&repeat);
    erg_trace_free(trace);
}

static void what_does_not_scatter_stops_at_the_first_look(void)
{
    erg_trace *trace = scattered(0);
    erg_repeat repeat = { .until = 0.01, .most = 200 };

    play(&repeat, trace, 1);
    CHECK(repeat.has_converged && repeat.count == 5);
    CHECK_NEAR(repeat.interval.mean, 200, 0.1);     /* of one run of five */
    erg_repeat_free(&repeat);
    erg_trace_free(trace);
}

/* 30 W less in the first 25 s: five observations, of one run each. */
static void warm_up_is_cut_and_neither_holds_the_rule_up_nor_moves_its_mean(void)
{
    erg_error err = { 0 };
    erg_trace *cold = scattered(0.01), *trace = erg_trace_new(&err);
    erg_repeat repeat = { .until = 0.01, .most = 200 };
    size_t count;
    const erg_sample *at = erg_trace_samples(cold, 0, &count);

    CHECK(erg_trace_add_device(trace, erg_trace_device(cold, 0), &err) == 0);
    CHECK(erg_trace_add_channel(trace, erg_trace_channel(cold, 0), &err) == 0);
    for (size_t i = 0; i < count; i++) {
        erg_sample one = at[i];
        one.value -= 30 * fmin(erg_s_from_ns(one.t_ns), 25);
        CHECK(erg_trace_add_samples(trace, 0, &one, 1, &err));
    }
    play(&repeat, trace, 5);
    print_message("# %zu observations, %zu of them warm-up, %.1f J +- %.1f J\n",
                  repeat.count, repeat.warmup, repeat.interval.mean,
                  repeat.interval.half_width);
    CHECK(repeat.has_converged && repeat.count <= 27);
    CHECK(repeat.warmup >= 5 && erg_repeat_warmup_runs(&repeat) == repeat.warmup);
    CHECK_NEAR(repeat.interval.mean, 1000, 10);
    erg_repeat_free(&repeat);
    erg_trace_free(trace);
    erg_trace_free(cold);
}

static void at_the_most_it_ends_without_having_converged(void)
{
    erg_trace *trace = scattered(0.2);
    erg_repeat repeat = { .until = 0.001, .most = 9 };

    play(&repeat, trace, 5);
    CHECK(!repeat.has_converged && repeat.count == 9);
    CHECK(repeat.interval.half_width > 0.001 * repeat.interval.mean);
    erg_repeat_free(&repeat);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_per_cent_is_reached_and_is_one_per_cent_of_the_truth),
        TEST(what_does_not_scatter_stops_at_the_first_look),
        TEST(warm_up_is_cut_and_neither_holds_the_rule_up_nor_moves_its_mean),
        TEST(at_the_most_it_ends_without_having_converged),
    };
    return test_run(tests, ERG_COUNT(tests));
}
