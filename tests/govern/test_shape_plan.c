/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs whose steps differ, at phases found from their profiles. */
#include "govern/scenario.h"
#include "govern/shape_sim.h"
#include "test.h"

#define HEAD                                                                               \
    "version: 1\nracks: {count: 1, units: 64}\ngpu: {idle: 100W}\n"                        \
    "run: {length: 30s}\njobs:\n"

/* 16 x 1000 W for half a second; 32 x 500 W and 16 x 400 W for half of theirs. */
static const char unlike[] = HEAD
    "- {units: 16, wait: 200W, step: [{compute: 500ms, power: 1000W}, "
    "{collective: 500ms, power: 200W}]}\n"
    "- {units: 32, wait: 200W, step: [{compute: 500ms, power: 500W}, "
    "{collective: 500ms, power: 200W}]}\n"
    "- {units: 16, wait: 200W, step: [{compute: 500ms, power: 400W}, "
    "{collective: 500ms, power: 200W}]}\n";

/* The second is 1 % faster. */
static const char drifting[] = HEAD
    "- {units: 32, wait: 200W, step: [{compute: 500ms, power: 900W}, "
    "{collective: 500ms, power: 200W}]}\n"
    "- {units: 32, wait: 200W, step: [{compute: 495ms, power: 900W}, "
    "{collective: 495ms, power: 200W}]}\n";

static erg_scenario *parse(const char *text)
{
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_parse("x.yaml", text, strlen(text), &err);

    CHECK_OK(scenario, err);
    return scenario;
}

static bool try(const erg_scenario *scenario, const char *policy, erg_shaped *out,
                erg_error *err)
{
    erg_policy_chain chain;

    CHECK_OK(erg_policy_parse(policy, strlen(policy), &chain, err), *err);
    return erg_shape_simulate(scenario, &chain, 0, out, err);
}

static erg_shaped shape(const erg_scenario *scenario, const char *policy)
{
    erg_shaped shaped;
    erg_error err = { 0 };

    CHECK_OK(try(scenario, policy, &shaped, &err), err);
    return shaped;
}

static void one_job_in_groups_comes_out_as_even_ones_do(void)
{
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_load(ERG_TEST_SOURCE "/examples/ref64.yaml",
                                               &err);

    CHECK_OK(scenario, err);
    scenario->duration_s = 10;
    erg_shaped even = shape(scenario, "stagger=4"), found = shape(scenario, "interleave=4");
    CHECK_NEAR(found.metrics.peak_w, 52.8e3, 1e-6);
    CHECK_NEAR(found.metrics.range, 0, 1e-12);
    CHECK_NEAR(found.energy_per_step_j, even.energy_per_step_j, 1e-9);
    erg_shaped_free(&even), erg_shaped_free(&found);
    erg_scenario_free(scenario);
}

/* At once 38.4 kW; the first against the two others: 16 + 9.6,
 * at the other end 22.4 + 3.2. */
static void unlike_jobs_are_set_against_each_other_and_lose_no_step(void)
{
    erg_scenario *scenario = parse(unlike);
    erg_shaped none = shape(scenario, "none"), even = shape(scenario, "stagger=3");
    erg_shaped found = shape(scenario, "interleave");

    CHECK_NEAR(none.metrics.peak_w, 38.4e3, 1e-6);
    CHECK_NEAR(found.metrics.peak_w, 25.6e3, 1e-6);
    CHECK(found.metrics.peak_w < even.metrics.peak_w);
    CHECK_NEAR(found.metrics.range, 0, 1e-9);
    CHECK_NEAR(found.steps_per_s, none.steps_per_s, 1e-9);
    CHECK_NEAR(found.metrics.mean_w, none.metrics.mean_w, 1e-6 * none.metrics.mean_w);
    erg_shaped_free(&none), erg_shaped_free(&even), erg_shaped_free(&found);
    erg_scenario_free(scenario);
}

static void a_faster_job_is_slowed_within_its_budget_and_then_keeps_its_phase(void)
{
    erg_scenario *scenario = parse(drifting);
    erg_shaped none = shape(scenario, "none"), found = shape(scenario, "interleave");

    /* Unslowed they meet within 100 steps; slowed they never do, at 0.5 % of all steps. */
    CHECK_NEAR(none.metrics.peak_w, 57.6e3, 1e-6);
    CHECK(found.metrics.peak_w <= 35.2e3 * (1 + 1e-9));
    CHECK_NEAR(found.steps_per_s, 1, 1e-9);
    CHECK(none.steps_per_s > found.steps_per_s);
    erg_shaped_free(&none), erg_shaped_free(&found);
    erg_scenario_free(scenario);
}

static void what_cannot_be_locked_is_refused_with_the_cure(void)
{
    static const struct { const char *load, *policy, *says; } rows[] = {
        { drifting, "interleave=2:0.5%", "not lockable: steps of 0.99 s and 1 s" },
        { drifting, "interleave=2:0.5%", "interleave=2:1.1%" },
    };
    erg_error err = { 0 };
    erg_scenario *alone = erg_scenario_load(ERG_TEST_SOURCE "/examples/ref64.yaml", &err);
    erg_shaped shaped;

    CHECK(!try(alone, "interleave", &shaped, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "as in interleave=4"));
    erg_scenario_free(alone);
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_scenario *scenario = parse(rows[i].load);
        CHECK(!try(scenario, rows[i].policy, &shaped, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says))
            test_text(err.text, rows[i].says, "sentence", __FILE__, __LINE__);
        erg_scenario_free(scenario);
    }
}

/* Two records that begin their steps at different times:
 * each is shifted by what it lacks. */
static void units_of_a_record_are_shifted_from_where_they_are(void)
{
    char path[256];
    erg_error err = { 0 };
    const erg_load_options how = { .idle_w = 100 };

    snprintf(path, sizeof(path), "%s/two.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file);
    fputs("t_s,power_w,unit\n", file);
    for (int k = 0; k < 3000; k++)
        fprintf(file, "%.2f,%d,a\n%.2f,%d,b\n", k * 0.01,
                k % 100 < 50 ? 800 : 200, k * 0.01, (k + 10) % 100 < 50 ? 800 : 200);
    fclose(file);
    erg_scenario *scenario = erg_scenario_record(path, &how, &err);
    CHECK_OK(scenario, err);
    erg_shaped none = shape(scenario, "none"), found = shape(scenario, "interleave");
    CHECK_NEAR(none.metrics.peak_w, 1600, 1e-6);
    /* To a bin of 1/256 of the period: no sample of 10 ms is at both levels for long. */
    size_t over = 0;
    for (size_t k = 0; k < found.count; k++)
        over += found.wave_w[k] > 1000 + 1e-6;
    CHECK(found.count > 2000 && over * 20 < found.count);
    erg_shaped_free(&none), erg_shaped_free(&found);
    erg_scenario_free(scenario);
}

static void records_that_are_wrong_are_refused_with_their_line_and_the_cure(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "", "no rows: below the names" },
        { "t_s,power_w\n", "no rows: below the names" },
        { "t_s,power_w\n0,100\n", "the record has 1 sample: a load needs 3" },
        { "t_s,power_w,unit\n0,100,a\n0,90,b\n1,100,a\n1,90,b\n2,100,a\n",
          "unit b has 2 samples: a load needs 3" },
        { "t_s,power_w\n0,100\n1,-50\n2,100\n", ":3: a power of -50 W" },
        { "0,100\n1,200\n2,200\n", ":1: the first line must name" },
        { "t_s,power_w\n0,100\n1,nan\n", ":3: the time or the power is no number" },
        { "t_s,power_w\n0,100\n1\n", ":3: the time or the power is no number" },
        { "t_s,power_w\n1,100\n0,100\n", ":3: time does not go on" },
    };
    const erg_load_options how = { 0 };
    char path[256];

    snprintf(path, sizeof(path), "%s/bad.csv", test_folder());
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        test_write(path, rows[i].text);
        CHECK(!erg_scenario_record(path, &how, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "bad.csv"));
        if (!strstr(err.text, rows[i].says))
            test_text(err.text, rows[i].says, "sentence", __FILE__, __LINE__);
    }
}

static void units_of_different_length_are_played_as_long_as_the_shortest(void)
{
    const erg_load_options how = { 0 };
    erg_error err = { 0 };
    char path[256];

    snprintf(path, sizeof(path), "%s/lengths.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file);
    fputs("t_s,power_w,unit\n", file);
    for (int k = 0; k < 100; k++)
        fprintf(file, "%d,%d,long\n", k, k % 10 < 5 ? 800 : 200);
    for (int k = 0; k < 40; k++)
        fprintf(file, "%d,%d,short\n", k, k % 10 < 5 ? 800 : 200);
    fclose(file);
    erg_scenario *scenario = erg_scenario_record(path, &how, &err);
    CHECK_OK(scenario, err);
    CHECK_NEAR(scenario->duration_s, 39, 1e-9);
    CHECK(strstr(scenario->note, "39 s of 99 s are played")
          && strstr(scenario->note, "--idle"));
    erg_shaped shaped = shape(scenario, "none");
    CHECK(shaped.count == 40);
    CHECK_NEAR(shaped.metrics.mean_w, 1000, 1e-6);
    erg_shaped_free(&shaped);
    erg_scenario_free(scenario);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_job_in_groups_comes_out_as_even_ones_do),
        TEST(unlike_jobs_are_set_against_each_other_and_lose_no_step),
        TEST(a_faster_job_is_slowed_within_its_budget_and_then_keeps_its_phase),
        TEST(what_cannot_be_locked_is_refused_with_the_cure),
        TEST(units_of_a_record_are_shifted_from_where_they_are),
        TEST(records_that_are_wrong_are_refused_with_their_line_and_the_cure),
        TEST(units_of_different_length_are_played_as_long_as_the_shortest),
    };
    return test_run(tests, ERG_COUNT(tests));
}
