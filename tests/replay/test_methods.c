/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind a joule: a meter, a simulation, a model, a window of a whole tier. */
#include "replay/recompose.h"
#include "audit_made.h"

/* The same figures from a model: nothing of it is measured, and no check is fooled. */
static void power_of_a_model_is_no_measurement(void)
{
    static const plant modelled = { 200, 200, 50, true, ERG_METHOD_MODEL };
    erg_replay *replay = made(&modelled);
    erg_recomposed r;

    report(replay);
    CHECK(isnan(replay->whole.energy_j) && isnan(replay->whole.mean_w));
    CHECK_NEAR(replay->whole.modelled_j, 200 * 20e-3, 0.05);
    CHECK(isnan(replay->base_w));
    for (int i = 0; i < KERNELS; i++)
        CHECK_TEXT(replay->kernels[i].method, "model");
    CHECK(replay->energies->measured == 0 && isnan(replay->energies->predicted_j));
    CHECK(isnan(replay->energies->total_j) && isnan(replay->energies->rows[0].total_j));
    check_codes(replay, &peaks, ERG_AUDIT_FAILED, "");
    check_codes(
        replay, &peaks, ERG_AUDIT_NOT_ASSESSABLE,
        "POWER_UNLIKE NO_IDLE SELECTION METER_SILENT TOO_SHORT COLD_CLOCKS LEGACY_SUM "
        "CLOCK_OFFSET");
    CHECK(erg_recompose(replay, ERG_STATE_HOT, &r, NULL));
    CHECK(isnan(r.predicted_j) && isnan(r.measured_j) && isnan(r.agreement_en));
    CHECK(r.all.metered_launches == 0);
    erg_replay_free(replay);
}

static void what_a_simulated_meter_says_is_named_so(void)
{
    static const plant simulated = { 200, 200, 50, true, ERG_METHOD_SIMULATED };
    erg_replay *replay = made(&simulated);

    report(replay);
    CHECK_TEXT(replay->kernels[0].method, "simulated");
    CHECK_TEXT(replay->energies->rows[0].method, "simulated");
    CHECK_NEAR(replay->whole.energy_j, 200 * 20e-3, 0.05);
    erg_replay_free(replay);
}

/* 32 s of three kernels in the proportion of a step of 18 ms: 8 x 2, 4 x 4, 4 x 1 ms. */
static erg_replay *made_by_tier(void)
{
    erg_replay *replay = made(&clean);
    erg_span span = seconds(61, 93);
    erg_region region = { .begin_ns = span.begin_ns,
                          .end_ns = span.end_ns,
                          .runs = 32 / 18e-3 };

    erg_text_put(region.name, sizeof(region.name), "tier:gemm:hot");
    CHECK(erg_trace_add_region(replay->trace, &region, NULL));
    return replay;
}

/* 200 W over 50 W for 18 ms, and 50 W for the 20 ms of a pass: 3.7 J of 4.0 measured. */
static void tiers_are_summed_and_no_kernel_has_joules(void)
{
    erg_replay *replay = made_by_tier();
    erg_recomposed r;

    report(replay);
    for (int i = 0; i < KERNELS; i++)
        CHECK(isnan(replay->kernels[i].gross_j) && !replay->kernels[i].method[0]);
    CHECK_NEAR(replay->tiers[ERG_TIER_MATRIX][ERG_STATE_HOT].gross_j, 3.6, 0.01);
    CHECK_NEAR(replay->tiers[ERG_TIER_MATRIX][ERG_STATE_HOT].dynamic_j, 2.7, 0.01);
    CHECK(replay->tiers[ERG_TIER_MATRIX][ERG_STATE_HOT].updates >= 300);
    CHECK(replay->energies->measured == 0);
    check_codes(replay, &peaks, ERG_AUDIT_FAILED, "");
    CHECK(erg_recompose(replay, ERG_STATE_HOT, &r, NULL));
    CHECK_NEAR(r.predicted_j, 3.7, 0.01);
    CHECK_NEAR(r.measured_j, 4.0, 0.01);
    CHECK(r.all.silent_launches == 0 && r.all.metered_launches == r.all.launches);
    CHECK_NEAR(r.tiers[ERG_TIER_MATRIX].dynamic_j, r.all.dynamic_j, 0);
    erg_replay_free(replay);
}

static void a_tier_without_its_window_is_missed(void)
{
    erg_replay *replay = made_by_tier();
    erg_recomposed r;

    replay->kernels[2].tier = ERG_TIER_OTHER;
    report(replay);
    check_codes(replay, &peaks, ERG_AUDIT_FAILED, "SELECTION");
    CHECK(erg_recompose(replay, ERG_STATE_HOT, &r, NULL));
    CHECK(r.all.silent_launches == 2);
    erg_replay_free(replay);
}

static void joules_of_tiers_are_asked_for_in_vain(void)
{
    erg_replay *replay = made(&clean);
    erg_error err = { 0 };
    bool agrees;

    CHECK(!erg_replay_recompose(replay, &(erg_recompose_options){ .by_tier = true },
                                &agrees, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--by-tier"));
    erg_replay_free(replay);
}

/* Where only the whole was replayed there is no share of kernels to give. */
static void what_is_not_known_is_no_figure(void)
{
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_replay *replay = made(&clean);

    replay->kernel_count = 0;
    report(replay);
    CHECK(erg_audit_run(replay, &peaks, findings, NULL));
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++)
        CHECK(!strstr(findings[i].evidence, "nan") && !strstr(findings[i].what, "nan"));
    erg_replay_free(replay);
}

int main(void)
{
    static const test tests[] = {
        TEST(power_of_a_model_is_no_measurement),
        TEST(what_a_simulated_meter_says_is_named_so),
        TEST(tiers_are_summed_and_no_kernel_has_joules),
        TEST(a_tier_without_its_window_is_missed),
        TEST(joules_of_tiers_are_asked_for_in_vain),
        TEST(what_is_not_known_is_no_figure),
    };
    return test_run(tests, ERG_COUNT(tests));
}
