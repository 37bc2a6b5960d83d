/* SPDX-License-Identifier: Apache-2.0 */
/* The page of the index: one picture a device, with the rows that were marked in it. */
#include "erg/rle.h"
#include "report/page_text.h"

/* Two devices; the GPU's index falls for ten seconds, as the "peak" detector sees it. */
static erg_result *made(void)
{
    char text[8000];
    size_t used = (size_t)sprintf(text, "timestamp,device,temp_c,power_w,util_pct\n");
    erg_error err = { 0 };

    for (int k = 0; k < 60; k++) {
        int watts = k >= 30 && k < 40 ? 200 : 40;
        used += (size_t)sprintf(text + used, "%d,gpu,60,%d,50\n%d,cpu,50,20,40\n", k,
                                watts, k);
    }
    erg_monitor *log = erg_monitor_parse("log", text, used, NULL, &err);
    CHECK_OK(log != NULL, err);
    erg_result *result = erg_rle_run(log, &(erg_rle_options){ .dialect = "v1",
                                                              .collapse = "peak" }, &err);
    CHECK_OK(result != NULL, err);
    erg_monitor_free(log);
    return result;
}

static void each_device_has_its_index_and_the_marked_rows_one_strip(void)
{
    erg_result *result = made();
    char *page = page_text(erg_report_rle, result, "an index");

    CHECK(test_count(page, "<h2>gpu</h2>") == 1 && test_count(page, "<h2>cpu</h2>") == 1);
    CHECK(test_count(page, "<figcaption>RLE index ") == 2);
    CHECK(test_count(page, "1 collapses in") == 1
          && test_count(page, "0 collapses in") == 1);
    CHECK(test_count(page, "<rect class=\"strip s5\"") == 1);
    CHECK(strstr(page, "not an efficiency"));
    CHECK(!strstr(page, "http://") && !strstr(page, "https://"));
    free(page);
    erg_result_free(result);
}

static void a_result_without_an_index_is_refused_with_the_cure(void)
{
    erg_result *result = erg_result_new("rle", NULL);
    erg_error err = { 0 };
    FILE *out = fopen("/dev/null", "we");

    CHECK(!erg_report_rle(result, "nothing", out, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--format json"));
    fclose(out);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(each_device_has_its_index_and_the_marked_rows_one_strip),
        TEST(a_result_without_an_index_is_refused_with_the_cure),
    };
    return test_run(tests, ERG_COUNT(tests));
}
