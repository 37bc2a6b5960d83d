/* SPDX-License-Identifier: Apache-2.0 */
/* Result records: written, read back, compared, and cut in the middle. */
#include "decide/decide.h"
#include "test.h"

static const char table_csv[] =
    "gpu,workload,freq_mhz,duration_s,energy_j\n"
    "A100,llama,1410,10,1000\nA100,llama,1410,10,1010\nA100,llama,1200,9.9,800\n"
    "A100,llama,1000,11,620\nA100,llama,800,14,600\nV100,vit,1380,5,100\n";

static erg_points *load(void)
{
    const char *path = test_file("t.csv", table_csv);
    erg_points *points = erg_points_new(NULL);
    CHECK(erg_points_read_csv(points, path, NULL, NULL));
    return points;
}

static void a_choice_is_told_in_the_words_of_others(void)
{
    erg_points *points = load();
    erg_wish wish = erg_wish_default();
    size_t count;
    erg_choice_record *records = erg_choice_records(points, &wish, &count, NULL);

    CHECK(records && count == 2);
    CHECK_TEXT(records[0].gpu, "A100");
    CHECK_TEXT(records[0].workload, "llama");
    CHECK_NEAR(records[0].edp_mhz, 1000, 0);        /* 6820 of 10050 7920 6820 8400 */
    CHECK_NEAR(records[0].ed2p_mhz, 1000, 0);
    CHECK_NEAR(records[0].max_mhz, 1410, 0);
    CHECK_NEAR(records[0].fastest_mhz, 1200, 0);
    CHECK_NEAR(records[0].is_max_fastest, 0, 0);
    CHECK_NEAR(records[0].edp_saving_percent, 100 * (1 - 620.0 / 1005), 1e-9);
    CHECK_NEAR(records[0].edp_vs_max_percent, 10, 1e-9);
    CHECK_NEAR(records[0].edp_improvement_percent, 100 * (1 - 6820.0 / 10050), 1e-9);
    CHECK_NEAR(records[0].edp_vs_fastest_percent, 100 * (11 / 9.9 - 1), 1e-9);
    free(records);
    erg_points_free(points);
}

static void records_come_back_as_they_were_written(void)
{
    erg_points *points = load();
    erg_wish wish = erg_wish_default();
    erg_error err = { 0 };
    size_t count, again_count, size;
    char *bytes;
    erg_choice_record *records = erg_choice_records(points, &wish, &count, NULL);
    FILE *memory = open_memstream(&bytes, &size);

    records[1].ed2p = NAN;
    CHECK_OK(erg_choice_records_write(records, count, memory, &err), err);
    fclose(memory);
    erg_choice_record *again =
        erg_choice_records_parse("t", bytes, size, &again_count, &err);
    CHECK_OK(again && again_count == count, err);
    CHECK_TEXT(again[1].workload, "vit");
    CHECK(again[0].edp == records[0].edp && isnan(again[1].ed2p));
    CHECK(strstr(bytes, "\"optimal_frequency_edp_mhz\": 1000,"));
    /* Cut anywhere: refused, with the byte. */
    for (size_t cut = 0; cut < size - 1; cut += 7) {
        err = (erg_error){ 0 };
        CHECK(!erg_choice_records_parse("t", bytes, cut, &again_count, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "(byte "));
    }
    free(again);
    free(records);
    free(bytes);
    erg_points_free(points);
}

static void what_is_no_record_is_named(void)
{
    static const char *const bad[] = { "{}", "[{\"gpu\": \"A100\"}]", "[3]", "7" };
    size_t count;

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        CHECK(!erg_choice_records_parse("t", bad[i], strlen(bad[i]), &count, &err));
        CHECK(err.code == ERG_BAD_INPUT && count == 0);
    }
}

static void records_are_set_beside_our_own(void)
{
    erg_points *points = load();
    erg_wish wish = erg_wish_default();
    size_t count;
    erg_choice_record *ours = erg_choice_records(points, &wish, &count, NULL);
    erg_choice_record theirs[] = { { "a100", "LLaMA", .edp_mhz = 705,
                                     .edp_saving_percent = 93 },
                                   { "H100", "llama", .edp_mhz = 900 } };
    erg_result *result = erg_result_new("choose", NULL);

    CHECK(erg_choice_records_table(theirs, 2, ours, count, result, NULL));
    const erg_table *table = erg_result_find(result, "published");
    CHECK(erg_table_row_count(table) == 2);
    CHECK_NEAR(erg_table_find(table, 0, "our_edp_mhz").real, 1000, 0);
    CHECK_NEAR(erg_table_find(table, 0, "their_saving").real, 0.93, 1e-12);
    CHECK(isnan(erg_table_find(table, 1, "our_edp_mhz").real));
    erg_result_free(result);
    free(ours);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_choice_is_told_in_the_words_of_others),
        TEST(records_come_back_as_they_were_written),
        TEST(what_is_no_record_is_named),
        TEST(records_are_set_beside_our_own),
    };
    return test_run(tests, ERG_COUNT(tests));
}
