/* SPDX-License-Identifier: Apache-2.0 */
/* The audit of a real run: the published figures come out, and what is wrong with them. */
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/legacy.h"
#include "replay/meter.h"
#include "audit_codes.h"

enum { LOG, TIMING, FULL, LIST, REPORT, WRONG_LOG, WRONG_REPORT, SIGNATURES };
static const char *const names[] = {
    "replay/piep_gpu_power_20260206_183216.csv",
    "replay/piep_isolated_kernels_timing.json",
    "replay/piep_full_model_timing.json",
    "replay/piep_bloom_unique_kernels_compute.jsonl",
    "replay/piep_gpu_energy_report.json",
    "replay/piep_wattsup_power_wrong_host.csv",
    "replay/piep_energy_report_wattsup_wrong_host.json",
    "replay/piep_kernel_signatures.json",
};

static erg_replay *real(const int which[], size_t count, double steps)
{
    char paths[ERG_COUNT(names)][256];
    const char *files[ERG_COUNT(names)];
    erg_error err = { 0 };

    for (size_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s", test_data(names[which[i]]));
        files[i] = paths[i];
    }
    erg_replay *replay = erg_replay_load(
        &(erg_replay_source){ .files = files, .file_count = count, .steps = steps }, &err);
    CHECK_OK(replay != NULL, err);
    return replay;
}

static void the_published_sums_are_reproduced(void)
{
    erg_replay *replay = real((const int[]){ LOG, TIMING, FULL }, 3, 0);
    erg_replay_legacy of = erg_replay_legacy_of(replay);

    CHECK_NEAR(of.sum_j, 3.080910712873, 1e-12);
    CHECK_NEAR(of.tiers_j[1], 0.237515233, 5e-10);
    CHECK_NEAR(of.tiers_j[2], 2.750420697, 5e-10);
    CHECK_NEAR(of.tiers_j[3], 0.092974783, 5e-10);
    CHECK_NEAR(of.whole_j / replay->whole.runs, 2.424751737, 5e-10);
    CHECK_NEAR(of.sum_j / of.whole_j * replay->whole.runs, 1.270609, 5e-7);
    CHECK(of.measured == 144 && of.estimated == 0 && of.single == 0 && of.estimated_j == 0);
    erg_replay_free(replay);
}

static void the_published_times_are_reproduced(void)
{
    erg_error err = { 0 };
    erg_replay *replay = real((const int[]){ TIMING, FULL }, 2, 0);

    CHECK_OK(erg_comparison_of(replay, &err), err);
    CHECK_NEAR(replay->comparison->predicted_s, 81113.13955e-6, 1e-11);
    CHECK_NEAR(replay->comparison->tiers[1].total_s, 2914.652e-6, 1e-9);
    CHECK_NEAR(replay->comparison->tiers[2].total_s, 22705.544e-6, 1e-9);
    CHECK_NEAR(replay->comparison->tiers[3].total_s, 55492.943e-6, 1e-9);
    CHECK_NEAR(100 * replay->comparison->error, 594.1913, 1e-4);
    erg_replay_free(replay);
}

/* Sums of a replay that was metered: by all runs as stated, and as the windows show. */
static void the_sums_with_edges_are_those_of_the_spec(void)
{
    erg_error err = { 0 };
    erg_replay *replay = real((const int[]){ LOG, TIMING, FULL }, 3, 25);
    double stated_j[ERG_TIERS] = { 0 }, used_j[ERG_TIERS] = { 0 };

    CHECK(erg_replay_repair_runs(replay) == 53);
    CHECK_OK(erg_replay_meter(replay, &err), err);
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double all_j = kernel->gross_j * kernel->count;
        used_j[kernel->tier] += all_j;
        stated_j[kernel->tier] +=
            all_j * kernel->runs_used / erg_replay_stated_runs(kernel);
    }
    CHECK_NEAR(stated_j[1] + stated_j[2] + stated_j[3], 3.088716577, 5e-9);
    CHECK_NEAR(stated_j[1], 0.237547951, 5e-9);
    CHECK_NEAR(stated_j[2], 2.758676716, 5e-9);
    CHECK_NEAR(stated_j[3], 0.092491909, 5e-9);
    CHECK_NEAR(used_j[3], 4.624595465, 5e-8);
    CHECK_NEAR(used_j[1] + used_j[2] + used_j[3], 7.620820132, 5e-8);
    CHECK_NEAR(replay->whole.energy_j, 2.424561479, 5e-9);
    erg_replay_free(replay);
}

static void a_real_run_fails_as_the_spec_says(void)
{
    erg_replay *replay = real((const int[]){ LOG, TIMING, FULL, LIST, REPORT }, 5, 25);

    check_codes(
        replay, NULL, ERG_AUDIT_FAILED,
        "RUNS_MISMATCH COUNT_UNIT SHAPES_LOST LAUNCH_BOUND POWER_UNLIKE NO_IDLE TOO_SHORT "
        "COLD_CLOCKS LOCAL_TIME LEGACY_SUM");
    check_codes(replay, NULL, ERG_AUDIT_PASSED,
                "SELECTION METER_SILENT STALE_RESULT CLOCK_OFFSET");
    check_codes(replay, NULL, ERG_AUDIT_NOT_ASSESSABLE, "OVER_PEAK NOISY");
    erg_replay_free(replay);
}

static void the_evidence_is_that_of_the_spec(void)
{
    static const struct {
        size_t check;
        const char *says;
    } wanted[] = {
        { 0, "0.01995 to 0.02008" },
        { 0, "about 100000" },
        { 0, "tier 3: 53" },
        { 1, "6.942 times" },
        { 1, "0.278 (25 steps)" },
        { 1, "119 of 144" },
        { 4, "94 % within 5 % of 2.17 us" },
        { 4, "70 % within" },
        { 4, "72 % within" },
        { 5, "tier 1 81.5 W; tier 2 166.0 W; tier 3 82.3 W" },
        { 5, "model 207.2 W" },
        { 9, "7 to 9 readings in up to 0.2" },
        { 10, "190.2 W in the first tenth, 209.1 W after it (0.909)" },
        { 14, "published 3.08091071287 J, backward 3.08091071287 J" },
    };
    erg_replay *replay = real((const int[]){ LOG, TIMING, FULL, LIST, REPORT }, 5, 25);
    erg_finding findings[ERG_AUDIT_CHECKS];

    CHECK(erg_audit_run(replay, NULL, findings, NULL));
    for (size_t i = 0; i < ERG_COUNT(wanted); i++)
        if (!strstr(findings[wanted[i].check].evidence, wanted[i].says))
            CHECK_TEXT(findings[wanted[i].check].evidence, wanted[i].says);
    CHECK(strstr(findings[5].what, "20.6 %") && strstr(findings[9].what, "18 of 144"));
    erg_replay_free(replay);
}

static void the_true_shape_of_a_kernel_shows_its_time_to_be_impossible(void)
{
    erg_replay *replay = real((const int[]){ TIMING, LIST }, 2, 25);
    erg_finding findings[ERG_AUDIT_CHECKS];

    for (size_t i = 0; i < replay->plan->kernel_count; i++) {
        erg_signature *s = &replay->plan->kernels[i].signature;
        if (s->grid[0] != 31360)
            continue;
        s->shape_known = true; /* 250,880 x 1024 in fp16 */
        s->in_bytes = 2LL * 250880 * 1024 + 2 * 1024;
        s->out_bytes = 2LL * 250880;
    }
    CHECK(erg_audit_run(replay, &(erg_replay_audit_options){ .peak_bytes_per_s = 484e9 },
                        findings, NULL));
    CHECK(findings[3].state == ERG_AUDIT_FAILED);
    CHECK(strstr(findings[3].what, "1 kernels"));
    if (!strstr(findings[3].evidence, "is 265 times")
        && !strstr(findings[3].evidence, "is 266 times"))
        CHECK_TEXT(findings[3].evidence, "265 times the peak");
    erg_replay_free(replay);
}

static void what_a_benchmark_ran_shows_that_shapes_were_lost(void)
{
    erg_replay *replay = real((const int[]){ TIMING, SIGNATURES }, 2, 25);
    erg_finding findings[ERG_AUDIT_CHECKS];

    CHECK(erg_audit_run(replay, NULL, findings, NULL));
    CHECK(findings[2].state == ERG_AUDIT_FAILED);
    if (!strstr(findings[2].evidence,
                "23 kernels ran 2 shapes; (5,3072,1024) 7 times; (5,1,1024) 16 times"))
        CHECK_TEXT(findings[2].evidence, "23 kernels ran 2 shapes");
    erg_replay_free(replay);
}

static void the_meter_of_another_machine_is_found_out(void)
{
    erg_replay *replay = real((const int[]){ WRONG_LOG, WRONG_REPORT }, 2, 0);

    check_codes(replay, NULL, ERG_AUDIT_FAILED,
                "NO_IDLE SELECTION METER_SILENT TOO_SHORT LOCAL_TIME");
    erg_replay_free(replay);
    /* Its log beside timings of another day: no reading falls into any window. */
    replay = real((const int[]){ WRONG_LOG, TIMING, FULL }, 3, 25);
    erg_finding findings[ERG_AUDIT_CHECKS];
    CHECK(erg_audit_run(replay, NULL, findings, NULL));
    CHECK(findings[7].state == ERG_AUDIT_FAILED && findings[8].state == ERG_AUDIT_FAILED);
    erg_replay_free(replay);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_published_sums_are_reproduced),
        TEST(the_published_times_are_reproduced),
        TEST(the_sums_with_edges_are_those_of_the_spec),
        TEST(a_real_run_fails_as_the_spec_says),
        TEST(the_evidence_is_that_of_the_spec),
        TEST(the_true_shape_of_a_kernel_shows_its_time_to_be_impossible),
        TEST(what_a_benchmark_ran_shows_that_shapes_were_lost),
        TEST(the_meter_of_another_machine_is_found_out),
    };
    return test_run(tests, ERG_COUNT(tests));
}
