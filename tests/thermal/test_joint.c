/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's log and a training log as one run file, and back. */
#include "erg/joint.h"
#include "test.h"

static const char monitor_text[] =
    "timestamp,device,temp_c,power_w,util_pct,rle_raw\n"
    "2026-01-02T03:04:05Z,gpu,50,200,90,0.5\n"
    "2026-01-02T03:04:06Z,gpu,51,210,,0.6\n"
    "2026-01-02T03:04:07Z,gpu,52,220,92,0.7\n";
static const int64_t monitor_utc_ns = 1767323045 * ERG_NS_PER_S;

static const char training_text[] =
    "{\"step\": 1, \"timestamp_shared\": 1767323045.25, \"loss\": 2.5, \"grad_norm\": 9,"
    " \"learning_rate\": 0.1}\n"
    "{\"step\": 2, \"timestamp_shared\": 1767323046.5, \"loss\": null, \"grad_norm\": 8.25,"
    " \"learning_rate\": 0.1}\n";

static void two_logs_become_one_run_file_and_come_back(void)
{
    erg_error err = { 0 };
    const char *csv = test_file("rle.csv", monitor_text);
    const char *log = test_file("log.json", training_text);
    char run[160];
    snprintf(run, sizeof(run), "%s.erg", csv);
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(erg_joint_import(trace, csv, NULL, &err), err);
    CHECK_OK(erg_joint_import(trace, log, NULL, &err), err);
    CHECK_OK(erg_trace_save(trace, run, &err), err);
    erg_trace_free(trace);

    erg_training *training = erg_training_load(run, NULL, &err);
    CHECK_OK(training != NULL, err);
    size_t count;
    const erg_training_row *rows = erg_training_rows(training, &count);
    CHECK(count == 2);
    CHECK(rows[0].t_ns == monitor_utc_ns + ERG_NS_PER_S / 4);
    CHECK_NEAR(rows[0].value[ERG_TRAINING_LOSS], 2.5, 0);
    CHECK_NEAR(rows[0].value[ERG_TRAINING_GRAD_NORM], 9, 0);
    CHECK_NEAR(rows[0].value[ERG_TRAINING_LR], 0.1, 0);
    CHECK(isnan(rows[1].value[ERG_TRAINING_LOSS]));
    CHECK_NEAR(rows[1].value[ERG_TRAINING_STEP_S], 1.25, 1e-9);
    erg_training_free(training);

    erg_monitor *monitor = erg_monitor_load(run, NULL, &err);
    CHECK_OK(monitor != NULL, err);
    const erg_monitor_device *gpu = erg_monitor_find(monitor, "gpu");
    CHECK(gpu && gpu->count == 3 && gpu->rows[0].t_ns == monitor_utc_ns);
    CHECK_NEAR(gpu->rows[2].value[ERG_MONITOR_TEMP_K], 52 + 273.15, 1e-9);
    CHECK_NEAR(gpu->rows[2].value[ERG_MONITOR_POWER_W], 220, 1e-9);
    CHECK_NEAR(gpu->rows[1].value[ERG_MONITOR_RLE_RAW], 0.6, 1e-12);
    CHECK(isnan(gpu->rows[1].value[ERG_MONITOR_USE]));
    erg_monitor_free(monitor);
    CHECK(unlink(csv) == 0 && unlink(log) == 0 && unlink(run) == 0);
}

static void a_log_on_no_clock_of_the_run_is_refused(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    const char *log = test_file("since.json", "{\"step\": 1, \"t\": 0.5, \"loss\": 2}\n");
    CHECK(!erg_joint_import(trace, log, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "Unix time"));
    erg_trace_free(trace);
    CHECK(unlink(log) == 0);
}

#define SINCE "t_s,power_w\n0,100\n1,200\n2,100\n3,200\n"

/* Watts that count from 0 lay at 1970 beside a trace of today, and correlated nothing. */
static void a_meter_without_a_date_is_put_beside_no_dated_trace(void)
{
    const char *meter = test_file("since.csv", SINCE);
    const char *trace = test_file("dated.json",
        "{\"traceEvents\": [{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"k\", "
        "\"pid\": 0, \"tid\": 7, \"ts\": 1770000000000000, \"dur\": 900000}]}");
    const char *const orders[][2] = { { meter, trace }, { trace, meter } };
    for (size_t i = 0; i < ERG_COUNT(orders); i++) {
        erg_error err = { 0 };
        erg_trace *both = erg_trace_new(&err);
        CHECK_OK(erg_joint_import(both, orders[i][0], NULL, &err), err);
        CHECK(!erg_joint_import(both, orders[i][1], NULL, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "counts from nowhere: say "));
        erg_trace_free(both);
    }
    /* With a date each sample has a stamp of its own among the events. */
    const erg_import_options dated = { .start = "1770000000" };
    erg_error err = { 0 };
    erg_trace *both = erg_trace_new(&err);
    CHECK_OK(erg_joint_import(both, trace, NULL, &err)
             && erg_joint_import(both, meter, &dated, &err), err);
    erg_span span = erg_trace_span(both);
    CHECK_NEAR(erg_s_from_ns(span.end_ns - span.begin_ns), 3, 1e-6);
    erg_trace_free(both);
    CHECK(unlink(meter) == 0 && unlink(trace) == 0);
}

/* A training log with a date laid its marks 56 years behind a monitor that has none. */
static void a_dated_training_log_is_put_beside_no_undated_meter(void)
{
    const char *meter = test_file("undated.csv", SINCE);
    const char *log = test_file("log.json", training_text);
    erg_error err = { 0 };
    erg_trace *both = erg_trace_new(&err);

    CHECK_OK(erg_joint_import(both, meter, NULL, &err), err);
    CHECK(!erg_joint_import(both, log, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "the training log has a date") && strstr(err.text, "--start"));
    CHECK(erg_trace_mark_count(both) == 0);
    erg_trace_free(both);
    /* The cure that it names is one. */
    const erg_import_options dated = { .start = "1767323045" };
    both = erg_trace_new(&err);
    CHECK_OK(erg_joint_import(both, meter, &dated, &err)
             && erg_joint_import(both, log, NULL, &err), err);
    CHECK(erg_trace_mark_count(both) > 0);
    erg_span span = erg_trace_span(both);
    CHECK_NEAR(erg_s_from_ns(span.end_ns - span.begin_ns), 3, 1e-6);
    erg_trace_free(both);
    CHECK(unlink(meter) == 0 && unlink(log) == 0);
}

static const erg_flag *local_time_of(const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == ERG_FLAG_LOCAL_TIME)
            return erg_trace_flag(trace, i);
    return NULL;
}

/* Local time is not time. Only of the layout with workload_state is it known that it is
 * UTC without saying so; what counts from 0 is of no zone. */
static void a_monitors_stamps_without_a_zone_are_flagged_till_one_is_named(void)
{
    static const struct { const char *head, *row, *tz; bool flagged; } logs[] = {
        { "timestamp,device,temp_c,power_w\n", "2026-01-02T03:04:%02d%s,gpu,50,100\n", NULL,
          true },
        { "timestamp,device,temp_c,power_w\n", "2026-01-02T03:04:%02d%s,gpu,50,100\n",
          "Europe/Berlin", false },
        { "timestamp,device,temp_c,power_w\n", "2026-01-02T03:04:%02dZ%s,gpu,50,100\n",
          NULL, false },
        { "timestamp,device,temp_c,power_w,workload_state\n",
          "2026-01-02T03:04:%02d%s,gpu,50,100,idle\n", NULL, false },
        { "t_s,temp_c,power_w\n", "%d%s,50,100\n", NULL, false },
    };
    for (size_t i = 0; i < ERG_COUNT(logs); i++)
        for (int torn = 0; torn < 2; torn++) {      /* as it streams by, and in memory */
            erg_error err = { 0 };
            char text[512];
            int used = snprintf(text, sizeof(text), "%s", logs[i].head);
            for (int k = 0; k < 4; k++)
                used += snprintf(text + used, sizeof(text) - (size_t)used, logs[i].row, k,
                                 "");
            snprintf(text + used, sizeof(text) - (size_t)used, "%s", torn ? "0,0" : "");
            const char *csv = test_file("zone.csv", text);
            erg_trace *trace = erg_trace_new(&err);
            CHECK_OK(erg_joint_import(trace, csv, &(erg_import_options){
                .tz = logs[i].tz, .writer = torn }, &err), err);
            const erg_flag *flag = local_time_of(trace);
            CHECK((flag != NULL) == logs[i].flagged);
            CHECK(!flag || (strstr(flag->text, "zone.csv") && strstr(flag->text, "--tz")));
            erg_trace_free(trace);
            CHECK(unlink(csv) == 0);
        }
}

static void a_monitors_jump_back_by_an_hour_is_the_end_of_summer_time(void)
{
    static const char text[] = "timestamp,device,temp_c,power_w\n"
        "2025-10-26T02:59:58,gpu,50,100\n2025-10-26T02:59:58,cpu,50,60\n"
        "2025-10-26T02:59:59,gpu,50,100\n2025-10-26T02:59:59,cpu,50,60\n"
        "2025-10-26T02:00:00,gpu,50,100\n2025-10-26T02:00:00,cpu,50,60\n"
        "2025-10-26T02:00:01,gpu,50,100\n2025-10-26T02:00:01,cpu,50,60\n";
    erg_error err = { 0 };
    const char *csv = test_file("autumn.csv", text);
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(erg_joint_import(trace, csv, NULL, &err), err);
    const erg_flag *flag = local_time_of(trace);
    CHECK(flag && strstr(flag->text, "jump back by an hour"));
    erg_span span = erg_trace_span(trace);
    CHECK(span.end_ns - span.begin_ns == 3 * ERG_NS_PER_S);
    erg_trace_free(trace);
    CHECK(unlink(csv) == 0);
}

/* 3 h away from the monitor's, by quarters of an hour: a guess, and told as one. */
static void a_training_log_laid_on_the_run_by_its_edges_is_flagged(void)
{
    static const char local[] =
        "{\"step\": 1, \"timestamp_iso\": \"2026-01-02T06:04:05.25\", \"loss\": 2.5}\n"
        "{\"step\": 2, \"timestamp_iso\": \"2026-01-02T06:04:06.5\", \"loss\": 2}\n";
    const char *csv = test_file("rle.csv", monitor_text);
    const char *log = test_file("local.json", local);
    for (int named = 0; named < 2; named++) {
        erg_error err = { 0 };
        erg_trace *trace = erg_trace_new(&err);
        CHECK_OK(erg_joint_import(trace, csv, NULL, &err)
                 && erg_joint_import(trace, log, &(erg_import_options){
                        .tz = named ? "+03:00" : NULL }, &err), err);
        const erg_flag *flag = local_time_of(trace);
        CHECK((flag == NULL) == named);
        CHECK(!flag || (strstr(flag->text, "-3 h") && strstr(flag->text, "--tz")));
        CHECK(erg_trace_utc_ns(trace, erg_trace_mark(trace, 0)->t_ns)
              == monitor_utc_ns + ERG_NS_PER_S / 4);
        erg_trace_free(trace);
    }
    CHECK(unlink(csv) == 0 && unlink(log) == 0);
}

static size_t samples_of(const erg_trace *trace, const char *channel)
{
    size_t count = 0;
    int at = erg_trace_find_channel(trace, channel);
    if (at >= 0)
        erg_trace_samples(trace, at, &count);
    return count;
}

static void a_log_of_two_programs_is_refused_until_one_of_them_is_named(void)
{
    erg_error err = { 0 };
    char text[8192] = "timestamp,device,temp_c,power_w\n";
    size_t used = strlen(text);
    for (int i = 0; i < 80; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "2026-01-02T03:%02d:%02d.0Z,gpu,50,100\n", i / 60, i % 60);
        if (i >= 50)
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "2026-01-02T03:%02d:%02d.45Z,gpu,50,999\n", i / 60,
                                     i % 60);
    }
    const char *csv = test_file("two.csv", text);
    erg_trace *trace = erg_trace_new(&err);
    CHECK(!erg_joint_import(trace, csv, NULL, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "two.csv: TWO_WRITERS") && strstr(err.text, "--writer 1 or 2"));
    erg_trace_free(trace);
    for (int writer = 1; writer <= 2; writer++) {
        trace = erg_trace_new(&err);
        CHECK_OK(erg_joint_import(trace, csv, &(erg_import_options){ .writer = writer },
                                  &err), err);
        CHECK(samples_of(trace, "gpu/power") == (writer == 1 ? 80 : 30));
        erg_trace_free(trace);
    }
    CHECK(unlink(csv) == 0);
}

static void what_is_neither_gets_the_importers_sentence(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    const char *log = test_file("other.txt", "nothing of this is known\n");
    CHECK(!erg_joint_import(trace, log, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "not a format that erg knows"));
    erg_trace_free(trace);
    CHECK(unlink(log) == 0);
}

static void a_recorded_session_survives_the_way_through_a_run_file(void)
{
    erg_error err = { 0 };
    const char *csv = test_data("thermal/joint/reproducibility_test_1/"
                                "rle_data_20251028_195412.csv");
    erg_monitor *before = erg_monitor_load(csv, NULL, &err);
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(before && erg_joint_import(trace, csv, NULL, &err), err);
    CHECK_OK(erg_joint_import(trace, test_data("thermal/joint/reproducibility_test_1/"
                                               "training_log_20251028_195412.json"),
                              NULL, &err), err);
    erg_monitor *after = erg_monitor_of_trace(trace, &err);
    erg_training *training = erg_training_of_trace(trace, &err);
    CHECK_OK(after && training, err);
    size_t count;
    erg_training_rows(training, &count);
    CHECK(count == 201);
    for (size_t d = 0; d < erg_monitor_devices(before); d++) {
        const erg_monitor_device *was = erg_monitor_device_at(before, d);
        const erg_monitor_device *is = erg_monitor_find(after, was->name);
        CHECK(is && is->count == was->count);
        for (size_t i = 0; i < was->count; i++)
            for (int v = 0; v < ERG_MONITOR_VALUES; v++)
                CHECK(is->rows[i].t_ns == was->rows[i].t_ns
                      && memcmp(&is->rows[i].value[v], &was->rows[i].value[v],
                                sizeof(double)) == 0);
    }
    erg_training_free(training);
    erg_monitor_free(after);
    erg_monitor_free(before);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_monitors_stamps_without_a_zone_are_flagged_till_one_is_named),
        TEST(a_monitors_jump_back_by_an_hour_is_the_end_of_summer_time),
        TEST(a_training_log_laid_on_the_run_by_its_edges_is_flagged),
        TEST(two_logs_become_one_run_file_and_come_back),
        TEST(a_log_on_no_clock_of_the_run_is_refused),
        TEST(a_meter_without_a_date_is_put_beside_no_dated_trace),
        TEST(a_dated_training_log_is_put_beside_no_undated_meter),
        TEST(a_log_of_two_programs_is_refused_until_one_of_them_is_named),
        TEST(what_is_neither_gets_the_importers_sentence),
        TEST(a_recorded_session_survives_the_way_through_a_run_file),
    };
    return test_run(tests, ERG_COUNT(tests));
}
