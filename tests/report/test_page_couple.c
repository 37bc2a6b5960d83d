/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a coupling study: verdicts first,
 * pictures with their data, nothing loaded. */
#include "report/page_text.h"

static const erg_column verdict_columns[] = {
    { "x", ERG_TEXT, "" }, { "y", ERG_TEXT, "" }, { "lag_s", ERG_REAL, "" },
    { "r", ERG_REAL, "" },
    { "r_low", ERG_REAL, "" }, { "r_high", ERG_REAL, "" }, { "q_value", ERG_REAL, "" },
    { "verdict", ERG_TEXT, "" },
};
static const erg_column ccf_columns[] = {
    { "x", ERG_TEXT, "" }, { "y", ERG_TEXT, "" }, { "lag_s", ERG_REAL, "" },
    { "r", ERG_REAL, "" },
    { "r_detrended", ERG_REAL, "" }, { "r_residual", ERG_REAL, "" },
    { "band", ERG_REAL, "" },
};
static const erg_column sheet_columns[] = {
    { "section", ERG_TEXT, "" }, { "time_s", ERG_REAL, "" }, { "name", ERG_TEXT, "" },
    { "value", ERG_REAL, "" }, { "low", ERG_REAL, "" }, { "high", ERG_REAL, "" },
    { "unit", ERG_TEXT, "" }, { "note", ERG_TEXT, "" }, { "convention", ERG_TEXT, "" },
};

static void put_texts(erg_table *table, const char *a, const char *x, const char *b,
                      const char *y)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, a, x, NULL));
    CHECK(erg_table_text(table, b, y, NULL));
}

static void put_verdict(erg_result *result, const char *verdict)
{
    erg_table *table = erg_result_add(result, "verdict", verdict_columns,
                                      ERG_COUNT(verdict_columns), NULL);
    put_texts(table, "x", "grad<norm>", "y", "temp");
    CHECK(erg_table_real(table, "r", 0.31, NULL));
    CHECK(erg_table_real(table, "r_low", 0.02, NULL));
    CHECK(erg_table_real(table, "r_high", 0.55, NULL));
    CHECK(erg_table_text(table, "verdict", verdict, NULL));
}

static void put_ccf(erg_result *result)
{
    erg_table *table = erg_result_add(result, "ccf", ccf_columns,
                                      ERG_COUNT(ccf_columns), NULL);

    for (int lag = -3; lag <= 3; lag++) {
        put_texts(table, "x", "grad<norm>", "y", "temp");
        CHECK(erg_table_real(table, "lag_s", lag, NULL));
        CHECK(erg_table_real(table, "r", 0.1 * lag, NULL));
        CHECK(erg_table_real(table, "r_residual", 0.05 * lag, NULL));
        CHECK(erg_table_real(table, "band", 0.3, NULL));
    }
}

static void put_sheet(erg_result *result)
{
    static const char *const names[] = { "temp_c", "power_w", "throttle" };
    erg_table *table = erg_result_add(result, "sheet", sheet_columns,
                                      ERG_COUNT(sheet_columns), NULL);

    for (int s = 0; s < 20; s++)
        for (size_t i = 0; i < ERG_COUNT(names); i++) {
            put_texts(table, "section", "thermal", "name", names[i]);
            CHECK(erg_table_real(table, "time_s", s, NULL));
            CHECK(erg_table_real(table, "value", i < 2 ? 50 + s : s > 10 ? 64 : 0, NULL));
        }
    put_texts(table, "section", "results", "name", "tau_th");
    CHECK(erg_table_real(table, "value", 29, NULL));
    CHECK(erg_table_text(table, "convention", "slow", NULL));
}

static char *page_of(const char *verdict)
{
    erg_result *result = erg_result_new("couple", NULL);

    put_verdict(result, verdict);
    put_ccf(result);
    put_sheet(result);
    char *text = page_text(erg_report_couple, result, "a <study>");
    erg_result_free(result);
    return text;
}

static void the_headline_is_the_strongest_verdict(void)
{
    static const struct { const char *verdict, *headline; } rows[] = {
        { "coupling shown: X leads Y", "<p class=\"big\">Coupling shown" },
        { "no coupling shown", "<p class=\"big\">No coupling shown" },
        { "cannot be decided: NO_EXCITATION", "<p class=\"big\">Cannot be decided" },
        { "associated, cause open", "<p class=\"big\">Associated, cause open" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char *page = page_of(rows[i].verdict);
        CHECK(strstr(page, rows[i].headline));
        CHECK(strstr(page, rows[i].verdict));
        free(page);
    }
}

static void each_picture_has_its_data_and_nothing_is_loaded(void)
{
    char *page = page_of("no coupling shown");

    CHECK(test_count(page, "<svg") == 3);                 /* temperature, power, ccf */
    CHECK(test_count(page, "<summary>The data") == 3);
    CHECK(test_count(page, "class=\"strip s5\"") == 2 * 9);   /* throttled from 11 s on */
    CHECK(strstr(page, "a &lt;study&gt;") && !strstr(page, "grad<norm>"));
    CHECK(strstr(page, "grad&lt;norm&gt;"));
    CHECK(!strstr(page, "http://") && !strstr(page, "https://") && !strstr(page, "src="));
    CHECK(!strstr(page, "nan") && !strstr(page, "inf"));
    free(page);
}

/* The dashed line is the r that the check holds against them: at the lag of the test. */
static void placebos_are_drawn_below_the_r_of_the_tested_lag(void)
{
    static const erg_column columns[] = {
        { "x", ERG_TEXT, "" }, { "y", ERG_TEXT, "" }, { "shift_s", ERG_REAL, "" },
        { "r", ERG_REAL, "" },
    };
    double levels[2];

    for (int k = 0; k < 2; k++) {
        erg_result *result = erg_result_new("couple", NULL);
        put_verdict(result, "no coupling shown");
        CHECK(erg_table_real((erg_table *)(uintptr_t)erg_result_find(result, "verdict"),
                             "lag_s", k ? 3 : -3, NULL));
        put_ccf(result);                        /* r is a tenth of the lag */
        erg_table *placebo = erg_result_add(result, "placebo", columns, ERG_COUNT(columns),
                                            NULL);
        for (int i = 1; i < 5; i++) {
            put_texts(placebo, "x", "grad<norm>", "y", "temp");
            CHECK(erg_table_real(placebo, "shift_s", i, NULL));
            CHECK(erg_table_real(placebo, "r", 0.02 * i, NULL));
        }
        char *page = page_text(erg_report_couple, result, "placebos");
        const char *at = strstr(page, "<figcaption>Placebos");
        CHECK(at != NULL);
        at = strstr(at, "class=\"level");
        CHECK(at != NULL);
        at = strstr(at, "y1=\"");
        CHECK(at && sscanf(at, "y1=\"%lf", &levels[k]) == 1);
        free(page);
        erg_result_free(result);
    }
    CHECK(levels[1] < levels[0]);               /* 0.3 lies above -0.3 */
}

static void sessions_stand_side_by_side(void)
{
    static const erg_column columns[] = { { "session", ERG_TEXT, "" },
                                          { "key", ERG_TEXT, "" } };
    static const erg_column map[] = { { "session", ERG_TEXT, "" }, { "x", ERG_TEXT, "" },
        { "y", ERG_TEXT, "" }, { "lag_-1", ERG_REAL, "" }, { "lag_+1", ERG_REAL, "" } };
    erg_result *result = erg_result_new("couple", NULL);
    erg_table *sessions = erg_result_add(result, "sessions", columns,
                                         ERG_COUNT(columns), NULL);
    erg_table *lags = erg_result_add(result, "lag_map", map, ERG_COUNT(map), NULL);
    char *text = NULL;
    size_t size;
    erg_error err = { 0 };

    put_texts(sessions, "session", "monday<", "key", "0123");
    put_texts(lags, "session", "monday<", "x", "grad_norm");
    CHECK(erg_table_real(lags, "lag_-1", -0.5, NULL));
    FILE *out = open_memstream(&text, &size);
    CHECK_OK(erg_report_couple(result, "many", out, &err), err);
    fclose(out);
    CHECK(strstr(text, "#0072b255\">-0.50</span>"));
    CHECK(strstr(text, "<span class=\"soft\">n/a</span>"));     /* lag +1 is not known */
    CHECK(strstr(text, "monday&lt;") && !strstr(text, "monday<"));
    free(text);
    erg_result_free(result);
}

static void what_is_no_study_is_refused(void)
{
    erg_result *other = erg_result_new("run", NULL);
    erg_error err = { 0 };

    CHECK(!erg_report_couple(other, "x", stdout, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "no coupling study"));
    erg_result_free(other);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_headline_is_the_strongest_verdict),
        TEST(each_picture_has_its_data_and_nothing_is_loaded),
        TEST(placebos_are_drawn_below_the_r_of_the_tested_lag),
        TEST(sessions_stand_side_by_side),
        TEST(what_is_no_study_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
