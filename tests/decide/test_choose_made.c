/* SPDX-License-Identifier: Apache-2.0 */
/* Choices on made sweeps: objectives, ties, limits, refusals, shares. */
#include "choices.h"

static double pick_mhz(const row rows[], size_t count, const char *objective)
{
    erg_points *points = made(rows, count);
    double mhz = choose_mhz(points, "made", objective, NAN, NULL);

    erg_points_free(points);
    return mhz;
}

/* Section 11, 1. */
static void objectives_and_ties_are_those_of_the_specification(void)
{
    static const row three[] = { { 1000, 1, 100 }, { 1200, 0.9, 120 }, { 1400, 0.8, 140 } };
    static const row five[] = { { 1000, 1.5, 100 }, { 1100, 1.3, 120 }, { 1200, 1.1, 140 },
                                { 1300, 0.9, 160 }, { 1400, 0.8, 180 } };

    CHECK_NEAR(pick_mhz(three, 3, "edp"), 1000, 0);
    CHECK_NEAR(pick_mhz(three, 3, "ed2p"), 1400, 0);
    CHECK_NEAR(pick_mhz(three, 3, "energy"), 1000, 0);
    CHECK_NEAR(pick_mhz(three, 3, "time"), 1400, 0);
    CHECK_NEAR(pick_mhz(five, 5, "edp"), 1300, 0);      /* 144 = 144: less energy */
    CHECK_NEAR(pick_mhz(five, 5, "ed2p"), 1400, 0);
    static const row equal[] = { { 900, 1, 10 }, { 800, 1, 10 }, { 850, 1, 10 } };
    CHECK_NEAR(pick_mhz(equal, 3, "edp"), 800, 0);      /* all the same: lower clock */
}

static void huge_and_tiny_figures_neither_overflow_nor_vanish(void)
{
    static const row rows[] = { { 1000, 1e200, 1e-300 }, { 900, 1e160, 1e300 },
                                { 800, 1e-200, 1e300 } };

    CHECK_NEAR(pick_mhz(rows, 3, "ed2p"), 800, 0);
    CHECK_NEAR(pick_mhz(rows, 3, "energy"), 1000, 0);
}

static void what_cannot_be_used_is_refused_with_a_sentence(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_error err = { 0 };

    CHECK(!erg_choose(points, &wish, &choice, &err) && err.code == ERG_NO_DATA);
    add(points, "made", &(row){ 1000, 0, 0 });
    add(points, "made", &(row){ 900, 0, 0 });
    CHECK(!erg_choose(points, &wish, &choice, &err) && err.code == ERG_NO_DATA);
    CHECK(strstr(err.text, "above 0"));
    add(points, "made", &(row){ 800, NAN, NAN });
    add(points, "made", &(row){ 700, -1, 5 });
    add(points, "made", &(row){ 600, 1, INFINITY });
    CHECK(!erg_choose(points, &wish, &choice, &err) && err.code == ERG_NO_DATA);
    add(points, "made", &(row){ 500, 2, 3 });
    CHECK_OK(erg_choose(points, &wish, &choice, &err), err);
    CHECK_NEAR(choice.options[choice.picks[0].chosen].setting.at[ERG_SM_CLOCK], 500e6, 0);
    CHECK(choice.picks[0].flags & ERG_ONE_POINT
          && choice.picks[0].flags & ERG_NO_REFERENCE);
    erg_choice_free(&choice);
    wish.objective = "2*energy*time";
    CHECK(!erg_choose(points, &wish, &choice, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "constant factors"));
    wish.objective = "cost";
    CHECK(!erg_choose(points, &wish, &choice, &err) && err.code == ERG_BAD_INPUT);
    wish.objective = "carbon";
    CHECK(!erg_choose(points, &wish, &choice, &err) && err.code == ERG_BAD_INPUT);
    erg_points_free(points);
}

static void prices_and_carbon_weigh_energy_against_time(void)
{
    static const row rows[] = { { 1000, 1, 100 }, { 800, 1.2, 60 } };
    erg_points *points = made(rows, 2);
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    wish.objective = "cost";
    wish.energy_price = 0.3;
    wish.time_price = 0.05;     /* 8.3 uEUR a kJ against 13.9 a second */
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK_NEAR(choice.options[choice.picks[0].chosen].log_score,
               log(0.3 * 60 / 3.6e6 + 0.05 * 1.2 / 3600), 1e-12);
    erg_choice_free(&choice);
    wish.time_price = 1;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK_NEAR(choice.options[choice.picks[0].chosen].time_s, 1, 0);
    erg_choice_free(&choice);
    wish.objective = "carbon";
    wish.carbon_g_per_kwh = 400;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK_NEAR(choice.options[choice.picks[0].chosen].time_s, 1.2, 0);
    CHECK_NEAR(choice.options[choice.picks[0].chosen].log_score, log(400 * 60 / 3.6e6),
               1e-12);
    erg_choice_free(&choice);
    erg_points_free(points);
}

static void each_limit_says_how_far_it_would_have_to_give(void)
{
    static const row rows[] = { { 1000, 1, 100 }, { 800, 1.2, 60 }, { 600, 1.5, 45 } };
    erg_points *points = made(rows, 3);
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    wish.objective = "energy";
    wish.slowdown = 0.1;
    wish.power_cap_w = 40;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    const erg_pick *pick = &choice.picks[0];
    CHECK(pick->chosen == ERG_NO_OPTION && pick->flags & ERG_NOT_ALLOWED);
    CHECK_NEAR(pick->needed[ERG_WISH_SLOWDOWN], 0.5, 1e-12);
    CHECK_NEAR(pick->needed[ERG_WISH_POWER], 100, 1e-12);
    CHECK(isnan(pick->needed[ERG_WISH_DEADLINE]));
    char reason[128];
    erg_option_reason(&choice, &choice.options[0], reason, sizeof(reason));
    CHECK(strstr(reason, "power-cap 100 W is above 40"));
    erg_option_reason(&choice, &choice.options[1], reason, sizeof(reason));
    CHECK(strstr(reason, "slowdown 0.2"));
    erg_choice_free(&choice);
    wish.slowdown = 0.2;    /* the bound itself is allowed */
    wish.power_cap_w = 50;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK_NEAR(choice.options[choice.picks[0].chosen].energy_j, 60, 0);
    CHECK(choice.picks[0].flags & ERG_MEAN_POWER);
    erg_choice_free(&choice);
    wish = erg_wish_default();
    wish.throughput_hz = 0.9;
    wish.objective = "energy";
    CHECK(erg_choose(points, &wish, &choice, NULL));
    CHECK_NEAR(choice.options[choice.picks[0].chosen].time_s, 1, 0);
    erg_choice_free(&choice);
    erg_points_free(points);
}

static void the_order_of_rows_does_not_matter(void)
{
    enum { ROWS = 90 };
    test_random random = { 21 };
    row rows[ROWS];
    double chosen = 0, confidence = 0;

    for (size_t i = 0; i < ROWS; i++) {
        rows[i].mhz = 500 + 30 * (double)(i % 30);
        rows[i].time_s = 600 / rows[i].mhz * (1 + 0.05 * test_normal(&random));
        rows[i].energy_j = (40 + rows[i].mhz * rows[i].mhz * 1e-4) * rows[i].time_s;
    }
    for (int round = 0; round < 5; round++) {
        erg_points *points = made(rows, ROWS);
        erg_wish wish = erg_wish_default();
        erg_choice choice;
        CHECK(erg_choose(points, &wish, &choice, NULL));
        double mhz = chosen_mhz(&choice, &choice.picks[0]);
        CHECK(round == 0 || (mhz == chosen && choice.picks[0].confidence == confidence));
        chosen = mhz;
        confidence = choice.picks[0].confidence;
        erg_choice_free(&choice);
        erg_points_free(points);
        for (size_t i = ROWS; i-- > 1;) {
            size_t j = (size_t)(test_uniform(&random) * (double)(i + 1));
            row keep = rows[i];
            rows[i] = rows[j];
            rows[j] = keep;
        }
    }
    CHECK(confidence > 0 && confidence <= 1);
}

/* What is left out of the draws could never have won or led: shares are those of drawing
 * everything, tried by brute force. */
static void shares_agree_with_drawing_by_hand(void)
{
    static const row rows[] = {
        { 1000, 1.00, 10.0 }, { 1000, 1.02, 10.4 }, { 1000, 0.99, 9.9 }, { 900, 1.05, 9.2 },
        { 900, 1.10, 9.5 },   { 900, 1.02, 9.1 },   { 800, 1.15, 8.6 },  { 800, 1.20, 8.3 },
        { 800, 1.13, 8.9 },   { 700, 1.90, 14.0 },  { 700, 1.80, 14.1 }, { 700, 1.85, 14.3 }
    };
    erg_points *points = made(rows, ERG_COUNT(rows));
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    test_random random = { 77 };
    double wins[4] = { 0 }, leads[4] = { 0 };

    for (int draw = 0; draw < 20000; draw++) {
        double t[4] = { 0 }, e[4] = { 0 };
        size_t best = 0;
        for (size_t i = 0; i < 12; i++) {
            size_t from = i / 3 * 3 + (size_t)(3 * test_uniform(&random));
            t[i / 3] += rows[from].time_s;
            e[i / 3] += rows[from].energy_j;
        }
        for (size_t i = 1; i < 4; i++)
            if (t[i] * e[i] < t[best] * e[best])
                best = i;
        wins[best] += 1 / 20000.0;
        for (size_t i = 0; i < 4; i++) {
            bool leading = true;
            for (size_t k = 0; k < 4; k++)
                leading &= !(t[k] <= t[i] && e[k] <= e[i] && (t[k] < t[i] || e[k] < e[i]));
            leads[i] += leading / 20000.0;
        }
    }
    CHECK(erg_choose(points, &wish, &choice, NULL));
    for (size_t i = 0; i < 4; i++) {
        CHECK_NEAR(choice.options[i].share, wins[i], 0.04);
        CHECK_NEAR(choice.options[i].front_share, leads[i], 0.04);
    }
    CHECK(choice.options[3].front_share == 0 && choice.options[1].share > 0.05);
    erg_choice_free(&choice);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(objectives_and_ties_are_those_of_the_specification),
        TEST(huge_and_tiny_figures_neither_overflow_nor_vanish),
        TEST(what_cannot_be_used_is_refused_with_a_sentence),
        TEST(prices_and_carbon_weigh_energy_against_time),
        TEST(each_limit_says_how_far_it_would_have_to_give),
        TEST(the_order_of_rows_does_not_matter),
        TEST(shares_agree_with_drawing_by_hand),
    };
    return test_run(tests, ERG_COUNT(tests));
}
