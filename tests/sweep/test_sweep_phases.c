/* SPDX-License-Identifier: Apache-2.0 */
/* A run that marks prefill and decode: times and joules by hand. */
#include "erg/trace.h"
#include "sweep/sweep_phases.h"
#include "test.h"

static const int64_t utc_ns = 1700000000000000000;
enum { SECONDS = 40 };

static int64_t at(double second) { return erg_ns_from_s(second); }

static void mark(erg_trace *trace, int64_t id, int64_t parent, const char *name,
                 double begin, double end)
{
    erg_region region = { .id = id, .parent = parent, .begin_ns = at(begin),
                          .end_ns = at(end), .runs = NAN };
    erg_text_put(region.name, sizeof(region.name), name);
    CHECK(erg_trace_add_region(trace, &region, NULL));
}

/* 300 W in prefill, 150 W in decode, 50 W else; a run of 10 s from second 10 on. */
static double power(double second)
{
    return second >= 14 && second < 16 ? 300 : second >= 16 && second < 19 ? 150 : 50;
}

static void add_device(erg_trace *trace, const char *name, erg_scope scope, double times)
{
    erg_device_info gpu = { .driver = "nvml", .scope = scope };
    erg_channel_info watts = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                               .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL,
                               .update_s = 0.01, .scope = scope };
    static erg_sample rows[100 * SECONDS];

    erg_text_put(gpu.name, sizeof(gpu.name), name);
    watts.device = erg_trace_add_device(trace, &gpu, NULL);
    int channel = erg_trace_add_channel(trace, &watts, NULL);
    CHECK(channel >= 0);
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        rows[i] = (erg_sample){ .t_ns = at(0.01 * (double)i),
                                .value = times * power(0.01 * (double)i) };
    CHECK(erg_trace_add_samples(trace, channel, rows, ERG_COUNT(rows), NULL));
}

static erg_trace *record(void)
{
    erg_trace *trace = erg_trace_new(NULL);

    add_device(trace, "nvml:0", ERG_SCOPE_BOARD, 1);
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ .utc_ns = utc_ns }, NULL));
    mark(trace, 1, 0, "run", 10, 20);
    mark(trace, 2, 0, "load", 11, 13);
    return trace;
}

static erg_points *visit_of(double energy_j)
{
    erg_points *points = erg_points_new(NULL);
    erg_application app = { .name = "llama", .device = "nvml:0", .retention = NAN,
                            .retention_low = NAN };
    erg_visit visit = { .setting = erg_knob_setting_none(), .time_s = 5, .temp_c = NAN,
                        .start_ns = utc_ns + at(10), .energy_j = energy_j };

    visit.setting.at[ERG_SM_CLOCK] = 1410e6;
    CHECK(erg_points_application(points, &app, &visit.application, NULL));
    CHECK(erg_points_add(points, &visit, NULL));
    return points;
}

static void check_phase(const erg_points *points, size_t index, const char *name,
                        double time_s, double energy_j)
{
    const erg_visit *visit = erg_points_visit_at(points, index);

    CHECK_TEXT(erg_points_application_at(points, visit->application)->name, name);
    CHECK_NEAR(visit->time_s, time_s, 1e-9);
    CHECK_NEAR(visit->energy_j, energy_j, 0.02 * energy_j);
    CHECK_NEAR(visit->setting.at[ERG_SM_CLOCK], 1410e6, 0);
    CHECK(visit->state == ERG_VISIT_OK);
}

static void regions_inside_work_are_phases(void)
{
    erg_trace *trace = record();
    erg_points *whole = visit_of(2 * 300 + 3 * 150), *phases = erg_points_new(NULL);
    erg_error err = { 0 };
    size_t found;

    mark(trace, 3, 0, "work", 14, 19);
    mark(trace, 4, 3, "prefill", 14, 16);
    mark(trace, 5, 3, "decode", 16, 17.5);
    mark(trace, 6, 5, "attention", 16, 17);     /* deeper: part of decode already */
    mark(trace, 7, 3, "decode", 17.5, 19);
    CHECK_OK(erg_sweep_split(phases, whole, trace, &found, &err), err);
    CHECK(found == 2 && erg_points_visits(phases) == 2);
    check_phase(phases, 0, "prefill", 2, 600);
    check_phase(phases, 1, "decode", 3, 450);
    erg_points_free(phases);
    erg_points_free(whole);
    erg_trace_free(trace);
}

static void without_work_the_outermost_are_but_not_loading(void)
{
    erg_trace *trace = record();
    erg_points *whole = visit_of(5 * 50 + 600 + 450), *phases = erg_points_new(NULL);
    erg_error err = { 0 };
    size_t found;

    mark(trace, 4, 0, "prefill", 14, 16);
    mark(trace, 8, 0, "prefill", 24, 26);       /* of another run */
    CHECK_OK(erg_sweep_split(phases, whole, trace, &found, &err), err);
    CHECK(found == 1);
    check_phase(phases, 0, "prefill", 2, 600);
    erg_points_free(phases);
    erg_points_free(whole);
    erg_trace_free(trace);
}

/* A visit's energy of 1050 J times so much, told apart where some devices add up to it. */
static bool split_of_three(double times, erg_points *phases, erg_error *err)
{
    erg_trace *trace = record();
    erg_points *whole = visit_of(times * 1050);
    size_t found;

    add_device(trace, "nvml:1", ERG_SCOPE_BOARD, 2);
    add_device(trace, "wattsup:0", ERG_SCOPE_NODE, 5);
    mark(trace, 3, 0, "work", 14, 19);
    mark(trace, 4, 3, "prefill", 14, 16);
    bool good = erg_sweep_split(phases, whole, trace, &found, err);
    erg_points_free(whole);
    erg_trace_free(trace);
    return good;
}

static void phases_are_of_the_devices_that_add_up_to_the_visit(void)
{
    const double times[] = { 1, 3, 5 };         /* itself, both boards, the wall */
    erg_error err = { 0 };

    for (size_t i = 0; i < ERG_COUNT(times); i++) {
        erg_points *phases = erg_points_new(NULL);
        CHECK_OK(split_of_three(times[i], phases, &err), err);
        check_phase(phases, 0, "prefill", 2, times[i] * 600);
        CHECK_NEAR(erg_points_visit_at(phases, 0)->peak_w, times[i] * 300, 1);
        erg_points_free(phases);
    }
}

static void energy_that_no_devices_add_up_to_is_not_taken_apart(void)
{
    erg_points *phases = erg_points_new(NULL);
    erg_error err = { 0 };

    CHECK(!split_of_three(2, phases, &err) && strstr(err.text, "no devices"));
    CHECK(erg_points_visits(phases) == 0);
    erg_points_free(phases);
}

static void a_command_that_marks_nothing_has_no_phases(void)
{
    erg_trace *trace = record();
    erg_points *whole = visit_of(1300), *phases = erg_points_new(NULL);
    size_t found;

    CHECK(erg_sweep_split(phases, whole, trace, &found, NULL));
    CHECK(found == 0 && erg_points_visits(phases) == 0);
    erg_points_free(phases);
    erg_points_free(whole);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(regions_inside_work_are_phases),
        TEST(without_work_the_outermost_are_but_not_loading),
        TEST(phases_are_of_the_devices_that_add_up_to_the_visit),
        TEST(energy_that_no_devices_add_up_to_is_not_taken_apart),
        TEST(a_command_that_marks_nothing_has_no_phases),
    };
    return test_run(tests, ERG_COUNT(tests));
}
