/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the work itself: failed, unfilled, open, skewed, shared. */
#include "checked.h"

static void a_failed_command_is_flagged_but_its_joules_stand(void)
{
    erg_error err = { 0 };
    erg_trace *trace = stepped(260, 260);

    erg_trace_set_meta(trace, "exit_status", "3", &err);
    check(trace);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_COMMAND_FAILED));
    CHECK(energy_of(trace, span_s(10, 20)).energy_j > 0);
    erg_trace_free(trace);
}

static void runs_that_do_not_fill_their_window_are_a_mismatch(void)
{
    static const struct { double begin_s, end_s, single_s; bool mismatch; } rows[] = {
        { 36925.123, 37235.456, 8.2345,        true  },
        { 66743.532, 66755.231, 0.01168455140, false },
        { 0,         310,       0.29,          false },
        { 0,         310,       0.27,          true  },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_trace *trace = erg_trace_new(&err);
        erg_region region = { .name = "full_model", .runs = 1000,
                              .begin_ns = erg_ns_from_s(rows[i].begin_s),
                              .end_ns = erg_ns_from_s(rows[i].end_s) };
        erg_trace_add_region(trace, &region, &err);
        erg_trace_add_mark(trace, &(erg_mark_row){ region.begin_ns, "single_s",
                                                   rows[i].single_s }, &err);
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_TIME_MISMATCH) == rows[i].mismatch);
        erg_trace_free(trace);
    }
}

static void the_time_of_one_run_may_stand_in_the_meta_rows(void)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        erg_error err = { 0 };
        erg_trace *trace = erg_trace_new(&err);
        erg_region region = { .name = "full_model", .runs = 1000, .end_ns = ERG_NS_PER_S };
        erg_trace_add_region(trace, &region, &err);
        erg_trace_set_meta(trace, "single_s:full_model", wrong ? "0.002" : "0.00095", &err);
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_TIME_MISMATCH) == wrong);
        erg_trace_free(trace);
    }
}

static void a_region_that_ends_at_load_left_work_open(void)
{
    static const struct {
        double end_s;
        bool open;
    } rows[] = { { 15, true }, { 19.9, false } };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_trace *trace = stepped(260, 260);
        add_region(trace, "decode", 12, rows[i].end_s);
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_OPEN_WORK) == rows[i].open);
        erg_trace_free(trace);
    }
}

static void the_last_of_thousands_of_regions_is_looked_at_too(void)
{
    static const struct { int count; bool open; } rows[] = {
        { 3000, true }, { 3950, false },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_trace *trace = stepped(260, 260);
        for (int k = 0; k < rows[i].count; k++)
            add_region(trace, "step", 12 + 0.002 * k, 12 + 0.002 * (k + 1));
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_OPEN_WORK) == rows[i].open);
        erg_trace_free(trace);
    }
}

static void a_region_followed_by_the_next_is_not_open(void)
{
    erg_trace *trace = stepped(260, 260);

    add_region(trace, "run", 10, 19.9);
    add_region(trace, "prefill", 10, 15);
    add_region(trace, "decode", 15, 19.9);
    check(trace);
    CHECK(!erg_trace_has_flag(trace, ERG_FLAG_OPEN_WORK));
    erg_trace_free(trace);
}

static void many_runs_unlike_the_rest_are_skewed(void)
{
    for (int odd = 0; odd < 2; odd++) {
        series readings = { 0 };
        test_random random = { 9 };
        for (int i = 0; i < 2100; i++)
            series_add(&readings, i * 100 * ERG_NS_PER_MS, 100 + test_normal(&random));
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &readings);
        for (int i = 0; i < 200; i++) {     /* three in ten last three times as long */
            bool is_long = odd && test_uniform(&random) < 0.3;
            add_region(trace, "run", i, i + (is_long ? 4.5 : 1.5));
        }
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_SKEWED) == odd);
        erg_trace_free(trace);
    }
}

static void a_device_that_others_use_too_is_shared(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_device_info mig = { .name = "nvml:0", .driver = "nvml", .shared = true };
    erg_channel_info info = { .name = "power", .quantity = ERG_POWER, .kind = ERG_INSTANT,
                              .method = ERG_METHOD_INTEGRAL, .scope = ERG_SCOPE_BOARD };
    CHECK_OK(trace && erg_trace_add_device(trace, &mig, &err) == 0
             && erg_trace_add_channel(trace, &info, &err) == 0, err);
    for (int i = 0; i < 200; i++)
        CHECK_OK(erg_trace_add_samples(trace, 0, &(erg_sample){ i * ERG_NS_PER_S / 10, 0,
                 100 + i % 2 }, 1, &err), err);
    check(trace);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_SHARED));
    erg_energy energy = energy_of(trace, span_s(1, 15));
    CHECK(energy.quality == ERG_QUALITY_SHARED && has_flag(&energy, ERG_FLAG_SHARED));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_failed_command_is_flagged_but_its_joules_stand),
        TEST(runs_that_do_not_fill_their_window_are_a_mismatch),
        TEST(the_time_of_one_run_may_stand_in_the_meta_rows),
        TEST(a_region_that_ends_at_load_left_work_open),
        TEST(the_last_of_thousands_of_regions_is_looked_at_too),
        TEST(a_region_followed_by_the_next_is_not_open),
        TEST(many_runs_unlike_the_rest_are_skewed),
        TEST(a_device_that_others_use_too_is_shared),
    };
    return test_run(tests, ERG_COUNT(tests));
}
