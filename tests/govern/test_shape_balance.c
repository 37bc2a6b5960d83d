/* SPDX-License-Identifier: Apache-2.0 */
/* Units that draw different watts at equal work, under one budget. */
#include "govern/shaped.h"

static erg_scenario *parse(const char *spread)
{
    static const char form[] =
        "version: 1\nracks: {count: 4, units: 16}\ngpu: {idle: 130W%s}\n"
        "run: {length: 40s, sample: 10ms}\njob: {units: 64, wait: 300W, step: "
        "[{compute: 750ms, power: 1000W}, {collective: 250ms, power: 300W}]}\n";
    char text[400];
    erg_error err = { 0 };

    snprintf(text, sizeof(text), form, spread);
    erg_scenario *scenario = erg_scenario_parse("x.yaml", text, strlen(text), &err);
    CHECK_OK(scenario, err);
    return scenario;
}

static void alike_units_are_limited_as_by_a_limit(void)
{
    erg_scenario *scenario = parse("");
    erg_shaped limit = shape(scenario, "limit=850W", 0),
               balance = shape(scenario, "balance=850W", 0);

    CHECK_NEAR(balance.steps_per_s / limit.steps_per_s, 1, 1e-9);
    CHECK_NEAR(balance.energy_per_step_j / limit.energy_per_step_j, 1, 1e-9);
    CHECK_NEAR(balance.metrics.peak_w, 64 * 850, 1e-6);
    erg_shaped_free(&limit), erg_shaped_free(&balance);
    erg_scenario_free(scenario);
}

/* Under a limit the most hungry chip sets the pace; under a budget one clock for all is
 * best: 720 W in the mean are 870 W f^2.4 of the mean chip. */
static void a_job_of_unlike_units_comes_within_two_parts_in_a_hundred_of_one_clock(void)
{
    erg_scenario *scenario = parse(", spread: 6%");
    double mean = 0;
    erg_shaped none = shape(scenario, "none", 3), limit = shape(scenario, "limit=850W", 3);
    erg_shaped balance = shape(scenario, "balance=850W", 3);

    mean = ((none.metrics.peak_w / 64) - 130) / 870;
    CHECK(mean > 0.97 && mean < 1.03 && mean != 1);
    double work_s = 0.75 / pow(720 / (870 * mean), 1 / 2.4), best = 1 / (work_s + 0.25);
    CHECK(balance.steps_per_s <= best * (1 + 1e-9));
    CHECK(balance.steps_per_s >= 1 / (work_s / 0.98 + 0.25));
    CHECK(balance.steps_per_s > 1.02 * limit.steps_per_s);
    CHECK(balance.metrics.peak_w <= 64 * 850 + 1e-6);
    erg_shaped_free(&none), erg_shaped_free(&limit), erg_shaped_free(&balance);
    erg_scenario_free(scenario);
}

static void a_unit_is_the_same_chip_under_every_policy_and_with_more_neighbours(void)
{
    erg_scenario *scenario = parse(", spread: 6%");
    erg_shaped a = shape(scenario, "none", 3), b = shape(scenario, "stagger=1", 3);
    erg_shaped c = shape(scenario, "none", 4);

    CHECK(a.metrics.peak_w == b.metrics.peak_w && a.metrics.peak_w != c.metrics.peak_w);
    CHECK_NEAR(a.steps_per_s, 1, 1e-9);
    erg_shaped_free(&a), erg_shaped_free(&b), erg_shaped_free(&c);
    erg_scenario_free(scenario);
}

int main(void)
{
    static const test tests[] = {
        TEST(alike_units_are_limited_as_by_a_limit),
        TEST(a_job_of_unlike_units_comes_within_two_parts_in_a_hundred_of_one_clock),
        TEST(a_unit_is_the_same_chip_under_every_policy_and_with_more_neighbours),
    };
    return test_run(tests, ERG_COUNT(tests));
}
