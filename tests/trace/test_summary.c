/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as tables, in every format: whose joules, how good, how sure. */
#include "summed.h"

static void two_runs_are_summed_and_divided(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 200, 10);
    add_region(trace, "warmup", 0, 1);
    add_region(trace, "run", 1, 4);
    add_region(trace, "run", 5, 8);
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 1200, 1e-6);
    CHECK_NEAR(real_of(result, "summary", 0, "duration_s"), 6, 1e-9);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_per_repeat_j"), 600, 1e-6);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_wh"), 1200.0 / 3600, 1e-9);
    CHECK_NEAR(real_of(result, "summary", 0, "co2_g"), 1200 / 3.6e6 * 400, 1e-9);
    CHECK(erg_table_find(erg_result_find(result, "summary"), 0, "repeats").integer == 2);
    CHECK_TEXT(text_of(result, "summary", 0, "source"), "nvml:0/power");
    CHECK_TEXT(text_of(result, "summary", 0, "method"), "integral");
    CHECK(isnan(real_of(result, "summary", 0, "net_energy_j")));
    CHECK(test_has_note(result, "400 g per kWh"));
    CHECK_TEXT(text_of(result, "regions", 1, "region"), "run");
    CHECK_TEXT(text_of(result, "regions", 1, "track"), "nvml:0");
    CHECK_NEAR(real_of(result, "regions", 1, "energy_j"), 1200, 1e-6);
    /* One gain for both runs: 5 % standard, 10 % at 95 %, adds linearly. */
    CHECK_NEAR(real_of(result, "summary", 0, "energy_high_j"), 1320, 1);
    /* Two runs that read alike are not surer than the sensor's edges. */
    double half_j = real_of(result, "summary", 0, "energy_high_j") - 1200;
    CHECK(real_of(result, "summary", 0, "energy_per_repeat_high_j")
          >= 600 + half_j / 2 - 1e-9);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* "energy_per_run_low_j" of "energy_per_run_j"; false: the column is no figure. */
static bool name_end(const char *column, const char *end, char to[64])
{
    static const char *const units[] = { "_j", "_w", "_wh", "_g" };
    const char *unit = strrchr(column, '_');
    bool is_figure = false;

    for (size_t i = 0; unit && i < ERG_COUNT(units); i++)
        is_figure |= strcmp(unit, units[i]) == 0;
    if (!is_figure || strstr(column, "_low_") || strstr(column, "_high_"))
        return false;
    snprintf(to, 64, "%.*s_%s%s", (int)(unit - column), column, end, unit);
    return true;
}

static int check_intervals(const erg_table *table)
{
    int figures = 0;

    for (size_t c = 0; c < erg_table_column_count(table); c++) {
        const char *name = erg_table_column(table, c)->name;
        char low[64], high[64];
        if (!name_end(name, "low", low) || !name_end(name, "high", high))
            continue;
        for (size_t row = 0; row < erg_table_row_count(table); row++) {
            double value = erg_table_find(table, row, name).real;
            if (isnan(value))
                continue;
            figures++;
            if (!(erg_table_find(table, row, low).real <= value)
                || !(erg_table_find(table, row, high).real >= value))
                fail_msg("%s: %s has no interval", erg_table_name(table), name);
        }
    }
    return figures;
}

static void every_figure_of_every_table_has_its_interval(void)
{
    static const char *const tables[] = { "summary", "devices", "regions" };
    const erg_summary_options options = { .command = "show", .per = "token" };
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    erg_mark_row mark = { .t_ns = 15 * ERG_NS_PER_S, .name = "token", .value = 8 };

    add_power(trace, &gpu, 200, 40);
    add_region(trace, "idle_before", 0, 10);
    add_region(trace, "run", 11, 20);
    add_region(trace, "run", 21, 30);
    add_region(trace, "idle_after", 31, 40);
    CHECK_OK(erg_trace_add_mark(trace, &mark, &err), err);
    for (int devices = 1; devices <= 2; devices++) {
        erg_result *result = summary_of(trace, &options);
        for (size_t i = 0; i < ERG_COUNT(tables); i++)
            CHECK(check_intervals(erg_result_find(result, tables[i])) >= 5);
        /* 5 % standard, 10 % at 95 %, of 200 W. */
        CHECK_NEAR(real_of(result, "devices", 0, "mean_high_w"), 220, 0.2);
        CHECK_NEAR(real_of(result, "devices", 0, "peak_low_w"), 180, 1e-9);
        CHECK_NEAR(real_of(result, "devices", 0, "idle_high_w"), 220, 1e-9);
        CHECK_TEXT(text_of(result, "devices", 0, "peak_source"), "nvml:0/power");
        erg_result_free(result);
        add_power(trace, &cpu, 80, 40);
    }
    erg_trace_free(trace);
}

/* 100 W; 40 runs in 4 s are 10 J each, and the half of it is not 5 J each. */
static void a_window_that_cuts_runs_gives_no_energy_per_run(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 100, 10);
    erg_region timed = { .name = "full_model", .begin_ns = 2 * ERG_NS_PER_S,
                         .end_ns = 6 * ERG_NS_PER_S, .runs = 40 };
    CHECK_OK(erg_trace_add_region(trace, &timed, &err), err);
    add_region(trace, "run", 1, 3);
    static const struct { const char *region; double begin_s, end_s, per_run_j; } rows[] = {
        { "full_model", 1, 7, 10 }, { "full_model", 2, 4, NAN },
        { "full_model", 1, 5, NAN }, { "run", 0, 4, 200 }, { "run", 2, 4, NAN },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_result *result = summary_of(trace, &(erg_summary_options){
            .region = rows[i].region,
            .window = { erg_ns_from_s(rows[i].begin_s), erg_ns_from_s(rows[i].end_s) } });
        double per_run_j = real_of(result, "summary", 0, "energy_per_repeat_j");
        double in_regions_j = real_of(result, "regions", 0, "energy_per_run_j");
        bool is_whole = !isnan(rows[i].per_run_j);
        CHECK(is_whole == !isnan(per_run_j) && is_whole == !isnan(in_regions_j));
        CHECK(is_whole != test_has_note(result, "the window cuts"));
        if (is_whole) {
            CHECK_NEAR(per_run_j, rows[i].per_run_j, 1e-6);
            CHECK_NEAR(in_regions_j, rows[i].per_run_j, 1e-6);
        }
        erg_result_free(result);
    }
    erg_trace_free(trace);
}

static void a_run_that_was_cut_off_has_no_energy_per_run(void)
{
    erg_error err = { 0 };
    erg_region open = { .name = "run", .begin_ns = 5 * ERG_NS_PER_S, .end_ns = INT64_MAX,
                        .runs = NAN };
    erg_trace *trace = new_trace();

    add_power(trace, &gpu, 200, 10);
    add_region(trace, "run", 1, 4);
    CHECK_OK(erg_trace_add_region(trace, &open, &err), err);
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 200 * (3 + 5), 4);
    CHECK(isnan(real_of(result, "summary", 0, "energy_per_repeat_j")));
    CHECK(isnan(real_of(result, "regions", 0, "energy_per_run_j")));
    CHECK(test_has_note(result, "No energy per run: the last run has no end"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void devices_that_contain_each_other_are_not_added(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 200, 10);
    add_power(trace, &cpu, 80, 10);
    add_power(trace, &core, 50, 10);
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 2800, 1);
    CHECK_TEXT(text_of(result, "summary", 0, "method"), "integral");
    CHECK_TEXT(text_of(result, "summary", 0, "source"),
               "nvml:0/power + rapl:package-0/energy");
    CHECK(test_has_note(result,
                   "rapl:core-0/energy lies in what rapl:package-0/energy measures"));
    CHECK(erg_table_row_count(erg_result_find(result, "devices")) == 3);
    /* Independent: 2 * hypot(5 % of 2000, 5 % of 800). */
    CHECK_NEAR(real_of(result, "summary", 0, "energy_high_j"), 2800 + 2 * hypot(100, 40),
               2);
    erg_result_free(result);

    add_power(trace, &wall, 400, 10);
    result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 4000, 1);
    CHECK_TEXT(text_of(result, "summary", 0, "scope"), "node");
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_sum_that_would_count_joules_twice_is_refused(void)
{
    erg_error err = { 0 };
    erg_energy sum;
    erg_span span = { ERG_NS_PER_S, 9 * ERG_NS_PER_S };
    erg_trace *trace = new_trace();
    int board = add_power(trace, &gpu, 200, 10), package = add_power(trace, &cpu, 80, 10);
    int cores = add_power(trace, &core, 50, 10), node = add_power(trace, &wall, 400, 10);

    CHECK_OK(erg_trace_energy_sum(trace, (int[]){ board, package }, 2, span, &sum, &err),
             err);
    CHECK_NEAR(sum.energy_j, 8 * 280, 0.01);
    const int bad[][2] = { { package, cores }, { cores, package }, { node, package },
                           { board, node }, { node, node } };
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        CHECK(!erg_trace_energy_sum(trace, bad[i], 2, span, &sum, &err));
        CHECK(err.code == ERG_REFUSED && strstr(err.text, "SCOPE_OVERLAP"));
        CHECK(isnan(sum.energy_j));
    }
    CHECK(!erg_trace_energy_sum(trace, (int[]){ board, 99 }, 2, span, &sum, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    erg_trace_free(trace);
}

static void the_counter_speaks_for_a_device_that_has_both(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int counter = add_power(trace, &cpu, 80, 10);
    erg_channel_info power = *erg_trace_channel(trace, counter);
    power.quantity = ERG_POWER;
    power.kind = ERG_INSTANT;
    power.method = ERG_METHOD_INTEGRAL;
    snprintf(power.name, sizeof(power.name), "power");
    int second = erg_trace_add_channel(trace, &power, &err);
    CHECK_OK(second >= 0, err);
    for (int i = 0; i < 1000; i++) {
        erg_sample sample = { .t_ns = i * 10 * ERG_NS_PER_MS, .value = 99 };
        CHECK_OK(erg_trace_add_samples(trace, second, &sample, 1, &err), err);
    }
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 800, 1);
    CHECK_TEXT(text_of(result, "summary", 0, "method"), "counter");
    erg_result_free(result);
    erg_trace_free(trace);
}

static void without_a_sensor_nothing_reads_zero(void)
{
    erg_trace *trace = new_trace();
    add_region(trace, "run", 0, 1);
    erg_result *result = summary_of(trace, NULL);
    CHECK(isnan(real_of(result, "summary", 0, "energy_j")));
    CHECK(isnan(real_of(result, "summary", 0, "co2_g")));
    CHECK_TEXT(text_of(result, "summary", 0, "quality"), "no_data");
    CHECK(!text_of(result, "summary", 0, "method"));
    CHECK(test_has_note(result, "erg devices"));
    CHECK(!test_has_note(result, "Not read"));
    erg_result_free(result);
    erg_error err = { 0 };
    CHECK_OK(erg_trace_set_meta(trace, "absent:rapl", "closed to this user", &err), err);
    CHECK_OK(erg_trace_set_meta(trace, "absent:cpufreq", "no clocks", &err), err);
    result = summary_of(trace, NULL);
    CHECK(test_has_note(result, "Not read: rapl: closed to this user"));
    CHECK(!test_has_note(result, "no clocks"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_figure_that_could_not_be_given_keeps_its_method(void)
{
    static const struct { erg_method method; const char *word; } cases[] = {
        { ERG_METHOD_SIMULATED, "simulated" }, { ERG_METHOD_MODEL, "model" },
        { ERG_METHOD_INTEGRAL, "integral" }, { ERG_METHOD_COUNTER, "counter" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        meter one = gpu;
        one.method = cases[i].method;
        erg_trace *trace = new_trace();
        add_power(trace, &one, 100, 1);
        add_region(trace, "run", 20, 21);
        erg_result *result = summary_of(trace, NULL);
        CHECK_TEXT(text_of(result, "summary", 0, "quality"), "no_data");
        CHECK(isnan(real_of(result, "summary", 0, "energy_j")));
        CHECK_TEXT(text_of(result, "summary", 0, "method"), cases[i].word);
        CHECK_TEXT(text_of(result, "devices", 0, "method"), cases[i].word);
        CHECK_TEXT(text_of(result, "regions", 0, "method"), cases[i].word);
        CHECK_TEXT(text_of(result, "devices", 0, "flags"), "NO_DATA");
        erg_result_free(result);
        erg_trace_free(trace);
    }
}

/* 300 W through a counter of 100 ms: a window of 30 ms between two of its steps. */
static void beside_a_counter_that_did_not_move_stands_an_estimate_marked_as_such(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int counter = add_power(trace, &cpu, 300, 2);
    erg_channel_info info = *erg_trace_channel(trace, counter);
    info.device = erg_trace_add_device(trace, &(erg_device_info){ .name = "nvml:0",
                                       .driver = "nvml", .scope = ERG_SCOPE_BOARD }, &err);
    info.scope = ERG_SCOPE_BOARD, info.update_s = 0.1;
    int slow = erg_trace_add_channel(trace, &info, &err);
    info.quantity = ERG_POWER, info.kind = ERG_INSTANT, info.method = ERG_METHOD_INTEGRAL;
    info.update_s = 0.01;
    strcpy(info.name, "power");
    int power = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i <= 200; i++) {
        int64_t t_ns = i * 10 * ERG_NS_PER_MS;
        erg_sample joules = { t_ns, 0, 30 * (i / 10) }, watts = { t_ns, 0, 300 };
        CHECK_OK(erg_trace_add_samples(trace, slow, &joules, 1, &err)
                 && erg_trace_add_samples(trace, power, &watts, 1, &err), err);
    }
    add_region(trace, "kernel", 1.03, 1.06);
    erg_result *result = summary_of(trace, &(erg_summary_options){ .region = "kernel" });
    CHECK(test_has_note(result, "nvml:0/energy did not move in 0.03 s"));
    CHECK(test_has_note(result,
                        "estimate from instant power beside it, nvml:0/power: 9 J"));
    CHECK(!test_has_note(result, "rapl:package-0/energy did not move"));
    CHECK_NEAR(real_of(result, "devices", 1, "energy_j"), 9, 0.1);
    CHECK_TEXT(text_of(result, "devices", 1, "quality"), "too_short");
    CHECK_TEXT(text_of(result, "devices", 1, "method"), "counter");
    erg_result_free(result);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(two_runs_are_summed_and_divided),
        TEST(every_figure_of_every_table_has_its_interval),
        TEST(a_window_that_cuts_runs_gives_no_energy_per_run),
        TEST(a_run_that_was_cut_off_has_no_energy_per_run),
        TEST(devices_that_contain_each_other_are_not_added),
        TEST(a_sum_that_would_count_joules_twice_is_refused),
        TEST(the_counter_speaks_for_a_device_that_has_both),
        TEST(without_a_sensor_nothing_reads_zero),
        TEST(a_figure_that_could_not_be_given_keeps_its_method),
        TEST(beside_a_counter_that_did_not_move_stands_an_estimate_marked_as_such),
    };
    return test_run(tests, ERG_COUNT(tests));
}
