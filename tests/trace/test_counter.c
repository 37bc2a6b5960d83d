/* SPDX-License-Identifier: Apache-2.0 */
/* Energy counters: wraps, resets, late reads, short windows. */
#include "plant/sensor.h"
#include "series.h"

static series counted(const erg_plant_counter *counter, double w, double poll_s,
                      double for_s)
{
    erg_law law = erg_law_constant(w);
    series readings = { 0 };
    for (int i = 0; i * poll_s < for_s; i++) {
        int64_t t_ns = erg_ns_from_s(i * poll_s);
        series_add(&readings, t_ns, erg_plant_counter_j(counter, &law, t_ns));
    }
    return readings;
}

static void a_wrap_every_seven_seconds_is_exact_in_every_half_second(void)
{
    series readings = counted(&(erg_plant_counter){ .update_s = 0.1, .range_j = 3000 }, 400,
                              0.1, 40);
    erg_trace *trace = trace_of(
        (erg_channel_info){
            .kind = ERG_COUNTER, .update_s = 0.1, .range_j = 3000, .max_w = 500 },
        &readings);

    for (double a = 0.5; a < 39; a += 0.5)
        CHECK_NEAR(energy_of(trace, span_s(a, a + 0.5)).energy_j, 200, 1e-5);
    erg_trace_free(trace);
}

static void two_wraps_in_a_region_are_exact_while_polling(void)
{
    series readings = counted(&(erg_plant_counter){ .update_s = 0.1, .range_j = 3000 }, 400,
                              0.5, 40);
    erg_trace *trace = trace_of(
        (erg_channel_info){
            .kind = ERG_COUNTER, .update_s = 0.1, .range_j = 3000, .max_w = 500 },
        &readings);

    CHECK_NEAR(energy_of(trace, span_s(3, 23)).energy_j, 8000, 1e-4);
    erg_trace_free(trace);
}

static void two_wraps_between_two_polls_are_refused(void)
{
    erg_error err = { 0 };
    erg_energy energy;
    series readings = counted(&(erg_plant_counter){ .update_s = 0.1, .range_j = 3000 }, 400,
                              20, 50);
    erg_trace *trace = trace_of(
        (erg_channel_info){
            .kind = ERG_COUNTER, .update_s = 0.1, .range_j = 3000, .max_w = 500 },
        &readings);

    CHECK(!erg_trace_energy(trace, 0, span_s(3, 23), &energy, &err));
    CHECK(err.code == ERG_REFUSED);
    CHECK(strstr(err.text, "WRAP_AMBIGUOUS"));
    CHECK(isnan(energy.energy_j));
    erg_trace_free(trace);
}

static void a_read_error_is_no_wrap_and_the_counter_covers_it(void)
{
    series readings =
        counted(&(erg_plant_counter){ .update_s = 0.1, .range_j = 65536 }, 300, 0.1, 20);
    readings.at[100].value = NAN;
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 0.1,
                                                    .range_j = 65536 }, &readings);
    erg_energy energy = energy_of(trace, span_s(5, 15));

    CHECK_NEAR(energy.energy_j, 3000, 1e-5);
    CHECK_NEAR(energy.covered, 1, 1e-9);
    CHECK(has_flag(&energy, ERG_FLAG_READ_ERRORS));
    erg_trace_free(trace);
}

static void a_late_read_from_another_thread_makes_no_jump(void)
{
    static const double ranges_j[] = { 0, 65536, 262144 };

    for (size_t i = 0; i < ERG_COUNT(ranges_j); i++) {
        series readings = counted(&(erg_plant_counter){ .update_s = 0.1 }, 300, 0.1, 20);
        readings.at[101].value = readings.at[99].value;     /* an old value, a new stamp */
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER,
                                                        .update_s = 0.1,
                                                        .range_j = ranges_j[i] },
                                    &readings);
        erg_energy energy = energy_of(trace, span_s(5, 15));
        CHECK_NEAR(energy.energy_j, 3000, 1e-5);
        CHECK(!has_flag(&energy, ERG_FLAG_COUNTER_RESET));
        erg_trace_free(trace);
    }
}

static void a_driver_reload_splits_the_window_and_says_so(void)
{
    series readings =
        counted(&(erg_plant_counter){ .update_s = 0.1, .reset_s = 10 }, 300, 0.1, 20);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 0.1,
                                                    .range_j = 262144 }, &readings);
    erg_energy energy = energy_of(trace, span_s(5, 15));

    CHECK(has_flag(&energy, ERG_FLAG_COUNTER_RESET));
    CHECK_NEAR(energy.mean_w, 300, 1e-3);
    CHECK(energy.energy_j > 2900 && energy.energy_j <= 3000);
    CHECK(energy.covered < 1);
    erg_trace_free(trace);
}

static void short_windows_of_a_slow_counter_are_neither_nothing_nor_double(void)
{
    static const double polls_s[] = { 0.01, 0.03 };

    for (size_t k = 0; k < ERG_COUNT(polls_s); k++) {
        series readings = counted(&(erg_plant_counter){ .update_s = 0.1, .phase_s = 0.017 },
                                  300, polls_s[k], 10);
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER,
                                                        .update_s = 0.1 }, &readings);
        double sum_j = 0;
        for (int i = 0; i < 200; i++) {
            erg_energy energy = energy_of(trace, span_s(1 + 0.03 * i, 1.03 + 0.03 * i));
            CHECK(energy.energy_j > 4.5 && energy.energy_j < 13.5);
            CHECK(energy.quality == ERG_QUALITY_TOO_SHORT);
            sum_j += energy.energy_j;
        }
        CHECK_NEAR(sum_j / 200, 9, 0.05);
        erg_trace_free(trace);
    }
}

/* The second reading comes 3 ms after the first, as at the begin of a region, with a step
 * of the counter in between or none: neither 2 J in 3 ms nor 0 W is held before it. */
static void what_is_held_before_the_first_reading_is_no_single_step(void)
{
    static const double firsts_s[] = { 0.0185, 0.0015 };
    erg_plant_counter counter = { .update_s = 0.02 };
    erg_law law = erg_law_constant(100);

    for (size_t k = 0; k < ERG_COUNT(firsts_s); k++) {
        series readings = { 0 };
        for (int i = 0; i < 20; i++) {
            double at_s = 1 + firsts_s[k] + (i > 0 ? 0.003 + 0.1 * (i - 1) : 0);
            int64_t t_ns = erg_ns_from_s(at_s);
            series_add(&readings, t_ns, erg_plant_counter_j(&counter, &law, t_ns));
        }
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER,
                                                        .update_s = 0.02 }, &readings);
        erg_energy energy = energy_of(trace, span_s(0.95, 2));
        CHECK_NEAR(energy.energy_j, 105, 4);
        CHECK(energy.edges_held > 0);
        erg_trace_free(trace);
    }
}

static void a_reading_of_unknown_moment_widens_the_interval_by_what_it_may_hide(void)
{
    static const int64_t half_ns = 40 * ERG_NS_PER_MS;
    double spreads_j[2];

    for (int wide = 0; wide < 2; wide++) {
        series readings = counted(&(erg_plant_counter){ .update_s = 0.001 }, 100, 0.1, 3);
        if (wide)   /* read 40 ms after the middle of its stamps */
            readings.at[10] = (erg_sample){ ERG_NS_PER_S, half_ns,
                                            readings.at[10].value + 4 };
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER,
                                                        .update_s = 0.001 }, &readings);
        erg_energy energy = energy_of(trace, span_s(1, 2));
        CHECK(fabs(energy.energy_j - 100) <= (wide ? energy.spread_j : 0.2));
        spreads_j[wide] = sqrt(pow(energy.spread_j, 2) - pow(2 * energy.gain_u_j, 2));
        erg_trace_free(trace);
    }
    double hidden_j = 100 * erg_s_from_ns(half_ns);
    CHECK_NEAR(spreads_j[1], hypot(spreads_j[0], 2 * hidden_j / sqrt(3)), 0.3);
}

static void a_counter_that_was_not_seen_to_move_is_no_data(void)
{
    erg_error err = { 0 };
    erg_energy energy;
    series readings = counted(&(erg_plant_counter){ .update_s = 5 }, 300, 0.1, 4);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 5 },
                                &readings);

    CHECK(!erg_trace_energy(trace, 0, span_s(1, 2), &energy, &err));
    CHECK(err.code == ERG_NO_DATA);
    CHECK(strstr(err.text, "move"));
    erg_trace_free(trace);
}

/* A counter of 100 ms steps of 23 J, read at 10 Hz with jitter: some polls see no step,
 * others two. Beside it a power channel that never shows more than 231 W. */
static erg_trace *counter_with_power(bool with_power)
{
    erg_error err = { 0 };
    series readings = { 0 };
    test_random random = { 5 };
    for (int i = 0; i < 400; i++) {
        double t_s = 0.1 * i + 0.08 * test_uniform(&random);
        series_add(&readings, erg_ns_from_s(t_s), 23 * floor((t_s + 0.05) / 0.1));
    }
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 0.1 },
                                &readings);
    if (!with_power)
        return trace;
    int power = erg_trace_add_channel(trace, &(erg_channel_info){ .name = "power",
        .quantity = ERG_POWER, .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL }, &err);
    for (int i = 0; i < 400; i++)
        CHECK_OK(erg_trace_add_samples(trace, power, &(erg_sample){ erg_ns_from_s(0.1 * i),
                 0, 229 + i % 3 }, 1, &err), err);
    return trace;
}

static void peak_and_least_power_are_what_the_power_sensor_beside_a_counter_said(void)
{
    erg_trace *trace = counter_with_power(true);
    erg_energy energy = energy_of(trace, span_s(5, 35));

    CHECK_NEAR(energy.peak_w, 231, 1e-9);
    CHECK_NEAR(energy.min_w, 229, 1e-9);
    CHECK_NEAR(energy.mean_w, 230, 1);
    CHECK_NEAR(energy.mean_w, energy.energy_j / 30, 1e-9);
    erg_trace_free(trace);
}

static void a_counter_alone_shows_no_peak_out_of_its_steps(void)
{
    erg_trace *trace = counter_with_power(false);
    erg_energy energy = energy_of(trace, span_s(5, 35));

    CHECK_NEAR(energy.peak_w, 230, 0.05 * 230);
    CHECK_NEAR(energy.min_w, 230, 0.05 * 230);
    energy = energy_of(trace, span_s(5, 6));
    CHECK(isnan(energy.peak_w) && isnan(energy.min_w));
    erg_trace_free(trace);
}

/* A steady 100 W: at both edges of a region the counter is read three times in 10 us, and
 * one of its steps falls between two of these readings. */
static void readings_microseconds_apart_make_no_peak(void)
{
    static const double edges_s[] = { 0, 0.2 };
    series readings = { 0 };
    for (size_t edge = 0; edge < ERG_COUNT(edges_s); edge++)
        for (int i = 0; i < 3; i++)
            series_add(&readings, erg_ns_from_s(edges_s[edge]) + 5000 * i,
                       100 * edges_s[edge] + 0.1 * i);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER }, &readings);
    erg_energy energy = energy_of(trace, span_s(0, 0.2));

    CHECK(isnan(energy.peak_w) || energy.peak_w < 110);
    erg_trace_free(trace);
}

/* 100 W for a second of three, looked at each 0.1 s. */
static double worked_j(double update_s, double begin_s, double end_s)
{
    series readings = { 0 };
    for (int i = 0; i <= 30; i++)
        series_add(&readings, erg_ns_from_s(0.1 * i), fmin(fmax(10.0 * (i - 10), 0), 100));
    erg_trace *trace = trace_of(
        (erg_channel_info){ .kind = ERG_COUNTER, .update_s = update_s }, &readings);
    double energy_j = energy_of(trace, span_s(begin_s, end_s)).energy_j;
    erg_trace_free(trace);
    return energy_j;
}

static void a_counter_that_stands_still_is_not_held_at_the_power_before(void)
{
    CHECK_NEAR(worked_j(0.001, 0.95, 2.05), 100, 1e-9);
    CHECK_NEAR(worked_j(0.001, 0.05, 2.95), 100, 1e-9);
    CHECK_NEAR(worked_j(0.1, 0.95, 2.05), 100, 10);  /* it may not have shown all yet */
}

int main(void)
{
    static const test tests[] = {
        TEST(readings_microseconds_apart_make_no_peak),
        TEST(a_wrap_every_seven_seconds_is_exact_in_every_half_second),
        TEST(two_wraps_in_a_region_are_exact_while_polling),
        TEST(two_wraps_between_two_polls_are_refused),
        TEST(a_read_error_is_no_wrap_and_the_counter_covers_it),
        TEST(a_late_read_from_another_thread_makes_no_jump),
        TEST(a_driver_reload_splits_the_window_and_says_so),
        TEST(short_windows_of_a_slow_counter_are_neither_nothing_nor_double),
        TEST(what_is_held_before_the_first_reading_is_no_single_step),
        TEST(a_reading_of_unknown_moment_widens_the_interval_by_what_it_may_hide),
        TEST(a_counter_that_was_not_seen_to_move_is_no_data),
        TEST(peak_and_least_power_are_what_the_power_sensor_beside_a_counter_said),
        TEST(a_counter_that_stands_still_is_not_held_at_the_power_before),
        TEST(a_counter_alone_shows_no_peak_out_of_its_steps),
    };
    return test_run(tests, ERG_COUNT(tests));
}
