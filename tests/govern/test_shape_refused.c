/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, policies and scenarios that cannot be: refused, with the place and the reason. */
#include "erg/trace.h"
#include "govern/shaped.h"

/* A meter that is off by more than the device draws: no load, and not 0 W either. */
static void a_run_with_power_below_zero_is_refused(void)
{
    const erg_sample samples[] = { { .value = 5 },
                                   { .t_ns = 1000000000, .value = -3 },
                                   { .t_ns = 2000000000, .value = 5 },
                                   { .t_ns = 3000000000, .value = 5 } };
    erg_load_options how = { .units = 1 };
    erg_error err = { 0 };
    char path[256];
    erg_trace *trace = erg_trace_new(&err);
    erg_trace_add_device(trace, &(erg_device_info){ .name = "meter:0" }, &err);
    int channel = erg_trace_add_channel(trace, &(erg_channel_info){
        .name = "clamp", .quantity = ERG_POWER, .kind = ERG_INSTANT }, &err);
    CHECK_OK(channel >= 0 && erg_trace_add_samples(trace, channel, samples, 4, &err), err);
    snprintf(path, sizeof(path), "%s/below.erg", test_folder());
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    erg_trace_free(trace);
    CHECK(!erg_scenario_record(path, &how, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "clamp says -3 W 1 s after") && strstr(err.text, "was off by"));
}

static void refused(const char *policies, const char *scenario, const char *says)
{
    erg_error err = { 0 };
    erg_shape_options how = { .policies = policies };
    erg_scenario *load = erg_scenario_parse("x.yaml", scenario, strlen(scenario), &err);
    CHECK_OK(load, err);
    CHECK(!erg_shape_run(load, &how, NULL, &err) && err.code == ERG_BAD_INPUT);
    if (!strstr(err.text, says))
        test_text(err.text, says, "sentence", __FILE__, __LINE__);
    erg_scenario_free(load);
}

#define HEAD(units) "version: 1\nracks: {count: 1, units: " units "}\ngpu: {idle: 130W}\n"
#define STEP(units, time) HEAD(units) "job: {units: " units ", wait: 130W, step: " \
    "[{compute: " time ", power: 300W}]}\n"

/* What would wrap, fill the memory or take days is refused before it begins. */
static void what_cannot_be_played_is_refused_at_once(void)
{
    refused("floor=1e12W", STEP("4", "1s"), "4 units at 1e+12 W are 4e+03 GW");
    refused("limit=1e30W", STEP("4", "1s"), "its power is at most 1e+12W");
    refused("rack-cap=1kW:1e9s", STEP("4", "1s"), "its period is at most 1e+06s");
    refused("storage=1e6s", STEP("4", "1s"), "storage=1e6s: 2e+10 phases");
    refused("jitter=1ms:5ms", STEP("4000000", "1s"), "phases of units");
    refused("none", STEP("4", "1ms") "run: {length: 1e6s, sample: 1s}\n",
            "1e+09 phases of units");
    refused("all", STEP("4", "1s") "run: {length: 40000s, sample: 1ms}\n",
            "each take 3.8 GB: name fewer with --policy");
    refused("storage=1s+storage=5s", STEP("4", "1s"), "storage and storage would both act");
    refused("stagger=4+lock=4:1ms", STEP("4", "1s"), "stagger and lock would both act");
}

/* A million units on one record: the load is read once, not a million times. */
static void a_record_of_many_units_is_refused_soon(void)
{
    char path[256];
    erg_load_options how = { .units = 1000000 };
    erg_shape_options options = { .policies = "none" };
    erg_error err = { 0 };
    snprintf(path, sizeof(path), "%s/many.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file);
    fprintf(file, "t_s,power_w\n");
    for (int i = 0; i < 4000; i++)
        fprintf(file, "%.3f,%d\n", 1e-3 * i, i / 100 % 2 ? 300 : 100);
    fclose(file);
    erg_scenario *load = erg_scenario_record(path, &how, &err);
    CHECK_OK(load, err);
    CHECK(!erg_shape_run(load, &options, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "phases of units"));
    erg_scenario_free(load);
}

static void a_column_that_is_there_twice_is_refused(void)
{
    static const char *const heads[] = { "t_s,power_w,power_w", "t_s,t_ns,power_w",
                                         "t_s,power_w,unit,unit" };
    char path[256], text[400];

    snprintf(path, sizeof(path), "%s/twice.csv", test_folder());
    for (size_t i = 0; i < ERG_COUNT(heads); i++) {
        erg_error err = { 0 };
        snprintf(text, sizeof(text), "%s\n0,1,2,3\n1,2,3,4\n2,3,4,5\n", heads[i]);
        test_write(path, text);
        CHECK(!erg_scenario_record(path, &(erg_load_options){ .units = 1 }, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "say the same"));
    }
}

static void a_bucket_that_waiting_drains_is_refused(void)
{
    erg_scenario *scenario = load_reference();
    static const char *const bad[] = { "bucket=250W:20ms", "limit=100W",
                                       "firmware=100W", "firmware=130W" };

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_policy_chain chain;
        erg_shaped shaped;
        erg_error err = { 0 };
        CHECK_OK(erg_policy_parse(bad[i], strlen(bad[i]), &chain, &err), err);
        CHECK(!erg_shape_simulate(scenario, &chain, 0, &shaped, &err));
        CHECK(err.code == ERG_BAD_INPUT && err.text[0]);
    }
    erg_scenario_free(scenario);
}

static void scenarios_that_are_wrong_are_refused_with_their_line(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "", "empty" },
        { "version: 2\n", ":1: version" },
        { "version: 1\nracks: {count: 1, units: 4}\n", "'gpu' is missing" },
        { "version: 1\nrack: 1\n", ":2: unknown key 'rack'" },
        { "version: 1\nracks: {count: 1, units: 1}\ngpu: {idle: 130}\n",
          ":3: idle: '130'" },
        { "version: 1\nversion: 1\n", ":2: 'version' is there twice" },
        { "a: 1\n%%%% \n", ":2: YAML directives" }, { "a: \xa5\n", ":1: not UTF-8" },
        { "a: \001\n", ":1: a byte that is no text" },
        { "a: &x 1\n", "anchors" }, { "a: [1, 2\n", ":" }, { "- 1\n", "keys with values" },
        { "version: 1\nracks: {count: 1, units: 1}\ngpu: {idle: 130W}\n"
          "job: {units: 2, wait: 1W, step: [{compute: 1s, power: 300W}]}\n", "do not fit" },
        { "version: 1\nracks: {count: 1, units: 1}\ngpu: {idle: 130W}\n"
          "job: {units: 1, wait: 1W, step: [{compute: 1s, pause: 1s, power: 300W}]}\n",
          ":4: a phase is one of" },
        { "version: 1\nracks: {count: 1, units: 1, breaker: {rating: 1kW, trip: 1.2,\n"
          "  curve: [{load: 2, time: 2s}, {load: 3, time: 1s}]}}\ngpu: {idle: 130W}\n",
          "not both" },
        { "version: 1\nracks: {count: 1, units: 1, breaker: {rating: 1kW,\n  curve: "
          "[{load: 3, time: 2s}, {load: 2, time: 1s}]}}\ngpu: {idle: 130W}\n",
          ":3: along" },
        { "version: 1\nracks: {count: 1, units: 1}\ngpu: {idle: 130W, gamma: 2W}\n",
          ":3: gamma: '2W' is not a number: it has no unit" },
        { HEAD("1") "job: {units: 1, wait: 1W, start: 130s, step: [{compute: 1s, power: "
          "300W}]}\n", "job 1 starts at 130 s, when all is over" },
        { HEAD("1") "job: {units: 1, wait: 1W, step: [{compute: 0s, power: 300W}, "
          "{pause: 0s, power: 0W}]}\n", "takes 0.001 to 1e+06 s, not 0 s" },
        { HEAD("60000") "job: {units: 60000, wait: 1W, step: [{compute: 1s, power: "
          "1MW}]}\n", "60000 units of up to 1e+06 W are 60 GW" },
        { HEAD("1") "job: {units: 1, wait: 1W, step: [{compute: 1s, power: 300W}]}\n"
          "run: {length: 1s, sample: 1s}\n", "1 samples: 2 to 5e+07 are played" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!erg_scenario_parse("x.yaml", rows[i].text, strlen(rows[i].text), &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says))
            test_text(err.text, rows[i].says, "sentence", __FILE__, __LINE__);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_run_with_power_below_zero_is_refused),
        TEST(what_cannot_be_played_is_refused_at_once),
        TEST(a_record_of_many_units_is_refused_soon),
        TEST(a_column_that_is_there_twice_is_refused),
        TEST(a_bucket_that_waiting_drains_is_refused),
        TEST(scenarios_that_are_wrong_are_refused_with_their_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
