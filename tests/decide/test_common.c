/* SPDX-License-Identifier: Apache-2.0 */
/* One clock for all, and a clock for each phase. */
#include "decide/choices.h"

typedef struct wanted {
    const char *objective;
    double slowdown;
    bool minimax;
    double mhz, e, t;
} wanted;

static void check_common(const char *file, const wanted rows[], size_t count, size_t shared)
{
    erg_points *points = erg_points_new(NULL);
    CHECK(erg_points_read_csv(points, test_data(file), NULL, NULL));

    for (size_t i = 0; i < count; i++) {
        erg_wish wish = erg_wish_default();
        erg_choice choice;
        erg_common common;

        wish.objective = rows[i].objective;
        wish.slowdown = rows[i].slowdown;
        wish.draws = 0;
        CHECK(erg_choose(points, &wish, &choice, NULL));
        CHECK(erg_choose_common(&choice, NULL, rows[i].minimax, &common, NULL));
        CHECK(common.is_found && common.shared_count == shared);
        CHECK_NEAR(common.setting.at[ERG_SM_CLOCK] / 1e6, rows[i].mhz, 1e-6);
        if (!isnan(rows[i].e)) {
            CHECK_NEAR(100 * (common.energy_ratio - 1), rows[i].e, 0.0051);
            CHECK_NEAR(100 * (common.time_ratio - 1), rows[i].t, 0.0051);
        }
        erg_choice_free(&choice);
    }
    erg_points_free(points);
}

static void one_clock_for_16_programs_is_that_of_the_specification(void)
{
    static const wanted rows[] = {
        { "energy", NAN, false, 952, -18.92, 17.04 },
        { "energy", 0.05, false, 1305, -7.78, 0.94 },
        { "energy", 0.10, false, 1222, -13.86, 3.88 },
        { "energy", 0.20, false, 1102, -18.80, 8.80 },
        { "edp", NAN, false, 1125, NAN, NAN },
        { "edp", 0.10, false, 1222, NAN, NAN },
        { "ed2p", NAN, false, 1222, NAN, NAN },
        { "energy", NAN, true, 1027, NAN, NAN },
        { "edp", NAN, true, 1162, NAN, NAN },
    };

    check_common("dvfs/gv100_apps.csv", rows, ERG_COUNT(rows), 111);
}

static void one_clock_for_12_configurations_is_that_of_the_specification(void)
{
    static const wanted rows[] = {
        { "energy", NAN, false, 960, -24.36, 15.46 },
        { "energy", 0.05, false, 1230, -8.88, -1.06 },
        { "edp", NAN, false, 1050, NAN, NAN },
        { "ed2p", NAN, false, 1230, NAN, NAN },
    };

    check_common("dvfs/a100_pcie_40gb.csv", rows, ERG_COUNT(rows), 11);
}

static void a_limit_that_no_shared_clock_keeps_says_what_would(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_common common;

    add(points, "a", &(row){ 1000, 1, 100 });
    add(points, "a", &(row){ 800, 1.3, 60 });
    add(points, "a", &(row){ 700, 1.5, 50 });
    add(points, "b", &(row){ 1000, 2, 90 });
    add(points, "b", &(row){ 800, 2.2, 60 });
    wish.slowdown = 0.2;
    wish.power_cap_w = 47;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK(erg_choose_common(&choice, NULL, false, &common, NULL));
    CHECK(!common.is_found && common.shared_count == 2);
    CHECK(choice.picks[0].flags & ERG_NOT_ALLOWED
          && choice.picks[1].chosen == ERG_NO_OPTION);
    CHECK_NEAR(choice.picks[1].needed[ERG_WISH_SLOWDOWN], 0.3, 1e-12);
    CHECK_NEAR(choice.picks[1].needed[ERG_WISH_POWER], 100, 1e-12);
    erg_choice_free(&choice);
    erg_points_free(points);
}

static void weights_decide_whose_energy_counts(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_common common;

    add(points, "a", &(row){ 1000, 1, 10 });
    add(points, "a", &(row){ 800, 1, 20 });
    add(points, "b", &(row){ 1000, 1, 20 });
    add(points, "b", &(row){ 800, 1, 11 });
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK(erg_choose_common(&choice, NULL, false, &common, NULL));
    CHECK_NEAR(common.setting.at[ERG_SM_CLOCK], 1e9, 0);
    CHECK(erg_choose_common(&choice, (double[]){ 1, 5 }, false, &common, NULL));
    CHECK_NEAR(common.setting.at[ERG_SM_CLOCK], 8e8, 0);
    erg_choice_free(&choice);
    erg_points_free(points);
}

/* ---- phases --------------------------------------------------------------------- */

static erg_points *two_phases(void)
{
    erg_points *points = erg_points_new(NULL);

    add(points, "prefill", &(row){ 1400, 1.0, 100 });
    add(points, "prefill", &(row){ 1200, 1.1, 85 });
    add(points, "prefill", &(row){ 1000, 1.3, 75 });
    add(points, "decode", &(row){ 1400, 2.0, 50 });
    add(points, "decode", &(row){ 1200, 2.1, 49 });
    add(points, "decode", &(row){ 1000, 2.6, 47 });
    return points;
}

static erg_phase_plan plan(double deadline_s, erg_phase_costs costs, erg_choice *choice)
{
    erg_points *points = two_phases();
    erg_wish wish = erg_wish_default();
    erg_phase_plan made;

    wish.objective = "energy";
    CHECK(erg_choose(points, &wish, choice, NULL));
    choice->wish.deadline_s = deadline_s;
    CHECK(erg_choose_phases(choice, points, &costs, &made, NULL));
    erg_points_free(points);
    return made;
}

static void phases_meet_the_deadlines_of_the_specification(void)
{
    static const struct { double deadline_s, a, b, energy_j; } rows[] = {
        { 3.25, 1.1, 2.1, 134 }, { 3.4, 1.3, 2.1, 124 }, { 3.0, 1.0, 2.0, 150 },
        { 9, 1.3, 2.6, 122 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_choice choice;
        erg_phase_plan made = plan(rows[i].deadline_s, (erg_phase_costs){ 0, 0 }, &choice);
        CHECK(made.is_found);
        CHECK_NEAR(choice.options[made.phases[0].option].time_s, rows[i].a, 0);
        CHECK_NEAR(choice.options[made.phases[1].option].time_s, rows[i].b, 0);
        CHECK_NEAR(made.energy_j, rows[i].energy_j, 1e-9);
        erg_phase_plan_free(&made);
        erg_choice_free(&choice);
    }
    erg_choice choice;
    erg_phase_plan none = plan(2.9, (erg_phase_costs){ 0, 0 }, &choice);
    CHECK(!none.is_found && choice.picks[0].flags & ERG_NOT_ALLOWED);
    CHECK_NEAR(none.fastest_s, 3, 1e-12);
    erg_phase_plan_free(&none);
    erg_choice_free(&choice);
}

static void a_change_of_clock_that_costs_is_made_less(void)
{
    erg_choice choice;
    erg_phase_plan made = plan(3.4, (erg_phase_costs){ 0.01, 20 }, &choice);

    CHECK_NEAR(choice.options[made.phases[0].option].time_s, 1.1, 0);
    CHECK_NEAR(choice.options[made.phases[1].option].time_s, 2.1, 0);
    CHECK_NEAR(made.energy_j, 134, 1e-9);       /* 124 + 20 would be more */
    erg_phase_plan_free(&made);
    erg_choice_free(&choice);
    made = plan(3.41, (erg_phase_costs){ 0.01, 1 }, &choice);
    CHECK_NEAR(made.energy_j, 125, 1e-9);
    CHECK_NEAR(made.time_s, 3.41, 1e-9);
    erg_phase_plan_free(&made);
    erg_choice_free(&choice);
    made = plan(9, (erg_phase_costs){ 0.2, 0 }, &choice); /* both shorter than 10 changes */
    CHECK(made.phases[0].option - choice.picks[0].first
          == made.phases[1].option - choice.picks[1].first);
    erg_phase_plan_free(&made);
    erg_choice_free(&choice);
}

/* Against all combinations, and the slopes of the phases at the best overlap. */
static void plans_agree_with_trying_everything(void)
{
    test_random random = { 31 };

    for (int round = 0; round < 40; round++) {
        erg_points *points = erg_points_new(NULL);
        erg_wish wish = erg_wish_default();
        erg_choice choice;
        erg_phase_plan made;
        erg_phase_costs costs = { round % 3 == 0 ? 0.01 : 0, round % 3 == 1 ? 2 : 0 };
        double t[3][5], e[3][5], least = INFINITY;

        for (int p = 0; p < 3; p++)
            for (int k = 0; k < 5; k++) {
                t[p][k] = 1 + floor(10 * test_uniform(&random)) / 5;
                e[p][k] = 10 + floor(40 * test_uniform(&random));
                add(points, (const char *[]){ "a", "b", "c" }[p],
                    &(row){ 1000 + 100 * k, t[p][k], e[p][k] });
            }
        wish.objective = "energy";
        wish.draws = 0;
        wish.deadline_s = 5 + 3 * test_uniform(&random);
        for (int i = 0; i < 125; i++) {
            int a = i % 5, b = i / 5 % 5, c = i / 25, changes = (a != b) + (b != c);
            if (t[0][a] + t[1][b] + t[2][c] + changes * costs.switch_s
                <= wish.deadline_s + 1e-12)
                least = fmin(least, e[0][a] + e[1][b] + e[2][c] + changes * costs.switch_j);
        }
        CHECK(erg_choose(points, &wish, &choice, NULL));
        CHECK(erg_choose_phases(&choice, points, &costs, &made, NULL));
        CHECK(made.is_found == isfinite(least));
        if (made.is_found)
            CHECK_NEAR(made.energy_j, least, 1e-9);
        erg_phase_plan_free(&made);
        erg_choice_free(&choice);
        erg_points_free(points);
    }
}

/* At the best of the whole each phase gives the same energy for the same time: the price
 * of time that the wish names, and under a deadline the one that it implies. */
static void all_phases_give_the_same_energy_for_time(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_phase_plan made, again;

    for (int k = 0; k < 100; k++) {
        double x = 1 - 0.005 * k;
        add(points, "a", &(row){ 1000 * x, 0.6 + 0.4 / x, 40 + 60 * x * x });
        add(points, "b", &(row){ 1000 * x, 2 / x, 20 + 90 * x * x });
    }
    wish.objective = "cost";
    wish.most_w = 50;       /* eta 0.5: E + 50 W x T */
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK(erg_choose_phases(&choice, points, &(erg_phase_costs){ 0, 0 }, &made, NULL));
    CHECK(made.is_found && made.slower_w <= 50 && made.faster_w >= 50);
    for (size_t p = 0; p < 2; p++) {
        CHECK(made.phases[p].slower_w <= 50 && made.phases[p].faster_w >= 50);
        CHECK_NEAR(made.phases[p].slower_w / made.phases[p].faster_w, 1, 0.05);
    }
    choice.wish.objective = "energy";
    choice.wish.deadline_s = made.time_s;
    CHECK(erg_choose_phases(&choice, points, &(erg_phase_costs){ 0, 0 }, &again, NULL));
    CHECK(again.phases[0].option == made.phases[0].option
          && again.phases[1].option == made.phases[1].option);
    erg_phase_plan_free(&made);
    erg_phase_plan_free(&again);
    erg_choice_free(&choice);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_limit_that_no_shared_clock_keeps_says_what_would),
        TEST(weights_decide_whose_energy_counts),
        TEST(phases_meet_the_deadlines_of_the_specification),
        TEST(a_change_of_clock_that_costs_is_made_less),
        TEST(plans_agree_with_trying_everything),
        TEST(all_phases_give_the_same_energy_for_time),
        TEST(one_clock_for_16_programs_is_that_of_the_specification),
        TEST(one_clock_for_12_configurations_is_that_of_the_specification),
    };
    return test_run(tests, ERG_COUNT(tests));
}
