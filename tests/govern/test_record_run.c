/* SPDX-License-Identifier: Apache-2.0 */
/* What of a run file makes a load: channels that share no joules, facts beside watts. */
#include "govern/shaped.h"
#include "erg/trace.h"

enum { SECONDS = 20, A_SECOND = 100 };

static const erg_load_options plainly = { .units = 1 };

typedef struct made { erg_trace *trace; char path[200]; } made;

static made begin(const char *name)
{
    erg_error err = { 0 };
    made is = { .trace = erg_trace_new(&err) };

    CHECK_OK(is.trace, err);
    snprintf(is.path, sizeof(is.path), "%s/%s.erg", test_folder(), name);
    return is;
}

static int device(const made *to, const char *name, erg_scope scope)
{
    erg_device_info info = { .scope = scope };
    erg_error err = { 0 };

    erg_text_put(info.name, sizeof(info.name), name);
    int at = erg_trace_add_device(to->trace, &info, &err);
    CHECK_OK(at >= 0, err);
    return at;
}

/* Three quarters of each second at high watts, else 100 W. */
static void power(const made *to, int on, const char *name, erg_scope scope,
                  double window_s, double high_w)
{
    erg_channel_info info = { .device = on, .unit = "W", .quantity = ERG_POWER,
                              .kind = window_s > 0 ? ERG_SMOOTHED : ERG_INSTANT, .gain = 1,
                              .method = ERG_METHOD_INTEGRAL, .scope = scope,
                              .window_s = window_s, .update_s = 0.01 };
    erg_error err = { 0 };

    erg_text_put(info.name, sizeof(info.name), name);
    int channel = erg_trace_add_channel(to->trace, &info, &err);
    CHECK_OK(channel >= 0, err);
    for (int i = 0; i <= SECONDS * A_SECOND; i++) {
        erg_sample sample = { .t_ns = i * (ERG_NS_PER_S / A_SECOND),
                              .value = i % A_SECOND < 75 ? high_w : 100 };
        CHECK_OK(erg_trace_add_samples(to->trace, channel, &sample, 1, &err), err);
    }
}

/* From 0 to rise_s over the recording. */
static void counter(const made *to, int on, const char *name, double rise_s)
{
    erg_channel_info info = { .device = on, .unit = "s", .quantity = ERG_DURATION,
                              .kind = ERG_COUNTER, .gain = 1, .scope = ERG_SCOPE_CHIP };
    erg_error err = { 0 };

    erg_text_put(info.name, sizeof(info.name), name);
    int channel = erg_trace_add_channel(to->trace, &info, &err);
    for (int i = 0; i <= 1; i++) {
        erg_sample sample = { .t_ns = i * SECONDS * ERG_NS_PER_S, .value = 3 + i * rise_s };
        CHECK_OK(erg_trace_add_samples(to->trace, channel, &sample, 1, &err), err);
    }
}

/* One a second, each so long. */
static void regions(const made *to, const char *name, double long_s)
{
    erg_error err = { 0 };

    for (int i = 0; i < SECONDS; i++) {
        erg_region region = { .id = erg_trace_region_count(to->trace) + 1, .runs = NAN,
                              .begin_ns = i * ERG_NS_PER_S,
                              .end_ns = i * ERG_NS_PER_S + erg_ns_from_s(long_s) };
        erg_text_put(region.name, sizeof(region.name), name);
        CHECK_OK(erg_trace_add_region(to->trace, &region, &err), err);
    }
}

static erg_scenario *load(made *of)
{
    erg_error err = { 0 };

    CHECK_OK(erg_trace_save(of->trace, of->path, &err), err);
    erg_trace_free(of->trace);
    erg_scenario *scenario = erg_scenario_record(of->path, &plainly, &err);
    CHECK_OK(scenario, err);
    return scenario;
}

/* An H100 tells its power and a mean of a second beside it: 190 W were taken for 378. */
static void a_board_with_two_channels_of_power_is_one_unit(void)
{
    made is = begin("twice");
    int on = device(&is, "nvml:0", ERG_SCOPE_BOARD);
    power(&is, on, "power_average", ERG_SCOPE_BOARD, 1, 300);
    power(&is, on, "power", ERG_SCOPE_BOARD, 0, 300);
    erg_scenario *scenario = load(&is);
    CHECK(scenario->units == 1);
    CHECK_NEAR(scenario->window_s, 0.01, 1e-12); /* a new value so often, no mean */
    erg_shaped shaped = shape(scenario, "none", 0);
    CHECK_NEAR(shaped.metrics.mean_w, 250, 1);
    CHECK_NEAR(shaped.metrics.peak_w, 300, 1e-6);
    erg_shaped_free(&shaped);
    erg_scenario_free(scenario);
}

/* A node's slow meter holds what its two boards draw; a chip lies in its board. */
static void what_lies_in_another_channel_counts_once(void)
{
    made is = begin("nested");
    int node = device(&is, "ipmi", ERG_SCOPE_NODE), first = device(&is, "nvml:0",
                                                                   ERG_SCOPE_BOARD);
    int second = device(&is, "nvml:1", ERG_SCOPE_BOARD);
    power(&is, node, "power", ERG_SCOPE_NODE, 1, 900);
    power(&is, first, "power", ERG_SCOPE_BOARD, 0, 300);
    power(&is, first, "chip_power", ERG_SCOPE_CHIP, 0.1, 200);
    power(&is, second, "power", ERG_SCOPE_BOARD, 0, 400);
    erg_scenario *scenario = load(&is);
    CHECK(scenario->units == 2);
    erg_shaped shaped = shape(scenario, "none", 0);
    CHECK_NEAR(shaped.metrics.peak_w, 700, 1e-6);
    erg_shaped_free(&shaped);
    erg_scenario_free(scenario);
}

/* A limit of power at work is what was wished; of heat and faults the largest counts. */
static void throttling_is_of_heat_and_faults(void)
{
    made is = begin("hot");
    int on = device(&is, "nvml:0", ERG_SCOPE_BOARD);
    power(&is, on, "power", ERG_SCOPE_BOARD, 0, 300);
    counter(&is, on, "throttled_power", 19);
    counter(&is, on, "throttled_thermal", 1);
    counter(&is, on, "throttled_hw_thermal", 0.5);
    erg_scenario *scenario = load(&is);
    CHECK_NEAR(scenario->facts.throttled, 0.05, 1e-12);
    CHECK(isnan(scenario->facts.collective_p99_s));
    erg_scenario_free(scenario);
}

static erg_verdict judge(made *before, made *after, const char **reason, char *to,
                         size_t size)
{
    const erg_shape_options options = { .explain = true };
    erg_scenario *base = load(before), *changed = load(after);
    erg_verdict verdict;
    erg_error err = { 0 };
    erg_result *result = erg_shape_compare(base, changed, &options, &verdict, &err);

    CHECK_OK(result, err);
    erg_text_put(to, size, erg_table_find(erg_result_find(result, "policies"), 1,
                                          "reason").text);
    *reason = to;
    erg_result_free(result);
    erg_scenario_free(base);
    erg_scenario_free(changed);
    return verdict;
}

/* The peak falls by a third in all; what else a run file tells turns the verdict. */
static void throttling_and_collectives_of_run_files_turn_the_verdict(void)
{
    static const struct { double throttled_s, long_s; const char *says; } rows[] = {
        { 1, 0.1, "peak -33.3 %" }, { 1, 0.109, "peak" }, { 1.01, 0.1, "throttles longer" },
        { 1, 0.112, "collectives take +12.0 %" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        made both[2] = { begin("before"), begin("after") };
        char text[160];
        const char *reason;
        for (int k = 0; k < 2; k++) {
            int on = device(&both[k], "nvml:0", ERG_SCOPE_BOARD);
            power(&both[k], on, "power", ERG_SCOPE_BOARD, 0, k ? 200 : 300);
            counter(&both[k], on, "throttled_thermal", k ? rows[i].throttled_s : 1);
            regions(&both[k], "nccl AllReduce", k ? rows[i].long_s : 0.1);
            regions(&both[k], "MPI_Iallreduce", k ? 0.5 : 0.1);
        }
        erg_verdict verdict = judge(&both[0], &both[1], &reason, text, sizeof(text));
        CHECK(verdict == (i < 2 ? ERG_ACCEPTED : ERG_REJECTED));
        if (!strstr(reason, rows[i].says))
            test_text(reason, rows[i].says, "reason", __FILE__, __LINE__);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_board_with_two_channels_of_power_is_one_unit),
        TEST(what_lies_in_another_channel_counts_once),
        TEST(throttling_is_of_heat_and_faults),
        TEST(throttling_and_collectives_of_run_files_turn_the_verdict),
    };
    return test_run(tests, ERG_COUNT(tests));
}
