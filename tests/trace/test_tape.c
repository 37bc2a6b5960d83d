/* SPDX-License-Identifier: Apache-2.0 */
/* Tapes: what is written is what is read; what is not a tape is refused by line. */
#include <locale.h>
#include "test.h"
#include "trace/tape.h"

static const char head[] = "# erg tape 1\n";

static erg_trace *read_text(const char *text, erg_error *err)
{
    erg_trace *trace = erg_trace_new(err);
    if (erg_tape_read(trace, "a.tape", text, strlen(text), err))
        return trace;
    erg_trace_free(trace);
    return NULL;
}

static erg_trace *build_trace(void)
{
    static const erg_device_info device = {
        .name = "nvml:0", .driver = "nvml", .uuid = "GPU-1", .model = "NVIDIA A100, 40 GB",
        .scope = ERG_SCOPE_MODULE, .host_id = "a", .wired_to = "b", .shared = true,
    };
    static const erg_channel_info channel = {
        .name = "power", .unit = "W", .quantity = ERG_POWER, .kind = ERG_SMOOTHED,
        .method = ERG_METHOD_SIMULATED, .scope = ERG_SCOPE_MODULE, .update_s = 0.1012,
        .window_s = 1, .delay_s = 0.0085, .gain = 1.0 / 3, .offset = -0.1, .gain_u = 0.05,
        .offset_u = 0.2, .range_j = 262143.32885, .resolution = 1e-3, .max_w = 400,
        .calibration = "GPU-1 530 2026-02-06",
    };
    erg_trace *trace = erg_trace_new(NULL);
    CHECK(erg_trace_add_device(trace, &device, NULL) == 0);
    CHECK(erg_trace_add_channel(trace, &channel, NULL) == 0);
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ -5, 6, 1770402736596337000, 40 },
                               NULL));
    for (int64_t i = 0; i < 1500; i++) {
        erg_sample one = { i * 1001 - 7, i % 90, i % 11 ? (double)i / 7 : NAN };
        CHECK(erg_trace_add_samples(trace, 0, &one, 1, NULL));
    }
    return trace;
}

static char *write_text(const erg_trace *trace)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(erg_tape_write(trace, 0, out, NULL));
    fclose(out);
    return text;
}

static void what_is_written_is_what_is_read(void)
{
    erg_error err = { 0 };
    erg_trace *trace = build_trace();
    char *text = write_text(trace);
    erg_trace *back = read_text(text, &err);
    CHECK_OK(back != NULL, err);

    CHECK(memcmp(erg_trace_device(trace, 0), erg_trace_device(back, 0),
                 sizeof(erg_device_info)) == 0);
    CHECK(memcmp(erg_trace_channel(trace, 0), erg_trace_channel(back, 0),
                 sizeof(erg_channel_info)) == 0);
    CHECK(memcmp(erg_trace_anchor(trace, 0), erg_trace_anchor(back, 0), sizeof(erg_anchor))
          == 0);
    size_t count, count_back;
    const erg_sample *a = erg_trace_samples(trace, 0, &count);
    const erg_sample *b = erg_trace_samples(back, 0, &count_back);
    CHECK(count == 1500 && count_back == 1500);
    for (size_t i = 0; i < count; i++) {
        CHECK(a[i].t_ns == b[i].t_ns && a[i].half_width_ns == b[i].half_width_ns);
        CHECK(a[i].value == b[i].value || (isnan(a[i].value) && isnan(b[i].value)));
    }
    free(text);
    erg_trace_free(trace);
    erg_trace_free(back);
}

static void the_decimal_point_obeys_no_locale(void)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
        SKIP("no locale with a decimal comma is installed");
    erg_trace *trace = build_trace();
    char *text = write_text(trace);
    setlocale(LC_ALL, "C");
    CHECK(strstr(text, "# gain=0.3333333333333333"));
    free(text);
    erg_trace_free(trace);
}

static void a_counter_tape_needs_no_more_than_its_kind(void)
{
    erg_error err = { 0 };
    erg_trace *trace =
        read_text("# erg tape 1\r\n# kind=counter\r\n# note=later keys pass\r\n"
                  "# erg was here\r\n0,0,5\r\n100,3,5.5\r\n", &err);
    CHECK_OK(trace != NULL, err);
    const erg_channel_info *info = erg_trace_channel(trace, 0);
    CHECK(info->quantity == ERG_ENERGY && info->method == ERG_METHOD_COUNTER);
    CHECK(info->gain == 1 && info->scope == ERG_SCOPE_BOARD);
    CHECK_TEXT(info->name, "energy");
    CHECK_TEXT(info->unit, "J");
    CHECK(erg_trace_find_channel(trace, "tape:0") == 0);
    erg_trace_free(trace);
}

static void two_tapes_of_one_device_share_it(void)
{
    static const char a[] = "# erg tape 1\n# device=nvml:0\n# kind=instant\n0,0,5\n";
    static const char b[] = "# erg tape 1\n# device=nvml:0\n# kind=counter\n0,0,5\n";
    erg_trace *trace = erg_trace_new(NULL);
    CHECK(erg_tape_read(trace, "a", a, strlen(a), NULL));
    CHECK(erg_tape_read(trace, "b", b, strlen(b), NULL));
    CHECK(erg_trace_device_count(trace) == 1 && erg_trace_channel_count(trace) == 2);
    erg_trace_free(trace);
}

static void what_is_wrong_is_named_by_its_line(void)
{
    static const struct { const char *text, *words; } cases[] = {
        { "", "a.tape is empty" },
        { "mono_ns,value\n", "a.tape line 1: a tape begins" },
        { "# erg tape 1\n0,0\n", "a.tape line 2: expected" },
        { "# erg tape 1\n0,-1,5\n", "line 2: expected" },
        { "# erg tape 1\n0,0,5W\n", "line 2: expected" },
        { "# erg tape 1\n0,0,inf\n", "line 2: expected" },
        { "# erg tape 1\n99999999999999999999,0,5\n", "line 2: expected" },
        { "# erg tape 1\n\n10,0,5\n9,0,5\n", "line 4: the stamp goes back" },
        { "# erg tape 1\n# kind=spicy\n", "line 2: this key" },
        { "# erg tape 1\n# anchor=1,2,3\n", "line 2: this key" },
        { "# erg tape 1\n# gain=high\n", "line 2: this key" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        CHECK(read_text(cases[i].text, &err) == NULL);
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, cases[i].words))
            print_message("%s\n", err.text);
        CHECK(strstr(err.text, cases[i].words));
    }
}

static void a_tape_without_samples_is_a_channel_without_samples(void)
{
    size_t count = 1;
    erg_trace *trace = read_text(head, NULL);
    CHECK(trace && erg_trace_channel_count(trace) == 1);
    erg_trace_samples(trace, 0, &count);
    CHECK(count == 0);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_written_is_what_is_read),
        TEST(the_decimal_point_obeys_no_locale),
        TEST(a_counter_tape_needs_no_more_than_its_kind),
        TEST(two_tapes_of_one_device_share_it),
        TEST(what_is_wrong_is_named_by_its_line),
        TEST(a_tape_without_samples_is_a_channel_without_samples),
    };
    return test_run(tests, ERG_COUNT(tests));
}
