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

static void a_bucket_that_waiting_drains_is_refused(void)
{
    erg_scenario *scenario = load_reference();
    static const char *const bad[] = { "bucket=250W:20ms", "limit=100W" };

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
        TEST(a_bucket_that_waiting_drains_is_refused),
        TEST(scenarios_that_are_wrong_are_refused_with_their_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
