/* SPDX-License-Identifier: Apache-2.0 */
/* What must be flagged or refused, and what must not. */
#include "checked.h"

/* ---- METER_SILENT --------------------------------------------------------------- */

static void the_meter_on_the_wrong_host_is_silent_in_every_window(void)
{
    series log = series_of_clock(test_data("replay/piep_wattsup_power_wrong_host.csv"), 3);
    CHECK(log.count == 45);

    for (size_t from = 0; from < 45; from++)
        for (size_t to = from + 4; to <= 45; to++) {
            if (from == 0 && to == 45)
                continue;   /* no idle is left to compare with */
            series copy = { 0 };
            for (size_t i = 0; i < 45; i++)
                series_add(&copy, log.at[i].t_ns, log.at[i].value);
            erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_AVG_PREV,
                                                            .window_s = 1,
                                                            .scope = ERG_SCOPE_NODE },
                                        &copy);
            add_region(trace, "full_model", 1e-9 * (double)log.at[from].t_ns - 0.01,
                       1e-9 * (double)log.at[to - 1].t_ns + 0.01);
            check(trace);
            CHECK(erg_trace_has_flag(trace, ERG_FLAG_METER_SILENT));
            erg_trace_free(trace);
        }
    free(log.at);
}

static void a_silent_meter_gives_no_joules_but_a_following_one_does(void)
{
    for (int silent = 0; silent < 2; silent++) {
        erg_error err = { 0 };
        erg_energy energy;
        series readings = step_load(silent ? 60 : 260, silent ? 60 : 260);
        erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_AVG_PREV,
                                                        .window_s = 0.1,
                                                        .scope = ERG_SCOPE_NODE },
                                    &readings);
        add_region(trace, "run", 10, 20);
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_METER_SILENT) == silent);
        CHECK(erg_trace_energy(trace, 0, span_s(10, 20), &energy, &err) == !silent);
        CHECK(err.code == (silent ? ERG_REFUSED : ERG_OK));
        CHECK(isnan(energy.energy_j) == silent);
        erg_trace_free(trace);
    }
}

/* ---- hosts, commands, times ------------------------------------------------------- */

static void a_meter_wired_to_another_host_is_refused(void)
{
    static const struct { const char *wired; bool refused; } rows[] = {
        { "alpha", false }, { "beta", true }, { "", false },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_energy energy;
        series readings = step_load(260, 260);
        erg_device_info device = { .name = "wattsup:0", .scope = ERG_SCOPE_NODE };
        erg_trace *trace = erg_trace_new(&err);
        strcpy(device.wired_to, rows[i].wired);
        erg_trace_add_device(trace, &device, &err);
        erg_trace_add_channel(trace, &(erg_channel_info){ .name = "power",
            .method = ERG_METHOD_INTEGRAL, .scope = ERG_SCOPE_NODE }, &err);
        erg_trace_add_samples(trace, 0, readings.at, readings.count, &err);
        erg_trace_set_meta(trace, "host_id", "alpha", &err);
        free(readings.at);
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_HOST_MISMATCH) == rows[i].refused);
        CHECK(erg_trace_energy(trace, 0, span_s(1, 2), &energy, &err) != rows[i].refused);
        erg_trace_free(trace);
    }
}

/* ---- states ------------------------------------------------------------------------ */

static void a_load_that_starts_low_is_cold(void)
{
    erg_trace *cold = stepped(200, 260), *warm = stepped(255, 260);

    add_region(cold, "run", 10, 20);
    add_region(warm, "run", 10.1, 19.8);
    check(cold);
    check(warm);
    CHECK(erg_trace_has_flag(cold, ERG_FLAG_COLD_CLOCKS));
    CHECK(!erg_trace_has_flag(warm, ERG_FLAG_COLD_CLOCKS));
    erg_trace_free(cold);
    erg_trace_free(warm);
}

static void the_recorded_run_was_cold(void)
{
    series log = series_of_clock(test_data("replay/piep_gpu_power_20260206_183216.csv"), 2);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &log);

    add_region(trace, "full_model", 66743.532, 66755.231);
    check(trace);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_COLD_CLOCKS));
    CHECK(!erg_trace_has_flag(trace, ERG_FLAG_METER_SILENT));
    erg_trace_free(trace);
}

static int add_channel(erg_trace *trace, const char *name, erg_quantity quantity,
                       double first, double last)
{
    erg_error err = { 0 };
    erg_channel_info info = { .quantity = quantity };
    strcpy(info.name, name);
    int channel = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i < 300; i++)
        erg_trace_add_samples(trace, channel, &(erg_sample){ i * 100 * ERG_NS_PER_MS, 0,
                              first + (last - first) * i / 299 }, 1, &err);
    return channel;
}

static void heat_and_a_missed_clock_are_flagged(void)
{
    for (int bad = 0; bad < 2; bad++) {
        erg_error err = { 0 };
        erg_trace *trace = stepped(260, 260);
        add_region(trace, "run", 10.1, 19.8);
        add_channel(trace, "temperature", ERG_TEMPERATURE, 330, bad ? 350 : 333);
        add_channel(trace, "sm_clock", ERG_CLOCK_RATE, bad ? 1.23e9 : 1.38e9,
                    bad ? 1.23e9 : 1.38e9);
        erg_trace_add_setting(trace, &(erg_setting){ .key = "sm_clock_hz",
                                                     .value = "1380000000" }, &err);
        check(trace);
        erg_energy energy;
        CHECK_OK(erg_trace_energy(trace, 0, span_s(10.5, 19), &energy, &err), err);
        CHECK(energy.quality == (bad ? ERG_QUALITY_FAIR : ERG_QUALITY_GOOD));
        CHECK(!(energy.flags >> ERG_FLAG_THERMAL_DRIFT & 1) == !bad);
        CHECK(!(energy.flags >> ERG_FLAG_CLOCK_NOT_REACHED & 1) == !bad);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_THERMAL_DRIFT) == bad);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_CLOCK_NOT_REACHED) == bad);
        CHECK(!erg_trace_has_flag(trace, ERG_FLAG_COLD_CLOCKS));
        erg_trace_free(trace);
    }
}

static void a_clock_below_the_granted_one_was_not_reached(void)
{
    for (int slow = 0; slow < 2; slow++) {
        erg_trace *trace = stepped(260, 260);
        double ran_hz = slow ? 1.2e9 : 1.41e9;
        add_channel(trace, "sm_clock", ERG_CLOCK_RATE, ran_hz, ran_hz);
        add_channel(trace, "sm_app_clock", ERG_CLOCK_RATE, 1.41e9, 1.41e9);
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_CLOCK_NOT_REACHED) == slow);
        erg_trace_free(trace);
    }
}

static void sleep_between_anchors_uncovers_the_stretch(void)
{
    erg_error err = { 0 };
    erg_trace *trace = stepped(260, 260);
    const int64_t s = ERG_NS_PER_S;

    erg_trace_add_anchor(trace, &(erg_anchor){ 5 * s, 105 * s, 0, 0 }, &err);
    erg_trace_add_anchor(trace, &(erg_anchor){ 12 * s, 112 * s, 0, 0 }, &err);
    erg_trace_add_anchor(trace, &(erg_anchor){ 13 * s, 200 * s, 0, 0 }, &err);
    check(trace);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_SUSPENDED));
    erg_energy energy = energy_of(trace, span_s(11, 15));
    CHECK_NEAR(energy.covered, 0.75, 1e-9);
    CHECK(has_flag(&energy, ERG_FLAG_SUSPENDED));
    CHECK(energy.quality == ERG_QUALITY_PARTIAL);
    erg_trace_free(trace);
}

static void idle_that_changed_is_flagged(void)
{
    erg_trace *trace = stepped(260, 260);

    add_region(trace, "idle_before", 0, 9);
    add_region(trace, "run", 10.1, 19.8);
    add_region(trace, "idle_after", 14, 18);    /* at load: not idle at all */
    check(trace);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_IDLE_DRIFT));
    erg_trace_free(trace);
}

/* ---- counter and power --------------------------------------------------------------- */

static void a_counter_apart_from_power_is_flagged_beyond_five_percent(void)
{
    static const struct { double share; bool disagrees; } rows[] = {
        { 1.0, false }, { 1.03, false }, { 0.97, false }, { 1.09, true }, { 0.9, true },
    };

    for (size_t k = 0; k < ERG_COUNT(rows); k++) {
        erg_error err = { 0 };
        erg_trace *trace = stepped(260, 260);
        int counter = erg_trace_add_channel(trace, &(erg_channel_info){ .name = "energy",
            .quantity = ERG_ENERGY, .kind = ERG_COUNTER, .scope = ERG_SCOPE_BOARD }, &err);
        double total_j = 0;
        for (int i = 0; i < 300; i++) {
            erg_sample sample = { i * 100 * ERG_NS_PER_MS, 0, total_j };
            total_j += 0.1 * rows[k].share * (i >= 100 && i < 200 ? 260 : 60);
            erg_trace_add_samples(trace, counter, &sample, 1, &err);
        }
        check(trace);
        CHECK(erg_trace_has_flag(trace, ERG_FLAG_COUNTER_DISAGREES) == rows[k].disagrees);
        erg_trace_free(trace);
    }
}

/* ---- work ---------------------------------------------------------------------- */

static void two_wraps_between_two_readings_are_flagged_where_they_may_be(void)
{
    series readings = { 0 };
    for (int i = 0; i < 100; i++)
        series_add(&readings, (i + (i > 50 ? 200 : 0)) * ERG_NS_PER_S / 10,
                   fmod(40.0 * (i + (i > 50 ? 200 : 0)), 3000));
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_COUNTER, .update_s = 0.1,
                                                    .range_j = 3000, .max_w = 500 },
                                &readings);
    check(trace);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_WRAP_AMBIGUOUS));
    CHECK(has_flag(&(erg_energy){ .flags = energy_of(trace, span_s(1, 1.3)).flags },
                   ERG_FLAG_TOO_SHORT));
    erg_trace_free(trace);
}

static void a_quiet_recording_raises_nothing(void)
{
    erg_trace *trace = stepped(260, 260);

    add_region(trace, "idle_before", 0, 9);
    add_region(trace, "run", 10.1, 19.8);
    add_region(trace, "idle_after", 21, 29);
    check(trace);
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        print_message("# %s\n", erg_trace_flag(trace, i)->text);
    CHECK(erg_trace_flag_count(trace) == 0);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_meter_on_the_wrong_host_is_silent_in_every_window),
        TEST(a_silent_meter_gives_no_joules_but_a_following_one_does),
        TEST(a_meter_wired_to_another_host_is_refused),
        TEST(a_load_that_starts_low_is_cold),
        TEST(the_recorded_run_was_cold),
        TEST(heat_and_a_missed_clock_are_flagged),
        TEST(a_clock_below_the_granted_one_was_not_reached),
        TEST(sleep_between_anchors_uncovers_the_stretch),
        TEST(idle_that_changed_is_flagged),
        TEST(a_counter_apart_from_power_is_flagged_beyond_five_percent),
        TEST(two_wraps_between_two_readings_are_flagged_where_they_may_be),
        TEST(a_quiet_recording_raises_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
