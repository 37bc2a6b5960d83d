/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 100,000 units in racks of 64 for a minute, at samples of a millisecond: the limit is the
 * minute itself; the floor is the same without a policy.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "govern/shape_sim.h"

#define PLAYED_S 60.0

static const char scene[] =
    "version: 1\nracks: {count: 1563, units: 64, breaker: {rating: 80kW}}\n"
    "gpu: {idle: 130W, gamma: 2.4}\n"
    "job: {units: 100000, wait: 300W, step: [{compute: 750ms, power: 1000W},"
    " {collective: 250ms, power: 300W}]}\nrun: {lag: 5ms, length: 60s, sample: 1ms}\n";

static const char *const policies[] = {
    "none", "limit=850W", "floor=800W", "rack-jitter=10ms:50ms", "stagger=4",
    "firmware=850W", "rack-cap=50kW", "ramp=1000W/s", "bucket=850W:150ms", "storage=5s",
    "jitter=1ms:5ms", "interleave=4", "balance=850W",
};

static double played_s(const erg_scenario *scenario, const char *policy)
{
    erg_policy_chain chain;
    erg_shaped shaped;
    erg_error err = { 0 };
    double begin_s = bench_now_s(CLOCK_MONOTONIC);

    if (!erg_policy_parse(policy, strlen(policy), &chain, &err)
        || !erg_shape_simulate(scenario, &chain, 0, &shaped, &err)) {
        fprintf(stderr, "bench_shape: %s\n", err.text);
        exit(1);
    }
    erg_shaped_free(&shaped);
    return bench_now_s(CLOCK_MONOTONIC) - begin_s;
}

int main(void)
{
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_parse("100000.yaml", scene, strlen(scene), &err);
    double floor_s = scenario ? played_s(scenario, "none") : NAN;

    for (size_t i = 0; scenario && i < sizeof(policies) / sizeof(policies[0]); i++) {
        char name[80];
        snprintf(name, sizeof(name), "100,000 units for 60 s: %s", policies[i]);
        bench_print(&(bench_row){ name, "s", played_s(scenario, policies[i]),
                                  floor_s, PLAYED_S, 1 });
    }
    erg_scenario_free(scenario);
    return scenario ? 0 : 1;
}
