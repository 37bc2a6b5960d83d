/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a thermal fit: axes that can be read, a curve for each pole. */
#include "report/page_text.h"

static const erg_column fit_columns[] = {
    { "device", ERG_TEXT, "" }, { "window", ERG_TEXT, "" }, { "verdict", ERG_TEXT, "" },
};
static const erg_column curve_columns[] = {
    { "device", ERG_TEXT, "" }, { "window", ERG_TEXT, "" }, { "curve", ERG_TEXT, "" },
    { "x", ERG_REAL, "" }, { "y", ERG_REAL, "" },
};

static erg_table *curves_of(erg_result *result)
{
    erg_table *fit = erg_result_add(result, "fit", fit_columns,
                                    ERG_COUNT(fit_columns), NULL);
    CHECK(erg_table_row(fit, NULL) && erg_table_text(fit, "device", "gpu", NULL)
          && erg_table_text(fit, "window", "0s:9s", NULL)
          && erg_table_text(fit, "verdict", "identified", NULL));
    return erg_result_add(result, "curves", curve_columns, ERG_COUNT(curve_columns), NULL);
}

static void put(erg_table *table, const char *curve, double x, double y)
{
    CHECK(erg_table_row(table, NULL) && erg_table_text(table, "device", "gpu", NULL)
          && erg_table_text(table, "window", "0s:9s", NULL)
          && erg_table_text(table, "curve", curve, NULL)
          && erg_table_real(table, "x", x, NULL) && erg_table_real(table, "y", y, NULL));
}

static char *page_of(const erg_result *result)
{
    return page_text(erg_report_thermal, result, "a fit");
}

/* The least distance of two labels of the x axis, in % of the width; and the last place. */
static double least_gap(const char *page, double *last, size_t *count)
{
    const char *at = strstr(page, "class=\"chart xs\"");
    const char *end = at ? strstr(at, "</div>") : NULL;
    double gap = 100;
    *count = 0;
    CHECK(at && end);
    while ((at = strstr(at, "left:")) && at < end) {
        double place = strtod(at + 5, NULL);
        if ((*count)++)
            gap = fmin(gap, place - *last);
        *last = place;
        at++;
    }
    return gap;
}

static void labels_of_log_time_do_not_overlap(void)
{
    for (int decades = 1; decades <= 9; decades++) {
        erg_result *result = erg_result_new("thermal", NULL);
        erg_table *curves = curves_of(result);
        for (int i = 0; i <= 8 * decades; i++)
            put(curves, "zth_k_per_w", 5e-4 * pow(10, i / 8.0), 0.01 * i);
        char *page = page_of(result);
        size_t count;
        double last, gap = least_gap(page, &last, &count);
        CHECK(count >= (decades > 1 ? 2 : 3) && gap > 9); /* of 300 pixels, 27 */
        free(page);
        erg_result_free(result);
    }
}

static void a_label_at_the_right_edge_ends_there(void)
{
    erg_result *result = erg_result_new("thermal", NULL);
    erg_table *curves = curves_of(result);
    for (int i = 1; i <= 40; i++)
        put(curves, "residual_r", i, 0.1);
    char *page = page_of(result);
    CHECK(strstr(page, "left:100.00%;transform:translateX(-100%)\">40 rows"));
    free(page);
    erg_result_free(result);
}

static void each_pole_has_a_profile_of_its_own(void)
{
    erg_result *result = erg_result_new("thermal", NULL);
    erg_table *curves = curves_of(result);
    for (int pole = 0; pole < 2; pole++)
        for (int i = 0; i < 5; i++)
            put(curves, "profile_k", pow(10, i), 1 + pole);
    char *page = page_of(result), *line = strstr(page, "class=\"line s0\"");
    size_t begins = 0;
    CHECK(line);
    for (char *at = line; *at && *at != '>'; at++)
        begins += *at == 'M';
    CHECK(begins == 2);
    free(page);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(labels_of_log_time_do_not_overlap),
        TEST(a_label_at_the_right_edge_ends_there),
        TEST(each_pole_has_a_profile_of_its_own),
    };
    return test_run(tests, ERG_COUNT(tests));
}
