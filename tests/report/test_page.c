/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a run: self-contained, small, and loud about what was not measured. */
#include "erg/report.h"
#include "test.h"

static erg_trace *make(erg_method method, int samples)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace, err);
    erg_device_info device = { .name = "nvml:0", .driver = "nvml",
                               .scope = ERG_SCOPE_BOARD };
    erg_channel_info info = { .device = erg_trace_add_device(trace, &device, &err),
                              .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .kind = ERG_INSTANT, .method = method,
                              .scope = ERG_SCOPE_BOARD, .update_s = 0.1, .window_s = 0.025,
                              .gain_u = 0.05 };
    int channel = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i < samples; i++) {
        double power_w = i == samples / 2 ? 999 : 100 + i % 7;
        erg_sample sample = { .t_ns = i * ERG_NS_PER_MS, .value = power_w };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
    erg_region region = { .name = "<b>&decode", .runs = NAN, .begin_ns = 0,
                          .end_ns = samples / 2 * ERG_NS_PER_MS };
    CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
    erg_mark_row mark = { .t_ns = 5 * ERG_NS_PER_MS, .name = "tokens", .value = 512 };
    CHECK_OK(erg_trace_add_mark(trace, &mark, &err), err);
    return trace;
}

/* free() what comes back; the trace is freed. */
static char *page_of(erg_trace *trace, const char *title)
{
    erg_error err = { 0 };
    char *bytes = NULL;
    size_t count;
    FILE *out = open_memstream(&bytes, &count);
    CHECK_OK(erg_report_page(trace, title, out, &err), err);
    fclose(out);
    erg_trace_free(trace);
    return bytes;
}

static void the_page_loads_nothing_from_anywhere(void)
{
    static const char *const forbidden[] = { "http:", "https:", "src=", "href=", "@import",
                                             "url(" };
    char *page = page_of(make(ERG_METHOD_INTEGRAL, 5000), "a run");
    for (size_t i = 0; i < ERG_COUNT(forbidden); i++)
        CHECK(!strstr(page, forbidden[i]));
    CHECK(strstr(page, "default-src 'none'"));
    CHECK(strstr(page, "width=device-width"));
    CHECK(strstr(page, "@media print"));
    free(page);
}

static void names_cannot_break_out_of_the_page(void)
{
    char *page = page_of(make(ERG_METHOD_INTEGRAL, 2000), "</title><script>x");
    CHECK(!strstr(page, "<script>x"));
    CHECK(!strstr(page, "<b>&decode"));
    CHECK(strstr(page, "&lt;b&gt;&amp;decode"));
    free(page);
}

static void what_was_not_measured_says_so_loudly(void)
{
    char *page = page_of(make(ERG_METHOD_SIMULATED, 2000), "a run");
    CHECK(strstr(page, "SIMULATED: nothing on this page was measured"));
    free(page);
    erg_error err = { 0 };
    erg_trace *modelled = make(ERG_METHOD_MODEL, 2000);
    CHECK_OK(erg_trace_set_meta(modelled, "absent:rapl", "closed <here>", &err), err);
    CHECK_OK(erg_trace_set_meta(modelled, "absent:cpufreq", "no clocks", &err), err);
    page = page_of(modelled, "a run");
    CHECK(strstr(page, "MODELLED: no sensor measured this"));
    CHECK(strstr(page, "Not read: rapl: closed &lt;here&gt;"));
    CHECK(!strstr(page, "no clocks"));
    free(page);
    page = page_of(make(ERG_METHOD_INTEGRAL, 2000), "a run");
    CHECK(!strstr(page, "SIMULATED") && !strstr(page, "MODELLED"));
    CHECK(strstr(page, "measured as power over time"));
    free(page);
}

static void a_device_that_was_measured_beside_one_that_was_not_keeps_its_word(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make(ERG_METHOD_INTEGRAL, 2000);
    erg_device_info device = { .name = "sim:a", .driver = "sim", .scope = ERG_SCOPE_BOARD };
    erg_channel_info info = { .device = erg_trace_add_device(trace, &device, &err),
                              .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .kind = ERG_INSTANT, .method = ERG_METHOD_SIMULATED,
                              .scope = ERG_SCOPE_BOARD };
    int channel = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i < 2000; i++) {
        erg_sample sample = { .t_ns = i * ERG_NS_PER_MS, .value = 50 };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
    char *page = page_of(trace, "a run");
    CHECK(strstr(page, "sim:a/power: SIMULATED. This was not measured"));
    CHECK(!strstr(page, "nothing on this page was measured"));
    free(page);
}

static void the_sensors_window_is_drawn_to_scale(void)
{
    char *page = page_of(make(ERG_METHOD_INTEGRAL, 2000), "a run");
    /* Five updates of 100 ms: a window of 25 ms is a twentieth of the bar. */
    CHECK(strstr(page, "left:15%;width:5%"));
    CHECK(strstr(page, "it sees 25\xc2\xa0% of the time"));
    free(page);
}

static void many_samples_stay_small_and_lose_no_peak(void)
{
    char *page = page_of(make(ERG_METHOD_INTEGRAL, 300000), "a run");
    CHECK(strlen(page) < 200000);
    CHECK(strstr(page, "up to 999\xc2\xa0W"));
    free(page);
}

static void every_flag_is_explained_with_what_to_do(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make(ERG_METHOD_INTEGRAL, 2000);
    erg_flag flag = { .code = ERG_FLAG_LOCAL_TIME, .channel = -1,
                      .text = "power.csv has stamps without a zone" };
    CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
    char *page = page_of(trace, "a run");
    CHECK(strstr(page, "<dt>LOCAL_TIME"));
    CHECK(strstr(page, "power.csv has stamps without a zone"));
    CHECK(strstr(page, "Name it with --tz"));
    free(page);
}

static void a_flag_is_explained_once_and_gains_take_one_line(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make(ERG_METHOD_INTEGRAL, 2000);
    erg_channel_info second = { .name = "other", .unit = "W", .quantity = ERG_POWER,
                                .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL,
                                .scope = ERG_SCOPE_BOARD, .gain_u = 0.05 };
    erg_flag flag = { .code = ERG_FLAG_LOCAL_TIME, .channel = -1, .text = "no zone" };
    CHECK_OK(erg_trace_add_channel(trace, &second, &err) >= 0, err);
    CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
    char *page = page_of(trace, "a run");
    CHECK(test_count(page, "Name it with --tz") == 1);
    CHECK(test_count(page, "Not calibrated") == 1);
    CHECK(strstr(page, "nvml:0/other 5\xc2\xa0%"));
    free(page);
}

static void ten_devices_of_a_million_samples_stay_a_page(void)
{
    enum { DEVICES = 10, SAMPLES = 100000 };
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_sample *samples = calloc(SAMPLES, sizeof(*samples));
    CHECK(trace && samples);
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (erg_sample){ .t_ns = i * ERG_NS_PER_MS, .value = 100 + i % 97 };
    for (int d = 0; d < DEVICES; d++) {
        erg_device_info device = { .driver = "nvml", .scope = ERG_SCOPE_BOARD };
        snprintf(device.name, sizeof(device.name), "nvml:%d", d);
        erg_channel_info info = { .device = erg_trace_add_device(trace, &device, &err),
                                  .name = "power", .unit = "W", .quantity = ERG_POWER,
                                  .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL,
                                  .scope = ERG_SCOPE_BOARD, .update_s = 0.001 };
        int channel = erg_trace_add_channel(trace, &info, &err);
        CHECK_OK(erg_trace_add_samples(trace, channel, samples, SAMPLES, &err), err);
    }
    free(samples);
    char *page = page_of(trace, "ten \xe2\x9a\xa1 devices");
    CHECK(strlen(page) < 2000000);
    CHECK(test_count(page, "<svg") == DEVICES);
    CHECK(strstr(page, "ten \xe2\x9a\xa1 devices"));
    free(page);
}

/* Of the gain: 5 % standard, so 10 % of each figure at 95 %. */
static void every_tile_has_its_interval_source_and_quality(void)
{
    char *page = page_of(make(ERG_METHOD_INTEGRAL, 5000), "a run");
    char *end = strstr(page, "</dl>");
    CHECK(strstr(page, "<dl class=\"cards\">") && end);
    *end = '\0';
    size_t tiles = test_count(page, "<div><dt>");
    CHECK(tiles == 4);
    CHECK(test_count(page, "<dd class=\"spread\">\xc2\xb1\xc2\xa0") == tiles);
    CHECK(test_count(page, "<dd class=\"of\">nvml:0/power, ") == tiles);
    CHECK(test_count(page, ", integral, ") == tiles - 1);
    CHECK(test_count(page, "highest reading</dt><dd>999\xc2\xa0W</dd>") == 1);
    CHECK(strstr(page, "\xc2\xb1\xc2\xa0""100\xc2\xa0W"));
    free(page);
}

static void wide_tables_are_turned_to_fit_on_paper(void)
{
    char *page = page_of(make(ERG_METHOD_INTEGRAL, 2000), "a run");
    CHECK(strstr(page, "<th scope=\"row\""));
    for (const char *row = strstr(page, "<tr>"); row; row = strstr(row + 4, "<tr>")) {
        size_t cells = 0;
        for (const char *at = row; strncmp(at, "</tr>", 5); at++)
            cells += strncmp(at, "<td", 3) == 0 || strncmp(at, "<th ", 4) == 0;
        CHECK(cells <= 16);
    }
    free(page);
}

static void an_empty_recording_is_a_page_without_a_figure(void)
{
    erg_error err = { 0 };
    char *page = page_of(erg_trace_new(&err), "nothing");
    CHECK(strstr(page, "No energy figure"));
    CHECK(strstr(page, "erg devices"));
    CHECK(!strstr(page, "nan") && !strstr(page, "inf%"));
    CHECK(!strstr(page, "95\xc2\xa0% interval"));
    free(page);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_page_loads_nothing_from_anywhere),
        TEST(names_cannot_break_out_of_the_page),
        TEST(what_was_not_measured_says_so_loudly),
        TEST(a_device_that_was_measured_beside_one_that_was_not_keeps_its_word),
        TEST(the_sensors_window_is_drawn_to_scale),
        TEST(many_samples_stay_small_and_lose_no_peak),
        TEST(every_flag_is_explained_with_what_to_do),
        TEST(a_flag_is_explained_once_and_gains_take_one_line),
        TEST(ten_devices_of_a_million_samples_stay_a_page),
        TEST(every_tile_has_its_interval_source_and_quality),
        TEST(wide_tables_are_turned_to_fit_on_paper),
        TEST(an_empty_recording_is_a_page_without_a_figure),
    };
    return test_run(tests, ERG_COUNT(tests));
}
