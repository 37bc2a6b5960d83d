/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a recomposition: sums by tier beside the whole, to scale, names escaped. */
#include "report/page_text.h"

static const erg_column total_columns[] = {
    { "state", ERG_TEXT, "" }, { "verdict", ERG_TEXT, "" }, { "refused_by", ERG_TEXT, "" },
    { "predicted_s", ERG_REAL, "" }, { "predicted_low_s", ERG_REAL, "" },
    { "predicted_high_s", ERG_REAL, "" }, { "measured_s", ERG_REAL, "" },
    { "predicted_j", ERG_REAL, "" }, { "measured_j", ERG_REAL, "" },
    { "base_j", ERG_REAL, "" }, { "agreement_en", ERG_REAL, "" },
};
static const erg_column tier_columns[] = {
    { "tier", ERG_TEXT, "" }, { "state", ERG_TEXT, "" }, { "predicted_s", ERG_REAL, "" },
    { "dynamic_j", ERG_REAL, "" },
};
static const erg_column kernel_columns[] = {
    { "kernel", ERG_TEXT, "" }, { "tier", ERG_TEXT, "" }, { "state", ERG_TEXT, "" },
    { "count_per_step", ERG_REAL, "" }, { "time_s", ERG_REAL, "" },
    { "time_low_s", ERG_REAL, "" }, { "time_high_s", ERG_REAL, "" },
    { "time_share", ERG_REAL, "" }, { "total_j", ERG_REAL, "" },
};

static void real(erg_table *table, const char *column, double value)
{
    CHECK(erg_table_real(table, column, value, NULL));
}

static void put_total(erg_table *table, const char *state, double predicted_s,
                      double joules)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, "state", state, NULL));
    CHECK(erg_table_text(table, "verdict", "agrees", NULL));
    real(table, "predicted_s", predicted_s);
    real(table, "predicted_low_s", 0.9 * predicted_s);
    real(table, "predicted_high_s", 1.25 * predicted_s);
    real(table, "measured_s", 0.8);
    if (joules > 0) {
        real(table, "predicted_j", joules);
        real(table, "base_j", joules / 4);
        real(table, "measured_j", 20);
        real(table, "agreement_en", 0.5);
    }
}

static void put_tier(erg_table *table, const char *tier, const char *state,
                     double s, double j)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, "tier", tier, NULL));
    CHECK(erg_table_text(table, "state", state, NULL));
    real(table, "predicted_s", s);
    if (j > 0)
        real(table, "dynamic_j", j);
}

static void put_kernel(erg_table *table, const char *name, const char *state, double share)
{
    CHECK(erg_table_row(table, NULL));
    CHECK(erg_table_text(table, "kernel", name, NULL));
    CHECK(erg_table_text(table, "tier", "gemm", NULL));
    CHECK(erg_table_text(table, "state", state, NULL));
    real(table, "count_per_step", 12);
    real(table, "time_s", 1e-3);
    real(table, "time_low_s", 0.99e-3);
    real(table, "time_high_s", 1.01e-3);
    real(table, "time_share", share);
}

/* Cold the longest: 1 s and up to 1.25; hot 0.6 s of two tiers; the whole 0.8 s. */
static erg_result *recomposed(double joules)
{
    erg_result *result = erg_result_new("replay", NULL);
    erg_table *totals = erg_result_add(result, "totals", total_columns,
                                       ERG_COUNT(total_columns), NULL);
    erg_table *tiers = erg_result_add(result, "tiers", tier_columns,
                                      ERG_COUNT(tier_columns), NULL);
    erg_table *kernels = erg_result_add(result, "kernels", kernel_columns,
                                        ERG_COUNT(kernel_columns), NULL);

    put_total(totals, "hot", 0.6, joules);
    put_total(totals, "cold", 1, 2 * joules);
    put_tier(tiers, "gemm", "hot", 0.5, joules / 2);
    put_tier(tiers, "other", "hot", 0.1, joules / 4);
    put_tier(tiers, "gemm", "cold", 1, 3 * joules / 2);
    put_kernel(kernels, "conv<3>", "hot", 0.4);
    put_kernel(kernels, "conv1", "hot", 0.1);
    put_kernel(kernels, "conv<3>", "cold", 0.5);
    CHECK(erg_result_note(result, NULL, "a note & more"));
    return result;
}

static char *page_of(const erg_result *result)
{
    return page_text(erg_report_replay, result, "a folder");
}

static void bars_are_as_long_as_the_seconds_of_their_tiers(void)
{
    erg_result *result = recomposed(0);
    char *page = page_of(result);

    /* 1.25 s, the cold interval's end, is 100 wide. */
    CHECK(strstr(page, "<rect x=\"0.000\" width=\"40.000\" height=\"10\" fill=\"#d55e00\">"
                       "<title>gemm 83.3 %"));
    CHECK(strstr(page, "<rect x=\"40.000\" width=\"8.000\" height=\"10\" fill=\"#009e73\">"
                       "<title>other 16.7 %"));
    CHECK(strstr(page, "width=\"80.000\""));
    CHECK(strstr(page, "width=\"64.000\" height=\"10\" fill=\"#555\""));
    CHECK(strstr(page, "M72.000 3V7M72.000 5H100.000"));
    CHECK(strstr(page, "hot: the sum of kernels is 0.750 of the whole"));
    CHECK(strstr(page, "cold: the sum of kernels is 1.250 of the whole"));
    CHECK(!strstr(page, "Energy of a pass"));
    free(page);
    erg_result_free(result);
}

static void joules_stand_with_the_base_where_they_were_metered(void)
{
    erg_result *result = recomposed(16);
    char *page = page_of(result);

    CHECK(strstr(page, "Energy of a pass"));
    CHECK(strstr(page, "<title>base 25.0 %"));
    CHECK(strstr(page, "of its energy 0.50"));
    CHECK(strstr(page, "0.800"));
    free(page);
    erg_result_free(result);
}

static void names_are_escaped_and_nothing_is_loaded(void)
{
    erg_result *result = recomposed(16);
    char *page = page_of(result);

    CHECK(strstr(page, "conv&lt;3&gt;") && !strstr(page, "conv<3>"));
    CHECK(strstr(page, "Largest kernels, hot") && strstr(page, "Largest kernels, cold"));
    CHECK(strstr(page, "a note &amp; more"));
    CHECK(!strstr(page, "http://") && !strstr(page, "https://") && !strstr(page, "src="));
    free(page);
    erg_result_free(result);
}

static void a_result_of_another_kind_is_refused(void)
{
    erg_result *result = erg_result_new("replay", NULL);
    erg_error err = { 0 };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    CHECK(!erg_report_replay(result, NULL, out, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "no recomposition"));
    fclose(out);
    free(text);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(bars_are_as_long_as_the_seconds_of_their_tiers),
        TEST(joules_stand_with_the_base_where_they_were_metered),
        TEST(names_are_escaped_and_nothing_is_loaded),
        TEST(a_result_of_another_kind_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
