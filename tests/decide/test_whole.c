/* SPDX-License-Identifier: Apache-2.0 */
/* How sure one setting for all, and a plan of phases, are. */
#include "choices.h"

/* 1400 and 1200 MHz, four visits each; spread: of energy, by turns up and down. */
static erg_points *applications(double gap_j, double spread_j, int visits)
{
    erg_points *points = erg_points_new(NULL);

    for (int i = 0; i < visits; i++) {
        double off = (i % 2 ? 1 : -1) * spread_j;
        add(points, "a", &(row){ 1400, 1.00, 100 + off });
        add(points, "a", &(row){ 1200, 1.05, 100 - gap_j + off * (i < 2 ? 1 : -1) });
        add(points, "b", &(row){ 1400, 2.00, 200 - off });
        add(points, "b", &(row){ 1200, 2.10, 200 - gap_j + off * (i < 2 ? -1 : 1) });
    }
    return points;
}

static double common_confidence(const erg_points *points, double *mhz)
{
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_common common;
    erg_error err = { 0 };

    wish.objective = "energy";
    wish.draws = 1000;
    CHECK_OK(erg_choose(points, &wish, &choice, &err), err);
    CHECK_OK(erg_choose_common(&choice, NULL, false, &common, &err), err);
    size_t chosen = choice.picks[0].chosen;
    double before = choice.options[chosen].energy_j;
    CHECK_OK(erg_common_confidence(&choice, points, NULL, false, &common, &err), err);
    CHECK(choice.picks[0].chosen == chosen && choice.options[chosen].energy_j == before);
    if (mhz)
        *mhz = common.setting.at[ERG_SM_CLOCK] / 1e6;
    erg_choice_free(&choice);
    return common.confidence;
}

static double phase_confidence(const erg_points *points, double deadline_s)
{
    const erg_phase_costs costs = { 0 };
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_phase_plan plan;
    erg_error err = { 0 };

    wish.objective = "energy";
    wish.draws = 1000;
    CHECK_OK(erg_choose(points, &wish, &choice, &err), err);
    choice.wish.deadline_s = deadline_s;
    CHECK_OK(erg_choose_phases(&choice, points, &costs, &plan, &err), err);
    CHECK_OK(erg_phase_confidence(&choice, points, &costs, &plan, &err), err);
    double confidence = plan.confidence;
    erg_phase_plan_free(&plan);
    erg_choice_free(&choice);
    return confidence;
}

static void visits_that_agree_are_sure(void)
{
    erg_points *points = applications(10, 0, 4);
    double mhz;
    CHECK_NEAR(common_confidence(points, &mhz), 1, 0);
    CHECK_NEAR(mhz, 1200, 1e-9);
    CHECK_NEAR(phase_confidence(points, NAN), 1, 0);
    erg_points_free(points);
}

static void a_gap_within_the_scatter_is_not_sure(void)
{
    erg_points *points = applications(0.5, 20, 4);
    double common = common_confidence(points, NULL), phases = phase_confidence(points, NAN);
    CHECK(common > 0.3 && common < 0.8);
    CHECK(phases > 0.1 && phases < 0.6);    /* both phases must be the same again */
    erg_points_free(points);
}

static void a_wide_gap_is_surer_than_a_narrow_one(void)
{
    erg_points *narrow = applications(2, 10, 4), *wide = applications(20, 10, 4);
    CHECK(common_confidence(wide, NULL) > common_confidence(narrow, NULL));
    CHECK(phase_confidence(wide, NAN) > phase_confidence(narrow, NAN));
    CHECK(common_confidence(wide, NULL) > 0.95);
    erg_points_free(narrow);
    erg_points_free(wide);
}

static void a_deadline_of_the_whole_is_kept_in_the_draws(void)
{
    erg_points *points = applications(10, 0, 4);
    CHECK_NEAR(phase_confidence(points, 3.02), 1, 0);   /* only the fastest plan keeps it */
    CHECK(isnan(phase_confidence(points, 2.5)));        /* none does */
    erg_points_free(points);
}

static void single_visits_have_no_confidence(void)
{
    erg_points *points = applications(10, 5, 1);
    CHECK(isnan(common_confidence(points, NULL)) && isnan(phase_confidence(points, NAN)));
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(visits_that_agree_are_sure),
        TEST(a_gap_within_the_scatter_is_not_sure),
        TEST(a_wide_gap_is_surer_than_a_narrow_one),
        TEST(a_deadline_of_the_whole_is_kept_in_the_draws),
        TEST(single_visits_have_no_confidence),
    };
    return test_run(tests, ERG_COUNT(tests));
}
