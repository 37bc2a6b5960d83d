/* SPDX-License-Identifier: Apache-2.0 */
/* Joules of a window: closed forms, a recorded run, and what a sensor hides. */
#include "plant/sensor.h"
#include "series.h"

/* ---- the recorded run ------------------------------------------------------ */

static const int64_t RUN_BEGIN_NS = ((18 * 60 + 32) * 60 + 23) * ERG_NS_PER_S + 532000000;
static const int64_t RUN_END_NS = ((18 * 60 + 32) * 60 + 35) * ERG_NS_PER_S + 231000000;

static erg_trace *recorded_run(void)
{
    series log = series_of_clock(test_data("replay/piep_gpu_power_20260206_183216.csv"), 2);
    CHECK(log.count == 5333);
    return trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);
}

static void the_recorded_run_gives_the_old_sum_to_nine_digits(void)
{
    erg_error err = { 0 };
    erg_trace *trace = recorded_run();
    double energy_j;

    CHECK_OK(erg_trace_energy_legacy(trace, 0, (erg_span){ RUN_BEGIN_NS, RUN_END_NS },
                                     &energy_j, &err), err);
    CHECK_NEAR(energy_j, 2424.75173659, 2424.75173659e-9);
    erg_trace_free(trace);
}

static void the_recorded_run_gives_its_trapezoid_with_edges(void)
{
    erg_trace *trace = recorded_run();
    erg_energy energy = energy_of(trace, (erg_span){ RUN_BEGIN_NS, RUN_END_NS });

    CHECK_NEAR(energy.energy_j, 2424.561479, 5e-7);
    CHECK(energy.samples == 406);
    CHECK(energy.updates == 406);
    CHECK_NEAR(energy.peak_w, 220.37, 1e-9);
    CHECK_NEAR(energy.min_w, 113.98, 1e-9);
    CHECK_NEAR(energy.window_s, 11.699, 1e-12);
    CHECK_NEAR(energy.covered, 1, 1e-12);
    CHECK(energy.edges_held == 0);
    CHECK(energy.quality == ERG_QUALITY_GOOD);
    CHECK(isnan(energy.net_j));
    erg_trace_free(trace);
}

static void samples_inside_alone_miss_the_edges(void)
{
    erg_trace *trace = recorded_run();
    size_t count, first = 0;
    const erg_sample *at = erg_trace_samples(trace, 0, &count);

    while (at[first].t_ns < RUN_BEGIN_NS)
        first++;
    erg_energy energy =
        energy_of(trace, (erg_span){ at[first].t_ns, at[first + 405].t_ns });
    CHECK_NEAR(energy.energy_j, 2420.662076, 5e-7);
    erg_trace_free(trace);
}

static void idle_is_the_median_of_its_record_and_named_twice_it_differs(void)
{
    const int64_t second = ((18 * 60 + 32) * 60) * ERG_NS_PER_S;
    static const struct { double begin_s, end_s, idle_w, net_j; } records[] = {
        { 16.596, 18.400,  9.64, 2311.78 },
        { 19.0,   22.9,   58.53, 1739.82 },
        { 22.5,   22.9,   57.65, 1750.11 },
    };

    for (size_t i = 0; i < ERG_COUNT(records); i++) {
        erg_error err = { 0 };
        erg_trace *trace = recorded_run();
        erg_region idle = { .name = "idle_before",
                            .begin_ns = second + erg_ns_from_s(records[i].begin_s),
                            .end_ns = second + erg_ns_from_s(records[i].end_s) };
        CHECK_OK(erg_trace_add_region(trace, &idle, &err), err);
        erg_energy energy = energy_of(trace, (erg_span){ RUN_BEGIN_NS, RUN_END_NS });
        CHECK_NEAR(energy.idle_w, records[i].idle_w, 0.005);
        CHECK_NEAR(energy.net_j, records[i].net_j, 0.06);
        CHECK(energy.net_spread_j > 0);
        erg_trace_free(trace);
    }
}

/* ---- invariants ------------------------------------------------------------- */

static const erg_kind kinds[] = { ERG_INSTANT, ERG_AVG_PREV, ERG_SMOOTHED, ERG_COUNTER };

/* 200 readings, irregular steps, random power. */
static erg_trace *random_trace(test_random *random, erg_kind kind, int64_t shift_ns)
{
    series log = { 0 };
    int64_t t_ns = shift_ns;
    double total_j = 0;

    for (int i = 0; i < 200; i++) {
        double dt_s = 0.08 + 0.04 * test_uniform(random);
        double w = 50 + 300 * test_uniform(random);
        t_ns += erg_ns_from_s(dt_s);
        total_j += w * dt_s;
        series_add(&log, t_ns, kind == ERG_COUNTER ? total_j : w);
    }
    return trace_of(
        (erg_channel_info){ .kind = kind, .window_s = kind == ERG_AVG_PREV ? 0.1 : 0 },
        &log);
}

static void the_parts_of_a_window_add_up_to_the_whole(void)
{
    test_random random = { 1 };

    for (size_t k = 0; k < ERG_COUNT(kinds); k++) {
        erg_trace *trace = random_trace(&random, kinds[k], 0);
        for (int i = 0; i < 300; i++) {
            double a = 21 * test_uniform(&random), b = a + 5 * test_uniform(&random) + 0.5;
            double c = b + 5 * test_uniform(&random) + 0.5;
            if (c > 19.5)
                continue;
            double whole_j = energy_of(trace, span_s(a, c)).energy_j;
            double parts_j = energy_of(trace, span_s(a, b)).energy_j
                           + energy_of(trace, span_s(b, c)).energy_j;
            CHECK_NEAR(parts_j, whole_j, 1e-12 * whole_j);
        }
        erg_trace_free(trace);
    }
}

static void shifting_all_stamps_changes_nothing(void)
{
    for (size_t k = 0; k < ERG_COUNT(kinds); k++) {
        test_random one = { 2 }, same = { 2 };
        erg_trace *trace = random_trace(&one, kinds[k], 0);
        erg_trace *later = random_trace(&same, kinds[k], 1770402736000000123);
        erg_span span = { 3000000000, 17000000000 };
        erg_span late = { span.begin_ns + 1770402736000000123,
                          span.end_ns + 1770402736000000123 };
        double energy_j = energy_of(trace, span).energy_j;
        CHECK_NEAR(energy_of(later, late).energy_j, energy_j, 1e-12 * energy_j);
        erg_trace_free(trace);
        erg_trace_free(later);
    }
}

static void energy_lies_between_least_and_most_power_times_time(void)
{
    test_random random = { 3 };

    for (size_t k = 0; k < ERG_COUNT(kinds); k++) {
        erg_trace *trace = random_trace(&random, kinds[k], 0);
        for (int i = 0; i < 200; i++) {
            double a = 1 + 10 * test_uniform(&random),
                   b = a + 1 + 5 * test_uniform(&random);
            erg_energy energy = energy_of(trace, span_s(a, b));
            double slack_j = 1e-9 * energy.energy_j;
            if (kinds[k] == ERG_COUNTER && isnan(energy.peak_w))
                continue;   /* too short for a counter to show its extremes */
            CHECK(energy.energy_j >= energy.min_w * (b - a) - slack_j);
            CHECK(energy.energy_j <= energy.peak_w * (b - a) + slack_j);
        }
        erg_trace_free(trace);
    }
}

static void linear_power_is_exact_and_interpolated_samples_add_nothing(void)
{
    for (int between = 1; between <= 3; between++) {
        series log = { 0 };
        for (int i = 0; i <= 100 * between; i++)
            series_add(&log, i * ERG_NS_PER_S / 10 / between, 100 + 20 * 0.1 * i / between);
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);
        double a = 1.2345, b = 8.7651;
        double exact_j = 100 * (b - a) + 10 * (b * b - a * a);
        CHECK_NEAR(energy_of(trace, span_s(a, b)).energy_j, exact_j, 1e-9 * exact_j);
        erg_trace_free(trace);
    }
}

static void constant_power_is_exact_at_every_phase_and_for_every_kind(void)
{
    test_random random = { 4 };

    for (size_t k = 0; k < ERG_COUNT(kinds); k++) {
        series log = { 0 };
        for (int i = 0; i < 300; i++) {
            double t_s = 0.1 * i + 0.02 * test_uniform(&random);
            series_add(&log, erg_ns_from_s(t_s), kinds[k] == ERG_COUNTER ? 300 * t_s : 300);
        }
        erg_trace *trace = trace_of((erg_channel_info){ .kind = kinds[k] }, &log);
        for (int i = 0; i < 100; i++) {
            double a = 2 + 5 * test_uniform(&random),
                   b = a + 0.01 + 10 * test_uniform(&random);
            CHECK_NEAR(energy_of(trace, span_s(a, b)).energy_j, 300 * (b - a), 3e-6);
        }
        erg_trace_free(trace);
    }
}

/* ---- edges, gaps, nothing -------------------------------------------------- */

static void a_gap_is_not_bridged_and_counts_as_unseen(void)
{
    series log = { 0 };
    for (int i = 0; i <= 100; i++)
        if (i <= 40 || i >= 60)
            series_add(&log, i * 100 * ERG_NS_PER_MS, 200);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);
    erg_energy energy = energy_of(trace, span_s(0, 10));

    CHECK_NEAR(energy.energy_j, 1600, 1e-9);
    CHECK_NEAR(energy.covered, 0.8, 1e-9);
    CHECK_NEAR(energy.max_gap_s, 2, 1e-9);
    CHECK_NEAR(energy.mean_w, 200, 1e-9);
    CHECK(has_flag(&energy, ERG_FLAG_PARTIAL));
    CHECK(energy.quality == ERG_QUALITY_PARTIAL);
    erg_trace_free(trace);
}

static void edges_are_held_for_one_step_and_said_so(void)
{
    series log = { 0 };
    for (int i = 0; i <= 20; i++)
        series_add(&log, (10 + i) * 100 * ERG_NS_PER_MS, 150);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);
    erg_energy energy = energy_of(trace, span_s(0.5, 3.5));

    CHECK_NEAR(energy.energy_j, 150 * 2.2, 1e-9);
    CHECK_NEAR(energy.edges_held, 0.2 / 3, 1e-9);
    CHECK_NEAR(energy.covered, 2.2 / 3, 1e-9);
    erg_trace_free(trace);
}

static void nothing_measured_is_no_data_and_never_zero(void)
{
    erg_error err = { 0 };
    series log = { 0 };
    erg_energy energy;
    for (int i = 0; i < 50; i++)
        series_add(&log, i * 100 * ERG_NS_PER_MS, i < 25 ? 100 : NAN);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);

    CHECK(!erg_trace_energy(trace, 0, span_s(3, 4), &energy, &err));
    CHECK(err.code == ERG_NO_DATA);
    CHECK(isnan(energy.energy_j) && isnan(energy.mean_w) && isnan(energy.spread_j));
    CHECK(energy.quality == ERG_QUALITY_NO_DATA);
    CHECK(!erg_trace_energy(trace, 0, span_s(2, 2), &energy, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    energy = energy_of(trace, span_s(1, 3));
    CHECK(has_flag(&energy, ERG_FLAG_READ_ERRORS));
    erg_trace_free(trace);
}

static void one_sample_gives_only_the_part_it_covers(void)
{
    series log = { 0 };
    series_add(&log, ERG_NS_PER_S, 100);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_AVG_PREV, .window_s = 1,
                                                    .update_s = 1 }, &log);
    erg_energy energy = energy_of(trace, span_s(-10, 10));

    CHECK_NEAR(energy.energy_j, 200, 1e-9);   /* its window, and one step held */
    CHECK_NEAR(energy.covered, 0.1, 1e-9);
    CHECK(energy.quality == ERG_QUALITY_PARTIAL);
    erg_trace_free(trace);
}

/* ---- idle and uncertainty -------------------------------------------------- */

static erg_trace *idle_work_idle(double after_w)
{
    erg_error err = { 0 };
    series log = { 0 };
    test_random random = { 5 };
    for (int i = 0; i < 1200; i++) {
        double t_s = 0.1 * i, w = t_s < 40 ? 50 : t_s < 80 ? 250 : after_w;
        double spike = i % 17 == 0 ? 80 : 0;        /* what makes a mean wrong */
        series_add(&log, erg_ns_from_s(t_s), w + (t_s < 40 || t_s >= 80 ? spike : 0)
                   + 0.5 * test_normal(&random));
    }
    erg_trace *trace =
        trace_of((erg_channel_info){ .kind = ERG_INSTANT, .gain_u = 0.01 }, &log);
    erg_region before = { .name = "idle_before",
                          .begin_ns = 0,
                          .end_ns = 39 * ERG_NS_PER_S };
    erg_region after = { .name = "idle_after", .begin_ns = 81 * ERG_NS_PER_S,
                         .end_ns = 120 * ERG_NS_PER_S };
    CHECK(erg_trace_add_region(trace, &before, &err)
          && erg_trace_add_region(trace, &after, &err));
    return trace;
}

static void idle_between_two_records_lies_on_their_line(void)
{
    erg_trace *trace = idle_work_idle(60);
    erg_energy early = energy_of(trace, span_s(41, 51)),
               late = energy_of(trace, span_s(69, 79));

    CHECK_NEAR(early.idle_w, 50 + 10 * (46 - 19.5) / 81, 0.3);
    CHECK_NEAR(late.idle_w, 50 + 10 * (74 - 19.5) / 81, 0.3);
    CHECK_NEAR(early.net_j, early.energy_j - 10 * early.idle_w, 1e-6);
    CHECK(has_flag(&early, ERG_FLAG_IDLE_DRIFT));
    erg_trace_free(trace);
}

static void a_quiet_idle_does_not_drift_and_gross_subtracts_nothing(void)
{
    erg_error err = { 0 };
    erg_trace *trace = idle_work_idle(50.5);
    erg_energy energy = energy_of(trace, span_s(45, 75));

    CHECK(!has_flag(&energy, ERG_FLAG_IDLE_DRIFT));
    CHECK_NEAR(energy.net_j, 30 * 199.75, 30);
    CHECK_OK(erg_trace_set_meta(trace, "idle_state", "gross", &err), err);
    energy = energy_of(trace, span_s(45, 75));
    CHECK(isnan(energy.net_j) && isnan(energy.idle_w) && isnan(energy.net_spread_j));
    erg_trace_free(trace);
}

static void the_gain_stands_apart_and_scales_the_net_by_what_is_left(void)
{
    erg_trace *trace = idle_work_idle(50);
    erg_energy energy = energy_of(trace, span_s(45, 75));

    CHECK_NEAR(energy.gain_u_j, 0.01 * energy.energy_j, 1e-9);
    CHECK_NEAR(energy.spread_j, 2 * energy.gain_u_j, 0.05 * energy.spread_j);
    CHECK(energy.net_spread_j < energy.spread_j);
    erg_trace_free(trace);
}

static void gain_offset_and_delay_are_undone(void)
{
    series log = { 0 };
    for (int i = 0; i < 200; i++)   /* a ramp, read 0.3 s late, 10 % high, 5 W up */
        series_add(&log, i * 100 * ERG_NS_PER_MS, 1.1 * (100 + 10 * (0.1 * i - 0.3)) + 5);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT, .delay_s = 0.3,
                                                    .gain = 1.1, .offset = 5 }, &log);

    CHECK_NEAR(energy_of(trace, span_s(2, 12)).energy_j, 1000 + 5 * (144 - 4), 1e-6);
    erg_trace_free(trace);
}

static void an_idle_record_added_later_counts_too(void)
{
    erg_error err = { 0 };
    erg_region again = { .name = "idle_before", .end_ns = ERG_NS_PER_S };
    series log = { 0 };
    for (int i = 0; i < 100; i++)
        series_add(&log, i * 100 * ERG_NS_PER_MS, i < 50 ? 40 : 200);
    erg_trace *bare = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);

    CHECK(isnan(energy_of(bare, span_s(6, 8)).net_j));
    CHECK_OK(erg_trace_add_region(bare, &again, &err), err);
    CHECK_NEAR(energy_of(bare, span_s(6, 8)).net_j, 320, 1e-9);
    erg_trace_free(bare);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_recorded_run_gives_the_old_sum_to_nine_digits),
        TEST(the_recorded_run_gives_its_trapezoid_with_edges),
        TEST(samples_inside_alone_miss_the_edges),
        TEST(idle_is_the_median_of_its_record_and_named_twice_it_differs),
        TEST(the_parts_of_a_window_add_up_to_the_whole),
        TEST(shifting_all_stamps_changes_nothing),
        TEST(energy_lies_between_least_and_most_power_times_time),
        TEST(linear_power_is_exact_and_interpolated_samples_add_nothing),
        TEST(constant_power_is_exact_at_every_phase_and_for_every_kind),
        TEST(a_gap_is_not_bridged_and_counts_as_unseen),
        TEST(edges_are_held_for_one_step_and_said_so),
        TEST(nothing_measured_is_no_data_and_never_zero),
        TEST(one_sample_gives_only_the_part_it_covers),
        TEST(idle_between_two_records_lies_on_their_line),
        TEST(a_quiet_idle_does_not_drift_and_gross_subtracts_nothing),
        TEST(the_gain_stands_apart_and_scales_the_net_by_what_is_left),
        TEST(gain_offset_and_delay_are_undone),
        TEST(an_idle_record_added_later_counts_too),
    };
    return test_run(tests, ERG_COUNT(tests));
}
