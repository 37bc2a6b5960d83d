/* SPDX-License-Identifier: Apache-2.0 */
/* The energy report: what older tools read, and what its figures are of. */
#include <jansson.h>
#include "report/made.h"

static double number_at(const json_t *root, const char *first, const char *second)
{
    return json_number_value(json_object_get(json_object_get(root, first), second));
}

static void two_meters_are_averaged_each_for_itself(void)
{
    static const char log[] = "time,id,pm1,pm2,sum\n"
        "2026-02-06 18:32:01Z,1,100,20,120\n2026-02-06 18:32:02Z,2,110,30,140\n"
        "2026-02-06 18:32:03Z,3,120,40,160\n2026-02-06 18:32:04Z,4,130,70,200\n";
    static const char timing[] = "{\"start_timestamp\": \"2026-02-06T18:32:01Z\", "
                                 "\"num_runs\": 4,"
        "\"end_timestamp\": \"2026-02-06T18:32:03Z\", \"full_model_inference_us\": 500000}";
    erg_error err = { 0 };
    size_t size;
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(erg_import_bytes(trace, "w.csv", log, strlen(log), NULL, &err), err);
    CHECK_OK(erg_import_bytes(trace, "t.json", timing, strlen(timing), NULL, &err), err);
    char *text = export_text(trace, &(erg_export_options){ .format = "energy-report",
                                                           .region = "full_model" }, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    /* Means over the second before each stamp: those of 18:32:02 and :03 count. */
    CHECK_NEAR(number_at(root, "power_meters", "pm1_avg_watts"), 115, 1e-9);
    CHECK_NEAR(number_at(root, "power_meters", "pm2_avg_watts"), 35, 1e-9);
    CHECK_NEAR(number_at(root, "power_watts", "average"), 150, 1e-9);
    CHECK_NEAR(number_at(root, "energy_joules", "total"), 300, 1e-9);
    CHECK_NEAR(number_at(root, "energy_joules", "per_run"), 75, 1e-9);
    json_decref(root);
    free(text);
    erg_trace_free(trace);
}

static void the_energy_report_has_the_keys_of_old(void)
{
    static const char *const keys[] = {
        "start_timestamp", "end_timestamp", "duration_seconds", "num_power_samples",
        "num_runs", "power_watts", "energy_joules", "energy_wh", "power_meters", "erg",
    };
    size_t size;
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    erg_export_options options = { .format = "energy-report", .channel = "gpu:0/energy" };
    char *text = export_text(trace, &options, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    CHECK(root != NULL);
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        CHECK(json_object_get(root, keys[i]));
    const char *begin = json_string_value(json_object_get(root, "start_timestamp"));
    CHECK(begin && begin[strlen(begin) - 1] == 'Z');
    double total =
        json_number_value(json_object_get(json_object_get(root, "energy_joules"), "total"));
    double per =
        json_number_value(json_object_get(json_object_get(root, "energy_joules"),
                                          "per_run"));
    double wh =
        json_number_value(json_object_get(json_object_get(root, "energy_wh"), "total"));
    CHECK_NEAR(total, 800, 10);
    CHECK_NEAR(per, total / 4, 1e-9);
    CHECK_NEAR(wh, total / 3600, 1e-12);
    json_t *erg = json_object_get(root, "erg"), *idle = json_object_get(erg, "idle");
    CHECK_TEXT(json_string_value(json_object_get(idle, "policy")), "gross");
    CHECK(json_is_null(json_object_get(idle, "net_j")));
    CHECK_TEXT(json_string_value(json_object_get(erg, "device")), "gpu:0/energy");
    CHECK_TEXT(json_string_value(json_object_get(erg, "integration")), "difference");
    json_decref(root);
    free(text);

    options = (erg_export_options){ .format = "energy-report", .channel = "gpu:0/power",
                                    .legacy = true };
    text = export_text(trace, &options, &size);
    CHECK(strstr(text, "\"integration\": \"legacy\""));
    free(text);
    erg_trace_free(trace);
}

/* To be laid beside the report that was written then: joules by the backward sum, and the
 * mean of the samples inside. */
static void a_legacy_report_of_the_recorded_run_is_the_old_one(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(erg_import(trace, test_data("replay/piep_gpu_power_20260206_183216.csv"), NULL,
                        &err)
             && erg_import(trace, test_data("replay/piep_full_model_timing.json"), NULL,
                           &err)
             && erg_trace_check(trace, &err), err);
    erg_export_options options = { .format = "energy-report", .legacy = true };
    size_t size;
    char *text = export_text(trace, &options, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    CHECK_NEAR(number_at(root, "energy_joules", "total"), 2424.75173659, 2.4e-6);
    CHECK_NEAR(number_at(root, "energy_joules", "per_run"), 2.42475173659, 2.4e-9);
    CHECK_NEAR(number_at(root, "power_watts", "average"), 207.325, 0.0005);
    CHECK_NEAR(number_at(root, "power_watts", "peak"), 220.37, 1e-9);
    CHECK_NEAR(number_at(root, "power_watts", "min"), 113.98, 1e-9);
    CHECK(json_integer_value(json_object_get(root, "num_power_samples")) == 406);
    CHECK(strstr(text, "\"flags\": [\"LOCAL_TIME\", \"COLD_CLOCKS\"]"));
    json_decref(root);
    free(text);

    options.legacy = false;
    text = export_text(trace, &options, &size);
    root = json_loadb(text, size, 0, NULL);
    CHECK_NEAR(number_at(root, "energy_joules", "total"), 2424.561479, 1e-6);
    CHECK_NEAR(number_at(root, "power_watts", "average"), 2424.561479 / 11.699, 1e-7);
    json_decref(root);
    free(text);
    erg_trace_free(trace);
}

/* 100 W for 5 s, nothing marked. */
static erg_trace *make_log(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_device_info device = { .name = "gpu:0", .scope = ERG_SCOPE_BOARD };
    erg_channel_info power = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                               .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL,
                               .scope = ERG_SCOPE_BOARD, .gain_u = 0.02 };
    CHECK(trace && erg_trace_add_device(trace, &device, &err) == 0);
    CHECK(erg_trace_add_channel(trace, &power, &err) == 0);
    for (int i = 0; i <= 50; i++) {
        erg_sample watts = { .t_ns = i * 100 * ERG_NS_PER_MS, .value = 100 };
        CHECK(erg_trace_add_samples(trace, 0, &watts, 1, &err));
    }
    return trace;
}

static double report_number(const erg_trace *trace, const char *key)
{
    erg_export_options options = { .format = "energy-report", .channel = "gpu:0/power" };
    size_t size;
    char *text = export_text(trace, &options, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    double number = json_number_value(json_object_get(root, key));
    json_decref(root);
    free(text);
    return number;
}

/* What lies between the runs is no run's energy. */
static void a_report_of_many_runs_leaves_out_what_lies_between_them(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make_log();
    for (int i = 0; i < 2; i++)
        CHECK(erg_trace_add_region(trace, &(erg_region){ .name = "run", .runs = 1,
            .begin_ns = (1 + 2 * i) * ERG_NS_PER_S,
            .end_ns = (2 + 2 * i) * ERG_NS_PER_S }, &err));
    size_t size;
    erg_export_options options = { .format = "energy-report", .channel = "gpu:0/power" };
    char *text = export_text(trace, &options, &size);
    CHECK(strstr(text, "\"energy_joules\": {\"total\": 200, \"per_run\": 100}"));
    free(text);
    CHECK_NEAR(report_number(trace, "duration_seconds"), 2, 1e-9);
    CHECK(report_number(trace, "num_power_samples") == 22);
    erg_trace_free(trace);
}

static void a_report_tells_the_flags_of_what_it_is_of(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make_log();
    for (int i = 0; i < 2; i++) {
        erg_region one = { .begin_ns = 2 * i * ERG_NS_PER_S, .runs = 1,
                           .end_ns = (2 * i + 1) * ERG_NS_PER_S };
        strcpy(one.name, i ? "decode" : "prefill");
        erg_flag flag = { .code = i ? ERG_FLAG_OPEN_WORK : ERG_FLAG_COLD_CLOCKS,
                          .channel = -1, .span = { one.begin_ns, one.end_ns } };
        CHECK_OK(erg_trace_add_region(trace, &one, &err)
                 && erg_trace_add_flag(trace, &flag, &err), err);
    }
    CHECK_OK(erg_trace_add_flag(trace, &(erg_flag){ ERG_FLAG_STALE_RESULT, -1, { 0, 0 },
                                                    "old" }, &err), err);
    size_t size;
    erg_export_options options = { .format = "energy-report", .channel = "gpu:0/power",
                                   .region = "decode" };
    char *text = export_text(trace, &options, &size);
    CHECK(strstr(text, "\"flags\": [\"STALE_RESULT\", \"OPEN_WORK\"]"));
    free(text);
    erg_trace_free(trace);
}

/* A logger sampled all the time; a benchmark beside it wrote when it ran, and how often. */
static void the_stamps_of_a_timing_file_select_what_a_report_counts(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make_log();
    CHECK(report_number(trace, "duration_seconds") > 4);
    CHECK(report_number(trace, "num_runs") == 0);
    erg_region timed = { .name = "full_model", .begin_ns = 2 * ERG_NS_PER_S,
                         .end_ns = 3 * ERG_NS_PER_S, .runs = 50 };
    CHECK_OK(erg_trace_add_region(trace, &timed, &err), err);
    CHECK_NEAR(report_number(trace, "duration_seconds"), 1, 1e-9);
    CHECK(report_number(trace, "num_runs") == 50);
    erg_trace_free(trace);
}

static void a_report_names_the_flags_of_its_figure(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make_log();
    erg_region brief = { .name = "run", .begin_ns = 2 * ERG_NS_PER_S,
                         .end_ns = 2 * ERG_NS_PER_S + ERG_NS_PER_MS, .runs = 1 };
    CHECK_OK(erg_trace_add_region(trace, &brief, &err), err);
    size_t size;
    erg_export_options options = { .format = "energy-report", .channel = "gpu:0/power" };
    char *text = export_text(trace, &options, &size);
    CHECK(strstr(text, "\"flags\": [\"TOO_SHORT\"]"));
    free(text);
    erg_trace_free(trace);
}

static void a_report_says_how_watts_became_joules_and_not_where_they_come_from(void)
{
    erg_export_options options = { .format = "energy-report", .channel = "gpu:0/power" };
    erg_trace *trace = make_trace(ERG_METHOD_SIMULATED);
    size_t size;
    char *text = export_text(trace, &options, &size);
    CHECK(strstr(text, "\"integration\": \"trapezoid\", \"method\": \"simulated\""));
    free(text);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(two_meters_are_averaged_each_for_itself),
        TEST(the_energy_report_has_the_keys_of_old),
        TEST(a_legacy_report_of_the_recorded_run_is_the_old_one),
        TEST(a_report_tells_the_flags_of_what_it_is_of),
        TEST(a_report_of_many_runs_leaves_out_what_lies_between_them),
        TEST(the_stamps_of_a_timing_file_select_what_a_report_counts),
        TEST(a_report_names_the_flags_of_its_figure),
        TEST(a_report_says_how_watts_became_joules_and_not_where_they_come_from),
    };
    return test_run(tests, ERG_COUNT(tests));
}
