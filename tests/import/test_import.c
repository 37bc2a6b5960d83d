/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of others: small ones of our own making, and measured ones where they are. */
#include "trace/imported.h"

static void a_power_log_gives_a_channel_to_each_gpu(void)
{
    erg_error err = { 0 };
    erg_trace *trace = import_text("timestamp,gpu,power_w\n"
                                   "2026-02-06 18:32:23.000468,0,9.64\n"
                                   "2026-02-06 18:32:23.100468,1,100\n"
                                   "2026-02-06 18:32:24.000468,0,10.5\n", NULL, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    const erg_sample *gpu = samples_of(trace, "gpu:0/power", &count);
    CHECK(count == 2 && gpu[1].value == 10.5);
    CHECK(erg_trace_utc_ns(trace, gpu[0].t_ns) == 1770402743000468000);
    CHECK(gpu[1].t_ns - gpu[0].t_ns == ERG_NS_PER_S);
    samples_of(trace, "gpu:1/power", &count);
    CHECK(count == 1);
    CHECK(flag_of(trace, ERG_FLAG_LOCAL_TIME) != NULL);
    CHECK(!flag_of(trace, ERG_FLAG_TORN_INPUT));
    erg_trace_free(trace);
}

static void a_power_log_may_be_in_other_units(void)
{
    static const struct { const char *column; double watts; } rows[] = {
        { "power_w", 1 }, { "power_mw", 1e-3 }, { "power_uw", 1e-6 }, { "power_kw", 1e3 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[160];
        erg_error err = { 0 };
        size_t count;

        snprintf(text, sizeof(text), "gpu,%s,timestamp\n0,250,2026-02-06T18:32:23Z\n",
                 rows[i].column);
        erg_trace *trace = import_text(text, NULL, &err);
        CHECK_OK(trace != NULL, err);
        CHECK_NEAR(samples_of(trace, "gpu:0/power", &count)[0].value,
                   250 * rows[i].watts, 1e-12);
        erg_trace_free(trace);
    }
}

static void a_power_log_may_name_its_columns_as_it_likes(void)
{
    static const struct { const char *header, *channel; double watts; } rows[] = {
        { "time,gpu_id,watts", "gpu:0/power", 1 },
        { "Timestamp,GPU,Power (W)", "gpu:0/power", 1 },
        { "Timestamp,GPU,Power [mW]", "gpu:0/power", 1e-3 },
        { "date,device,power_draw", "gpu:0/power", 1 },
        { "timestamp,gpu_index,gpu_power_mw", "gpu:0/power", 1e-3 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[160];
        erg_error err = { 0 };
        size_t count;

        snprintf(text, sizeof(text), "%s\n2026-02-06T18:32:23Z,0,250\n", rows[i].header);
        erg_trace *trace = import_text(text, NULL, &err);
        CHECK_OK(trace != NULL, err);
        CHECK_NEAR(samples_of(trace, rows[i].channel, &count)[0].value,
                   250 * rows[i].watts, 1e-12);
        erg_trace_free(trace);
    }
}

/* A table of what programs took has a time and a power, too. */
static void a_table_of_programs_is_no_power_log(void)
{
    static const char *const tables[] = {
        "time,device,power,clock\n1,0,250,1400\n", "gpu,power,name\n0,250,a100\n",
        "time,power_limit\n1,250\n", "device,category,kernel_name,count\n0,k,gemm,3\n",
    };

    for (size_t i = 0; i < ERG_COUNT(tables); i++)
        CHECK(!erg_import_format(tables[i], strlen(tables[i])));
}

static void a_power_log_of_one_device_needs_no_column_for_it(void)
{
    erg_error err = { 0 };
    size_t count;
    erg_trace *trace = import_text("timestamp;power_w\n2026-02-06T18:32:23Z;9\n"
                                   "2026-02-06T18:32:24Z;10\n", NULL, &err);

    CHECK_OK(trace != NULL, err);
    CHECK(samples_of(trace, "meter:0/power", &count)[1].value == 10 && count == 2);
    erg_trace_free(trace);
}

static void a_zone_that_is_named_moves_the_stamps_and_the_flag_goes(void)
{
    erg_error err = { 0 };
    erg_import_options east = { .tz = "+02:00" };
    erg_trace *trace = import_text("timestamp,gpu,power_w\n2026-02-06 20:32:23,0,9\n"
                                   "2026-02-06 20:32:24,0,9\n", &east, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    CHECK(erg_trace_utc_ns(trace, samples_of(trace, "gpu:0/power", &count)[0].t_ns)
          == 1770402743000000000);
    CHECK(!flag_of(trace, ERG_FLAG_LOCAL_TIME));
    erg_trace_free(trace);
}

static void the_hour_that_comes_twice_is_told_apart_by_the_order_of_rows(void)
{
    static const char text[] = "timestamp,gpu,power_w\n2026-10-25 02:59:59,0,9\n"
                               "2026-10-25 02:00:00,0,9\n2026-10-25 02:00:01,0,9\n";
    erg_import_options berlin = { .tz = "Europe/Berlin" };
    bool has_zones = access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0;
    const erg_import_options *both[] = { NULL, has_zones ? &berlin : NULL };
    for (size_t i = 0; i < ERG_COUNT(both); i++) {
        erg_error err = { 0 };
        erg_trace *trace = import_text(text, both[i], &err);
        CHECK_OK(trace != NULL, err);
        size_t count;
        const erg_sample *seen = samples_of(trace, "gpu:0/power", &count);
        CHECK(count == 3 && seen[1].t_ns - seen[0].t_ns == ERG_NS_PER_S);
        CHECK(!both[i] == !!flag_of(trace, ERG_FLAG_LOCAL_TIME));
        erg_trace_free(trace);
    }
}

static void bad_input_names_file_line_and_cure(void)
{
    static const struct { const char *text, *place, *cure; } cases[] = {
        { "", "t.log:1:", "logger" },
        { "hello\n", "t.log:1:", "--from (erg, tape" },
        { "timestamp,gpu,power_w\n2026-02-06 18:32:23,0,9\n2026-02-06 18:32:03,0,9\n",
          "t.log:3:", "sort" },
        { "timestamp,gpu,power_w\n", "t.log:1:", "complete" },
        { "#Entity POWER\nGPU 0 1.0\n", "t.log:1:", "--period" },
        { "{\"start_timestamp\": \"noon\", \"end_timestamp\": 1}", "t.log:1:", "write it" },
        { "{\"start_timestamp\": \n\n", "t.log:", "mend" },
        { "Date,Time,CPU [%]\n", "t.log:1:", "[W]" },
        { "app,sm_clock_mhz,power_w,time_s\na,510,99,10\na,900,120,9\n", "t.log",
          "erg fit" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        CHECK(!import_text(cases[i].text, NULL, &err));
        if (!strstr(err.text, cases[i].place) || !strstr(err.text, cases[i].cure))
            print_error("%zu: %s\n", i, err.text);
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, cases[i].place) && strstr(err.text, cases[i].cure));
    }
}

/* A byte order mark, CRLF and bytes of another code page are no reason to refuse. */
static void every_log_is_read_as_windows_writes_it(void)
{
    static const struct { const char *format, *text; } cases[] = {
        { "power_log", "timestamp,gpu,power_w\r\n2026-02-06 18:32:01,0,10\r\n" },
        { "nvidia_smi",
          "timestamp, index, power.draw [W]\r\n2026/02/06 18:32:01.5, 0, 7 W\r\n" },
        { "wattsup", "time,id,pm1,sum\r\n2026-02-06 18:32:01,0,10,10\r\n" },
        { "hwinfo", "Date,Time,\"GPU Power [W]\",\xb0\r\n6.2.2026,18:32:01.500,5,1\r\n" },
        { "dcgmi", "#Entity POWER\r\nID W\r\nGPU 0 100\r\n" },
        { "csv", "when,p\r\n2026-02-06 18:32:01,5\r\n" },
        { "timing_json", "{\"start_timestamp\": \"2026-02-06T10:15:25Z\",\r\n"
                         "\"end_timestamp\": \"2026-02-06T10:15:26Z\"}\r\n" },
        { "tape", "# erg tape 1\r\n# kind=instant\r\n1000,0,5\r\n2000,0,6\r\n" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        char text[300];
        erg_error err = { 0 };
        erg_import_options options = { .format = cases[i].format, .period_s = 1,
                                       .time_column = "when", .power_columns = "p" };
        snprintf(text, sizeof(text), "\xef\xbb\xbf%s", cases[i].text);
        erg_trace *trace = import_text(text, &options, &err);
        CHECK_OK(trace != NULL, err);
        CHECK(!flag_of(trace, ERG_FLAG_TORN_INPUT));
        erg_trace_free(trace);
    }
}

static void a_sentence_about_junk_can_be_read(void)
{
    erg_error err = { 0 };
    CHECK(!import_text("\x1b[31m\xff,\x01,b\n1,2,3\n",
                       &(erg_import_options){ .format = "wattsup" }, &err));
    for (const char *c = err.text; *c; c++)
        CHECK(*c >= ' ' && *c < 0x7f);
}

/* Found by fuzzing: the copy read beyond the devices. */
static void a_setting_of_no_device_belongs_to_the_run(void)
{
    static const char text[] =
        "{\"schema\": \"erg.run.v1\", \"devices\": [{\"name\": \"a\"}],"
        "\"channels\": [{\"device\": 0, \"name\": \"power\", \"unit\": \"W\", "
        "\"samples\": [[1, 0, 5]]}],\"settings\": [{\"t_ns\": 1, \"device\": 7, "
        "\"key\": \"k\", \"value\": \"v\"}]}";
    erg_error err = { 0 };
    erg_trace *trace = import_text(text, NULL, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_setting_count(trace) == 1 && erg_trace_setting(trace, 0)->device == -1);
    erg_trace_free(trace);
}

static void torn_rows_are_dropped_and_counted(void)
{
    static const char text[] = "timestamp,gpu,power_w\r\n2026-02-06 18:32:23,0,9\r\n"
                               "2026-02-06 18:3226-02-06 18:32:24,0,9\r\n"
                               "2026-02-06 18:32:25,0\r\n"
                               "2026-02-06 18:32:26,0,9\r\n2026-02-06 18:32:27,0,1";
    erg_error err = { 0 };
    erg_trace *trace = import_text(text, NULL, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    samples_of(trace, "gpu:0/power", &count);
    CHECK(count == 2);
    const erg_flag *flag = flag_of(trace, ERG_FLAG_TORN_INPUT);
    CHECK(flag && strstr(flag->text, "torn row") && strstr(flag->text, "line 3"));
    bool is_cut = false;
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        is_cut |= strstr(erg_trace_flag(trace, i)->text, "last row is cut off") != NULL;
    CHECK(is_cut);
    erg_trace_free(trace);
}

static void nvidia_smi_converts_at_the_border_and_keeps_gaps(void)
{
    erg_error err = { 0 };
    erg_trace *trace = import_text(
        "timestamp, index, name, power.draw [W], temperature.gpu, utilization.gpu [%], "
        "clocks.sm [MHz], power.limit [W]\n"
        "2025/07/09 01:17:36.754, 0, NVIDIA A100-PCIE-40GB, 36.02 W, 25, 50 %, 1410 MHz, "
        "250.00 W\n"
        "2025/07/09 01:17:37.754, 0, NVIDIA A100-PCIE-40GB, [N/A], 25, 50 %, 1410 MHz, "
        "250.00 W\n"
        "2025/07/09 01:17:38.754, 0, NVIDIA A100-PCIE-40GB, 36.02 W, 25, 50 %, 1410 MHz, "
        "250.00 W\n", NULL, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    const erg_sample *power = samples_of(trace, "gpu:0/power", &count);
    CHECK(count == 3 && power[0].value == 36.02 && isnan(power[1].value));
    CHECK_NEAR(samples_of(trace, "gpu:0/temperature", &count)[0].value, 298.15, 1e-9);
    CHECK_NEAR(samples_of(trace, "gpu:0/use", &count)[0].value, 0.5, 1e-12);
    CHECK_NEAR(samples_of(trace, "gpu:0/sm_clock", &count)[0].value, 1.41e9, 1);
    CHECK(erg_trace_setting_count(trace) == 1);
    CHECK_TEXT(erg_trace_setting(trace, 0)->value, "250");
    CHECK_TEXT(erg_trace_device(trace, 0)->model, "NVIDIA A100-PCIE-40GB");
    /* GA100 looks a quarter of the time: published, so known. */
    const erg_channel_info *info = erg_trace_channel(trace, 0);
    CHECK(info->update_s > 0.09 && info->update_s < 0.11 && info->window_s < 0.03);
    erg_trace_free(trace);
}

static void a_wall_meter_averages_over_its_interval(void)
{
    erg_error err = { 0 };
    erg_trace *trace = import_text("time,id,pm1,pm2,sum\n2026-02-05 01:53:44,0,100,50,150\n"
                                   "2026-02-05 01:53:45,1,110,50,160\n"
                                   "2026-02-05 01:53:46,2,120,50,170\n", NULL, &err);
    CHECK_OK(trace != NULL, err);
    const erg_channel_info *sum =
        erg_trace_channel(trace, erg_trace_find_channel(trace, "wattsup:0"));
    CHECK_TEXT(sum->name, "sum");
    CHECK(sum->kind == ERG_AVG_PREV && sum->scope == ERG_SCOPE_NODE);
    CHECK_NEAR(sum->window_s, 1, 1e-9);
    CHECK(erg_trace_find_channel(trace, "wattsup:0/pm2") >= 0);
    erg_trace_free(trace);
}

static void hwinfo_repeats_its_header_and_its_names(void)
{
    static const char text[] =
        "Date,Time,\"CPU Package Power [W]\",\"GPU Power [W]\",\"GPU Power [W]\",\"CPU "
        "[%]\"\r\n"
        "6.2.2026,9:05:01.25,40.5,100,7,3\r\n6.2.2026,9:05:03.25,41.5,101,8,3\r\n"
        "Date,Time,\"CPU Package Power [W]\",\"GPU Power [W]\",\"GPU Power [W]\",\"CPU "
        "[%]\"\r\n"
        ",,CPU,GPU,GPU,CPU\r\n";
    erg_error err = { 0 };
    erg_trace *trace = import_text(text, NULL, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    const erg_sample *power = samples_of(trace, "GPU Power#2", &count);
    CHECK(count == 2 && power[1].value == 8
          && power[1].t_ns - power[0].t_ns == 2 * ERG_NS_PER_S);
    CHECK(!flag_of(trace, ERG_FLAG_TORN_INPUT));
    erg_trace_free(trace);
}

static void any_csv_is_read_by_the_columns_named(void)
{
    erg_error err = { 0 };
    erg_import_options options = { .time_column = "t_ms", .power_columns = "e",
                                   .unit = "Wh", .kind = "counter", .decimal = ',' };
    erg_trace *trace = import_text("t_ms;e\n0;1,5\n500,5;2,5\n", &options, &err);
    CHECK_OK(trace != NULL, err);
    size_t count;
    const erg_sample *energy = samples_of(trace, "csv:0/e", &count);
    CHECK(count == 2 && energy[1].t_ns == 500500000);
    CHECK_NEAR(energy[1].value, 9000, 1e-9);
    CHECK(erg_trace_channel(trace, 0)->kind == ERG_COUNTER);
    erg_trace_free(trace);
    options.power_columns = "watt";
    CHECK(!import_text("t_ms;e\n0;1\n", &options, &err));
    CHECK(strstr(err.text, "no column watt") && strstr(err.text, "t_ms, e"));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_power_log_gives_a_channel_to_each_gpu),
        TEST(a_power_log_may_be_in_other_units),
        TEST(a_power_log_may_name_its_columns_as_it_likes),
        TEST(a_table_of_programs_is_no_power_log),
        TEST(a_power_log_of_one_device_needs_no_column_for_it),
        TEST(a_zone_that_is_named_moves_the_stamps_and_the_flag_goes),
        TEST(the_hour_that_comes_twice_is_told_apart_by_the_order_of_rows),
        TEST(bad_input_names_file_line_and_cure),
        TEST(every_log_is_read_as_windows_writes_it),
        TEST(a_sentence_about_junk_can_be_read),
        TEST(a_setting_of_no_device_belongs_to_the_run),
        TEST(torn_rows_are_dropped_and_counted),
        TEST(nvidia_smi_converts_at_the_border_and_keeps_gaps),
        TEST(a_wall_meter_averages_over_its_interval),
        TEST(hwinfo_repeats_its_header_and_its_names),
        TEST(any_csv_is_read_by_the_columns_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
