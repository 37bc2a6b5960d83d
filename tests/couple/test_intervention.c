/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks with a known effect, and with none: what is found, and how often by chance. */
#include "math/meta.h"
#include "math/random.h"
#include "test.h"
#include "couple/intervention.h"

static void more_pairs_than_a_word_has_bits_are_flipped_too(void)
{
    double x[100];
    erg_flip flip;
    erg_random random = { 3 };
    for (size_t i = 0; i < ERG_COUNT(x); i++)
        x[i] = 1 + erg_random_normal(&random);
    CHECK(erg_sign_flip(x, ERG_COUNT(x), 7, &flip) && !flip.is_exact);
    CHECK_NEAR(flip.p_value, 1.0 / 10001, 1e-12);
}

/* Ten pairs of blocks; the step at the high setting takes effect times as long. Blocks
 * drift, as a training run does. */
static void make_blocks(erg_trial_block blocks[20], double effect, double noise,
                        erg_random *random)
{
    bool high_first = false;
    for (int b = 0; b < 20; b++) {
        if (b % 2 == 0)
            high_first = erg_random_below(random, 2) == 1;
        erg_trial_block *to = &blocks[b];
        *to = (erg_trial_block){ .pair = b / 2 + 1, .is_high = high_first == (b % 2 == 0) };
        for (int v = 0; v < ERG_TRIAL_VALUES; v++)
            to->value[v] = NAN;
        to->value[ERG_TRIAL_STEP_S] = (0.1 + 0.001 * b) * (to->is_high ? effect : 1)
                                      + noise * erg_random_normal(random);
    }
}

static void three_percent_are_found_with_their_size(void)
{
    erg_trial_block blocks[20];
    erg_random random = { 11 };
    int found = 0, holds = 0;
    for (int i = 0; i < 500; i++) {
        make_blocks(blocks, 0.97, 0.001, &random);
        erg_effect effect = erg_effect_of(blocks, 20, ERG_TRIAL_STEP_S, 1);
        CHECK(effect.pairs == 10);
        found += effect.p < 0.05;
        holds += effect.effect_low <= -0.003285 && effect.effect_high >= -0.003285;
    }
    CHECK(found >= 475);
    CHECK(holds >= 460 && holds <= 490); /* 95 % */
}

static void nothing_is_found_in_one_of_twenty_by_chance(void)
{
    erg_trial_block blocks[20];
    erg_random random = { 12 };
    int found = 0;
    for (int i = 0; i < 2000; i++) {
        make_blocks(blocks, 1, 0.002, &random);
        found += erg_effect_of(blocks, 20, ERG_TRIAL_STEP_S, 1).p <= 0.05;
    }
    CHECK(found >= 70 && found <= 132); /* 5 % of 2000, three standard errors */
}

static void a_pair_that_lacks_a_block_is_left_out(void)
{
    erg_trial_block blocks[20];
    erg_random random = { 13 };
    make_blocks(blocks, 1, 0.002, &random);
    blocks[4].value[ERG_TRIAL_STEP_S] = NAN;
    CHECK(erg_effect_of(blocks, 20, ERG_TRIAL_STEP_S, 1).pairs == 9);
    CHECK(erg_effect_of(blocks, 19, ERG_TRIAL_STEP_S, 1).pairs == 8);
    erg_effect none = erg_effect_of(blocks, 20, ERG_TRIAL_POWER, 1);
    CHECK(none.pairs == 0 && isnan(none.effect) && isnan(none.p) && isnan(none.low));
}

/* ---- a whole run file ----------------------------------------------------------- */

static void mark(erg_trace *trace, double at_s, const char *name, double value)
{
    erg_mark_row row = { .t_ns = erg_ns_from_s(at_s), .value = value };
    snprintf(row.name, sizeof(row.name), "%s", name);
    CHECK(erg_trace_add_mark(trace, &row, NULL));
}

/* Blocks of 10 s whose first 2 s are still of the setting before. */
static erg_trace *recording(double effect, int blocks)
{
    erg_trace *trace = erg_trace_new(NULL);
    erg_random random = { 5 };
    double before = 1, step = 0;
    CHECK(trace && erg_trace_set_meta(trace, "intervene_knob", "power_limit", NULL)
          && erg_trace_set_meta(trace, "intervene", "power_limit=150W:200W", NULL)
          && erg_trace_set_meta(trace, "intervene_key", "1", NULL));
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ .utc_ns = 1700000000 * ERG_NS_PER_S },
                               NULL));
    for (int b = 0; b < blocks; b++) {
        bool is_high = (b + b / 2) % 2 == 0;
        double now = is_high ? 1 : effect, at_s = 10 * b;
        mark(trace, at_s, "intervene", is_high ? b / 2 + 1 : -(b / 2 + 1));
        for (int i = 0; i < 100; i++) {
            double took_s =
                0.09 * (i < 20 ? before : now) + 0.001 * erg_random_normal(&random);
            double end_s = at_s + 0.1 * i + 0.095;
            mark(trace, end_s, "step", ++step);
            mark(trace, end_s, "step_s", took_s);
            mark(trace, end_s, "loss", 3 - 0.01 * end_s);
        }
        mark(trace, at_s + 10, "intervene", 0);
        before = now;
    }
    mark(trace, 10 * blocks, "intervene", 99); /* was cut short: no block */
    return trace;
}

static void a_run_file_says_what_the_knob_caused(void)
{
    erg_error err = { 0 };
    erg_trace *trace = recording(1.03, 20);
    erg_result *result =
        erg_intervention_study(trace, &(erg_intervention_options){ 0 }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *verdict = erg_result_find(result, "verdict");
    CHECK(erg_table_row_count(verdict) == 2); /* no power, no temperature here */
    CHECK(strcmp(erg_table_find(verdict, 0, "y").text, "step_s") == 0);
    CHECK(strcmp(erg_table_find(verdict, 0, "verdict").text,
                 "coupling shown: power_limit leads step_s")
          == 0);
    CHECK(strcmp(erg_table_find(verdict, 0, "evidence").text, "caused") == 0);
    CHECK_NEAR(erg_table_find(verdict, 0, "effect").real, -0.0027, 0.0002);
    CHECK_NEAR(erg_table_find(verdict, 0, "relative").real, -0.0027 / 0.0927, 0.002);
    CHECK(erg_table_find(verdict, 0, "effect_low").real < -0.0025
          && erg_table_find(verdict, 0, "effect_high").real < 0);
    CHECK(strcmp(erg_table_find(verdict, 1, "y").text, "loss_slope") == 0);
    CHECK(strncmp(erg_table_find(verdict, 1, "verdict").text, "coupling", 8) != 0);
    CHECK(strcmp(erg_table_find(verdict, 1, "evidence").text, "one run") == 0);
    CHECK(erg_table_row_count(erg_result_find(result, "blocks")) == 20);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* Said beforehand, and true: the effect that it names is found in four of five. */
static void what_pairs_can_show_is_known_beforehand(void)
{
    enum { TRIALS = 1000 };
    erg_intervention_reach reach = erg_intervention_reach_of(10, 0, 0);
    erg_trial_block blocks[20];
    erg_random random = { 21 };
    char text[240];
    int found = 0;

    CHECK_NEAR(reach.least_p, 1.0 / 512, 1e-12);
    CHECK(reach.pairs_least == 8);
    for (int i = 0; i < TRIALS; i++) {
        for (int b = 0; b < 20; b++) {
            blocks[b] = (erg_trial_block){ .pair = b / 2 + 1, .is_high = b % 2 == 1 };
            for (int v = 0; v < ERG_TRIAL_VALUES; v++)
                blocks[b].value[v] = erg_random_normal(&random);
            blocks[b].value[ERG_TRIAL_STEP_S] += b % 2 * reach.least_effect;
        }
        found += ERG_TRIAL_VALUES * erg_effect_of(blocks, 20, ERG_TRIAL_STEP_S, 1).p < 0.05;
    }
    CHECK(found >= 0.74 * TRIALS && found <= 0.86 * TRIALS);
    CHECK_NEAR(erg_effect_of(blocks, 20, ERG_TRIAL_STEP_S, 1).pairs, 10, 0);

    erg_intervention_reach few = erg_intervention_reach_of(6, 0, 0);
    CHECK(isinf(few.least_effect));
    erg_intervention_reach_text(&few, text, sizeof(text));
    CHECK(strstr(text, "--blocks 16 or more"));
    erg_intervention_reach many = erg_intervention_reach_of(reach.pairs_to_exclude, 0, 0);
    erg_intervention_reach_text(&many, text, sizeof(text));
    CHECK(strstr(text, "none that matters") && !strstr(text, "--blocks"));
}

static void few_pairs_decide_nothing(void)
{
    erg_error err = { 0 };
    erg_trace *trace = recording(1.5, 10);
    erg_result *result =
        erg_intervention_study(trace, &(erg_intervention_options){ 0 }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *verdict = erg_result_find(result, "verdict");
    CHECK(strcmp(erg_table_find(verdict, 0, "verdict").text, "cannot be decided: TOO_SHORT")
          == 0);
    erg_result_free(result);
    erg_trace_free(trace);

    trace = erg_trace_new(NULL);
    CHECK(!erg_intervention_study(trace, &(erg_intervention_options){ 0 }, &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(more_pairs_than_a_word_has_bits_are_flipped_too),
        TEST(three_percent_are_found_with_their_size),
        TEST(nothing_is_found_in_one_of_twenty_by_chance),
        TEST(a_pair_that_lacks_a_block_is_left_out),
        TEST(a_run_file_says_what_the_knob_caused),
        TEST(what_pairs_can_show_is_known_beforehand),
        TEST(few_pairs_decide_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
