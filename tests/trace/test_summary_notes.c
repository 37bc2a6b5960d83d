/* SPDX-License-Identifier: Apache-2.0 */
/* What a summary says beside its figures: flags, repeats, idle, sampling, formats. */
#include <jansson.h>
#include "summed.h"

static size_t notes_with(const erg_result *result, const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        count += strstr(erg_result_note_at(result, i), part) != NULL;
    return count;
}

static void a_flag_is_told_once_for_a_channel_with_its_regions(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int channel = add_power(trace, &gpu, 200, 10);
    add_power(trace, &cpu, 80, 10);
    add_region(trace, "run", 1, 9);
    add_region(trace, "prefill", 1, 1.03);
    add_region(trace, "prefill", 2, 2.02);
    for (int i = 0; i < 2; i++)
        CHECK_OK(erg_trace_add_flag(trace, &(erg_flag){ ERG_FLAG_COLD_CLOCKS, channel,
                 { i, 9 * ERG_NS_PER_S }, "power was low at first: add --warmup runs" },
                 &err), err);
    erg_result *result = summary_of(trace, NULL);
    CHECK(notes_with(result, "COLD_CLOCKS") == 1);
    CHECK(test_has_note(result, "COLD_CLOCKS, nvml:0/power (run, prefill), first of 2 "
                                "places: power was low at first"));
    CHECK(notes_with(result, "TOO_SHORT") == 1);
    CHECK(test_has_note(result, "TOO_SHORT, nvml:0/power (prefill), "
                           "rapl:package-0/energy (prefill): Fewer than 10"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_stretch_is_told_only_of_the_flags_that_lie_on_it(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int channel = add_power(trace, &gpu, 200, 10);
    add_region(trace, "prefill", 1, 3);
    add_region(trace, "decode", 4, 9);
    for (int i = 1; i < 9; i++) {
        erg_flag flag = { ERG_FLAG_COLD_CLOCKS, channel,
                          { i * ERG_NS_PER_S, (i + 1) * ERG_NS_PER_S }, "it began low" };
        if (i >= 4)
            strcpy(flag.text, "it sank");
        CHECK_OK(erg_trace_add_flag(trace, &flag, &err), err);
    }
    static const struct { erg_summary_options how; const char *told; } rows[] = {
        { { .window = { 0, ERG_NS_PER_S } }, NULL },
        { { .window = { 9 * ERG_NS_PER_S, 10 * ERG_NS_PER_S } }, NULL },
        { { .window = { ERG_NS_PER_S, 2 * ERG_NS_PER_S } }, "power (prefill): it began" },
        { { .region = "decode" }, "power (decode), first of 5 places: it sank" },
        { { .command = "show" }, "power (prefill, decode), first of 8 places: it began" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_result *result = erg_trace_summary(trace, &rows[i].how, &err);
        CHECK_OK(result, err);
        CHECK(notes_with(result, "COLD_CLOCKS") == (rows[i].told != NULL));
        CHECK(!rows[i].told || test_has_note(result, rows[i].told));
        erg_result_free(result);
    }
    erg_trace_free(trace);
}

static void what_a_mean_over_a_second_cannot_attribute_is_told(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 200, 10);
    erg_channel_info mean = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .kind = ERG_SMOOTHED, .method = ERG_METHOD_INTEGRAL,
                              .scope = ERG_SCOPE_BOARD, .update_s = 0.1, .window_s = 1,
                              .delay_s = 0.1 };
    mean.device = erg_trace_add_device(trace, &(erg_device_info){ .name = "nvml:1",
        .driver = "nvml", .scope = ERG_SCOPE_BOARD }, &err);
    int channel = erg_trace_add_channel(trace, &mean, &err);
    CHECK_OK(channel >= 0, err);
    for (int i = 0; i <= 100; i++)
        CHECK(erg_trace_add_samples(trace, channel, &(erg_sample){
            .t_ns = i * 100 * ERG_NS_PER_MS, .value = 200 }, 1, &err));
    add_region(trace, "run", 1, 9);
    add_region(trace, "prefill", 1, 3.1);
    add_region(trace, "decode", 4, 6.3);
    erg_result *result = summary_of(trace, NULL);
    CHECK(notes_with(result, "attributed") == 1);
    CHECK(test_has_note(result, "prefill lasts 2.1 s at most"));
    CHECK(test_has_note(result, "nvml:1/power is a mean over 1 s; take over 2.2 s"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_failed_command_has_no_energy_per_run(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 200, 10);
    add_region(trace, "run", 1, 9);
    CHECK_OK(erg_trace_set_meta(trace, "exit_status", "3", &err), err);
    erg_result *result = summary_of(trace, NULL);
    CHECK(isnan(real_of(result, "summary", 0, "energy_per_repeat_j")));
    CHECK(isnan(real_of(result, "regions", 0, "energy_per_run_j")));
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 1600, 1e-6);
    CHECK(erg_table_find(erg_result_find(result, "summary"), 0, "exit_status").integer
          == 3);
    CHECK(test_has_note(result, "the command failed"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void net_is_given_with_its_idle_policy(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int channel = add_power(trace, &gpu, 60, 60);
    for (int i = 1; i <= 1000; i++) {
        erg_sample sample = { .t_ns = (60000 + i * 10) * ERG_NS_PER_MS, .value = 200 };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
    add_region(trace, "idle_before", 1, 55);
    add_region(trace, "run", 61, 69);
    CHECK_OK(erg_trace_set_meta(trace, "idle_state", "deep_idle", &err), err);
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 1600, 1e-3);
    CHECK_NEAR(real_of(result, "summary", 0, "net_energy_j"), 8 * 140, 1e-3);
    CHECK_NEAR(real_of(result, "summary", 0, "idle_w"), 60, 1e-6);
    CHECK_TEXT(text_of(result, "summary", 0, "idle_policy"), "deep_idle");
    erg_result_free(result);
    erg_trace_free(trace);
}

/* Idle from 1 to end_s, then work; power_w every 10 ms. */
static erg_trace *idle_until(double end_s)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 60, end_s + 10);
    add_region(trace, "idle_before", 1, end_s);
    add_region(trace, "run", end_s + 1, end_s + 9);
    return trace;
}

static void a_short_idle_record_is_told_with_what_is_long_enough(void)
{
    erg_trace *trace = idle_until(3);
    erg_result *result = summary_of(trace, NULL);
    CHECK(isfinite(real_of(result, "summary", 0, "net_energy_j")));
    CHECK(test_has_note(result, "Idle was recorded for 2 s only"));
    CHECK(test_has_note(result, "--idle 30s is long enough"));
    erg_result_free(result);
    erg_trace_free(trace);
    trace = idle_until(31.5);
    result = summary_of(trace, NULL);
    CHECK(isfinite(real_of(result, "summary", 0, "net_energy_j")));
    CHECK(notes_with(result, "dle") == 0);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void one_update_of_idle_has_no_scatter_and_gives_no_net(void)
{
    erg_trace *trace = idle_until(1.005);
    erg_result *result = summary_of(trace, NULL);
    CHECK(isnan(real_of(result, "summary", 0, "net_energy_j")));
    CHECK(isnan(real_of(result, "summary", 0, "idle_w")));
    CHECK(test_has_note(result, "No net energy of nvml:0/power: fewer than two"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void tags_and_what_was_lost_on_the_way_are_told(void)
{
    static const char *const rows[][2] = {
        { "tag:model", "resnet18" }, { "events_dropped", "7" },
        { "sampling:nvml:0/power", "polls=100 errors=0 lost=3" },
        { "sampling:nvml:0/energy", "polls=100 errors=0 lost=0" },
    };
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 60, 10);
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_OK(erg_trace_set_meta(trace, rows[i][0], rows[i][1], &err), err);
    erg_result *result = summary_of(trace, NULL);
    CHECK(test_has_note(result, "Tag model: resnet18"));
    CHECK(test_has_note(result, "7 begins and ends of regions, or marks, were lost"));
    CHECK(test_has_note(result, "nvml:0/power: 3 readings were lost"));
    CHECK(notes_with(result, "were lost") == 2);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_region_whose_end_was_lost_does_not_last_till_the_end(void)
{
    erg_error err = { 0 };
    erg_region open = { .name = "step", .begin_ns = 3 * ERG_NS_PER_S, .end_ns = INT64_MAX,
                        .runs = NAN };
    for (int lost = 0; lost < 2; lost++) {
        erg_trace *trace = new_trace();
        add_power(trace, &gpu, 100, 10);
        add_region(trace, "step", 1, 2);
        CHECK_OK(erg_trace_add_region(trace, &open, &err), err);
        if (lost)
            CHECK_OK(erg_trace_set_meta(trace, "events_dropped", "1", &err), err);
        erg_result *result = summary_of(trace, NULL);
        CHECK_NEAR(real_of(result, "regions", 0, "duration_s"), lost ? 1 : 8, 1e-9);
        CHECK(test_has_note(result, "whose end was lost are left out") == lost);
        erg_result_free(result);
        erg_trace_free(trace);
    }
}

static void overlapping_stretches_of_a_region_count_once(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 100, 10);
    add_region(trace, "kernel", 1, 5);
    add_region(trace, "kernel", 3, 7);
    erg_result *result = summary_of(trace, &(erg_summary_options){ .region = "kernel" });
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 600, 1e-6);
    CHECK(erg_table_find(erg_result_find(result, "regions"), 0, "count").integer == 2);
    CHECK(test_has_note(result, "overlap"));
    erg_result_free(result);
    erg_error err = { 0 };
    CHECK(!erg_trace_summary(trace, &(erg_summary_options){ .region = "none" }, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "'none'"));
    erg_trace_free(trace);
}

static void sampling_shows_what_was_truly_delivered(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 100, 10);
    erg_result *result = summary_of(trace, &(erg_summary_options){ .trace_facts = true });
    CHECK_NEAR(real_of(result, "sampling", 0, "interval_s"), 0.01, 1e-9);
    CHECK_NEAR(real_of(result, "sampling", 0, "update_period_s"), 0.01, 1e-12);
    const erg_table *table = erg_result_find(result, "sampling");
    CHECK(erg_table_find(table, 0, "polls").integer == 1001);
    CHECK(erg_table_find(table, 0, "missed").integer == 0);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* free() what comes back. */
static char *write_as(const erg_result *result, const char *format)
{
    erg_error err = { 0 };
    char *bytes = NULL;
    size_t count;
    FILE *out = open_memstream(&bytes, &count);
    CHECK_OK(erg_write(result, format, NULL, out, &err), err);
    fclose(out);
    return bytes;
}

static void every_format_tells_modelled_and_simulated_from_measured(void)
{
    static const struct { erg_method method; const char *word, *quality; } cases[] = {
        { ERG_METHOD_MODEL, "model", "modelled" },
        { ERG_METHOD_SIMULATED, "simulated", "simulated" },
        { ERG_METHOD_INTEGRAL, "integral", "good" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_trace *trace = new_trace();
        meter one = gpu;
        one.method = cases[i].method;
        add_power(trace, &one, 100, 10);
        add_region(trace, "run", 1, 9);
        erg_result *result = summary_of(trace, NULL);
        for (size_t f = 0; f < erg_writer_count(); f++) {
            char *bytes = write_as(result, erg_writer_name(f));
            static const char *const wanted[] = { "scope", "board", "method", "quality",
                                                  "energy_low_j", "energy_high_j",
                                                  "idle_policy", "gross" };
            for (size_t w = 0; w < ERG_COUNT(wanted); w++)
                CHECK(strstr(bytes, wanted[w]));
            CHECK(strstr(bytes, cases[i].word) && strstr(bytes, cases[i].quality));
            for (size_t other = 0; other < ERG_COUNT(cases); other++)
                if (other != i && strcmp(erg_writer_name(f), "csv") == 0)
                    CHECK(!strstr(bytes, cases[other].quality));
            free(bytes);
        }
        char *bytes = write_as(result, "json");
        json_t *root = json_loads(bytes, 0, NULL);
        json_t *row = json_array_get(json_object_get(json_object_get(root, "tables"),
                                                     "summary"), 0);
        CHECK_TEXT(json_string_value(json_object_get(row, "method")), cases[i].word);
        CHECK_TEXT(json_string_value(json_object_get(row, "quality")), cases[i].quality);
        json_decref(root);
        free(bytes);
        erg_result_free(result);
        erg_trace_free(trace);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_flag_is_told_once_for_a_channel_with_its_regions),
        TEST(a_stretch_is_told_only_of_the_flags_that_lie_on_it),
        TEST(what_a_mean_over_a_second_cannot_attribute_is_told),
        TEST(a_failed_command_has_no_energy_per_run),
        TEST(net_is_given_with_its_idle_policy),
        TEST(a_short_idle_record_is_told_with_what_is_long_enough),
        TEST(one_update_of_idle_has_no_scatter_and_gives_no_net),
        TEST(tags_and_what_was_lost_on_the_way_are_told),
        TEST(a_region_whose_end_was_lost_does_not_last_till_the_end),
        TEST(overlapping_stretches_of_a_region_count_once),
        TEST(sampling_shows_what_was_truly_delivered),
        TEST(every_format_tells_modelled_and_simulated_from_measured),
    };
    return test_run(tests, ERG_COUNT(tests));
}
