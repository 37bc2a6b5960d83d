/* SPDX-License-Identifier: Apache-2.0 */
/* The data sheet on the joint sessions, and the throttle effect where it was planted. */
#include "erg/sheet.h"
#include "test.h"

static const erg_table *table_of(const erg_result *result, const char *name)
{
    const erg_table *table = erg_result_find(result, name);
    CHECK(table != NULL);
    return table;
}

/* The row of a name in a section; the count of rows where there is none. */
static size_t row_of(const erg_table *sheet, const char *section, const char *name)
{
    size_t i = 0;

    while (i < erg_table_row_count(sheet)
           && (strcmp(erg_table_find(sheet, i, "section").text, section) != 0
               || strcmp(erg_table_find(sheet, i, "name").text, name) != 0))
        i++;
    return i;
}

static double value_of(const erg_table *sheet, const char *name)
{
    size_t row = row_of(sheet, "results", name);
    CHECK(row < erg_table_row_count(sheet));
    return erg_table_find(sheet, row, "value").real;
}

static erg_result *sheet_of(const erg_session *session)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_new("couple", &err);
    const erg_data_sheet_input input = { .monitor = erg_session_monitor(session),
        .training = erg_session_training(session), .facts = erg_session_facts_of(session),
        .name = erg_session_name(session) };

    CHECK_OK(erg_data_sheet_add(result, &input, &err), err);
    return result;
}

static void the_sheet_of_a_joint_session_says_what_was_measured(void)
{
    erg_error err = { 0 };
    erg_session *session =
        erg_session_load(test_data("thermal/joint/reproducibility_test_1"), NULL, &err);
    CHECK_OK(session != NULL, err);
    erg_result *result = sheet_of(session);
    const erg_table *sheet = table_of(result, "sheet");

    CHECK_NEAR(value_of(sheet, "sigma_opt"), 0.4934, 5e-5);
    CHECK(isnan(value_of(sheet, "eta_p")));         /* the run does not drive this device */
    CHECK(isnan(value_of(sheet, "r_peak")));        /* no study was made */
    size_t ambient = row_of(sheet, "session", "ambient");
    CHECK_NEAR(erg_table_find(sheet, ambient, "value").real, 21, 1e-9);
    CHECK(strstr(erg_table_find(sheet, ambient, "note").text, "nobody measured"));
    CHECK_TEXT(erg_table_find(sheet, row_of(sheet, "session", "model"), "note").text,
               "distilgpt2");
    CHECK(row_of(sheet, "thermal", "temp_c") < erg_table_row_count(sheet));
    CHECK(row_of(sheet, "optimisation", "grad_norm") < erg_table_row_count(sheet));
    size_t rle = row_of(sheet, "results", "delta_rle");
    CHECK(erg_table_find(sheet, rle, "low").real > 0); /* the false first 0 is left out */
    CHECK(erg_table_row_count(table_of(result, "throttle")) == 0);
    erg_result_free(result);
    erg_session_free(session);
}

/* Differences over one row: the median, with 21 C. */
static void the_naive_tau_is_marked_as_none(void)
{
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_load(test_data("thermal/rle_20251028_08.csv"),
                                        NULL, &err);
    erg_result *result = erg_result_new("couple", &err);

    CHECK_OK(log != NULL, err);
    CHECK_OK(erg_data_sheet_add(result,
                                &(erg_data_sheet_input){ .monitor = log,
                                                         .ambient_k = 294.15 }, &err),
             err);
    const erg_table *sheet = table_of(result, "sheet");
    CHECK_NEAR(value_of(sheet, "naive_tau"), 48, 1);
    size_t row = row_of(sheet, "results", "naive_tau");
    CHECK(strstr(erg_table_find(sheet, row, "note").text, "not a time constant"));
    erg_result_free(result);
    erg_monitor_free(log);
}

static void words_are_those_of_the_published_sheet(void)
{
    static const struct { const char *name; double value; const char *word; } rows[] = {
        { "r_peak", 0.29, "weak" }, { "r_peak", -0.3, "moderate" },
        { "r_peak", -0.51, "strong" },
        { "r_temp", 0.1, "isolated" }, { "max_temp_c", 69.9, "excellent" },
        { "max_temp_c", 70, "good" }, { "max_temp_c", 80, "hot" },
        { "collapse_share", 0.049, "low" }, { "collapse_share", 0.15, "high" },
        { "max_load", 1.06, "exceeds" }, { "max_load", 0.96, "near" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_TEXT(erg_data_sheet_word(rows[i].name, rows[i].value), rows[i].word);
    CHECK(strncmp(erg_data_sheet_word("tau_th", 29), "slow", 4) == 0);
    CHECK(!erg_data_sheet_word("r_peak", NAN) && !erg_data_sheet_word("loss", 1));
}

static void a_blank_sheet_has_the_same_four_sections(void)
{
    erg_error err = { 0 };
    erg_result *result = erg_data_sheet_blank(&err);
    static const char *const sections[] = { "session", "thermal", "optimisation",
                                            "results" };

    CHECK_OK(result != NULL, err);
    const erg_table *sheet = table_of(result, "sheet");
    size_t at = 0;
    for (size_t i = 0; i < erg_table_row_count(sheet); i++) {
        const char *section = erg_table_find(sheet, i, "section").text;
        at += strcmp(section, sections[at]) != 0;
        CHECK(at < ERG_COUNT(sections) && strcmp(section, sections[at]) == 0);
        CHECK(isnan(erg_table_find(sheet, i, "value").real));
    }
    CHECK(at == ERG_COUNT(sections) - 1);
    erg_result_free(result);
}

/* ---- throttling --------------------------------------------------------------------- */

enum { SECONDS = 600 };

/* Steps of 0.5 s, by `longer` longer while the flag is set: 60 s on, 60 s off. */
static char *made_log(void)
{
    erg_text text = { 0 };

    erg_text_add(&text, "timestamp,device,temp_c,power_w,util_pct,throttle\n");
    for (int s = 0; s <= SECONDS; s++)
        erg_text_add(&text, "%d,gpu,70,200,90,%d\n", 1761700000 + s, s / 60 % 2 ? 0x40 : 0);
    return erg_text_take(&text);
}

static char *made_steps(double longer)
{
    test_random random = { 7 };
    erg_text text = { 0 };
    int step = 0;

    for (double s = 1; s < SECONDS;) {
        double took = 0.5 * ((int)s / 60 % 2 ? longer : 1)
            * (1 + 0.02 * test_normal(&random));
        s += took;
        erg_text_add(&text, "{\"step\":%d,\"timestamp_shared\":%.6f,\"step_s\":%.6f}\n",
                     ++step, 1761700000 + s, took);
    }
    return erg_text_take(&text);
}

static void check_throttle(double longer)
{
    erg_error err = { 0 };
    char *rows = made_log(), *steps = made_steps(longer);
    erg_monitor *log = erg_monitor_parse("log", rows, strlen(rows),
        &(erg_monitor_options){ .map = "throttle=throttle" }, &err);
    CHECK_OK(log != NULL, err);
    erg_training *training = erg_training_parse("steps", steps, strlen(steps), NULL, &err);
    CHECK_OK(training != NULL, err);
    erg_result *result = erg_result_new("couple", &err);
    CHECK_OK(erg_data_sheet_add(result,
                                &(erg_data_sheet_input){ .monitor = log,
                                                         .training = training,
                                               .key = 3 }, &err), err);
    const erg_table *throttle = table_of(result, "throttle");
    CHECK(erg_table_row_count(throttle) == 3);
    CHECK_TEXT(erg_table_find(throttle, 0, "reason").text, "any");
    CHECK_NEAR(erg_table_find(throttle, 1, "share").real, 0.5, 0.01);
    CHECK_NEAR(erg_table_find(throttle, 1, "ratio").real, longer, 0.01 * longer);
    CHECK(erg_table_find(throttle, 1, "ratio_low").real <= longer * 1.002);
    CHECK(erg_table_find(throttle, 1, "ratio_high").real >= longer * 0.998);
    CHECK(erg_table_find(throttle, 2, "share").real == 0);     /* never by power */
    CHECK(isnan(erg_table_find(throttle, 2, "ratio").real));
    erg_result_free(result);
    erg_training_free(training);
    erg_monitor_free(log);
    free(rows);
    free(steps);
}

static void a_planted_slowdown_is_found_with_its_size(void) { check_throttle(1.3); }
static void without_slowdown_the_ratio_is_one(void) { check_throttle(1); }

int main(void)
{
    static const test tests[] = {
        TEST(the_sheet_of_a_joint_session_says_what_was_measured),
        TEST(the_naive_tau_is_marked_as_none),
        TEST(words_are_those_of_the_published_sheet),
        TEST(a_blank_sheet_has_the_same_four_sections),
        TEST(a_planted_slowdown_is_found_with_its_size),
        TEST(without_slowdown_the_ratio_is_one),
    };
    return test_run(tests, ERG_COUNT(tests));
}
