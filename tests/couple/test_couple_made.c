/* SPDX-License-Identifier: Apache-2.0 */
/* Studies of made recordings: what was planted is found, what was broken is refused. */
#include "erg/couple.h"
#include "couple/made.h"

typedef struct answer {
    char verdict[120], checks[900];     /* codes that refused or were flagged */
    char short_why[160];                /* what TOO_SHORT was about */
    bool says_too_few;                  /* a note tells what transfer entropy lacked */
    double granger_p, driven_p;         /* of x to y, alone and beside common drivers */
    double lag_s, r, p_value;
    size_t rows;
} answer;

static void look(const erg_result *study, answer *out)
{
    const erg_table *verdict = erg_result_find(study, "verdict");
    const erg_table *checks = erg_result_find(study, "checks");

    *out = (answer){ .rows = erg_table_row_count(verdict) };
    if (out->rows) {
        erg_text_put(out->verdict, sizeof(out->verdict),
                     erg_table_find(verdict, 0, "verdict").text);
        out->lag_s = erg_table_find(verdict, 0, "lag_s").real;
        out->r = erg_table_find(verdict, 0, "r").real;
        out->p_value = erg_table_find(verdict, 0, "p_value").real;
    }
    const erg_table *granger = erg_result_find(study, "granger");
    if (erg_table_row_count(granger)) {
        out->granger_p = erg_table_find(granger, 0, "p_value").real;
        out->driven_p = erg_table_find(granger, 0, "driven_p_value").real;
    }
    for (size_t i = 0; i < erg_result_note_count(study); i++)
        out->says_too_few |= strstr(erg_result_note_at(study, i), "needs 500 rows") != NULL;
    for (size_t i = 0, at = 0; i < erg_table_row_count(checks); i++) {
        const char *said = erg_table_find(checks, i, "state").text;
        if (strcmp(erg_table_find(checks, i, "check").text, "TOO_SHORT") == 0)
            erg_text_put(out->short_why, sizeof(out->short_why),
                         erg_table_find(checks, i, "what").text);
        if (strcmp(said, "refused") == 0 || strcmp(said, "flag") == 0)
            at += (size_t)snprintf(out->checks + at, sizeof(out->checks) - at, "%s ",
                                   erg_table_find(checks, i, "check").text);
    }
}

typedef struct opened { erg_monitor *monitor; erg_training *log; } opened;

static opened open_logs(const made *of)
{
    erg_error err = { 0 };
    texts logs;

    make(of, &logs);
    opened out = {
        erg_monitor_parse("m.csv", logs.monitor.data, logs.monitor.count, NULL, &err),
        erg_training_parse("log", logs.log.data, logs.log.count, NULL, &err),
    };
    CHECK_OK(out.monitor && out.log, err);
    erg_text_free(&logs.monitor);
    erg_text_free(&logs.log);
    return out;
}

static void close_logs(const opened *logs)
{
    erg_training_free(logs->log);
    erg_monitor_free(logs->monitor);
}

static answer study_with(const made *of, const char *pair, erg_couple_options options)
{
    erg_error err = { 0 };
    opened logs = open_logs(of);
    answer out;

    options.pairs = &pair;
    options.pair_count = 1;
    options.draws = options.draws ? options.draws : 200;
    erg_result *result = erg_couple_study(logs.monitor, logs.log, &options, &err);
    CHECK_OK(result != NULL, err);
    look(result, &out);
    erg_result_free(result);
    close_logs(&logs);
    return out;
}

static answer study(const made *of)
{
    return study_with(of, "grad_norm:power", (erg_couple_options){ .key = 5 });
}

#define SHOWN "coupling shown: grad_norm leads power"

/* Of six recordings, one may be an exception by chance. */
static void what_was_planted_is_found_and_its_lag(void)
{
    int shown = 0;

    for (uint64_t seed = 1; seed <= 6; seed++) {
        answer out = study(&(made){ .seed = seed, .run_s = 200, .planted = 0.8 });
        shown += strcmp(out.verdict, SHOWN) == 0;
        CHECK_NEAR(out.lag_s, 2, 0);
        CHECK(out.r > 0.3);
    }
    CHECK(shown >= 5);
    answer turned = study_with(&(made){ .seed = 1, .run_s = 200, .planted = 0.8 },
                               "power:grad_norm", (erg_couple_options){ .key = 5 });
    CHECK_TEXT(turned.verdict, SHOWN);
    CHECK_NEAR(turned.lag_s, -2, 0);
}

/* Twice the least detectable effect, 2 s late. Of the first three, lag 0 holds too little
 * to stand out from what two slow series share by chance; beside the others, placebos would
 * have a greater r somewhere if each were taken at the best of its lags. */
static void a_coupling_is_held_against_placebos_at_the_lag_of_its_test(void)
{
    static const uint64_t seeds[] = { 2013, 2048, 2127, 2060, 2066, 2281 };
    for (size_t i = 0; i < ERG_COUNT(seeds); i++) {
        answer out = study_with(&(made){ .seed = seeds[i], .run_s = 200, .planted = 0.625 },
                                "grad_norm:power", (erg_couple_options){ .key = seeds[i] });
        CHECK_TEXT(out.verdict, SHOWN);
    }
}

static void twenty_gaps_change_no_verdict(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        answer out =
            study(&(made){ .seed = seed, .run_s = 200, .planted = 0.8, .gaps = 20 });
        CHECK_TEXT(out.verdict, SHOWN);
    }
}

static void nothing_is_found_where_nothing_was_planted(void)
{
    answer none = study(&(made){ .seed = 3, .run_s = RUN_MOST });
    answer few = study(&(made){ .seed = 3, .run_s = 80 });

    CHECK_TEXT(none.verdict, "no coupling shown");
    CHECK_TEXT(few.verdict, "cannot be decided: inconclusive");
    few = study_with(&(made){ .seed = 3, .run_s = 80 }, "grad_norm:power",
                     (erg_couple_options){ .smallest = 0.7 });
    CHECK_TEXT(few.verdict, "no coupling shown");
}

static void a_common_driver_leaves_the_cause_open(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        answer out = study(&(made){ .seed = seed, .run_s = 200, .driver = 2 });
        CHECK(out.p_value < 0.05);
        CHECK_TEXT(out.verdict, "associated, cause open");
    }
}

static void without_time_off_the_run_the_cause_is_open(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 200, .planted = 0.8, .no_off = true });

    CHECK(strstr(out.checks, "NO_BASELINE"));
    CHECK_TEXT(out.verdict, "associated, cause open");
}

/* ---- clocks ------------------------------------------------------------------------ */

static void local_stamps_are_laid_by_the_edges_and_flagged(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 200, .planted = 0.8, .is_local = true,
                                .zone_s = 5.5 * 3600 });

    CHECK(strstr(out.checks, "ZONE_GUESSED") && !strstr(out.checks, "CLOCK_UNKNOWN"));
    CHECK_TEXT(out.verdict, SHOWN);
}

static void a_log_that_counts_from_its_start_is_laid_where_the_device_works(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 200, .planted = 0.8,
                                .is_since_start = true });

    CHECK_TEXT(out.verdict, SHOWN);
    CHECK_NEAR(out.lag_s, 2, 0);
    out =
        study(&(made){ .seed = 1, .run_s = 200, .is_since_start = true, .is_idle = true });
    CHECK(strstr(out.verdict, "CLOCK_UNKNOWN"));
}

static void clocks_that_differ_are_corrected_and_flagged(void)
{
    answer out =
        study(&(made){ .seed = 1, .run_s = 200, .planted = 0.8, .log_offset_s = 4 });

    CHECK(strstr(out.checks, "CLOCK_OFFSET"));
    CHECK_NEAR(out.lag_s, 2, 0);
    out =
        study_with(&(made){ .seed = 1, .run_s = 200, .planted = 0.8, .log_offset_s = 7200 },
                   "grad_norm:power", (erg_couple_options){ .key = 5, .offset_s = -7200 });
    CHECK_TEXT(out.verdict, SHOWN);
}

static void logs_that_share_no_time_are_refused(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 200, .log_offset_s = 3000 });

    CHECK(strstr(out.verdict, "NO_OVERLAP"));
}

static void what_a_test_lacks_is_told(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 6 });

    CHECK(strstr(out.verdict, "TOO_SHORT"));
    CHECK_TEXT(out.short_why, "fewer than 8 bins have both values");
    out = study_with(&(made){ .seed = 1, .run_s = 200 }, "grad_norm:power",
                     (erg_couple_options){ .secondary = true });
    CHECK(out.says_too_few);
}

/* Of the device's record the training log shares nothing: its pairs still have rows. */
static void pairs_of_other_times_each_say_that_they_share_none(void)
{
    const made of = { .seed = 1, .run_s = 60, .log_offset_s = 3000 };
    erg_error err = { 0 };
    opened logs = open_logs(&of);
    erg_result *result = erg_couple_study(logs.monitor, logs.log, NULL, &err);

    CHECK_OK(result != NULL, err);
    const erg_table *verdict = erg_result_find(result, "verdict");
    CHECK_NEAR(erg_table_row_count(verdict), 3, 0);     /* its own, and power:temp */
    for (size_t i = 0; i < erg_table_row_count(verdict); i++) {
        const char *said = erg_table_find(verdict, i, "verdict").text;
        CHECK(strncmp(said, "cannot be decided: ", 19) == 0 && strstr(said, "NO_OVERLAP"));
    }
    erg_result_free(result);
    close_logs(&logs);
}

/* ---- what is no measurement -------------------------------------------------------- */

static void a_device_that_the_run_does_not_drive_is_refused(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 200, .planted = 0.8, .is_idle = true });

    CHECK(strstr(out.verdict, "cannot be decided: DEVICE_MISMATCH"));
}

static void made_up_columns_are_refused(void)
{
    const made derived = { .seed = 1, .run_s = 200, .derived = true },
               formula = { .seed = 1, .run_s = 200, .formula = true },
               still = { .seed = 1, .run_s = 200, .placeholder = true };

    CHECK(strstr(study(&derived).verdict, "DERIVED"));
    CHECK(strstr(study_with(&formula, "grad_norm:temp", (erg_couple_options){ 0 }).verdict,
                 "CLOSED_FORM"));
    CHECK(strstr(study_with(&still, "grad_norm:temp", (erg_couple_options){ 0 }).verdict,
                 "PLACEHOLDER"));
    CHECK(!strstr(study(&(made){ .seed = 1, .run_s = 200 }).checks, "CLOSED_FORM"));
}

static void a_starved_sampler_is_refused(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 200, .planted = 0.8, .starved = true });

    CHECK(strstr(out.verdict, "STARVED"));
}

static void values_that_are_held_give_the_true_interval(void)
{
    answer out = study(&(made){ .seed = 1, .run_s = 400, .planted = 0.8, .held = 2 });

    CHECK(strstr(out.checks, "HELD"));
    CHECK_NEAR(out.lag_s, 2, 0);
}

/* ---- chance ------------------------------------------------------------------------ */

static void one_key_gives_one_answer_and_another_key_nearly_the_same(void)
{
    const made of = { .seed = 9, .run_s = 100 };
    const erg_couple_options options = { .key = 11, .draws = 500 };
    answer a = study_with(&of, "grad_norm:power", options),
           b = study_with(&of, "grad_norm:power", options),
           c = study_with(&of, "grad_norm:power",
                          (erg_couple_options){ .key = 12, .draws = 500 });

    CHECK(a.p_value == b.p_value && a.r == b.r && a.r == c.r);
    CHECK(a.p_value != c.p_value);
    CHECK_NEAR(a.p_value, c.p_value, 0.12);
}

static void a_pair_that_no_log_has_is_bad_input(void)
{
    static const char *const pairs[] = { "grad_norm:nothing" };
    const erg_couple_options options = { .pairs = pairs, .pair_count = 1 };
    erg_error err = { 0 };
    opened logs = open_logs(&(made){ .run_s = 60 });

    CHECK(!erg_couple_study(logs.monitor, logs.log, &options, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "'nothing'"));
    close_logs(&logs);
}

/* Use drives the gradient now and power a second later: beside it, nothing is left. */
static void what_a_common_driver_foretells_is_not_grangers(void)
{
    const made driven = { .seed = 1, .run_s = 300, .driver = 1 },
               own = { .seed = 1, .run_s = 300, .planted = 0.8 };

    answer out = study(&driven);
    CHECK(out.granger_p < 0.05 && out.driven_p > 0.05);
    out = study(&own);
    CHECK(out.granger_p < 0.05 && out.driven_p < 0.05);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_was_planted_is_found_and_its_lag),
        TEST(a_coupling_is_held_against_placebos_at_the_lag_of_its_test),
        TEST(twenty_gaps_change_no_verdict),
        TEST(nothing_is_found_where_nothing_was_planted),
        TEST(a_common_driver_leaves_the_cause_open),
        TEST(without_time_off_the_run_the_cause_is_open),
        TEST(local_stamps_are_laid_by_the_edges_and_flagged),
        TEST(a_log_that_counts_from_its_start_is_laid_where_the_device_works),
        TEST(clocks_that_differ_are_corrected_and_flagged),
        TEST(logs_that_share_no_time_are_refused),
        TEST(what_a_test_lacks_is_told),
        TEST(what_a_common_driver_foretells_is_not_grangers),
        TEST(pairs_of_other_times_each_say_that_they_share_none),
        TEST(a_device_that_the_run_does_not_drive_is_refused),
        TEST(made_up_columns_are_refused),
        TEST(a_starved_sampler_is_refused),
        TEST(values_that_are_held_give_the_true_interval),
        TEST(one_key_gives_one_answer_and_another_key_nearly_the_same),
        TEST(a_pair_that_no_log_has_is_bad_input),
    };
    return test_run(tests, ERG_COUNT(tests));
}
