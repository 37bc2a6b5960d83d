/* SPDX-License-Identifier: Apache-2.0 */
/* Time to limit and safe power in closed form; networks there and back. */
#include <string.h>
#include "erg/thermal.h"
#include "test.h"

static erg_thermal one_pole(void)
{
    return (erg_thermal){ .pole_count = 1, .poles = { { .r_k_per_w = 0.25, .tau_s = 30 } },
                          .ambient_k = 303.15 };
}

/* 60 C in a part at 30 C: the filter holds 120 W. */
static const erg_thermal_state at_60 = { .x_w = { 120 }, .power_w = 120 };

static void one_pole_reaches_its_limit_at_the_logarithm(void)
{
    erg_thermal model = one_pole();

    CHECK_NEAR(erg_thermal_ahead(&model, &at_60, 120, 0), 333.15, 1e-9);
    CHECK_NEAR(erg_thermal_time_to_limit(&model, &at_60, 200, 348.15), 30 * log(4), 1e-6);
    CHECK(isinf(erg_thermal_time_to_limit(&model, &at_60, 170, 348.15)));
    CHECK(erg_thermal_time_to_limit(&model, &at_60, 170, 330) == 0);
}

/* C dT/dt = P + L (T - T0) - (T - Ta)/R: one pole again, slower by 1/(1 - R L). */
static void leakage_brings_the_limit_closer(void)
{
    static const double r = 0.3, tau_s = 60, ambient_k = 300, power_w = 150;
    static const double leaks[] = { 0.5, 1.5, 3.2, 4 };     /* the last ones run away */
    double before_s = tau_s * log(39 / 5.0);    /* without any */

    for (size_t i = 0; i < ERG_COUNT(leaks); i++) {
        const erg_thermal model = { .pole_count = 1, .ambient_k = ambient_k,
                                    .leakage_w_per_k = leaks[i],
                                    .poles = { { .r_k_per_w = r, .tau_s = tau_s } } };
        const erg_thermal_state cold = { .x_w = { 20 }, .power_w = 20 };
        double now_k = ambient_k + r * 20, limit_k = 340, loop = r * leaks[i];
        /* exp(-(1 - R L) t/tau), which grows where R L is above 1 */
        double end_k = (ambient_k + r * (power_w - leaks[i] * now_k)) / (1 - loop);
        double s = tau_s / (1 - loop) * log((end_k - now_k) / (end_k - limit_k));
        double found_s = erg_thermal_time_to_limit(&model, &cold, power_w, limit_k);
        CHECK_NEAR(found_s, s, 2e-3 * s);
        CHECK(found_s < before_s);
        before_s = found_s;
    }
}

static void safe_power_keeps_the_margin_for_the_horizon(void)
{
    erg_thermal model = one_pole();

    CHECK_NEAR(erg_thermal_safe_power(&model, &at_60, 348.15, 2, INFINITY), 172, 1e-9);
    double safe_w = erg_thermal_safe_power(&model, &at_60, 348.15, 2, 30);
    CHECK_NEAR(safe_w, 202.263, 5e-4);
    CHECK(erg_thermal_ahead(&model, &at_60, safe_w, 30) <= 346.15 + 1e-9);
    CHECK(erg_thermal_ahead(&model, &at_60, safe_w + 1, 30) > 346.15);
}

static void steps_add_up_to_what_lies_ahead(void)
{
    erg_thermal model = { .pole_count = 2, .ambient_k = 300, .r_fast_k_per_w = 0.1,
                          .poles = { { .r_k_per_w = 0.1, .tau_s = 28 },
                                     { .r_k_per_w = 0.2, .tau_s = 300 } } };
    erg_thermal_state state = { .x_w = { 50, 80 }, .power_w = 150, .bias_k = 1.5 };
    double ahead_k = erg_thermal_ahead(&model, &state, 150, 60);

    for (int i = 0; i < 120; i++)
        erg_thermal_step(&model, &state, 150, 0.5);
    CHECK_NEAR(erg_thermal_ahead(&model, &state, 150, 0), ahead_k, 1e-9);
}

/* What flows in is what flows out and what is stored, at every step of a ladder. */
static void a_ladder_has_the_poles_it_was_made_from(void)
{
    erg_thermal model = { .pole_count = 3,
                          .poles = { { .r_k_per_w = 0.05, .tau_s = 0.8 },
                                     { .r_k_per_w = 0.12, .tau_s = 28 },
                                     { .r_k_per_w = 0.4, .tau_s = 350 } } };
    erg_cauer ladder;
    erg_thermal back;
    erg_error err = { 0 };
    double sum = 0;

    CHECK(erg_thermal_cauer(&model, &ladder, &err) && ladder.count == 3);
    for (int i = 0; i < 3; i++) {
        CHECK(ladder.c_j_per_k[i] > 0 && ladder.r_k_per_w[i] > 0);
        sum += ladder.r_k_per_w[i];
    }
    CHECK_NEAR(sum, 0.57, 1e-12);
    CHECK(erg_thermal_foster(&ladder, &back, &err));
    for (int i = 0; i < 3; i++) {
        CHECK_NEAR(back.poles[i].tau_s / model.poles[i].tau_s, 1, 1e-9);
        CHECK_NEAR(back.poles[i].r_k_per_w / model.poles[i].r_k_per_w, 1, 1e-9);
    }
}

static void one_pole_is_its_own_ladder(void)
{
    erg_thermal model = one_pole();
    erg_cauer ladder;
    erg_error err = { 0 };

    CHECK(erg_thermal_cauer(&model, &ladder, &err));
    CHECK_NEAR(ladder.c_j_per_k[0], 30 / 0.25, 1e-9);
    CHECK_NEAR(ladder.r_k_per_w[0], 0.25, 1e-12);
}

/* On a window that the fit accepts. */
static void the_score_of_a_real_board_beats_a_line_and_equals_persistence(void)
{
    static const double held_most_k[] = { 1.35, 1.5, 1.95, 2.85 };
    erg_error err = { 0 };
    bool reached = true;
    erg_monitor *log = erg_monitor_load(test_data("thermal/rle_20251028_08.csv"),
                                        NULL, &err);
    const erg_forecast_options options = { .fit = { .begin_s = 1330, .end_s = 2140 },
                                           .power_w = 200, .score = true };
    CHECK(log != NULL);
    erg_result *result = erg_thermal_forecast_tables(log, "gpu", &options, &reached, &err);
    CHECK(result != NULL);
    const erg_table *score = erg_result_find(result, "score");
    CHECK(score && erg_table_row_count(score) == 4);
    for (size_t i = 0; i < 4; i++) {
        double held_k = erg_table_find(score, i, "model_held_k").real;
        CHECK(held_k < held_most_k[i]);
        CHECK(held_k < 1.05 * erg_table_find(score, i, "persistence_k").real);
        CHECK(held_k < erg_table_find(score, i, "line_k").real / 3);
        CHECK(erg_table_find(score, i, "model_known_k").real < 0.95);
    }
    erg_result_free(result);
    erg_monitor_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_pole_reaches_its_limit_at_the_logarithm),
        TEST(leakage_brings_the_limit_closer),
        TEST(safe_power_keeps_the_margin_for_the_horizon),
        TEST(steps_add_up_to_what_lies_ahead),
        TEST(a_ladder_has_the_poles_it_was_made_from),
        TEST(one_pole_is_its_own_ladder),
        TEST(the_score_of_a_real_board_beats_a_line_and_equals_persistence),
    };
    return test_run(tests, ERG_COUNT(tests));
}
