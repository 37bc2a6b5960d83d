/* SPDX-License-Identifier: Apache-2.0 */
/* Choices on measured sweeps against figures that were worked out apart. */
#include "choices.h"

static erg_points *load(const char *name, const char *other)
{
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    CHECK_OK(points
                 && erg_points_read_csv(points, test_data(name),
                                        &(erg_points_options){ .other = other }, &err),
             err);
    return points;
}

/* Section 11, 6. */
static void choices_on_the_a100_are_those_of_the_specification(void)
{
    static const struct {
        const char *name;
        double energy, edp, ed2p, time, five, five_saving, ten, ten_saving;
    } wanted[] = {
        { "bertmodel_large/bf16/32/512", 960, 1050, 1230, 1230, 1230, 0.60, 1050, 6.68 },
        { "bertmodel_large/bf16/8/512", 960, 1050, 1230, 1320, 1230, 2.47, 1140, 10.51 },
        { "gpt2model_gpt2/bf16/32/128", 960, 1050, 1230, 1320, 1230, 4.45, 1140, 12.49 },
        { "gpt2model_gpt2/fp32/8/128", 960, 1140, 1230, 1410, 1230, 7.87, 1230, 7.87 },
        { "gpt2model_gpt2/bf16/8/128", 690, 870, 870, 1230, 690, 47.75, NAN, NAN },
    };
    erg_points *points = load("dvfs/a100_pcie_40gb.csv", NULL);

    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        const char *name = wanted[i].name;
        double saving;
        CHECK_NEAR(choose_mhz(points, name, "energy", NAN, NULL), wanted[i].energy, 1e-6);
        CHECK_NEAR(choose_mhz(points, name, "edp", NAN, NULL), wanted[i].edp, 1e-6);
        CHECK_NEAR(choose_mhz(points, name, "ed2p", NAN, NULL), wanted[i].ed2p, 1e-6);
        CHECK_NEAR(choose_mhz(points, name, "time", NAN, NULL), wanted[i].time, 1e-6);
        CHECK_NEAR(choose_mhz(points, name, "energy", 0.05, &saving), wanted[i].five, 1e-6);
        CHECK_NEAR(100 * saving, wanted[i].five_saving, 0.005);
        if (isnan(wanted[i].ten))
            continue;
        CHECK_NEAR(choose_mhz(points, name, "energy", 0.10, &saving), wanted[i].ten, 1e-6);
        CHECK_NEAR(100 * saving, wanted[i].ten_saving, 0.005);
    }
    erg_points_free(points);
}

typedef struct front_wanted { const char *name; size_t count; double mhz[6]; } front_wanted;

static void fronts_on_the_a100_are_those_of_the_specification(void)
{
    static const front_wanted wanted[] = {
        { "gpt2model_gpt2/bf16/32/128", 5, { 1320, 1230, 1140, 1050, 960 } },
        { "gpt2model_gpt2/bf16/8/128", 4, { 1230, 1140, 870, 690 } },
        { "gpt2model_gpt2/fp32/8/128", 6, { 1410, 1320, 1230, 1140, 1050, 960 } },
    };
    erg_points *points = load("dvfs/a100_pcie_40gb.csv", NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    CHECK(erg_choose(points, &wish, &choice, NULL));
    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        const erg_pick *pick = pick_of(&choice, points, wanted[i].name);
        size_t found = 0;
        for (size_t k = pick->first; k < pick->first + pick->count; k++)
            if (choice.options[k].is_on_front) {
                CHECK(found < 6);
                CHECK_NEAR(choice.options[k].setting.at[ERG_SM_CLOCK] / 1e6,
                           wanted[i].mhz[found++], 1e-6);
            }
        CHECK(found == wanted[i].count);
    }
    erg_choice_free(&choice);
    erg_points_free(points);
}

/* Section 11, 6: savings that come from slow first runs, and are flagged. */
static void savings_against_a_slow_first_run_are_flagged(void)
{
    static const struct { const char *name; double mhz, saving, slowdown;
    } wanted[] = {
        { "A100/llama", 930, 40.4, -36.7 },
        { "A100/stablediffusion", 1020, 30.9, -7.4 },
        { "A100/whisper", 870, 54.2, -28.6 },
        { "V100/llama", 1260, 5.2, -36.9 },
        { "V100/stablediffusion", 1110, 22.0, -3.1 },
        { "V100/whisper", 600, 51.1, -19.5 },
        { "A100/vit", 615, NAN, NAN },
        { "V100/vit", 525, NAN, NAN },
    };
    erg_points *points = load("dvfs/runs_v100_a100.csv", NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    wish.draws = 0;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        const erg_pick *pick = pick_of(&choice, points, wanted[i].name);
        const erg_option *chosen = &choice.options[pick->chosen];
        CHECK_NEAR(chosen_mhz(&choice, pick), wanted[i].mhz, 1e-6);
        if (isnan(wanted[i].saving)) {
            CHECK(pick->flags & ERG_NO_REFERENCE && !(pick->flags & ERG_REFERENCE_SUSPECT));
            CHECK(isnan(chosen->energy_saving) && isnan(chosen->slowdown));
            continue;
        }
        CHECK(pick->flags & ERG_REFERENCE_SUSPECT && !(pick->flags & ERG_NO_REFERENCE));
        CHECK_NEAR(100 * chosen->energy_saving, wanted[i].saving, 0.051);
        CHECK_NEAR(100 * chosen->slowdown, wanted[i].slowdown, 0.051);
    }
    erg_choice_free(&choice);
    erg_points_free(points);
}

/* Section 6.5; shares +-0.04. The seventh clock of the A100's llama brings the sum to
 * 0.902: some draws need an eighth. */
static void confidence_is_that_of_the_specification(void)
{
    static const struct {
        const char *name;
        double mhz, share;
        size_t least, most;
    } wanted[] = {
        { "V100/stablediffusion", 1110, 0.99, 1, 1 },
        { "A100/stablediffusion", 1020, 0.38, 5, 5 },
        { "A100/llama", 930, 0.37, 7, 8 },
        { "A100/whisper", 870, 0.20, 10, 11 },
    };
    erg_points *points = load("dvfs/runs_v100_a100.csv", NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    CHECK(erg_choose(points, &wish, &choice, NULL));
    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        const erg_pick *pick = pick_of(&choice, points, wanted[i].name);
        CHECK_NEAR(chosen_mhz(&choice, pick), wanted[i].mhz, 1e-6);
        CHECK_NEAR(pick->confidence, wanted[i].share, 0.04);
        CHECK(pick->set_count >= wanted[i].least && pick->set_count <= wanted[i].most);
        CHECK(pick->flags & ERG_FEW_REPEATS && pick->draws == 2000);
    }
    const erg_pick *llama = pick_of(&choice, points, "V100/llama");
    CHECK_NEAR(chosen_mhz(&choice, llama), 1260, 1e-6);
    CHECK_NEAR(choice.options[llama->frequent].setting.at[ERG_SM_CLOCK] / 1e6, 1140, 1e-6);
    CHECK_NEAR(choice.options[llama->frequent].share, 0.24, 0.04);
    erg_choice_free(&choice);
    erg_points_free(points);
}

static double other_of(const erg_choice *choice, size_t option)
{
    return choice->options[option].setting.at[ERG_OTHER_SETTING];
}

/* Section 11, 7: batch and limit, E = time x power. */
static void power_limits_and_batches_are_those_of_the_specification(void)
{
    static const struct { const char *name; double best[4][2]; size_t front;
    } wanted[] = {
        { "imagenet", { { 256, 150 }, { 256, 250 }, { 360, 175 }, { 360, 175 } }, 7 },
        { "librispeech", { { 96, 125 }, { 56, 250 }, { 96, 150 }, { 96, 175 } }, 12 },
        { "squad", { { 8, 125 }, { 8, 250 }, { 8, 175 }, { 8, 200 } }, 6 },
        { "sentiment140", { { 32, 125 }, { 64, 250 }, { 64, 175 }, { 64, 175 } }, 6 },
        { "movielens",
          { { 16384, 150 }, { 16384, 175 }, { 16384, 150 }, { 16384, 175 } },
          3 },
    };
    static const char *const objectives[] = { "energy", "time", "edp", "cost" };
    erg_points *points = load("dvfs/power_limit_v100.csv", "batch_size");
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    wish.draws = 0;
    for (size_t k = 0; k < ERG_COUNT(objectives); k++) {
        wish.objective = objectives[k];
        CHECK(erg_choose(points, &wish, &choice, NULL));
        for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
            const erg_pick *pick = pick_of(&choice, points, wanted[i].name);
            size_t front = 0;
            CHECK_NEAR(other_of(&choice, pick->chosen), wanted[i].best[k][0], 0);
            CHECK_NEAR(choice.options[pick->chosen].setting.at[ERG_POWER_LIMIT],
                       wanted[i].best[k][1], 0);
            for (size_t o = pick->first; o < pick->first + pick->count; o++)
                front += choice.options[o].is_on_front;
            CHECK(front == wanted[i].front);
            if (i == 0 && k == 0)
                CHECK_NEAR(choice.options[pick->chosen].energy_j, 599874.5, 0.05);
        }
        erg_choice_free(&choice);
    }
    erg_points_free(points);
}

/* Section 6.6: fastest clock under a temperature. */
static void the_fastest_clock_under_a_temperature_is_found(void)
{
    static const struct { const char *name; double limit_c, mhz;
    } wanted[] = {
        { "bertmodel_large/bf16/32/512", 68, 780 },
        { "gpt2model_gpt2/bf16/32/128", 68, 960 },
        { "gpt2model_gpt2/fp32/8/512", 68, 1050 },
        { "bertmodel_large/bf16/32/512", 65, NAN },
        { "gpt2model_gpt2/bf16/32/512", 65, NAN },
    };
    erg_points *points = load("dvfs/a100_pcie_40gb.csv", NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;

    wish.objective = "time";
    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        wish.temp_c = wanted[i].limit_c;
        CHECK(erg_choose(points, &wish, &choice, NULL));
        const erg_pick *pick = pick_of(&choice, points, wanted[i].name);
        CHECK(isnan(wanted[i].mhz) == (pick->chosen == ERG_NO_OPTION));
        if (pick->chosen != ERG_NO_OPTION)
            CHECK_NEAR(chosen_mhz(&choice, pick), wanted[i].mhz, 1e-6);
        else
            CHECK(pick->flags & ERG_NOT_ALLOWED && pick->needed[ERG_WISH_TEMP] > 65);
        CHECK_NEAR(choice.wish.heat.ambient_c, 51.980, 5e-4);
        CHECK_NEAR(choice.wish.heat.k_per_w, 0.094465, 5e-7);
        erg_choice_free(&choice);
    }
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(choices_on_the_a100_are_those_of_the_specification),
        TEST(fronts_on_the_a100_are_those_of_the_specification),
        TEST(savings_against_a_slow_first_run_are_flagged),
        TEST(confidence_is_that_of_the_specification),
        TEST(power_limits_and_batches_are_those_of_the_specification),
        TEST(the_fastest_clock_under_a_temperature_is_found),
    };
    return test_run(tests, ERG_COUNT(tests));
}
