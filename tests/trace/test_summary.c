/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as tables, in every format: whose joules, how good, how sure. */
#include <jansson.h>
#include "erg/energy.h"
#include "erg/report.h"
#include "test.h"

typedef struct meter { const char *device, *driver; erg_scope scope; erg_method method; } meter;

static erg_trace *new_trace(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace, err);
    return trace;
}

/* Constant power from 0 to seconds, polled every 10 ms. */
static int add_power(erg_trace *trace, const meter *plan, double power_w, double seconds)
{
    erg_error err = { 0 };
    erg_device_info device = { .scope = plan->scope, .host_id = "here" };
    snprintf(device.name, sizeof(device.name), "%s", plan->device);
    snprintf(device.driver, sizeof(device.driver), "%s", plan->driver);
    snprintf(device.uuid, sizeof(device.uuid), "uuid of %s", plan->device);
    bool counter = plan->method == ERG_METHOD_COUNTER;
    erg_channel_info info = {
        .device = erg_trace_add_device(trace, &device, &err), .method = plan->method,
        .quantity = counter ? ERG_ENERGY : ERG_POWER, .scope = plan->scope,
        .kind = counter ? ERG_COUNTER : ERG_INSTANT, .update_s = 0.01, .gain_u = 0.05 };
    snprintf(info.name, sizeof(info.name), "%s", counter ? "energy" : "power");
    snprintf(info.unit, sizeof(info.unit), "%s", counter ? "J" : "W");
    int channel = erg_trace_add_channel(trace, &info, &err);
    CHECK_OK(channel >= 0, err);
    for (int i = 0; i <= (int)(seconds * 100 + 0.5); i++) {
        erg_sample sample = { .t_ns = i * 10 * ERG_NS_PER_MS,
                              .value = counter ? power_w * i / 100 : power_w };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
    return channel;
}

static void add_region(erg_trace *trace, const char *name, double begin_s, double end_s)
{
    erg_error err = { 0 };
    erg_region region = { .begin_ns = erg_ns_from_s(begin_s), .end_ns = erg_ns_from_s(end_s),
                          .runs = NAN };
    snprintf(region.name, sizeof(region.name), "%s", name);
    CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
}

static erg_result *summary_of(const erg_trace *trace, const erg_summary_options *options)
{
    static const erg_summary_options plain = { .command = "show" };
    erg_error err = { 0 };
    erg_result *result = erg_trace_summary(trace, options ? options : &plain, &err);
    CHECK_OK(result, err);
    return result;
}

static bool has_note(const erg_result *result, const char *part)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        if (strstr(erg_result_note_at(result, i), part))
            return true;
    return false;
}

static double real_of(const erg_result *result, const char *table, size_t row, const char *column)
{
    return erg_table_find(erg_result_find(result, table), row, column).real;
}

static const char *text_of(const erg_result *result, const char *table, size_t row,
                           const char *column)
{
    return erg_table_find(erg_result_find(result, table), row, column).text;
}

static const meter gpu = { "nvml:0", "nvml", ERG_SCOPE_BOARD, ERG_METHOD_INTEGRAL };
static const meter cpu = { "rapl:package-0", "rapl", ERG_SCOPE_PACKAGE, ERG_METHOD_COUNTER };
static const meter wall = { "wattsup:0", "wattsup", ERG_SCOPE_NODE, ERG_METHOD_INTEGRAL };
static const meter core = { "rapl:core-0", "rapl", ERG_SCOPE_CORE, ERG_METHOD_COUNTER };

static void two_runs_are_summed_and_divided(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 200, 10);
    add_region(trace, "warmup", 0, 1);
    add_region(trace, "run", 1, 4);
    add_region(trace, "run", 5, 8);
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 1200, 1e-6);
    CHECK_NEAR(real_of(result, "summary", 0, "duration_s"), 6, 1e-9);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_per_repeat_j"), 600, 1e-6);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_wh"), 1200.0 / 3600, 1e-9);
    CHECK_NEAR(real_of(result, "summary", 0, "co2_g"), 1200 / 3.6e6 * 400, 1e-9);
    CHECK(erg_table_find(erg_result_find(result, "summary"), 0, "repeats").integer == 2);
    CHECK_TEXT(text_of(result, "summary", 0, "source"), "nvml:0/power");
    CHECK_TEXT(text_of(result, "summary", 0, "method"), "integral");
    CHECK(isnan(real_of(result, "summary", 0, "net_energy_j")));
    CHECK(has_note(result, "400 g per kWh"));
    CHECK_TEXT(text_of(result, "regions", 1, "region"), "run");
    CHECK_TEXT(text_of(result, "regions", 1, "track"), "nvml:0");
    CHECK_NEAR(real_of(result, "regions", 1, "energy_j"), 1200, 1e-6);
    /* One gain for both runs: 5 % standard, 10 % at 95 %, adds linearly. */
    CHECK_NEAR(real_of(result, "summary", 0, "energy_high_j"), 1320, 1);
    /* Two runs that read alike are not surer than the sensor's edges. */
    double half_j = real_of(result, "summary", 0, "energy_high_j") - 1200;
    CHECK(real_of(result, "summary", 0, "energy_per_repeat_high_j") >= 600 + half_j / 2 - 1e-9);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void devices_that_contain_each_other_are_not_added(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 200, 10);
    add_power(trace, &cpu, 80, 10);
    add_power(trace, &core, 50, 10);
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 2800, 1);
    CHECK_TEXT(text_of(result, "summary", 0, "method"), "integral");
    CHECK_TEXT(text_of(result, "summary", 0, "source"), "nvml:0/power + rapl:package-0/energy");
    CHECK(has_note(result, "rapl:core-0/energy lies in what rapl:package-0/energy measures"));
    CHECK(erg_table_row_count(erg_result_find(result, "devices")) == 3);
    /* Independent: 2 * hypot(5 % of 2000, 5 % of 800). */
    CHECK_NEAR(real_of(result, "summary", 0, "energy_high_j"), 2800 + 2 * hypot(100, 40), 2);
    erg_result_free(result);

    add_power(trace, &wall, 400, 10);
    result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 4000, 1);
    CHECK_TEXT(text_of(result, "summary", 0, "scope"), "node");
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_sum_that_would_count_joules_twice_is_refused(void)
{
    erg_error err = { 0 };
    erg_energy sum;
    erg_span span = { ERG_NS_PER_S, 9 * ERG_NS_PER_S };
    erg_trace *trace = new_trace();
    int board = add_power(trace, &gpu, 200, 10), package = add_power(trace, &cpu, 80, 10);
    int cores = add_power(trace, &core, 50, 10), node = add_power(trace, &wall, 400, 10);

    CHECK_OK(erg_trace_energy_sum(trace, (int[]){ board, package }, 2, span, &sum, &err), err);
    CHECK_NEAR(sum.energy_j, 8 * 280, 0.01);
    const int bad[][2] = { { package, cores }, { cores, package }, { node, package },
                           { board, node }, { node, node } };
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        CHECK(!erg_trace_energy_sum(trace, bad[i], 2, span, &sum, &err));
        CHECK(err.code == ERG_REFUSED && strstr(err.text, "SCOPE_OVERLAP"));
        CHECK(isnan(sum.energy_j));
    }
    CHECK(!erg_trace_energy_sum(trace, (int[]){ board, 99 }, 2, span, &sum, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    erg_trace_free(trace);
}

static void the_counter_speaks_for_a_device_that_has_both(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int counter = add_power(trace, &cpu, 80, 10);
    erg_channel_info power = *erg_trace_channel(trace, counter);
    power.quantity = ERG_POWER;
    power.kind = ERG_INSTANT;
    power.method = ERG_METHOD_INTEGRAL;
    snprintf(power.name, sizeof(power.name), "power");
    int second = erg_trace_add_channel(trace, &power, &err);
    CHECK_OK(second >= 0, err);
    for (int i = 0; i < 1000; i++) {
        erg_sample sample = { .t_ns = i * 10 * ERG_NS_PER_MS, .value = 99 };
        CHECK_OK(erg_trace_add_samples(trace, second, &sample, 1, &err), err);
    }
    erg_result *result = summary_of(trace, NULL);
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 800, 1);
    CHECK_TEXT(text_of(result, "summary", 0, "method"), "counter");
    erg_result_free(result);
    erg_trace_free(trace);
}

static void without_a_sensor_nothing_reads_zero(void)
{
    erg_trace *trace = new_trace();
    add_region(trace, "run", 0, 1);
    erg_result *result = summary_of(trace, NULL);
    CHECK(isnan(real_of(result, "summary", 0, "energy_j")));
    CHECK(isnan(real_of(result, "summary", 0, "co2_g")));
    CHECK_TEXT(text_of(result, "summary", 0, "quality"), "no_data");
    CHECK(!text_of(result, "summary", 0, "method"));
    CHECK(has_note(result, "erg devices"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void a_figure_that_could_not_be_given_keeps_its_method(void)
{
    static const struct { erg_method method; const char *word; } cases[] = {
        { ERG_METHOD_SIMULATED, "simulated" }, { ERG_METHOD_MODEL, "model" },
        { ERG_METHOD_INTEGRAL, "integral" }, { ERG_METHOD_COUNTER, "counter" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        meter one = gpu;
        one.method = cases[i].method;
        erg_trace *trace = new_trace();
        add_power(trace, &one, 100, 1);
        add_region(trace, "run", 20, 21);
        erg_result *result = summary_of(trace, NULL);
        CHECK_TEXT(text_of(result, "summary", 0, "quality"), "no_data");
        CHECK(isnan(real_of(result, "summary", 0, "energy_j")));
        CHECK_TEXT(text_of(result, "summary", 0, "method"), cases[i].word);
        CHECK_TEXT(text_of(result, "devices", 0, "method"), cases[i].word);
        CHECK_TEXT(text_of(result, "regions", 0, "method"), cases[i].word);
        CHECK_TEXT(text_of(result, "devices", 0, "flags"), "NO_DATA");
        erg_result_free(result);
        erg_trace_free(trace);
    }
}

/* 300 W through a counter of 100 ms: a window of 30 ms between two of its steps. */
static void beside_a_counter_that_did_not_move_stands_an_estimate_marked_as_such(void)
{
    erg_error err = { 0 };
    erg_trace *trace = new_trace();
    int counter = add_power(trace, &cpu, 300, 2);
    erg_channel_info info = *erg_trace_channel(trace, counter);
    info.device = erg_trace_add_device(trace, &(erg_device_info){ .name = "nvml:0",
                                       .driver = "nvml", .scope = ERG_SCOPE_BOARD }, &err);
    info.scope = ERG_SCOPE_BOARD, info.update_s = 0.1;
    int slow = erg_trace_add_channel(trace, &info, &err);
    info.quantity = ERG_POWER, info.kind = ERG_INSTANT, info.method = ERG_METHOD_INTEGRAL;
    info.update_s = 0.01;
    strcpy(info.name, "power");
    int power = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i <= 200; i++) {
        int64_t t_ns = i * 10 * ERG_NS_PER_MS;
        erg_sample joules = { t_ns, 0, 30 * (i / 10) }, watts = { t_ns, 0, 300 };
        CHECK_OK(erg_trace_add_samples(trace, slow, &joules, 1, &err)
                 && erg_trace_add_samples(trace, power, &watts, 1, &err), err);
    }
    add_region(trace, "kernel", 1.03, 1.06);
    erg_result *result = summary_of(trace, &(erg_summary_options){ .region = "kernel" });
    CHECK(has_note(result, "nvml:0/energy did not move in 0.03 s"));
    CHECK(has_note(result, "estimate from instant power beside it, nvml:0/power: 9 J"));
    CHECK(!has_note(result, "rapl:package-0/energy did not move"));
    CHECK_NEAR(real_of(result, "devices", 1, "energy_j"), 9, 0.1);
    CHECK_TEXT(text_of(result, "devices", 1, "quality"), "too_short");
    CHECK_TEXT(text_of(result, "devices", 1, "method"), "counter");
    erg_result_free(result);
    erg_trace_free(trace);
}

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
    CHECK(has_note(result, "COLD_CLOCKS, nvml:0/power (run, prefill), first of 2 places: "
                           "power was low at first"));
    CHECK(notes_with(result, "TOO_SHORT") == 1);
    CHECK(has_note(result, "TOO_SHORT, nvml:0/power (prefill), "
                           "rapl:package-0/energy (prefill): Fewer than 10"));
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
    CHECK(erg_table_find(erg_result_find(result, "summary"), 0, "exit_status").integer == 3);
    CHECK(has_note(result, "the command failed"));
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

static void overlapping_stretches_of_a_region_count_once(void)
{
    erg_trace *trace = new_trace();
    add_power(trace, &gpu, 100, 10);
    add_region(trace, "kernel", 1, 5);
    add_region(trace, "kernel", 3, 7);
    erg_result *result = summary_of(trace, &(erg_summary_options){ .region = "kernel" });
    CHECK_NEAR(real_of(result, "summary", 0, "energy_j"), 600, 1e-6);
    CHECK(erg_table_find(erg_result_find(result, "regions"), 0, "count").integer == 2);
    CHECK(has_note(result, "overlap"));
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
        TEST(two_runs_are_summed_and_divided),
        TEST(devices_that_contain_each_other_are_not_added),
        TEST(a_sum_that_would_count_joules_twice_is_refused),
        TEST(the_counter_speaks_for_a_device_that_has_both),
        TEST(without_a_sensor_nothing_reads_zero),
        TEST(a_figure_that_could_not_be_given_keeps_its_method),
        TEST(beside_a_counter_that_did_not_move_stands_an_estimate_marked_as_such),
        TEST(a_flag_is_told_once_for_a_channel_with_its_regions),
        TEST(a_failed_command_has_no_energy_per_run),
        TEST(net_is_given_with_its_idle_policy),
        TEST(overlapping_stretches_of_a_region_count_once),
        TEST(sampling_shows_what_was_truly_delivered),
        TEST(every_format_tells_modelled_and_simulated_from_measured),
    };
    return test_run(tests, ERG_COUNT(tests));
}
