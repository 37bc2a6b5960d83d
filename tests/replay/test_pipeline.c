/* SPDX-License-Identifier: Apache-2.0 */
/* Known joules, seen by a slow sensor, are in their intervals. */
#include "replay/audit.h"
#include "simulated.h"

enum { SEEDS = 1000 };

typedef struct score {
    double held, agreed, kernels_held;  /* shares */
    double missing_j, gaps_j;
} score;

static bool is_held(const sim *s, size_t k)
{
    const erg_kernel_timing *kernel = &s->replay->kernels[k];
    double truth_j = s->kernel_w[k] * s->kernel_s[k];
    double gain_j = s->replay->gain_u * kernel->dynamic_j;
    double base_j = s->replay->base_u_w * s->kernel_s[k];

    return fabs(kernel->dynamic_j - truth_j)
        <= 2 * hypot(hypot(kernel->dynamic_u_j, gain_j), base_j);
}

static erg_recomposed put_together(sim *s)
{
    erg_error err = { 0 };
    erg_recomposed r;

    erg_replay_repair_runs(s->replay);
    CHECK_OK(erg_replay_meter(s->replay, &err), err);
    CHECK_OK(erg_recompose(s->replay, ERG_STATE_UNKNOWN, &r, &err), err);
    return r;
}

static void judge(uint64_t seed, sim_gain gain, score *to)
{
    sim *s = sim_new(seed, gain);
    erg_recomposed r = put_together(s);

    to->held += (double)(fabs(r.predicted_j - s->step_j) <= 2 * r.predicted_u_j) / SEEDS;
    to->agreed += (double)(r.agreement_en <= 1) / SEEDS;
    for (size_t k = 0; k < SIM_KERNELS; k++)
        to->kernels_held += (double)is_held(s, k) / (SEEDS * SIM_KERNELS);
    to->missing_j += s->step_j - r.all.gross_j;
    to->gaps_j += s->base_w * (s->gap_s - s->overlap_s);
    sim_free(s);
}

static score judge_all(sim_gain gain)
{
    score all = { 0 };

    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        judge(seed, gain, &all);
    printf("# of %d: whole %.1f %%, kernels %.1f %% in their intervals; sum and whole "
           "agree %.1f %%\n",
           SEEDS, 100 * all.held, 100 * all.kernels_held, 100 * all.agreed);
    return all;
}

static void known_joules_are_in_their_intervals(void)
{
    score all = judge_all(SIM_GAIN_WITHIN_LIMITS);

    CHECK(all.held >= 0.95 && all.kernels_held >= 0.95 && all.agreed >= 0.95);
}

/* 2u of a normal holds 95.4 %: of 1,000 that is 95.4 +- 1.3. */
static void and_with_a_gain_that_has_no_limits(void)
{
    score all = judge_all(SIM_GAIN_NORMAL);

    CHECK(all.held >= 0.94 && all.kernels_held >= 0.94 && all.agreed >= 0.94);
    CHECK(all.held < 0.975);
}

static void gross_sums_miss_the_static_power_of_the_gaps(void)
{
    score all = { 0 };

    for (uint64_t seed = 1; seed <= 100; seed++)
        judge(seed, SIM_GAIN_WITHIN_LIMITS, &all);
    CHECK_NEAR(all.missing_j / all.gaps_j, 1, 0.1);
    CHECK(all.gaps_j > 50);
}

/* ---- one fault at a time: the audit finds it, and nothing before ------------------- */

static void audit(sim *s, erg_finding findings[])
{
    erg_error err = { 0 };

    CHECK_OK(erg_audit_run(s->replay, NULL, findings, &err), err);
}

static erg_audit_state state_of(const erg_finding findings[], const char *code)
{
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++)
        if (strcmp(erg_audit_checks[i].code, code) == 0)
            return findings[i].state;
    CHECK(code == NULL);        /* there is no check of that name */
    return ERG_AUDIT_NOT_ASSESSABLE;
}

static void leave_one_out(sim *s)
{
    s->replay->kernels[1].span = (erg_span){ 0, 0 };
}

static void divide_by_too_many_runs(sim *s)
{
    for (size_t k = 0; k < s->replay->kernel_count; k++)
        s->replay->kernels[k].runs_requested *= 50;
}

static void count_all_steps_as_one(sim *s) { s->replay->steps /= 25; }

static void a_planted_fault_is_named(void)
{
    static const struct { const char *code; void (*plant)(sim *s); } faults[] = {
        { "SELECTION", leave_one_out },
        { "RUNS_MISMATCH", divide_by_too_many_runs },
        { "COUNT_UNIT", count_all_steps_as_one },
    };

    erg_finding before[ERG_AUDIT_CHECKS], after[ERG_AUDIT_CHECKS];

    for (uint64_t seed = 1; seed <= 20; seed++)
        for (size_t i = 0; i < ERG_COUNT(faults); i++) {
            sim *s = sim_new(seed, SIM_GAIN_WITHIN_LIMITS);
            if (i == 0)
                audit(s, before);       /* of a seed all are alike until the fault */
            CHECK(state_of(before, faults[i].code) == ERG_AUDIT_PASSED);
            faults[i].plant(s);
            audit(s, after);
            CHECK(state_of(after, faults[i].code) == ERG_AUDIT_FAILED);
            sim_free(s);
        }
}

/* A divisor that is wrong in all windows of a kind is repaired: the sum is right again. */
static void a_wrong_divisor_is_repaired(void)
{
    sim *s = sim_new(4, SIM_GAIN_WITHIN_LIMITS);

    double right_j = put_together(s).predicted_j;
    divide_by_too_many_runs(s);
    CHECK_NEAR(put_together(s).predicted_j / right_j, 1, 0.01);
    sim_free(s);
}

int main(void)
{
    static const test tests[] = {
        TEST(known_joules_are_in_their_intervals),
        TEST(and_with_a_gain_that_has_no_limits),
        TEST(gross_sums_miss_the_static_power_of_the_gaps),
        TEST(a_planted_fault_is_named),
        TEST(a_wrong_divisor_is_repaired),
    };
    return test_run(tests, ERG_COUNT(tests));
}
