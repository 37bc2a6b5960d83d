/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of monitors: real ones, torn ones, and what two programs wrote into one file. */
#include <string.h>
#include "erg/monitor.h"
#include "test.h"

static erg_monitor *parse(const char *text, const erg_monitor_options *options,
                          erg_error *err)
{
    return erg_monitor_parse("log.csv", text, strlen(text), options, err);
}

static void units_become_si_and_empty_cells_unknown(void)
{
    erg_error err = { 0 };
    erg_monitor *log =
        parse("timestamp,device,temp_c,power_w,util_pct,fan_pct,vram_temp_c\n"
              "2025-10-27T09:04:30.204129Z,gpu,60.00,22.43,38.00,0,\n"
              "2025-10-27T09:04:30.204129Z,cpu,,,49.00,,\n", NULL, &err);
    CHECK(log != NULL);
    const erg_monitor_device *gpu = erg_monitor_find(log, "gpu");
    const erg_monitor_device *cpu = erg_monitor_find(log, "cpu");

    CHECK(strcmp(erg_monitor_layout(log), "old") == 0);
    CHECK(gpu && gpu->count == 1 && cpu && cpu->count == 1);
    CHECK(gpu->rows[0].t_ns == 1761555870204129000);
    CHECK_NEAR(gpu->rows[0].value[ERG_MONITOR_TEMP_K], 333.15, 1e-12);
    CHECK_NEAR(gpu->rows[0].value[ERG_MONITOR_USE], 0.38, 1e-15);
    CHECK(gpu->rows[0].value[ERG_MONITOR_FAN] == 0);
    CHECK(isnan(cpu->rows[0].value[ERG_MONITOR_POWER_W]));
    CHECK(isnan(cpu->rows[0].value[ERG_MONITOR_FAN]));
    erg_monitor_free(log);
}

static void short_rows_are_padded_and_torn_rows_are_counted_with_their_line(void)
{
    erg_error err = { 0 };
    size_t lines[4];
    erg_monitor *log = parse("timestamp,device,temp_c,power_w,collapse,cycles_per_joule\n"
                             "2025-10-28T08:00:00Z,gpu,73.00,178.21\n"
                             ",0,\n"
                             "2025-10-28T08:00:01Z,gpu,74.00,17x.2,0,\n"
                             "2025-10-28T08:00:02Z,gpu,74.00,170.0,0.0,1\n", NULL, &err);
    CHECK(log && erg_monitor_torn(log, lines, 4) == 2);
    CHECK(lines[0] == 3 && lines[1] == 4);
    CHECK(erg_monitor_find(log, "gpu")->count == 2);
    CHECK(isnan(erg_monitor_find(log, "gpu")->rows[0].value[ERG_MONITOR_COLLAPSE]));
    CHECK(erg_monitor_find(log, "gpu")->rows[1].value[ERG_MONITOR_COLLAPSE] == 0);
    erg_monitor_free(log);
}

static void any_csv_is_read_by_a_map(void)
{
    erg_error err = { 0 };
    erg_monitor_options map = { .map = "time=when,temp_c=Die,power_w=Watts" };
    erg_monitor *log = parse("when,Die,Watts\n0,40,100\n0.5,41,110\n1,42,100\n",
                             &map, &err);

    CHECK(log && erg_monitor_devices(log) == 1);
    CHECK_NEAR(erg_monitor_device_at(log, 0)->period_s, 0.5, 1e-12);
    CHECK_NEAR(erg_monitor_device_at(log, 0)->rows[2].value[ERG_MONITOR_TEMP_K],
               315.15, 1e-12);
    erg_monitor_free(log);
    map.map = "temp_c=Missing";
    CHECK(!parse("when,Die,Watts\n0,40,100\n", &map, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(!parse("a,b\n1,2\n", NULL, &err));
    CHECK(!parse("timestamp,temp_c\n", NULL, &err) && err.code == ERG_BAD_INPUT);
}

/* Two programs, each once a second, half a second apart from row 50 on. */
/* As HWiNFO writes it: cp1252, no leading zeros, names twice, the header at the end. */
static void a_log_of_hwinfo_is_read_by_a_map(void)
{
    static const char head[] = "Date,Time,\"Core Max [\xb0" "C]\",\"Core Max [\xb0" "C]\","
                               "\"GPU Power [W]\",\r\n";
    static const char *const maps[] = { "temp_c=Core Max [C]#2,power_w=GPU Power [W]",
                                        "temp_c=core max "
                                        "[\xc2\xb0" "C]#2,power_w=GPU Power [W]" };
    erg_error err = { 0 };
    char text[512];

    int size = snprintf(text, sizeof(text), "%s6.2.2026,8:02:01.500,60,71,200,\r\n"
                        "6.2.2026,8:02:02.500,61,72,201,\r\n%s", head, head);
    for (size_t i = 0; i < ERG_COUNT(maps); i++) {
        erg_monitor *log = erg_monitor_parse("hw.csv", text, (size_t)size,
            &(erg_monitor_options){ .map = maps[i], .zone = "+01:00" }, &err);
        CHECK_OK(log != NULL, err);
        const erg_monitor_device *one = erg_monitor_device_at(log, 0);
        CHECK(one->count == 2 && erg_monitor_torn(log, NULL, 0) == 0);
        CHECK(one->rows[0].t_ns == 1770361321500000000);
        CHECK_NEAR(one->rows[1].value[ERG_MONITOR_TEMP_K], 72 + 273.15, 1e-9);
        CHECK_NEAR(one->rows[1].value[ERG_MONITOR_POWER_W], 201, 0);
        erg_monitor_free(log);
    }
    CHECK(!erg_monitor_parse("hw.csv", text, (size_t)size,
        &(erg_monitor_options){ .map = "temp_c=Core Max [C]#3" }, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "names no column"));
}

/* Two GPUs and a CPU: the second GPU has the power. */
static const char hwinfo_head[] =
    "Date,Time,\"Virtual Memory Load [%]\",\"Core Max "
    "[\xb0" "C]\",\"CPU Package [\xb0" "C]\",\"CPU Package Power [W]\",\"PL1 Power Limit "
                                       "[W]\",\"Total CPU Usage [%]\","
    "\"Core Thermal Throttling (avg) [Yes/No]\",\"GPU Temperature [\xb0" "C]\","
    "\"GPU Clock [MHz]\",\"GPU Temperature [\xb0" "C]\",\"GPU Hot Spot Temperature "
                                                  "[\xb0" "C]\","
    "\"GPU Power [W]\",\"GPU Fan1 [%]\",\"GPU Clock [MHz]\",\"GPU Core Load [%]\","
    "\"Performance Limit - Thermal [Yes/No]\",\"Performance Limit - Power [Yes/No]\",\r\n";

static erg_monitor *hwinfo(const char *rows, const erg_monitor_options *options)
{
    char text[4096];
    erg_error err = { 0 };
    int size = snprintf(text, sizeof(text),
                        "%s%s%s,,\"System\",\"CPU [#0]\",\"CPU [#0]\"\r\n",
                        hwinfo_head, rows, hwinfo_head);
    erg_monitor *log = erg_monitor_parse("hw.csv", text, (size_t)size, options, &err);
    CHECK_OK(log != NULL, err);
    return log;
}

static bool is_noted(const erg_monitor *log, const char *what)
{
    erg_result *result = erg_result_new("thermal", NULL);
    bool found = false;
    CHECK(erg_monitor_notes(log, result, NULL));
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        found = found || strstr(erg_result_note_at(result, i), what);
    erg_result_free(result);
    return found;
}

static void hwinfos_columns_are_chosen_by_their_words_and_said(void)
{
    erg_monitor *log = hwinfo(
        "6.2.2026,8:02:01.500,50,60,61,90.5,125,40,No,30,300,70,82,250,55,1800,99,"
        "Yes,No,\r\n"
        "6.2.2026,8:02:02.500,50,60,62,91.5,125,41,Yes,30,300,71,83,251,56,1810,98,No,"
        "Yes,\r\n", NULL);
    const erg_monitor_device *cpu = erg_monitor_find(log, "cpu"),
                             *gpu = erg_monitor_find(log, "gpu");

    CHECK(cpu && gpu && cpu->count == 2 && gpu->count == 2);
    CHECK_TEXT(erg_monitor_layout(log), "hwinfo");
    CHECK(erg_monitor_torn(log, NULL, 0) == 0 && !erg_monitor_has_zone(log));
    const double *c = cpu->rows[1].value, *g = gpu->rows[0].value;
    CHECK_NEAR(c[ERG_MONITOR_TEMP_K], 62 + 273.15, 1e-9);
    CHECK_NEAR(c[ERG_MONITOR_POWER_W], 91.5, 0);
    CHECK_NEAR(c[ERG_MONITOR_USE], 0.41, 1e-12);
    CHECK(c[ERG_MONITOR_THROTTLE] == 0x20 && cpu->rows[0].value[ERG_MONITOR_THROTTLE] == 0);
    CHECK_NEAR(g[ERG_MONITOR_TEMP_K], 70 + 273.15, 1e-9);       /* beside the power */
    CHECK_NEAR(g[ERG_MONITOR_POWER_W], 250, 0);
    CHECK_NEAR(g[ERG_MONITOR_CLOCK_HZ], 1.8e9, 1);
    CHECK_NEAR(g[ERG_MONITOR_FAN], 0.55, 1e-12);
    CHECK(g[ERG_MONITOR_THROTTLE] == 0x20
          && gpu->rows[1].value[ERG_MONITOR_THROTTLE] == 0x04);
    CHECK(is_noted(log, "cpu temp_c = CPU Package [\xc2\xb0" "C]"));
    CHECK(is_noted(log, "gpu temp_c = GPU Temperature [\xc2\xb0" "C]#2 (of 2)"));
    CHECK(is_noted(log, "--tz says which"));
    erg_monitor_free(log);
}

/* 25.10.2026, 3:00 summer time is 2:00 winter time: 2:59:59 is followed by 2:00:00. */
static void an_hour_that_comes_twice_is_told_by_the_order_of_rows(void)
{
    erg_monitor *log = hwinfo(
        "25.10.2026,2:59:58.000,5,6,6,9,1,4,No,3,3,7,8,2,5,1,9,No,No,\r\n"
        "25.10.2026,2:59:59.000,5,6,6,9,1,4,No,3,3,7,8,2,5,1,9,No,No,\r\n"
        "25.10.2026,2:00:00.000,5,6,6,9,1,4,No,3,3,7,8,2,5,1,9,No,No,\r\n"
        "25.10.2026,2:00:01.000,5,6,6,9,1,4,No,3,3,7,8,2,5,1,9,No,No,\r\n",
        &(erg_monitor_options){ .zone = "Europe/Berlin" });
    const erg_monitor_device *gpu = erg_monitor_find(log, "gpu");

    CHECK(gpu->count == 4 && gpu->gaps == 0 && erg_monitor_has_zone(log));
    for (size_t i = 1; i < 4; i++)
        CHECK(gpu->rows[i].t_ns - gpu->rows[i - 1].t_ns == 1000000000);
    CHECK(!is_noted(log, "--tz says which"));
    erg_monitor_free(log);
}

static void a_log_of_hwinfo_without_known_words_names_the_cure(void)
{
    erg_error err = { 0 };
    CHECK(!parse("Date,Time,\"Zeta [W]\",\r\n6.2.2026,8:02:01.500,1,\r\n", NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--map"));
    erg_monitor *log =
        parse("Date,Time,\"CPU PPT [W]\",\"CPU (Tctl/Tdie) [\xc2\xb0" "F]\",\r\n"
              "6.2.2026,8:02:01.500,65,212,\r\n", NULL, &err);
    CHECK_OK(log != NULL, err);
    CHECK(erg_monitor_devices(log) == 1);
    CHECK_NEAR(erg_monitor_find(log, "cpu")->rows[0].value[ERG_MONITOR_TEMP_K],
               373.15, 1e-6);
    erg_monitor_free(log);
}

static void two_writers_are_told_and_one_can_be_kept(void)
{
    erg_error err = { 0 };
    char text[8192] = "timestamp,device,temp_c,power_w\n";
    size_t used = strlen(text);

    for (int i = 0; i < 80; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%d.0,gpu,50,100\n", i);
        if (i >= 50)
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "%d.45,gpu,50,999\n", i);
    }
    erg_monitor *log = parse(text, NULL, &err);
    CHECK(log != NULL);
    int64_t from_ns = erg_monitor_device_at(log, 0)->two_writers_ns;
    CHECK(from_ns >= 39 * 1000000000LL && from_ns <= 50 * 1000000000LL);
    erg_monitor_free(log);
    for (int writer = 1; writer <= 2; writer++) {
        log = parse(text, &(erg_monitor_options){ .writer = writer }, &err);
        const erg_monitor_device *one = erg_monitor_device_at(log, 0);
        CHECK(one->count == (writer == 1 ? 80 : 30));
        for (size_t i = 0; i < one->count; i++)
            CHECK(one->rows[i].value[ERG_MONITOR_POWER_W] == (writer == 1 ? 100 : 999));
        erg_monitor_free(log);
    }
}

/* Of 120 rows of one program, those from 40 to 69 lie between rows of another. */
static void rows_of_two_programs_are_refused_where_they_lie(void)
{
    erg_error err = { 0 };
    char text[8192] = "timestamp,device,temp_c,power_w\n";
    size_t used = strlen(text);

    for (int i = 0; i < 120; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%d.0,gpu,50,100\n", i);
        if (i >= 40 && i < 70)
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "%d.45,gpu,50,999\n", i);
    }
    erg_monitor *log = parse(text, NULL, &err);
    CHECK_OK(log != NULL, err);
    const erg_monitor_device *gpu = erg_monitor_device_at(log, 0);
    CHECK(!erg_monitor_one_writer(gpu, 0, 0, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "gpu") && strstr(err.text, "--writer 1 or 2 keeps one"));
    CHECK(!erg_monitor_one_writer(gpu, 10, 60, NULL));
    CHECK(!erg_monitor_one_writer(gpu, 50, 0, NULL));
    CHECK(erg_monitor_one_writer(gpu, 0, 25, NULL));
    CHECK(erg_monitor_one_writer(gpu, 85, 0, NULL));
    erg_monitor_free(log);
    log = parse(text, &(erg_monitor_options){ .writer = 1 }, &err);
    CHECK_OK(erg_monitor_one_writer(erg_monitor_device_at(log, 0), 0, 0, &err), err);
    erg_monitor_free(log);
}

static void the_recorded_excerpt_tells_its_torn_rows_gaps_and_writers(void)
{
    erg_error err = { 0 };
    size_t lines[4];
    char at[40];
    const char *path = test_data("thermal/rle_20251027_09_dirty_excerpt.csv");
    erg_monitor *log = erg_monitor_load(path, NULL, &err);

    CHECK(log && strcmp(erg_monitor_layout(log), "old") == 0);
    CHECK(erg_monitor_torn(log, lines, 4) == 2 && lines[0] == 1212 && lines[1] == 1652);
    const erg_monitor_device *gpu = erg_monitor_find(log, "gpu");
    CHECK(gpu->count == 877 && erg_monitor_find(log, "cpu")->count == 872);
    CHECK(gpu->gaps == 3);
    erg_utc_format(gpu->two_writers_ns, 0, at, sizeof(at));
    CHECK(strncmp(at, "2025-10-27T09:18:2", 18) == 0);
    erg_monitor_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(units_become_si_and_empty_cells_unknown),
        TEST(short_rows_are_padded_and_torn_rows_are_counted_with_their_line),
        TEST(any_csv_is_read_by_a_map),
        TEST(a_log_of_hwinfo_is_read_by_a_map),
        TEST(hwinfos_columns_are_chosen_by_their_words_and_said),
        TEST(an_hour_that_comes_twice_is_told_by_the_order_of_rows),
        TEST(a_log_of_hwinfo_without_known_words_names_the_cure),
        TEST(two_writers_are_told_and_one_can_be_kept),
        TEST(rows_of_two_programs_are_refused_where_they_lie),
        TEST(the_recorded_excerpt_tells_its_torn_rows_gaps_and_writers),
    };
    return test_run(tests, ERG_COUNT(tests));
}
