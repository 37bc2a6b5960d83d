/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference scenario: 64 GPUs, one synchronous job, every policy of the table in
 * section 11 of the shaping specification, within its tolerances.
 */
#include "erg/trace.h"
#include "govern/shaped.h"

/* As printed there: kW, ratios, joules. */
typedef struct expected {
    const char *policy;
    double peak_kw, peak_to_mean, range, step_kw, band_rms, steps_per_s, step_j;
} expected;

/* 0.2 %, or half of the last digit that the table prints. */
static void check_figure(const char *policy, const char *what, const double pair[2],
                         double digit)
{
    char name[128];

    snprintf(name, sizeof(name), "%s: %s", policy, what);
    test_near(pair[0], pair[1], fmax(0.002 * fabs(pair[1]), digit / 2 + 1e-9),
              name, __FILE__, __LINE__);
}

static void check_row(const erg_scenario *scenario, const expected *want)
{
    erg_shaped got = shape(scenario, want->policy, 0);
    const erg_metrics *is = &got.metrics;

    check_figure(want->policy, "peak kW", (double[]){ is->peak_w / 1e3, want->peak_kw },
                 0.01);
    check_figure(want->policy, "P/A", (double[]){ is->peak_to_mean, want->peak_to_mean },
                 1e-3);
    check_figure(want->policy, "range", (double[]){ is->range, want->range }, 1e-3);
    check_figure(want->policy, "dP", (double[]){ is->step_10ms_w / 1e3, want->step_kw },
                 0.1);
    check_figure(want->policy, "AC", (double[]){ is->band_rms, want->band_rms }, 1e-4);
    check_figure(want->policy, "steps/s", (double[]){ got.steps_per_s, want->steps_per_s },
                 1e-4);
    check_figure(want->policy, "J/step", (double[]){ got.energy_per_step_j, want->step_j },
                 0.1);
    erg_shaped_free(&got);
}

static void exact_rows_are_within_two_parts_in_a_thousand(void)
{
    static const expected rows[] = {
        { "none", 64.00, 1.212, 0.848, 38.7, 0.3607, 1, 825.0 },
        { "stagger=4", 52.80, 1, 0, 0, 0, 1, 825.0 },
        { "limit=850W", 54.40, 1.180, 0.763, 30.4, 0.3180, 0.9420, 764.8 },
        { "bucket=850W:20ms", 64.00, 1.340, 0.938, 38.7, 0.309, 0.8504, 877.8 },
        { "bucket=850W:150ms", 64.00, 1.212, 0.848, 38.7, 0.3607, 1, 825.0 },
        { "floor=800W", 64.00, 1.053, 0.211, 11.1, 0.0895, 1, 950.0 },
        { "limit=850W+floor=700W", 54.40, 1.043, 0.184, 8.30, 0.0767, 0.9420, 864.8 },
        { "storage=5s", 53.63, 1.016, 0.032, 0.07, 0.0092, 1, 825.0 },
    };
    erg_scenario *scenario = load_reference();

    scenario->duration_s = 120;
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        check_row(scenario, &rows[i]);
    erg_scenario_free(scenario);
}

static void closed_forms_hold_far_beyond_the_table(void)
{
    erg_scenario *scenario = load_reference();
    double clock = pow(720.0 / 870, 1 / 2.4);
    erg_shaped none = shape(scenario, "none", 0), limit = shape(scenario, "limit=850W", 0);
    erg_shaped apart = shape(scenario, "stagger=4", 0);

    CHECK_NEAR(none.energy_per_step_j / 825, 1, 1e-9);
    CHECK_NEAR(none.metrics.step_10ms_w / (44.8e3 * (1 - exp(-2))), 1, 1e-9);
    CHECK_NEAR(limit.steps_per_s * (0.75 / clock + 0.25), 1, 1e-8);
    CHECK_NEAR(limit.energy_per_step_j / (850 * 0.75 / clock + 75), 1, 1e-8);
    CHECK_NEAR(apart.metrics.peak_w / 52.8e3, 1, 1e-12);
    CHECK(apart.metrics.range < 1e-12 && apart.metrics.band_rms < 1e-9);
    erg_shaped_free(&none), erg_shaped_free(&limit), erg_shaped_free(&apart);
    erg_scenario_free(scenario);
}

/* A step is as late as its latest unit: 1 + a + (b-a) N/(N+1),
 * within 3 sigma of the mean. */
static void jitter_costs_what_the_greatest_of_n_delays_costs(void)
{
    static const struct { const char *policy; double low_s, high_s, n; } rows[] = {
        { "jitter=1ms:5ms", 0.001, 0.005, 64 },
        { "rack-jitter=10ms:50ms", 0.01, 0.05, 4 },
        { "rack-jitter=0ms:300ms", 0, 0.3, 4 },
    };
    erg_scenario *scenario = load_reference();

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        double width_s = rows[i].high_s - rows[i].low_s, n = rows[i].n;
        double late_s = rows[i].low_s + width_s * n / (n + 1);
        double sd_s = width_s * sqrt(n / (n + 2)) / (n + 1),
               steps = LENGTH_S / (1 + late_s);
        erg_shaped got = shape(scenario, rows[i].policy, 0);
        CHECK_NEAR(1 / got.steps_per_s, 1 + late_s, 3 * sd_s / sqrt(steps));
        CHECK_NEAR(got.energy_per_step_j, 825 + 300 * (1 / got.steps_per_s - 1), 1e-3);
        CHECK_NEAR(got.metrics.peak_w, 64e3, 0.002 * 64e3);
        erg_shaped_free(&got);
    }
    erg_scenario_free(scenario);
}

static void jobs_at_random_phases_scatter_as_the_table_says(void)
{
    erg_scenario *scenario = load_reference();
    double least_range = INFINITY, most_range = 0, least_band = INFINITY, most_band = 0;

    scenario->duration_s = 21;
    for (uint64_t key = 1; key <= 15; key++) {
        erg_shaped got = shape(scenario, "scatter=4", key);
        CHECK_NEAR(got.steps_per_s, 1, 1e-9);
        least_range = fmin(least_range, got.metrics.range);
        most_range = fmax(most_range, got.metrics.range);
        least_band = fmin(least_band, got.metrics.band_rms);
        most_band = fmax(most_band, got.metrics.band_rms);
        erg_shaped_free(&got);
    }
    CHECK(least_range >= 0.20 && least_range < 0.6 && most_range > 0.6
          && most_range <= 0.855);
    CHECK(least_band < 0.15 && most_band > 0.20 && most_band < 0.361);
    erg_scenario_free(scenario);
}

static void one_key_gives_the_same_bytes_and_another_gives_others(void)
{
    erg_scenario *scenario = load_reference();

    scenario->duration_s = 12;
    erg_shaped a = shape(scenario, "jitter=1ms:50ms", 9),
               b = shape(scenario, "jitter=1ms:50ms", 9);
    erg_shaped c = shape(scenario, "jitter=1ms:50ms", 10);
    CHECK(a.count == b.count && memcmp(a.wave_w, b.wave_w, a.count * sizeof(double)) == 0);
    CHECK(memcmp(a.wave_w, c.wave_w, a.count * sizeof(double)) != 0);
    erg_shaped_free(&a), erg_shaped_free(&b), erg_shaped_free(&c);
    erg_scenario_free(scenario);
}

static void a_slower_world_draws_the_same_wave_slower(void)
{
    erg_scenario *scenario = load_reference();

    scenario->duration_s = 20;
    erg_shaped fast = shape(scenario, "limit=850W+floor=500W", 0);
    for (size_t i = 0; i < scenario->phase_count; i++)
        scenario->phases[i].duration_s *= 4;
    scenario->jobs[0].period_s *= 4;
    scenario->warm_up_s *= 4, scenario->duration_s *= 4;
    scenario->sample_s *= 4, scenario->lag_s *= 4;
    erg_shaped slow = shape(scenario, "limit=850W+floor=500W", 0);
    CHECK(fast.count == slow.count);
    for (size_t k = 0; k < fast.count; k++)
        CHECK_NEAR(slow.wave_w[k], fast.wave_w[k], 0.5);
    CHECK_NEAR(slow.energy_per_step_j / fast.energy_per_step_j, 4, 1e-7);
    erg_shaped_free(&fast), erg_shaped_free(&slow);
    erg_scenario_free(scenario);
}

static void write_record(const char *path, const erg_shaped *wave)
{
    FILE *file = fopen(path, "w");

    CHECK(file);
    fputs("t_s,power_w\n", file);
    for (size_t k = 0; k < wave->count; k++)
        fprintf(file, "%.3f,%.6f\n", (double)k * wave->dt_s, wave->wave_w[k] / 64);
    fclose(file);
}

static void a_record_without_barriers_gives_the_metrics_of_the_scenario(void)
{
    static const char *const policies[] = { "none", "limit=850W" };
    erg_scenario *closed = load_reference();
    erg_error err = { 0 };
    char path[256];

    closed->lag_s = 0;
    erg_shaped wave = shape(closed, "none", 0);
    snprintf(path, sizeof(path), "%s/ref64.csv", test_folder());
    write_record(path, &wave);
    erg_load_options how = { .units = 64, .idle_w = 130 };
    erg_scenario *open = erg_scenario_record(path, &how, &err);
    CHECK_OK(open != NULL, err);
    for (size_t i = 0; i < ERG_COUNT(policies); i++) {
        erg_shaped a = shape(closed, policies[i], 0), b = shape(open, policies[i], 0);
        CHECK_NEAR(b.metrics.mean_w / a.metrics.mean_w, 1, 0.01);
        CHECK_NEAR(b.metrics.peak_w / a.metrics.peak_w, 1, 0.01);
        CHECK_NEAR(b.metrics.range / a.metrics.range, 1, 0.01);
        CHECK_NEAR(b.metrics.band_rms / a.metrics.band_rms, 1, 0.01);
        CHECK_NEAR(b.steps_per_s / a.steps_per_s, 1, 0.01);
        CHECK_NEAR(b.energy_per_step_j / a.energy_per_step_j, 1, 0.01);
        erg_shaped_free(&a), erg_shaped_free(&b);
    }
    erg_shaped_free(&wave);
    erg_scenario_free(open), erg_scenario_free(closed);
}

/* 16 units of 1000 W, three quarters of the time: a supply of 15.9 kW is over its rating
 * for more than the quarter of each second that is allowed, once and for good in each
 * rack. */
static void supplies_are_watched_rack_by_rack(void)
{
    static const struct { const char *psu; int64_t violations; } rows[] = {
        { "", -1 }, { ", psu: 16kW", 0 }, { ", psu: 15.9kW", 2 },
    };
    static const char form[] =
        "version: 1\nracks: {count: 2, units: 16%s}\ngpu: {idle: 130W}\n"
        "run: {length: 10s}\n"
        "job: {units: 32, wait: 300W, step: [{compute: 750ms, power: 1000W}, "
        "{collective: 250ms, power: 300W}]}\n";
    const erg_policy_chain none = { .text = "none" };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_shaped shaped;
        char text[400];
        snprintf(text, sizeof(text), form, rows[i].psu);
        erg_scenario *scenario = erg_scenario_parse("x.yaml", text, strlen(text), &err);
        CHECK_OK(scenario, err);
        CHECK_OK(erg_shape_simulate(scenario, &none, 0, &shaped, &err), err);
        CHECK(shaped.psu_violations == rows[i].violations);
        CHECK(shaped.psu_unseen == (i > 0));    /* 100 us, of samples of 1 ms */
        erg_shaped_free(&shaped);
        erg_scenario_free(scenario);
    }
}

/* 24 kW on 16 kW is 1.5 x for three quarters of each second:
 * by the curve 60 s in all trip. */
static void a_breaker_with_a_curve_wears_by_the_time_above_it(void)
{
    static const char text[] =
        "version: 1\nracks: {count: 1, units: 16, breaker: {rating: 16kW, "
        "tau: 1000s, curve: [{load: 1.2, time: 60s}, {load: 2, time: 60s}]}}\n"
        "gpu: {idle: 130W}\nrun: {length: 20s, warm_up: 0s}\n"
        "job: {units: 16, wait: 300W, step: [{compute: 750ms, power: 1500W}, "
        "{collective: 250ms, power: 300W}]}\n";
    const erg_policy_chain none = { .text = "none" };
    erg_error err = { 0 };
    erg_shaped shaped;
    erg_scenario *scenario = erg_scenario_parse("x.yaml", text, strlen(text), &err);
    double theta = 0;

    CHECK_OK(scenario, err);
    CHECK_OK(erg_shape_simulate(scenario, &none, 0, &shaped, &err), err);
    for (int second = 0; second < 20; second++)
        theta = (theta + 0.75 / 60) * (second < 19 ? exp(-0.25 / 1000) : 1);
    CHECK_NEAR(shaped.breaker_margin, 1 - theta, 1e-9);
    CHECK(!shaped.has_tripped);
    erg_shaped_free(&shaped);
    scenario->duration_s = 90;
    CHECK_OK(erg_shape_simulate(scenario, &none, 0, &shaped, &err), err);
    CHECK(shaped.has_tripped);
    erg_shaped_free(&shaped);
    erg_scenario_free(scenario);
}

static bool has_edges(const erg_shaped *shaped)
{
    double low_w = INFINITY, high_w = 0;

    for (size_t k = 0; k < shaped->count; k++) {
        low_w = fmin(low_w, shaped->wave_w[k]);
        high_w = fmax(high_w, shaped->wave_w[k]);
    }
    return low_w > 0 && high_w > 1.1 * low_w;
}

/* Units of a rack that do the same are played as one; in racks of one unit nobody is. */
static void units_played_as_one_draw_the_same_wave_to_the_bit(void)
{
    static const char *const policies[] = {
        "none", "bucket=850W:150ms", "limit=850W+floor=700W", "firmware=850W",
        "ramp=5000W/s", "stagger=2", "lock=2:20ms", "jitter=1ms:5ms",
    };
    erg_scenario *alone = load_reference(), *together = load_reference();

    alone->duration_s = together->duration_s = 3;
    alone->units_per_rack = 1;
    alone->breaker_w = together->breaker_w = NAN;
    for (size_t i = 0; i < ERG_COUNT(policies); i++) {
        erg_shaped a = shape(alone, policies[i], 5), b = shape(together, policies[i], 5);
        CHECK(a.count == b.count && a.count == 3000);
        CHECK(memcmp(a.wave_w, b.wave_w, a.count * sizeof(*a.wave_w)) == 0);
        CHECK(memcmp(&a.energy_per_step_j, &b.energy_per_step_j, sizeof(double)) == 0);
        CHECK(has_edges(&a));
        erg_shaped_free(&a), erg_shaped_free(&b);
    }
    erg_scenario_free(alone), erg_scenario_free(together);
}

int main(void)
{
    static const test tests[] = {
        TEST(exact_rows_are_within_two_parts_in_a_thousand),
        TEST(closed_forms_hold_far_beyond_the_table),
        TEST(jitter_costs_what_the_greatest_of_n_delays_costs),
        TEST(jobs_at_random_phases_scatter_as_the_table_says),
        TEST(one_key_gives_the_same_bytes_and_another_gives_others),
        TEST(a_slower_world_draws_the_same_wave_slower),
        TEST(a_record_without_barriers_gives_the_metrics_of_the_scenario),
        TEST(supplies_are_watched_rack_by_rack),
        TEST(a_breaker_with_a_curve_wears_by_the_time_above_it),
        TEST(units_played_as_one_draw_the_same_wave_to_the_bit),
    };
    return test_run(tests, ERG_COUNT(tests));
}
