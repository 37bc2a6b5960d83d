/* SPDX-License-Identifier: Apache-2.0 */
/* Logs as other users' programs write them: other columns, units, words for "not there". */
#include "trace/imported.h"

static const erg_sample *only(erg_trace **trace, const char *text,
                              const erg_import_options *options, const char *channel,
                              size_t *count)
{
    erg_error err = { 0 };

    *trace = import_text(text, options, &err);
    CHECK_OK(*trace != NULL, err);
    return samples_of(*trace, channel, count);
}

static void a_unit_in_the_header_or_the_cell_is_believed(void)
{
    static const struct { const char *text, *channel; double watts; } rows[] = {
        { "timestamp,gpu,power [mW]\n2026-02-06T18:32:23Z,0,36020\n", "gpu:0/power",
          36.02 },
        { "timestamp,gpu,power (kW)\n2026-02-06T18:32:23Z,0,0.25\n", "gpu:0/power", 250 },
        { "timestamp,gpu,power_w\n2026-02-06T18:32:23Z,0,36020 mW\n", "gpu:0/power",
          36.02 },
        { "power (W),gpu,timestamp\n36.02W,0,2026-02-06T18:32:23Z\n", "gpu:0/power",
          36.02 },
        { "power.draw.instant [W], timestamp, index\n"
          " 7.5, 2026/02/06 18:32:23.5, 3\n", "gpu:3/power_instant", 7.5 },
        { "time,id,sum [mW]\n2026-02-06 18:32:01,0,10\n", "wattsup:0/sum", 0.01 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        const erg_import_options wattsup = { .format = i == 5 ? "wattsup" : NULL };
        erg_trace *trace;
        size_t count;
        const erg_sample *at = only(&trace, rows[i].text, &wattsup, rows[i].channel,
                                    &count);
        CHECK(count == 1);
        CHECK_NEAR(at[0].value, rows[i].watts, 1e-12);
        erg_trace_free(trace);
    }
}

/* As spreadsheets save it again, where a comma is in numbers. */
static void nvidia_smi_may_be_saved_with_other_separators(void)
{
    static const char *const texts[] = {
        "timestamp;index;power.draw [W]\n2026/02/06 18:32:23.500;0;7.50 W\n",
        "timestamp;index;power.draw [W]\n2026/02/06 18:32:23.500;0;7,50 W\n",
        "timestamp\tindex\tpower.draw [W]\n2026/02/06 18:32:23.500\t0\t7.50 W\n",
    };

    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        erg_trace *trace;
        size_t count;
        const erg_import_options options = { .decimal = i == 1 ? ',' : 0 };
        const erg_sample *at = only(&trace, texts[i], &options, "gpu:0/power", &count);
        CHECK(count == 1 && at[0].value == 7.5);
        erg_trace_free(trace);
    }
}

static void what_was_not_measured_is_a_gap_by_whatever_word(void)
{
    static const char *const words[] = {
        "", "N/A", "n/a", "[N/A]", "[Not Supported]", "[Unknown Error]", "NaN", "None",
        "null", "NA", "-", "[GPU requires reset]", "\"\"",
    };

    for (size_t i = 0; i < ERG_COUNT(words); i++) {
        char text[240];
        erg_trace *trace;
        size_t count;
        snprintf(text, sizeof(text), "timestamp, index, power.draw [W]\n"
                 "2026/02/06 18:32:23.500, 0, 7.50 W\n2026/02/06 18:32:24.500, 0, %s\n"
                 "2026/02/06 18:32:25.500, 0, 7.50 W\n", words[i]);
        const erg_sample *at = only(&trace, text, NULL, "gpu:0/power", &count);
        CHECK(count == 3 && isnan(at[1].value) && at[2].value == 7.5);
        CHECK(!flag_of(trace, ERG_FLAG_TORN_INPUT));
        erg_trace_free(trace);
    }
}

static void what_is_no_number_is_still_a_torn_row(void)
{
    static const char *const words[] = { "12:30", "0x1f", "7.5.5", "5/02", "e", "W", "5e" };

    for (size_t i = 0; i < ERG_COUNT(words); i++) {
        char text[160];
        erg_trace *trace;
        size_t count;
        snprintf(text, sizeof(text), "timestamp,gpu,power_w\n2026-02-06T18:32:23Z,0,9\n"
                 "2026-02-06T18:32:24Z,0,%s\n", words[i]);
        only(&trace, text, NULL, "gpu:0/power", &count);
        CHECK(count == 1 && flag_of(trace, ERG_FLAG_TORN_INPUT));
        erg_trace_free(trace);
    }
}

/* In the hour that comes twice rows of two boards, 5 ms out of order, are of one pass. */
static void boards_a_little_out_of_order_stay_in_the_first_of_two_hours(void)
{
    erg_import_options berlin = { .tz = "Europe/Berlin" };
    erg_trace *trace;
    size_t count;

    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        SKIP("no tzdata");
    const erg_sample *at = only(&trace, "timestamp,gpu,power_w\n"
        "2026-10-25 02:30:00.010,0,9\n2026-10-25 02:30:00.005,1,9\n"
        "2026-10-25 02:30:01.010,0,9\n2026-10-25 02:30:01.005,1,9\n"
        "2026-10-25 02:00:01.500,0,9\n", &berlin, "gpu:0/power", &count);
    CHECK(count == 3 && at[1].t_ns - at[0].t_ns == ERG_NS_PER_S);
    CHECK_NEAR(erg_s_from_ns(at[2].t_ns - at[1].t_ns), 1800.49, 1e-9);
    erg_trace_free(trace);
}

static void a_time_column_says_its_unit_in_brackets_too(void)
{
    static const struct { const char *column; double step_s; } rows[] = {
        { "time [ms]", 0.5 }, { "elapsed (ms)", 0.5 }, { "t [s]", 500 }, { "t_us", 0.0005 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[80];
        erg_import_options options = { .time_column = rows[i].column,
                                       .power_columns = "p" };
        erg_trace *trace;
        size_t count;
        snprintf(text, sizeof(text), "%s,p\n0,5\n500,5\n", rows[i].column);
        const erg_sample *at = only(&trace, text, &options, "csv:0/p", &count);
        CHECK(count == 2);
        CHECK_NEAR(erg_s_from_ns(at[1].t_ns - at[0].t_ns), rows[i].step_s, 1e-12);
        CHECK(erg_trace_anchor_count(trace) == 0);
        erg_trace_free(trace);
    }
}

/* A column in ms counts from nowhere, but for numbers that count from 1970. */
static void milliseconds_since_1970_have_a_date(void)
{
    static const char *const starts[] = { NULL, "2020-01-01T00:00:00Z" };

    for (size_t i = 0; i < ERG_COUNT(starts); i++) {
        erg_import_options options = { .time_column = "time_ms", .power_columns = "p",
                                       .start = starts[i] };
        erg_trace *trace;
        size_t count;
        const erg_sample *at = only(&trace, "time_ms,p\n1770402743000,5\n1770402743500,5\n",
                                    &options, "csv:0/p", &count);
        CHECK(erg_trace_utc_ns(trace, at[0].t_ns) == 1770402743000000000);
        erg_trace_free(trace);
    }
}

static void a_comma_before_the_milliseconds_is_iso_8601(void)
{
    erg_trace *trace;
    size_t count;
    const erg_sample *at = only(&trace, "timestamp;gpu;power_w\n"
        "2026-02-06 18:32:23,468;0;9\n2026-02-06 18:32:24,468;0;9.5\n", NULL, "gpu:0/power",
        &count);

    CHECK(count == 2 && erg_trace_utc_ns(trace, at[0].t_ns) == 1770402743468000000);
    erg_trace_free(trace);
}

static void a_board_may_be_named_by_its_index(void)
{
    static const char *const columns[] = { "gpu_id", "gpu_index", "index", "device_id" };

    for (size_t i = 0; i < ERG_COUNT(columns); i++) {
        char text[160];
        erg_trace *trace;
        size_t count;
        snprintf(text, sizeof(text), "timestamp,%s,power_w\n2026-02-06T18:32:23Z,0,9\n"
                 "2026-02-06T18:32:23Z,1,90\n", columns[i]);
        CHECK(only(&trace, text, NULL, "gpu:1/power", &count)[0].value == 90 && count == 1);
        erg_trace_free(trace);
    }
}

/* Its id counts rows; taken for boards' numbers, each row was a board without joules. */
static void a_wall_meters_short_form_is_one_meter(void)
{
    erg_trace *trace;
    size_t count;

    only(&trace, "time,id,power\n2026-02-06T18:32:23Z,0,102\n2026-02-06T18:32:24Z,1,102\n"
         "2026-02-06T18:32:25Z,2,103\n", NULL, "wattsup:0/power", &count);
    CHECK(count == 3 && erg_trace_device_count(trace) == 1);
    CHECK(erg_trace_channel(trace, 0)->kind == ERG_AVG_PREV);
    CHECK(erg_trace_channel(trace, 0)->scope == ERG_SCOPE_NODE);
    CHECK_NEAR(erg_trace_channel(trace, 0)->window_s, 1, 1e-9);
    erg_trace_free(trace);
}

/* Of two packages, their cores and their memory, the first alone was counted. */
static void counters_of_one_log_are_meters_of_their_own_and_added(void)
{
    const erg_import_options options = { .time_column = "t", .unit = "uJ",
                                         .power_columns = "package-0,package-1,core,dram" };
    erg_text text = { 0 };
    erg_text_add(&text, "t,package-0,package-1,core,dram\n");
    for (int i = 0; i <= 30; i++)
        erg_text_add(&text, "2026-02-06T10:00:%02dZ,%d,%d,%d,%d\n", i, i * 50000000,
                     i * 40000000, i * 30000000, i * 3000000);
    erg_error err = { 0 };
    erg_trace *trace = import_text(text.data, &options, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_device_count(trace) == 4);
    CHECK(erg_trace_device(trace, 3)->scope == ERG_SCOPE_DRAM);
    erg_result *result = erg_trace_summary(trace, &(erg_summary_options){ 0 }, &err);
    CHECK_OK(result, err);
    CHECK_NEAR(erg_table_find(erg_result_find(result, "summary"), 0, "energy_j").real,
               30 * (50 + 40 + 3), 1e-6);
    erg_result_free(result);
    erg_trace_free(trace);
    erg_text_free(&text);
}

/* An A100 read every 13 ms has a new value each 101 ms: 19 polls are 2 readings. */
static void polls_of_a_slow_sensor_are_not_counted_as_its_updates(void)
{
    const erg_import_options options = { .format = "csv", .time_column = "t_ms",
                                         .power_columns = "power_draw_w" };
    erg_trace *trace = import_file(test_data("sensors/yang_a100_5050_smi.csv"), &options);
    erg_span all = erg_trace_span(trace);
    int64_t begin_ns = all.begin_ns + 3 * ERG_NS_PER_S;
    erg_error err = { 0 };
    erg_energy energy;

    CHECK_NEAR(erg_trace_channel(trace, 0)->update_s, 0.1012, 0.0005);
    CHECK_OK(erg_trace_energy(trace, 0, (erg_span){ begin_ns,
             begin_ns + 250 * ERG_NS_PER_MS }, &energy, &err), err);
    CHECK(energy.updates <= 3 && energy.quality == ERG_QUALITY_TOO_SHORT);
    CHECK_OK(erg_trace_energy(trace, 0, all, &energy, &err), err);
    CHECK(energy.updates > 110 && energy.updates < 130);
    erg_trace_free(trace);
}

/* Two levels that change in step are a load, and say nothing of the sensor. */
static void a_square_load_is_no_sensors_period(void)
{
    erg_text text = { 0 };
    erg_text_add(&text, "t_s,power_w\n");
    for (int i = 0; i < 4000; i++)
        erg_text_add(&text, "%d.%02d,%d\n", i / 100, i % 100, i / 10 % 2 ? 400 : 80);
    const erg_import_options options = { .format = "csv", .time_column = "t_s",
                                         .power_columns = "power_w" };
    erg_error err = { 0 };
    erg_energy energy;
    erg_trace *trace = import_text(text.data, &options, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(isnan(erg_trace_channel(trace, 0)->update_s));
    erg_span span = erg_trace_span(trace);
    span.begin_ns += 100 * ERG_NS_PER_MS;
    span.end_ns = span.begin_ns + 100 * ERG_NS_PER_MS;
    CHECK_OK(erg_trace_energy(trace, 0, span, &energy, &err), err);
    CHECK_NEAR(energy.energy_j, 40, 2);
    CHECK(energy.updates == 10);
    erg_trace_free(trace);
    erg_text_free(&text);
}

/* Of two boards at 100 and 300 W all would be one of 200 W. */
static void boards_that_only_their_like_names_tell_are_not_read_as_one(void)
{
    static const struct { int boards, apart_ms; const char *column; bool refused; } logs[] =
    {
        { 2, 0, "name", true },  { 2, 2, "name", true }, { 8, 3, "name", true },
        { 2, 2, NULL, true },    { 1, 0, "name", false }, { 2, 2, "index", false },
        { 1, 0, NULL, false },
    };
    for (size_t i = 0; i < ERG_COUNT(logs); i++) {
        erg_error err = { 0 };
        erg_text text = { 0 };
        const char *column = logs[i].column;
        erg_text_add(&text, "timestamp, %s%spower.draw [W]\n", column ? column : "",
                     column ? ", " : "");
        for (int k = 0; k < 12; k++)        /* a poll late by 0.3 s now and then */
            for (int b = 0; b < logs[i].boards; b++) {
                int ms = k * 200 + (k % 5 == 3 ? 150 : 0) + b * logs[i].apart_ms;
                erg_text_add(&text, "2026/02/06 10:00:%02d.%03d, ", ms / 1000, ms % 1000);
                if (column && strcmp(column, "index") == 0)
                    erg_text_add(&text, "%d, ", b);
                else if (column)
                    erg_text_add(&text, "NVIDIA A100-SXM4-80GB, ");
                erg_text_add(&text, "%d.00 W\n", 100 + 200 * b);
            }
        erg_trace *trace = import_text(text.data, NULL, &err);
        CHECK((trace == NULL) == logs[i].refused);
        CHECK(trace || (err.code == ERG_BAD_INPUT && strstr(err.text, "index")));
        CHECK(!trace || (int)erg_trace_channel_count(trace) == logs[i].boards);
        erg_trace_free(trace);
        erg_text_free(&text);
    }
}

static void long_names_of_hwinfo_stay_apart(void)
{
    erg_trace *trace;
    size_t count;

    only(&trace, "Date,Time,\"GPU 12VHPWR Voltage Regulator Input Power [W]\","
         "\"GPU 12VHPWR Voltage Regulator Output Power [W]\"\n"
         "6.2.2026,9:05:01.25,40,30\n6.2.2026,9:05:03.25,40,30\n", NULL,
         "GPU 12VHPWR Voltage Regula", &count);
    CHECK(erg_trace_device_count(trace) == 2);
    CHECK(samples_of(trace, "GPU 12VHPWR Voltage Regula#2", &count)[0].value == 30);
    erg_trace_free(trace);
}

static void where_no_row_can_be_read_the_first_says_why(void)
{
    static const struct { const char *text, *place, *cure; } cases[] = {
        { "timestamp;gpu;power_w\n2026-02-06T18:32:23Z;0;9,5\n2026-02-06T18:32:24Z;0;9,5\n",
          "t.log:2:", "--decimal ," },
        { "Date,Time,\"GPU Power [W]\"\n2/6/2026,9:05:01.25,40\n2/6/2026,9:05:02.25,40\n",
          "t.log:2:", "--date" },
        { "timestamp,gpu,power_w\nyesterday,0,9\n", "t.log:2:", "'yesterday'" },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        CHECK(!import_text(cases[i].text, NULL, &err) && err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, cases[i].place) || !strstr(err.text, cases[i].cure))
            print_error("%zu: %s\n", i, err.text);
        CHECK(strstr(err.text, cases[i].place) && strstr(err.text, cases[i].cure));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_unit_in_the_header_or_the_cell_is_believed),
        TEST(nvidia_smi_may_be_saved_with_other_separators),
        TEST(what_was_not_measured_is_a_gap_by_whatever_word),
        TEST(what_is_no_number_is_still_a_torn_row),
        TEST(boards_a_little_out_of_order_stay_in_the_first_of_two_hours),
        TEST(a_time_column_says_its_unit_in_brackets_too),
        TEST(milliseconds_since_1970_have_a_date),
        TEST(a_comma_before_the_milliseconds_is_iso_8601),
        TEST(a_board_may_be_named_by_its_index),
        TEST(a_wall_meters_short_form_is_one_meter),
        TEST(counters_of_one_log_are_meters_of_their_own_and_added),
        TEST(polls_of_a_slow_sensor_are_not_counted_as_its_updates),
        TEST(a_square_load_is_no_sensors_period),
        TEST(boards_that_only_their_like_names_tell_are_not_read_as_one),
        TEST(long_names_of_hwinfo_stay_apart),
        TEST(where_no_row_can_be_read_the_first_says_why),
    };
    return test_run(tests, ERG_COUNT(tests));
}
