/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate as JSON, read back, and as a page: nothing is lost or loaded. */
#include "erg/report.h"
#include "erg/study.h"
#include "test.h"

static char *written(const erg_result *result, const char *format)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    CHECK(format ? erg_write(result, format, NULL, out, NULL)
                 : erg_report_result(result, "<a>", out, NULL));
    fclose(out);
    return text;
}

static erg_result *rows_of(const erg_study *what)
{
    const erg_env env = { 0 };
    const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    bool passed;
    return erg_study_run(&env, &catalog, what, &passed, NULL);
}

static erg_result *two_rows(void)
{
    static const char *const devices[] = { "t4", "l4" };
    static const erg_study what = { .workload = "zoo:resnet18", .hardware = devices,
                                    .hardware_count = 2, .no_advice = true };
    return rows_of(&what);
}

static void a_result_survives_its_json(void)
{
    erg_result *result = two_rows();
    char *first = written(result, "json"), path[256];
    snprintf(path, sizeof(path), "%s/e.json", test_folder());
    test_write(path, first);
    erg_error err = { 0 };
    erg_result *back = erg_result_load(path, &err);
    CHECK_OK(back, err);
    const erg_table *a = erg_result_find(result, "summary");
    const erg_table *b = erg_result_find(back, "summary");

    assert_int_equal(erg_table_row_count(b), 2);
    CHECK_NEAR(erg_table_find(b, 1, "energy_j").real, erg_table_find(a, 1, "energy_j").real,
               0);
    CHECK_TEXT(erg_table_find(b, 1, "hardware").text, "l4");
    assert_int_equal(erg_table_find(b, 0, "macs").integer,
                     erg_table_find(a, 0, "macs").integer);
    assert_int_equal(erg_result_note_count(back), erg_result_note_count(result));
    free(first);
    erg_result_free(back);
    erg_result_free(result);
}

static void the_page_has_a_bar_a_row_and_both_plots(void)
{
    erg_result *result = two_rows();
    char *page = written(result, NULL);

    CHECK(strstr(page, "<title>&lt;a&gt;</title>"));
    CHECK(strstr(page, "Energy against time") && strstr(page, "Roofline of row 1"));
    CHECK(strstr(page, "FLOP/B") && !strstr(page, "mFLOP/B") && !strstr(page, "kFLOP/B"));
    int parts = 0;
    for (const char *at = page; (at = strstr(at, "<rect ")); at++)
        parts++;
    assert_int_equal(parts, 2 * 3);
    CHECK(strstr(page, "<title>compute ") && strstr(page, "Nothing here was measured"));
    CHECK(!strstr(page, "http://") && !strstr(page, "https://") && !strstr(page, "nan"));
    free(page);
    erg_result_free(result);
}

static void a_page_of_a_decode_is_of_tokens(void)
{
    static const char *const devices[] = { "l4" };
    erg_study what = { .workload = "zoo:gpt2", .hardware = devices, .hardware_count = 1,
                       .no_advice = true, .graph = { .phase = ERG_DECODE } };

    for (int i = 0; i < 2; i++) {
        what.graph.phase = i ? ERG_PREFILL : ERG_DECODE;
        erg_result *result = rows_of(&what);
        char *page = written(result, NULL);
        CHECK(strstr(page, i ? "<small>per inference," : "<small>per token,"));
        CHECK(strstr(page, i ? "joules per inference:" : "joules per token:"));
        CHECK(strstr(page, i ? "<th>per inference</th>" : "<th>per token</th>"));
        free(page);
        erg_result_free(result);
    }
}

/* All but the first wait for the host: they take the same time. */
static void numbers_of_rows_do_not_hide_each_other(void)
{
    static const char *const devices[] = {
        "p4", "a10", "a100-pcie-40gb", "a100-sxm4-80gb", "l4", "l40s", "h100-pcie-80gb",
        "h100-sxm5-80gb", "h200-sxm-141gb", "b200", "rtx-3090", "rtx-4090", "mi210",
        "mi300x", "v100-pcie-32gb", "v100-sxm2-32gb" };
    static const erg_study what = { .workload = "zoo:resnet18", .hardware = devices,
                                    .hardware_count = ERG_COUNT(devices),
                                    .no_advice = true };
    erg_result *result = rows_of(&what);
    char *page = written(result, NULL), *at = strstr(page, "Energy against time");
    char *end = strstr(at, "</svg>");
    double x[ERG_COUNT(devices)], y[ERG_COUNT(devices)];
    size_t count = 0;

    for (; (at = strstr(at, "<text ")) && at < end; at++) {
        double left;
        size_t row;
        if (sscanf(at, "<text x=\"%lf\" y=\"%lf\" dx=\"%lf\">%zu<", &x[count], &y[count],
                   &left, &row) != 4)
            continue;
        assert_int_equal(row, count + 1);
        for (size_t i = 0; i < count; i++)
            CHECK(fabs(x[i] - x[count]) >= 7 || fabs(y[i] - y[count]) >= 8);
        count++;
    }
    assert_int_equal(count, ERG_COUNT(devices));
    free(page);
    erg_result_free(result);
}

/* The longest bar is 100 wide and the other as long as its energy per inference. */
static void bars_are_as_long_as_the_energy(void)
{
    erg_result *result = two_rows();
    const erg_table *summary = erg_result_find(result, "summary");
    double want[2], drawn[2] = { 0 };
    char *page = written(result, NULL), *at = page;

    for (int row = 0; row < 2; row++)
        want[row] = erg_table_find(summary, (size_t)row, "energy_per_inference_j").real;
    for (int part = 0; part < 6; part++) {
        double x = NAN, width = NAN;
        at = strstr(at + 1, "<rect ");
        CHECK(at && sscanf(at, "<rect x=\"%lf\" width=\"%lf\"", &x, &width) == 2);
        CHECK_NEAR(x, drawn[part / 3], 0.02);
        drawn[part / 3] += width;
    }
    CHECK_NEAR(fmax(drawn[0], drawn[1]), 100, 0.03);
    CHECK_NEAR(drawn[0] / drawn[1], want[0] / want[1], 2e-3);
    free(page);
    erg_result_free(result);
}

static void what_is_no_result_is_refused(void)
{
    erg_error err = { 0 };
    const char *path = test_file("x.json", "{\"tables\": 3}");
    CHECK(!erg_result_load(path, &err));
    assert_int_equal(err.code, ERG_BAD_INPUT);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_result_survives_its_json),
        TEST(the_page_has_a_bar_a_row_and_both_plots),
        TEST(a_page_of_a_decode_is_of_tokens),
        TEST(numbers_of_rows_do_not_hide_each_other),
        TEST(bars_are_as_long_as_the_energy),
        TEST(what_is_no_result_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
