/* SPDX-License-Identifier: Apache-2.0 */
/* Studies of made recordings: what was planted is found, what was broken is refused. */
#include "erg/couple.h"
#include "test.h"

enum { BEFORE = 40, AFTER_MOST = 1000, RUN_MOST = 800, START_S = 1761699200 };

/* A recording at 1 Hz. Zero means no: nothing planted, nothing broken. */
typedef struct made {
    uint64_t seed;
    int run_s;                  /* as long again is off behind it */
    double planted;             /* of grad_norm in power, 2 s later */
    double driver;              /* of use in both */
    double log_offset_s, zone_s;
    bool is_local, is_since_start, no_off, is_idle;
    bool derived, formula, placeholder, starved;
    int held;                   /* rows that a value lasts; 0: 1 */
    int gaps;                   /* rows left out */
} made;

typedef struct texts { erg_text monitor, log; } texts;

static double slow(double before, double rho, test_random *random)
{
    return rho * before + sqrt(1 - rho * rho) * test_normal(random);
}

static void write_step(const made *of, erg_text *to, int t, double grad)
{
    double at_s = t + 0.5 + of->log_offset_s;
    long clock = (long)(START_S + t + of->zone_s) % 86400;

    if (of->is_local)
        erg_text_add(to, "{\"timestamp_iso\": \"2025-10-29T%02ld:%02ld:%02ld.5\"",
                     clock / 3600, clock / 60 % 60, clock % 60);
    else
        erg_text_add(to, "{\"t\": %.3f", at_s + (of->is_since_start ? -100 : START_S));
    erg_text_add(to, ", \"loss\": %.5f, \"grad_norm\": %.6f}\n",
                 9 - 0.01 * t + 0.001 * grad, 12 + grad);
}

typedef struct state { double use, other, temp, power, fresh_temp, fresh_power; } state;

static void write_row(const made *of, erg_text *to, int t, const state *now, bool on)
{
    double use = on && !of->is_idle ? 80 + 5 * now->use : 4 + now->use;
    double power = of->derived ? 1.25 * round(use * 10) / 10 : now->power;
    double temp = of->formula ? 50 + 0.01 * t + 6 * sin(t / 9.0)
                : of->placeholder ? 50 : now->temp;

    erg_text_add(to, "%.3f,gpu,%.3f,%.3f,%.1f\n", START_S + t + 0.5, temp, power, use);
}

static void make(const made *of, texts *out)
{
    test_random random = { of->seed + 1 };
    double grad[RUN_MOST + AFTER_MOST + BEFORE] = { 0 };
    state now = { .temp = 60, .fresh_temp = 60 };
    int begin = of->no_off ? 0 : BEFORE, run_end = begin + of->run_s;
    int all = of->no_off ? run_end : run_end + of->run_s + 20;

    *out = (texts){ .monitor = { 0 } };
    erg_text_add(&out->monitor, "timestamp,device,temp_c,power_w,util_pct\n");
    for (int t = 0; t < all; t++) {
        bool on = t >= begin && t < run_end;
        double own = t ? grad[t - 1] - of->driver * now.use : 0, before_use = now.use;
        now.use = slow(now.use, 0.7, &random);
        grad[t] = slow(own, 0.87, &random) + of->driver * now.use;
        now.other = slow(now.other, 0.85, &random);
        now.fresh_power = (on && !of->is_idle ? 160 : 25)
            + (on ? 12 : 1) * (now.other + of->driver * before_use
                               + (t > 1 ? of->planted * grad[t - 2] : 0));
        now.fresh_temp = 60 + 4 * slow((now.fresh_temp - 60) / 4, 0.9, &random);
        if (of->held < 2 || t % of->held == 0) {
            now.power = now.fresh_power;
            now.temp = now.fresh_temp;
        }
        bool dropped = (of->starved && on && t % 4 == 1)
                    || (of->gaps && test_uniform(&random) < (double)of->gaps / all);
        if (!dropped)
            write_row(of, &out->monitor, t, &now, on);
        if (on)
            write_step(of, &out->log, t, grad[t]);
    }
}

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

static answer study_with(const made *of, const char *pair, erg_couple_options options)
{
    erg_error err = { 0 };
    texts logs;
    answer out;

    make(of, &logs);
    options.pairs = &pair;
    options.pair_count = 1;
    options.draws = options.draws ? options.draws : 200;
    erg_monitor *monitor =
        erg_monitor_parse("m.csv", logs.monitor.data, logs.monitor.count, NULL, &err);
    erg_training *log =
        erg_training_parse("log", logs.log.data, logs.log.count, NULL, &err);
    CHECK_OK(monitor && log, err);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    look(result, &out);
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_text_free(&logs.monitor);
    erg_text_free(&logs.log);
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
    texts logs;

    make(&of, &logs);
    erg_monitor *monitor =
        erg_monitor_parse("m.csv", logs.monitor.data, logs.monitor.count, NULL, &err);
    erg_training *log =
        erg_training_parse("log", logs.log.data, logs.log.count, NULL, &err);
    CHECK_OK(monitor && log, err);
    erg_result *result = erg_couple_study(monitor, log, NULL, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *verdict = erg_result_find(result, "verdict");
    CHECK_NEAR(erg_table_row_count(verdict), 3, 0);     /* its own, and power:temp */
    for (size_t i = 0; i < erg_table_row_count(verdict); i++) {
        const char *said = erg_table_find(verdict, i, "verdict").text;
        CHECK(strncmp(said, "cannot be decided: ", 19) == 0 && strstr(said, "NO_OVERLAP"));
    }
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_text_free(&logs.monitor);
    erg_text_free(&logs.log);
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
    texts logs;

    make(&(made){ .run_s = 60 }, &logs);
    erg_monitor *monitor =
        erg_monitor_parse("m.csv", logs.monitor.data, logs.monitor.count, NULL, &err);
    erg_training *log =
        erg_training_parse("log", logs.log.data, logs.log.count, NULL, &err);
    CHECK(monitor && log && !erg_couple_study(monitor, log, &options, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "'nothing'"));
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_text_free(&logs.monitor);
    erg_text_free(&logs.log);
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
