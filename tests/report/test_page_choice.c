/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a choice: every picture is there, names are escaped, nothing is loaded. */
#include "decide/choices.h"
#include "report/page.h"

static char *page_of(bool is_simulated, double slowdown, bool by_json)
{
    erg_points *points = erg_points_new(NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_error err = { 0 };
    char *text = NULL, path[256];
    size_t size;

    for (int i = 0; i < 3; i++) {
        add(points, "<job>", &(row){ 1400, 1.00 + 0.01 * i, 100 + i });
        add(points, "<job>", &(row){ 1200, 1.10 + 0.01 * i, 80 + i });
        add(points, "<job>", &(row){ 1000, 1.30 + 0.01 * i, 90 + i });
    }
    erg_points_application_edit(points, 0)->is_simulated = is_simulated;
    wish.slowdown = slowdown;
    CHECK(erg_choose(points, &wish, &choice, NULL));
    erg_result *result = erg_choice_result(&choice, points, false, NULL);
    if (by_json) {
        snprintf(path, sizeof(path), "%s/c.json", test_folder());
        FILE *file = fopen(path, "w");
        CHECK(erg_write(result, "json", NULL, file, NULL));
        fclose(file);
        erg_result_free(result);
        result = erg_result_load(path, &err);
        CHECK_OK(result, err);
    }
    FILE *out = open_memstream(&text, &size);
    CHECK_OK(erg_report_choice(result, "<a>", out, &err), err);
    fclose(out);
    erg_result_free(result);
    erg_choice_free(&choice);
    erg_points_free(points);
    return text;
}

/* Two knobs, and two variants of which one loses quality. */
static char *page_of_two_knobs(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    erg_error err = { 0 };
    char *text = NULL;
    size_t size;

    for (int i = 0; i < 12; i++) {
        const char *name = i < 6 ? "fp32" : "int8";
        add(points, name, &(row){ 1000 + 200 * (i % 3), 1.5 - 0.1 * (i % 3), 100 + 7 * i });
        erg_visit *visit = erg_points_visit_edit(points, (size_t)i);
        visit->setting.at[ERG_POWER_LIMIT] = i % 6 < 3 ? 150 : 250;
        erg_points_application_edit(points, visit->application)->retention_low =
            i < 6 ? 1 : 0.93;
    }
    CHECK(erg_choose(points, &wish, &choice, NULL));
    erg_result *result = erg_choice_result(&choice, points, false, NULL);
    FILE *out = open_memstream(&text, &size);
    CHECK_OK(erg_report_choice(result, "two", out, &err), err);
    fclose(out);
    erg_result_free(result);
    erg_choice_free(&choice);
    erg_points_free(points);
    return text;
}

static void every_picture_is_there_and_nothing_is_loaded(void)
{
    char *page = page_of(false, NAN, false);

    CHECK(strstr(page, "<title>&lt;a&gt;</title>") && strstr(page, "&lt;job&gt;"));
    CHECK(!strstr(page, "<job>") && !strstr(page, "src=\"http") && !strstr(page, "<link"));
    CHECK(test_count(page, "<figure>") == 5 && test_count(page, "</svg>") == 5);
    CHECK(test_count(page, "<circle") == 5 * 3 + 1);         /* and the reference */
    CHECK(test_count(page, "fill=\"#d55e00\"") == 5);        /* the chosen one in each */
    /* intervals of time and energy */
    CHECK(test_count(page, "stroke=\"var(--power)\"/>") >= 6);
    CHECK(strstr(page, "19.8") && strstr(page, "less energy"));
    CHECK(!strstr(page, "SIMULATED") && !strstr(page, "nan"));
    free(page);
}

static void a_page_from_json_is_the_same(void)
{
    char *direct = page_of(false, NAN, false), *loaded = page_of(false, NAN, true);

    CHECK(test_count(loaded, "<circle") == test_count(direct, "<circle"));
    CHECK(test_count(loaded, "<path") == test_count(direct, "<path"));
    free(direct);
    free(loaded);
}

static void a_simulation_and_a_refusal_are_told(void)
{
    char *page = page_of(true, NAN, false);
    CHECK(strstr(page, "SIMULATED"));
    free(page);
    erg_result *other = erg_result_new("run", NULL);
    erg_error err = { 0 };
    CHECK(!erg_report_choice(other, "a", stdout, &err) && err.code == ERG_BAD_INPUT);
    erg_result_free(other);
}

static void two_knobs_are_a_map_and_scores_a_picture(void)
{
    char *page = page_of_two_knobs();

    CHECK(test_count(page, "<rect") == 12);      /* six settings of each application */
    CHECK(test_count(page, "stroke=\"#d55e00\" stroke-width=\"3\"") == 2);
    CHECK(test_count(page, "What quality buys") == 1 && strstr(page, "6\xc2\xa0%<"));
    CHECK(!strstr(page, "nan"));
    free(page);
    page = page_of(false, NAN, false);
    CHECK(!strstr(page, "<rect") && !strstr(page, "What quality buys"));
    free(page);
}

static void axes_have_round_numbers_and_one_row_is_one(void)
{
    char *page = page_of(false, NAN, false);

    CHECK(strstr(page, ">1\xc2\xa0GHz<") && strstr(page, ">1.2\xc2\xa0GHz<"));
    CHECK(strstr(page, ">80\xc2\xa0J<") && strstr(page, ">100\xc2\xa0J<"));
    CHECK(strstr(page, "choice, 1 row<") && !strstr(page, "1 rows"));
    free(page);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_picture_is_there_and_nothing_is_loaded),
        TEST(a_page_from_json_is_the_same),
        TEST(a_simulation_and_a_refusal_are_told),
        TEST(two_knobs_are_a_map_and_scores_a_picture),
        TEST(axes_have_round_numbers_and_one_row_is_one),
    };
    return test_run(tests, ERG_COUNT(tests));
}
