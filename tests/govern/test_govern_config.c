/* SPDX-License-Identifier: Apache-2.0 */
/* What ergd's configuration says, and which mistakes are refused at which line. */
#include "erg/govern.h"
#include "erg/rack.h"
#include "shape/breaker.h"
#include "test.h"

/* Section 12 of the shaping specification, as printed there. */
static const char whole[] =
    "version: 1\n"
    "mode: observe\n"
    "node:   {id: n07, sensors: [nvml, rapl], floor: 600W, ceil: 2400W, priority: 2, "
    "weight: 1.0, fallback: 900W, psu_ocp: 3000W}\n"
    "gpu:    {limit: 275W, policy: throughput_per_watt, slowdown_max: 3%, dvfs: auto}\n"
    "cap:    {scope: node, limit: 1200W, policy: token_bucket, window: 20ms, "
    "enforcement: [power_limit, launch_gate]}\n"
    "shaper: {jitter: [1ms, 5ms], jitter_scope: microbatch, rng_key: 7, phase: {dp_groups: "
    "auto, "
    "pp_stages: round_robin, tp: group_offset, max_delay: 20ms}, psu_fraction: 0.85, "
    "floor: 0W, "
    "ramp_up: 2000W/s, ramp_down: 2000W/s, ramp_down_hold: 500ms}\n"
    "ops:    [{match: \"flash_*\", sm_clock: -200MHz, min_region: 500ms}]\n"
    "mpi:    {stagger: true, hierarchical: false, deterministic: true, pace: 0B/s, wait: "
    "sleep, "
    "wait_after: 500us, nap: 2ms}\n"
    "rack:   {cap: 20kW, breaker: {rating: 25kW, margin: 0.80, curve: thermal, tau: 666s, "
    "trip: 1.21}, soft_start: 60s, jitter: [10ms, 50ms], bands: {cap: 0.99, target: 0.95, "
    "uncap: 0.90, hold: 30s}, period: 3s, aisle: {id: a1, cooling: 120kW}}\n"
    "mqtt:   {host: broker, port: 8883, tls_ca: ca.pem, rack: r12, lease: 10s, "
    "status_period: 1s, actuation: 1s}\n"
    "thermal: {hotspot: 85C, hysteresis: 5C, prefer_cool: true, redistribute: true, "
    "migrate: {after: 60s, cooldown: 600s, max_per_hour: 2}}\n"
    "socket: {path: /tmp/s, users: [alice, \"*\"], set: {groups: [power]}}\n"
    "http: {port: 9000}\n"
    "journal: {path: /tmp/j, size: 16MiB}\n";

static erg_govern_config *parse(const char *text, erg_error *err)
{
    return erg_govern_config_parse("f", text, strlen(text), err);
}

static void every_key_of_the_specification_is_read(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse(whole, &err);
    CHECK_OK(is, err);
    CHECK(is->mode == ERG_OBSERVE && is->role == ERG_ROLE_NODE);
    CHECK_TEXT(is->node.id, "n07");
    CHECK(is->node.sensors.count == 2 && is->node.floor_w == 600
          && is->node.fallback_w == 900);
    CHECK(is->gpu.limit_w == 275 && is->cap.limit_w == 1200 && is->cap.window_s == 0.02);
    CHECK_NEAR(is->gpu.slowdown_most, 0.03, 1e-12);
    CHECK(is->shaper.jitter_s.low == 1e-3 && is->shaper.jitter_s.high == 5e-3);
    CHECK(is->rack.cap_w == 20e3 && is->rack.breaker_w == 25e3 && is->rack.hold_s == 30);
    CHECK(is->mqtt.port == 8883 && is->mqtt.lease_s == 10);
    CHECK_NEAR(is->thermal.hot_k, 358.15, 1e-9);
    CHECK_NEAR(is->thermal.hysteresis_k, 5, 1e-9);      /* a difference, not 278 K */
    CHECK(is->socket.read.users.count == 2 && is->socket.set.groups.count == 1);
    CHECK_TEXT(is->http.address, "127.0.0.1");
    CHECK(is->unused_count > 0);
    CHECK(is->op_count == 1 && is->ops[0].delta_hz == -200e6);
    CHECK(is->ops[0].min_region_s == 0.5);
    CHECK_TEXT(is->ops[0].match, "flash_*");
    CHECK_TEXT(is->mpi, "wait=sleep,wait_after=0.0005s,pace=0B/s,hierarchical=off,"
               "deterministic=on,nap=0.002s,stagger=0.02s,"
               "jitter_from=0.001s,jitter=0.005s,rng_key=7,every=1");
    CHECK_TEXT(is->offsets, "jitter_from=0.001s,jitter=0.005s,rng_key=7,every=1");
    for (size_t i = 0; i < is->unused_count; i++)
        CHECK(strcmp(is->unused[i], "mpi") != 0 && strcmp(is->unused[i], "ops") != 0
              && strcmp(is->unused[i], "shaper.phase") != 0);
    CHECK(is->shaper.down_w_per_s == 2000);
    erg_govern_config_free(is);
}

static bool is_unused(const erg_govern_config *config, const char *key)
{
    for (size_t i = 0; i < config->unused_count; i++)
        if (strcmp(config->unused[i], key) == 0)
            return true;
    return false;
}

/* Who states them must not believe that they do something. */
static void keys_that_nothing_acts_on_are_named(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse(
        "version: 1\ngpu: {slowdown_max: 3%}\n"
        "cap: {window: 20ms, enforcement: [launch_gate]}\n"
        "rack: {jitter: [10ms, 50ms]}\n", &err);
    CHECK_OK(is, err);
    CHECK(is_unused(is, "gpu.slowdown_max") && is_unused(is, "cap.window"));
    CHECK(is_unused(is, "cap.enforcement") && is_unused(is, "rack.jitter"));
    erg_govern_config_free(is);

    is = parse("version: 1\ncap: {limit: 900W, enforcement: [power_limit]}\n"
               "rack: {soft_start: 60s, jitter: [10ms, 50ms]}\n"
               "thermal: {prefer_cool: true}\n", &err);
    CHECK_OK(is, err);
    CHECK(is->unused_count == 0);
    erg_govern_config_free(is);
}

/* A coordinator looks each status_period, weighs nodes as its own list says, and heat
 * always gives to others. */
static void keys_whose_place_is_elsewhere_are_named(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse("version: 1\nrole: rack\nnode: {weight: 2}\n"
                                  "rack: {cap: 1kW, period: 9s}\n"
                                  "thermal: {redistribute: false}\n", &err);
    CHECK_OK(is, err);
    CHECK(is_unused(is, "node.weight") && is_unused(is, "rack.period"));
    CHECK(is_unused(is, "thermal.redistribute") && is->unused_count == 3);
    erg_govern_config_free(is);
    is = parse("version: 1\nnode: {weight: 1}\nrack: {period: 9s}\n"
               "thermal: {redistribute: true}\n", &err);
    CHECK_OK(is, err);
    CHECK(is->unused_count == 0);
    erg_govern_config_free(is);
}

/* What a rack's daemon refuses at its start --check-config must know, too. */
static void times_that_no_lease_holds_are_refused_before_the_start(void)
{
    static const struct { const char *mqtt, *says; } rows[] = {
        { "host: x, rack: r1, lease: 4s, status_period: 1s", "lease" },
        { "host: x, rack: r1, actuation: 100ms", "mqtt.actuation (0.1 s) must be" },
        { "host: x", "mqtt needs host and rack" },
        { "host: x, rack: r1", NULL },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[200];
        erg_error err = { 0 };
        snprintf(text, sizeof(text), "version: 1\nnode: {id: a, fallback: 900W}\n"
                 "mqtt: {%s}\n", rows[i].mqtt);
        erg_govern_config *is = parse(text, &err);
        CHECK_OK(is, err);
        CHECK(erg_rack_check(is, &err) == !rows[i].says);
        CHECK(!rows[i].says || (err.code == ERG_BAD_INPUT
                                && strstr(err.text, rows[i].says)));
        erg_govern_config_free(is);
    }
}

/* The bucket is the jobs': the cap is then the power limits' only where they are named. */
static void a_token_bucket_is_held_by_the_launch_gate_of_jobs(void)
{
    static const struct { const char *cap; bool by_limit, by_gate; size_t unused;
    } rows[] = {
        { "limit: 900W", true, false, 0 },
        { "limit: 900W, policy: token_bucket", true, false, 1 },
        { "limit: 900W, enforcement: [launch_gate]", true, false, 1 },
        { "limit: 900W, policy: token_bucket, enforcement: [launch_gate]", false, true, 0 },
        { "limit: 900W, policy: token_bucket, window: 20ms, "
          "enforcement: [power_limit, launch_gate]", true, true, 0 },
        { "limit: 900W, policy: token_bucket, enforcement: [power_limit]", true, false, 1 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[300];
        erg_error err = { 0 };
        snprintf(text, sizeof(text), "version: 1\ncap: {%s}\n", rows[i].cap);
        erg_govern_config *is = parse(text, &err);
        CHECK_OK(is, err);
        CHECK(is->cap.by_limit == rows[i].by_limit && is->cap.by_gate == rows[i].by_gate);
        CHECK(is->unused_count == rows[i].unused);
        erg_govern_config_free(is);
    }
}

static void a_way_that_is_none_and_a_bucket_without_watts_are_refused(void)
{
    erg_error err = { 0 };
    CHECK(!parse("version: 1\ncap:\n  enforcement: [power_limit,\n    firmware]\n", &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "f:3:"));
    CHECK(strstr(err.text, "not 'firmware'"));
    CHECK(!parse("version: 1\ncap:\n  enforcement: [launch_gate]\n"
                 "  policy: token_bucket\n", &err));
    CHECK(strstr(err.text, "f:4:") && strstr(err.text, "cap.limit"));
}

static void a_floor_is_acted_on_and_what_belongs_to_it_only_with_it(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse("version: 1\nshaper: {floor: 800W, ramp_down_hold: 5s, "
                                  "ramp_down: 200W/s, filler: [/bin/burn, -v]}\n", &err);
    CHECK_OK(is, err);
    CHECK(is->unused_count == 0 && is->shaper.floor_w == 800 && is->shaper.hold_s == 5);
    CHECK(is->shaper.filler.count == 2);
    CHECK_TEXT(is->shaper.filler.items[1], "-v");
    erg_govern_config_free(is);
    is = parse("version: 1\nshaper: {ramp_down_hold: 5s, filler: [/bin/burn]}\n", &err);
    CHECK_OK(is, err);
    CHECK(is_unused(is, "shaper.ramp_down_hold") && is_unused(is, "shaper.filler"));
    erg_govern_config_free(is);
}

static void a_governed_clock_needs_dvfs_auto(void)
{
    static const char keys[] = "policy: throughput_per_watt, slowdown_max: 3%, "
                               "objective: ed2p, clock: [600MHz, 1.2GHz], sweep: a.csv";
    char text[300];
    erg_error err = { 0 };
    snprintf(text, sizeof(text), "version: 1\ngpu: {dvfs: auto, %s}\n", keys);
    erg_govern_config *is = parse(text, &err);
    CHECK_OK(is, err);
    CHECK(is->unused_count == 0 && is->gpu.clock_hz.low == 600e6);
    CHECK(is->gpu.clock_hz.high == 1.2e9);
    CHECK_TEXT(is->gpu.sweep, "a.csv");
    CHECK_TEXT(is->gpu.objective, "ed2p");
    erg_govern_config_free(is);
    snprintf(text, sizeof(text), "version: 1\ngpu: {dvfs: off, %s}\n", keys);
    is = parse(text, &err);
    CHECK_OK(is, err);
    CHECK(is->unused_count == 5 && is_unused(is, "gpu.clock")
          && is_unused(is, "gpu.sweep"));
    erg_govern_config_free(is);
}

static void what_an_aisle_can_cool_is_a_cap_of_the_rack(void)
{
    erg_error err = { 0 };
    erg_govern_config *is =
        parse("version: 1\nrole: rack\nrack: {cap: 20kW, aisle: {id: a1, "
              "cooling: 12kW}, nodes: [{id: a, fallback: 12kW}]}\n", &err);
    CHECK_OK(is, err);
    CHECK(is->rack.cap_w == 12e3);
    erg_govern_config_free(is);
    is = parse("version: 1\nrole: rack\nrack: {cap: 20kW, aisle: {id: a1, cooling: 12kW}, "
               "nodes: [{id: a, fallback: 13kW}]}\n", &err);
    CHECK(!is && strstr(err.text, "12000 W"));
}

static void what_is_not_said_has_a_usual_value(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse("version: 1\n", &err);
    CHECK_OK(is, err);
    CHECK(is->mode == ERG_OBSERVE && is->period_s == 0.1 && isnan(is->node.ceil_w));
    CHECK_TEXT(is->socket.path, ERG_GOVERN_SOCKET);
    CHECK(!is->http.address && !is->mqtt.host && is->socket.read.users.count == 0);
    erg_govern_config_free(is);
}

/* A node cannot balance others: there the key is named as one that nothing acts on. */
static void a_rack_shares_by_demand_or_by_balance(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse("version: 1\nrole: rack\nrack: {cap: 1kW, policy: "
                                  "balance, nodes: [{id: a, fallback: 1W}]}\n", &err);
    CHECK_OK(is, err);
    CHECK_TEXT(is->rack.policy, "balance");
    CHECK(!is_unused(is, "rack.policy"));
    erg_govern_config_free(is);
    is = parse("version: 1\nrack: {policy: demand}\n", &err);
    CHECK_OK(is, err);
    CHECK(is_unused(is, "rack.policy"));
    erg_govern_config_free(is);
    CHECK(!parse("version: 1\nrole: rack\nrack:\n  cap: 1kW\n  policy: even\n", &err));
    CHECK(strstr(err.text, "f:5: policy is demand or balance, not 'even'"));
}

static void a_breaker_has_the_curve_of_its_datasheet(void)
{
    erg_error err = { 0 };
    erg_govern_config *is = parse("version: 1\nrack: {breaker: {rating: 25kW, curve: "
                                  "[{load: 1.13, time: 2h}, {load: 2, "
                                  "time: 120s}]}}\n", &err);
    CHECK_OK(is, err);
    CHECK(is->rack.curve && is->rack.curve->count == 2);
    CHECK_NEAR(erg_trip_curve_time(is->rack.curve, 1.13), 7200, 1e-9);
    erg_govern_config_free(is);
    is = parse("version: 1\nrack: {breaker: {rating: 25kW, curve: thermal}}\n", &err);
    CHECK_OK(is, err);
    CHECK(!is->rack.curve);
    erg_govern_config_free(is);
}

static void a_place_that_must_be_looked_up_is_refused_with_its_line(void)
{
    erg_error err = { 0 };

    CHECK(!parse("version: 1\nhttp:\n  port: 1\n  address: localhost\n", &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "f:4:"));
    CHECK(strstr(err.text, "an IP address, as in 127.0.0.1, not 'localhost'"));
}

static void mistakes_are_refused_with_their_line(void)
{
    static const struct { const char *text, *where, *what;
    } rows[] = {
        { "mode: observe\n", "f:1:", "'version' is missing" },
        { "version: 2\n", "f:1:", "version" },
        { "version: 1\nmode: enforced\n", "f:2:", "observe or enforce" },
        { "version: 1\nnode:\n  ceil: 2400\n", "f:3:", "unit" },
        { "version: 1\nperiod: 1\n", "f:2:", "unit" },
        { "version: 1\nnode:\n  celi: 2400W\n", "f:3:", "unknown key 'celi'" },
        { "version: 1\nnode:\n  floor: 2kW\n  ceil: 1kW\n", "f:3:", "floor" },
        { "version: 1\nnode: {floor: 500W,\n  fallback: 300W}\n", "f:2:", "floor" },
        { "version: 1\nshaper:\n  jitter: [5ms, 1ms]\n", "f:3:", "jitter" },
        { "version: 1\nshaper:\n  jitter: 5ms\n", "f:3:", "pair" },
        { "version: 1\nshaper:\n  jitter: [-5ms, 5ms]\n", "f:3:", "not '-5ms'" },
        { "version: 1\nrack:\n  jitter: [-50ms, 50ms]\n", "f:3:", "not '-50ms'" },
        { "version: 1\ngpu:\n  limit: 275000\n", "f:3:", "needs a unit of W" },
        { "version: 1\nshaper:\n  floor: 800\n", "f:3:", "unit" },
        { "version: 1\nshaper:\n  floor: 800W\n", "f:3:", "ramp_down_hold" },
        { "version: 1\nnode: {ceil: 700W}\nshaper:\n  ramp_down_hold: 1s\n  floor: 800W\n",
          "f:5:", "above node.ceil" },
        { "version: 1\nshaper:\n  floor: 8W\n  ramp_down_hold: 1s\n  filler: [burn]\n",
          "f:5:", "path" },
        { "version: 1\nshaper:\n  filler: burn\n", "f:3:", "list" },
        { "version: 1\nshaper:\n  ramp_up: 20W\n", "f:3:", "ramp_up" },
        { "version: 1\ngpu:\n  objective: speed\n", "f:3:", "energy or edp" },
        { "version: 1\ngpu:\n  clock: [1.2GHz, 600MHz]\n", "f:3:", "clock" },
        { "version: 1\ngpu:\n  clock: [600, 1200]\n", "f:3:", "unit" },
        { "version: 1\nmpi:\n  stagger: maybe\n", "f:3:", "true or false" },
        { "version: 1\nmpi:\n  wait: nap\n", "f:3:", "slack or freq, not 'nap'" },
        { "version: 1\nmpi:\n  stagger: true\n", "f:3:", "max_delay" },
        { "version: 1\nshaper:\n  phase: {tp: none}\n", "f:3:", "group_offset" },
        { "version: 1\nops:\n  - {match: a}\n", "f:3:", "sm_clock" },
        { "version: 1\nops:\n  - {match: a, sm_clock: 200MHz}\n", "f:3:", "sm_clock" },
        { "version: 1\nops:\n  - {match: a, sm_clock: -200}\n", "f:3:", "unit" },
        { "version: 1\nops:\n  - {match: \"\", sm_clock: -200MHz}\n", "f:3:", "match" },
        { "version: 1\nops: {match: a, sm_clock: -200MHz}\n", "f:2:", "list" },
        { "version: 1\nrack:\n  bands:\n    target: 0.99\n    cap: 0.95\n",
          "f:4:", "target" },
        { "version: 1\nrack: {breaker: {rating: 1kW,\n  curve: magnetic}}\n", "f:3:",
          "points" },
        { "version: 1\nrack: {breaker: {rating: 1kW,\n  curve: [{load: 2, time: 9s}]}}\n",
          "f:3:", "2 to 32" },
        { "version: 1\nrack: {breaker: {rating: 1kW, curve: [{load: 2, time: 9s},\n"
          "  {load: 3, time: 10s}]}}\n", "f:3:", "time does not" },
        { "version: 1\nrack: {breaker: {rating: 1kW, curve: [{load: 2, time: 9},\n"
          "  {load: 3, time: 1s}]}}\n", "f:2:", "unit" },
        { "version: 1\nnode: {sensors: rapl}\n", "f:2:", "list" },
        { "version: 1\nmqtt: {host: b}\n", "f:2:", "fallback" },
        { "version: 1\nrole: rack\n", "f:1:", "rack.cap" },
        { "version: 1\nthermal:\n  hysteresis: 80C\n", "f:3:", "hysteresis" },
        { "version: 1\nnode: {ceil: 1W\n", "f:", "" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_govern_config *is = parse(rows[i].text, &err);
        bool good = !is && err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].where)
            && strstr(err.text, rows[i].what);
        if (!good)
            print_message("# row %zu: %s\n", i, is ? "it was taken" : err.text);
        CHECK(good);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(every_key_of_the_specification_is_read),
        TEST(keys_that_nothing_acts_on_are_named),
        TEST(keys_whose_place_is_elsewhere_are_named),
        TEST(times_that_no_lease_holds_are_refused_before_the_start),
        TEST(a_token_bucket_is_held_by_the_launch_gate_of_jobs),
        TEST(a_way_that_is_none_and_a_bucket_without_watts_are_refused),
        TEST(a_floor_is_acted_on_and_what_belongs_to_it_only_with_it),
        TEST(a_governed_clock_needs_dvfs_auto),
        TEST(what_an_aisle_can_cool_is_a_cap_of_the_rack),
        TEST(what_is_not_said_has_a_usual_value),
        TEST(a_rack_shares_by_demand_or_by_balance),
        TEST(a_breaker_has_the_curve_of_its_datasheet),
        TEST(a_place_that_must_be_looked_up_is_refused_with_its_line),
        TEST(mistakes_are_refused_with_their_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
