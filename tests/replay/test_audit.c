/* SPDX-License-Identifier: Apache-2.0 */
/* The audit: a clean set passes all checks, and each fault fails its own check alone. */
#include "erg/energy.h"
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/legacy.h"
#include "replay/meter.h"
#include "audit_made.h"

/* ---- faults ------------------------------------------------------------- */

static void fewer_runs(erg_replay *r)
{
    r->kernels[1].runs_requested = r->kernels[1].runs_executed *= 50;
}
static void no_steps(erg_replay *r) { r->steps = NAN; }
static void no_dims(erg_replay *r)
{
    r->plan->kernels[2].signature.shape_known = false;
    r->plan->kernels[2].signature.m = 0;
}
static void other_work(erg_replay *r) { r->kernels[0].flop *= 2; }
/* The plan has one more, which nobody timed. */
static void left_out(erg_replay *r)
{
    erg_replay_kernel extra = r->plan->kernels[0];

    erg_text_put(extra.name, sizeof(extra.name), "matmul9");
    extra.foreign = NULL;
    extra.signature.m = 99;
    CHECK(erg_replay_plan_add(r->plan, &extra, NULL, NULL));
}
static void near_empty(erg_replay *r) { r->kernels[0].empty_s = 1.9e-3; }
static void no_window_of(erg_replay *r, int i)
{
    r->kernels[i].span = r->kernels[i].mono = (erg_span){ 0, 0 };
}
static void no_window(erg_replay *r) { no_window_of(r, 0); }
static void no_zone(erg_replay *r) { r->local_time = true; }
static void noisy(erg_replay *r) { r->kernels[2].median_s = r->kernels[2].time_s / 1.6; }
/* Half of a window belonged to others, and whoever ran it says so. */
static void interrupted(erg_replay *r)
{
    r->kernels[1].lost_s = 5;
    r->kernels[1].runs_requested = r->kernels[1].runs_executed /= 2;
}

static void nothing(erg_replay *r) { (void)r; }

static void counts_of_all(erg_replay *r)
{
    for (int i = 0; i < KERNELS; i++)
        r->kernels[i].count *= 25;
}

static void odd_counts(erg_replay *r) { r->kernels[0].count += 1; }

/* A matrix of 514 MB in 4 us, as if it had been read. */
static void too_fast(erg_replay *r)
{
    r->plan->kernels[1].signature.in_bytes = 513600000;
    r->kernels[1].bytes = 514000000;
    r->kernels[1].time_s = r->kernels[1].median_s = 40e-6;
    r->kernels[1].count *= 100;
    r->kernels[1].runs_requested = r->kernels[1].runs_executed *= 100;
}

static void short_window(erg_replay *r)
{
    r->kernels[2].mono = seconds(85, 85.5);
    r->kernels[2].span = utc_of(r->kernels[2].mono);
    r->kernels[2].runs_requested = r->kernels[2].runs_executed = 500;
}

static void older(erg_replay *r) { r->written_ns = EPOCH_NS - ERG_NS_PER_S; }

/* The clock of the timings is three seconds ahead of the log's. */
static void late_stamps(erg_replay *r)
{
    for (int i = 0; i < KERNELS; i++) {
        r->kernels[i].mono = seconds(64 + 11 * i, 74 + 11 * i);
        r->kernels[i].span = utc_of(r->kernels[i].mono);
    }
    r->whole.mono = seconds(43, 63);
    r->whole.span = utc_of(r->whole.mono);
}

static void stale_report(erg_replay *r) { r->comparison->whole_s *= 1.5; }
static void a_zero(erg_replay *r) { r->energies->rows[1].total_j = 0; }
static void legacy_total(erg_replay *r)
{
    r->energies->total_j = erg_replay_legacy_of(r).whole_j;
}

typedef struct fault {
    const char *code; /* the check that alone fails */
    plant plant;
    void (*before)(erg_replay *replay),
        (*after)(erg_replay *replay); /* the reports are made */
} fault;

static const fault faults[] = {
    { "", { 200, 200, 50, true }, nothing, nothing },
    { "RUNS_MISMATCH", { 200, 200, 50, true }, fewer_runs, nothing },
    { "COUNT_UNIT", { 200, 200, 50, true }, no_steps, nothing },
    { "COUNT_UNIT", { 200, 200, 50, true }, counts_of_all, nothing },
    { "COUNT_UNIT", { 200, 200, 50, true }, odd_counts, nothing },
    { "SHAPES_LOST", { 200, 200, 50, true }, no_dims, nothing },
    { "SHAPES_LOST", { 200, 200, 50, true }, other_work, nothing },
    { "OVER_PEAK", { 200, 200, 50, true }, too_fast, nothing },
    { "LAUNCH_BOUND", { 200, 200, 50, true }, near_empty, nothing },
    { "POWER_UNLIKE", { 120, 200, 50, true }, nothing, nothing },
    { "NO_IDLE", { 200, 200, 50, false }, nothing, nothing },
    { "SELECTION", { 200, 200, 50, true }, no_window, nothing },
    { "SELECTION", { 200, 200, 50, true }, left_out, nothing },
    { "METER_SILENT", { 200, 200, 200, true }, nothing, nothing },
    { "CLOCK_OFFSET", { 200, 200, 50, true }, late_stamps, nothing },
    { "TOO_SHORT", { 200, 200, 50, true }, short_window, nothing },
    { "COLD_CLOCKS", { 200, 150, 50, true }, nothing, nothing },
    { "LOCAL_TIME", { 200, 200, 50, true }, no_zone, nothing },
    { "STALE_RESULT", { 200, 200, 50, true }, older, nothing },
    { "STALE_RESULT", { 200, 200, 50, true }, nothing, stale_report },
    { "STALE_RESULT", { 200, 200, 50, true }, nothing, a_zero },
    { "NOISY", { 200, 200, 50, true }, noisy, nothing },
    { "NOISY", { 200, 200, 50, true }, interrupted, nothing },
    { "LEGACY_SUM", { 200, 200, 50, true }, nothing, legacy_total },
};

static void each_fault_fails_its_own_check_alone(void)
{
    for (size_t i = 0; i < ERG_COUNT(faults); i++) {
        erg_replay *replay = made(&faults[i].plant);
        faults[i].before(replay);
        report(replay);
        faults[i].after(replay);
        check_codes(replay, &peaks, ERG_AUDIT_FAILED, faults[i].code);
        erg_replay_free(replay);
    }
}

static void a_clean_set_leaves_nothing_unlooked_at(void)
{
    erg_replay *replay = made(&clean);

    report(replay);
    check_codes(replay, &peaks, ERG_AUDIT_NOT_ASSESSABLE, "");
    erg_replay_free(replay);
}

static void every_check_has_its_fault(void)
{
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++) {
        bool found = false;
        for (size_t k = 0; k < ERG_COUNT(faults); k++)
            found = found || strcmp(faults[k].code, erg_audit_checks[i].code) == 0;
        CHECK(found);
    }
}

static void windows_that_are_not_there_agree_with_nothing(void)
{
    erg_replay *replay = made(&clean);
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_error err = { 0 };

    report(replay);
    for (int i = 0; i < KERNELS; i++)
        no_window_of(replay, i);
    CHECK_OK(erg_audit_run(replay, &peaks, findings, &err), err);
    CHECK(findings[0].state == ERG_AUDIT_NOT_ASSESSABLE);
    erg_replay_free(replay);
}

static erg_audit_state state_of(const erg_finding findings[], const char *code)
{
    size_t i = 0;

    while (strcmp(erg_audit_checks[i].code, code) != 0)
        i++;
    return findings[i].state;
}

static void a_silent_meter_lets_no_check_of_power_pass(void)
{
    erg_replay *replay = made(&(plant){ 200, 200, 200, true });
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_error err = { 0 };

    report(replay);
    CHECK_OK(erg_audit_run(replay, &peaks, findings, &err), err);
    CHECK(state_of(findings, "METER_SILENT") == ERG_AUDIT_FAILED);
    CHECK(state_of(findings, "POWER_UNLIKE") == ERG_AUDIT_NOT_ASSESSABLE);
    CHECK(state_of(findings, "COLD_CLOCKS") == ERG_AUDIT_NOT_ASSESSABLE);
    erg_replay_free(replay);
}

/* The offset is said with its interval; a meter that is late is not called dead, and
 * nothing passes by what it said of other moments. */
static void a_log_of_another_clock_is_named_with_the_offset(void)
{
    erg_replay *replay = made(&clean);
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_error err = { 0 };
    double off_s = 0, low_s = 0, high_s = 0;

    late_stamps(replay);
    report(replay);
    CHECK_OK(erg_audit_run(replay, &peaks, findings, &err), err);
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++)
        if (strcmp(erg_audit_checks[i].code, "CLOCK_OFFSET") == 0)
            CHECK(sscanf(findings[i].evidence, "fits best moved by %lf s (%lf .. %lf s",
                         &off_s, &low_s, &high_s) == 3);
    CHECK_NEAR(off_s, 3, 0.1);
    CHECK(low_s <= 3 && 3 <= high_s && high_s - low_s < 0.5);
    CHECK(state_of(findings, "METER_SILENT") != ERG_AUDIT_FAILED);
    CHECK(state_of(findings, "POWER_UNLIKE") == ERG_AUDIT_NOT_ASSESSABLE);
    erg_replay_free(replay);
}

/* Without its window the whole stands beside the kernels, and draws more than they. */
static void a_whole_without_its_window_does_not_make_the_meter_dead(void)
{
    erg_replay *replay = made(&(plant){ 80, 200, 50, true });
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_error err = { 0 };

    report(replay);
    for (int i = 1; i < KERNELS; i++)
        no_window_of(replay, i);
    replay->kernels[0].mono = seconds(1, 39);
    replay->kernels[0].span = utc_of(replay->kernels[0].mono);
    replay->whole.mono = replay->whole.span = (erg_span){ 0, 0 };
    CHECK_OK(erg_audit_run(replay, &peaks, findings, &err), err);
    CHECK(state_of(findings, "METER_SILENT") == ERG_AUDIT_NOT_ASSESSABLE);
    erg_replay_free(replay);
}

/* None failed: of a clean set that is good news, of a killed run it says nothing. */
static void checks_that_could_not_be_made_are_no_good_news(void)
{
    erg_replay *replay = made(&clean), *empty = erg_replay_new(NULL);
    erg_error err = { 0 };
    size_t failed;

    report(replay);
    erg_result *result = erg_replay_audit(replay, &peaks, &failed, &err);
    CHECK(result && failed == 0 && test_has_note(result, "No check failed."));
    CHECK(!test_has_note(result, "could"));
    erg_result_free(result);
    empty->channel = -1;
    result = erg_replay_audit(empty, NULL, &failed, &err);
    CHECK(result && test_has_note(result, "16 checks could not be made"));
    erg_result_free(result);
    erg_replay_free(replay);
    erg_replay_free(empty);
}

/* window / 0 is endless runs: the search for a round number of them has to end. */
static void a_time_of_zero_is_stale_and_not_endless(void)
{
    erg_replay *replay = made(&clean);

    replay->kernels[1].time_s = 0;
    CHECK(erg_replay_repair_runs(replay) == 0);
    CHECK(isnan(erg_replay_runs_error(&replay->kernels[1])));
    erg_finding findings[ERG_AUDIT_CHECKS];
    CHECK(erg_audit_run(replay, &peaks, findings, NULL));
    CHECK(findings[12].state == ERG_AUDIT_FAILED && strstr(findings[12].what, "matmul1"));
    erg_replay_free(replay);
}

static void nothing_measured_passes_no_check(void)
{
    erg_replay *replay = erg_replay_new(NULL);

    check_codes(replay, NULL, ERG_AUDIT_PASSED, "");
    check_codes(replay, NULL, ERG_AUDIT_FAILED, "");
    erg_replay_free(replay);
}

static void one_shape_over_many_grids_was_made_up(void)
{
    erg_replay *replay = made(&clean);
    erg_replay_plan *plan = replay->plan;

    for (int i = 0; i < KERNELS; i++) {
        erg_text_put(plan->kernels[i].name, sizeof(plan->kernels[i].name), "gemv");
        plan->kernels[i].signature.m = plan->kernels[i].signature.n = 64;
        plan->kernels[i].signature.k = 64;
        plan->kernels[i].signature.grid[0] = i + 1;
    }
    report(replay);
    check_codes(replay, &peaks, ERG_AUDIT_FAILED, "SHAPES_LOST");
    erg_replay_free(replay);
}

static void refusing_checks_are_named_in_order(void)
{
    erg_replay *replay = made(&clean);
    erg_finding findings[ERG_AUDIT_CHECKS];
    char codes[200];

    fewer_runs(replay);
    no_steps(replay);
    no_zone(replay);
    CHECK(erg_audit_run(replay, &peaks, findings, NULL));
    erg_audit_refusing(findings, codes, sizeof(codes));
    CHECK_TEXT(codes, "RUNS_MISMATCH, COUNT_UNIT");
    erg_replay_free(replay);
}

static void a_hot_kernel_may_live_in_the_cache(void)
{
    erg_replay *replay = made(&clean);
    erg_hardware hardware = { .memory_bytes_per_s = 0.4e9, .l2_bytes = 2e6 };
    erg_replay_audit_options options = { .hardware = &hardware, .peak_flop_per_s = 1e13 };

    report(replay); /* 1 MB in 2 ms: 0.5 GB/s, from a cache of 2 MB */
    check_codes(replay, &options, ERG_AUDIT_FAILED, "");
    for (int i = 0; i < KERNELS; i++)
        replay->kernels[i].state = ERG_STATE_COLD;
    check_codes(replay, &options, ERG_AUDIT_FAILED, "OVER_PEAK");
    erg_replay_free(replay);
}

/* A window of 90 ms between readings of 200 and 50 W holds one of them. */
static void one_reading_stands_for_its_window(void)
{
    erg_replay *replay = made(&clean);
    erg_kernel_timing *kernel = &replay->kernels[2];

    kernel->mono = seconds(93.87, 93.96); /* 94.0 is idle again */
    kernel->span = utc_of(kernel->mono);
    kernel->runs_requested = kernel->runs_executed = 90;
    erg_replay_repair_runs(replay);
    CHECK(erg_replay_meter(replay, NULL));
    CHECK(kernel->updates == 1);
    CHECK_NEAR(kernel->gross_j * 90, 200 * 0.09, 0.021);
    erg_replay_free(replay);
}

/* Times are as of when the whole ran; the window of a kernel is not. */
static void a_pace_that_drifts_is_no_mismatch_of_runs(void)
{
    erg_replay *replay = made(&clean);
    erg_kernel_timing *kernel = &replay->kernels[0];
    erg_finding findings[ERG_AUDIT_CHECKS];
    char codes[200];

    kernel->time_s *= 0.75;
    CHECK(erg_replay_runs_error(kernel) > ERG_RUNS_SLACK);
    kernel->drift = 0.75;
    CHECK(erg_replay_runs_error(kernel) < 1e-6);
    kernel->runs_executed = NAN;
    CHECK(erg_replay_repair_runs(replay) == 0);
    CHECK(kernel->runs_used == kernel->runs_requested);
    CHECK(erg_audit_run(replay, &peaks, findings, NULL));
    erg_audit_refusing(findings, codes, sizeof(codes));
    CHECK_TEXT(codes, "");
    erg_replay_free(replay);
}

int main(void)
{
    static const test tests[] = {
        TEST(each_fault_fails_its_own_check_alone),
        TEST(a_clean_set_leaves_nothing_unlooked_at),
        TEST(every_check_has_its_fault),
        TEST(windows_that_are_not_there_agree_with_nothing),
        TEST(checks_that_could_not_be_made_are_no_good_news),
        TEST(a_silent_meter_lets_no_check_of_power_pass),
        TEST(a_log_of_another_clock_is_named_with_the_offset),
        TEST(a_whole_without_its_window_does_not_make_the_meter_dead),
        TEST(a_time_of_zero_is_stale_and_not_endless),
        TEST(nothing_measured_passes_no_check),
        TEST(one_shape_over_many_grids_was_made_up),
        TEST(refusing_checks_are_named_in_order),
        TEST(a_hot_kernel_may_live_in_the_cache),
        TEST(one_reading_stands_for_its_window),
        TEST(a_pace_that_drifts_is_no_mismatch_of_runs),
    };
    return test_run(tests, ERG_COUNT(tests));
}
