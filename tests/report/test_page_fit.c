/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a fit: every model with its error and bounds,
 * names escaped, nothing loaded. */
#include "report/page_text.h"

static const erg_column model_columns[] = {
    { "model", ERG_TEXT, "" }, { "target", ERG_TEXT, "" }, { "mape", ERG_REAL, "" },
    { "mape_low", ERG_REAL, "" }, { "mape_high", ERG_REAL, "" },
    { "validation", ERG_TEXT, "" },
    { "chosen", ERG_TRUTH, "" },
};

static const erg_column error_columns[] = {
    { "application", ERG_TEXT, "" }, { "model", ERG_TEXT, "" }, { "target", ERG_TEXT, "" },
    { "ape", ERG_REAL, "" }, { "validation", ERG_TEXT, "" },
};

static void put_model(erg_table *table, const char *model, double mape, bool chosen)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, "model", model, NULL));
    CHECK(erg_table_text(table, "target", "power", NULL));
    CHECK(erg_table_real(table, "mape", mape, NULL));
    CHECK(erg_table_real(table, "mape_low", 0.8 * mape, NULL));
    CHECK(erg_table_real(table, "mape_high", 1.2 * mape, NULL));
    CHECK(erg_table_text(table, "validation", "leave_one_application_out", NULL));
    CHECK(erg_table_truth(table, "chosen", chosen, NULL));
}

static void put_error(erg_table *table, const char *application, const char *model,
                      double ape)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, "application", application, NULL));
    CHECK(erg_table_text(table, "model", model, NULL));
    CHECK(erg_table_text(table, "target", "power", NULL));
    CHECK(erg_table_real(table, "ape", ape, NULL));
    CHECK(erg_table_text(table, "validation", "leave_one_application_out", NULL));
}

static erg_result *fitted(void)
{
    erg_result *result = erg_result_new("fit", NULL);
    erg_table *models = erg_result_add(result, "models", model_columns, 7, NULL);
    erg_table *errors = erg_result_add(result, "errors", error_columns, 5, NULL);

    put_model(models, "near", 0.053, true);
    put_model(models, "wild", 1.9e4, false);
    put_error(errors, "a<b>", "near", 0.041);
    put_error(errors, "hidden", "wild", 0.5);
    CHECK(erg_result_note(result, NULL, "wild is not for anything"));
    return result;
}

static char *page_of(const erg_result *result)
{
    return page_text(erg_report_fit, result, "fit.json");
}

static void a_page_shows_every_model_and_the_chosen_by_application(void)
{
    erg_result *result = fitted();
    char *page = page_of(result);

    CHECK(strstr(page, "near (chosen)"));
    CHECK(strstr(page, "5.3 % <small class=\"soft\">4.2 to 6.4"));
    CHECK(strstr(page, "&gt; 1000 %"));             /* and its bar ends with the axis */
    CHECK(strstr(page, "width:100.00%"));
    CHECK(strstr(page, "a&lt;b&gt;") && !strstr(page, "a<b>"));
    CHECK(strstr(page, "4.1 %"));
    CHECK(strstr(page, "wild is not for anything"));
    CHECK(!strstr(page, "http://") && !strstr(page, "https://") && !strstr(page, "src="));
    free(page);
    erg_result_free(result);
}

static void what_is_no_fit_is_refused(void)
{
    erg_result *other = erg_result_new("run", NULL);
    erg_error err = { 0 };

    CHECK(!erg_report_fit(other, "x", stdout, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "no fit"));
    erg_result_free(other);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_page_shows_every_model_and_the_chosen_by_application),
        TEST(what_is_no_fit_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
