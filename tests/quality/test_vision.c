/* SPDX-License-Identifier: Apache-2.0 */
/* Detection against oracle 7 of the specification of quality, and classification. */
#include "quality/metric.h"
#include "test.h"

static double score(const char *name, erg_items *items, erg_spread *spread, erg_error *err)
{
    erg_quality_case with = { .mine = { items } };
    erg_tally tally = { 0 };
    double value = NAN;
    bool too_long;

    for (size_t i = 0; i < erg_metric_count; i++)
        if (strcmp(erg_metrics[i].name, name) == 0
            && erg_metrics[i].compute(&erg_metrics[i], &with, &tally, err)) {
            value = erg_tally_value(&tally);
            if (spread)
                CHECK(erg_tally_spread(&tally, ERG_DRAWS, spread, &too_long, NULL)
                      && !too_long);
        }
    erg_tally_free(&tally);
    return value;
}

static erg_items *parse(const char *text)
{
    erg_error err = { 0 };
    erg_items *items = erg_items_parse_records("x.jsonl", text, strlen(text), &err);
    CHECK_OK(items, err);
    return items;
}

static void average_precision_is_the_oracle_s(void)
{
    erg_items *items = parse(
        "{\"truths\":[[0,0,10,10,0],[20,20,30,30,0]],\"boxes\":[[0,0,10,10,0.9,0],"
        "[21,21,31,31,0.8,0],[0,1,10,11,0.5,0]]}\n"
        "{\"truths\":[[5,5,15,15,0]],\"boxes\":[[5,6,15,16,0.6,0],[0,0,8,8,0.7,0]]}\n");
    erg_spread spread;

    CHECK_NEAR(score("map50", items, &spread, NULL), .915842, 1e-6);
    CHECK(spread.low <= .915842 && spread.high >= .915842);
    CHECK_NEAR(score("map75", items, NULL, NULL), .5, 1e-9);
    CHECK_NEAR(score("map", items, NULL, NULL), .617327, 1e-6);
    erg_items_free(items);
}

static void classes_without_truth_are_left_out(void)
{
    erg_items *items = parse(
        "{\"truths\":[[0,0,10,10,\"cat\"]],\"boxes\":[[0,0,10,10,0.9,\"cat\"],"
        "[0,0,10,10,0.95,\"dog\"]]}\n"
        "{\"truths\":[],\"boxes\":[]}\n"
        "{\"truths\":[[0,0,4,4,\"bird\"]],\"boxes\":[]}\n");
    CHECK_NEAR(score("map50", items, NULL, NULL), 0.5, 1e-12);
    erg_items_free(items);
}

static void a_truth_is_taken_once_and_by_the_surest(void)
{
    erg_items *items = parse("{\"truths\":[[0,0,10,10,0]],\"boxes\":[[0,0,10,9,0.6,0],"
                             "[0,0,10,10,0.5,0]]}\n");
    /* The surer one matches at .5; the better one is then wrong, after full recall. */
    CHECK_NEAR(score("map50", items, NULL, NULL), 1, 1e-12);
    erg_items_free(items);
    items = parse("{\"truths\":[[0,0,10,10,0]],\"boxes\":[[0,0,10,4,0.6,0],"
                  "[0,0,10,10,0.5,0]]}\n");
    CHECK_NEAR(score("map50", items, NULL, NULL), 0.5, 1e-12);
    erg_items_free(items);
}

static void only_the_hundred_surest_count(void)
{
    erg_text text = { 0 };

    erg_text_add(&text, "{\"truths\":[[0,0,10,10,0]],\"boxes\":[");
    for (int i = 0; i < 100; i++)
        erg_text_add(&text, "[50,50,60,60,0.9,0],");
    erg_text_add(&text, "[0,0,10,10,0.1,0]]}\n");
    erg_items *items = parse(text.data);
    CHECK_NEAR(score("map50", items, NULL, NULL), 0, 0);
    erg_items_free(items);
    erg_text_free(&text);
}

static void a_detection_without_score_is_refused(void)
{
    erg_error err = { 0 };
    erg_items *items = parse("{\"truths\":[],\"boxes\":[[0,0,10,10,0]]}\n");

    CHECK(isnan(score("map", items, NULL, &err)));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "no score"));
    erg_items_free(items);
}

static void accuracy_counts_first_and_first_five(void)
{
    erg_items *items = parse(
        "{\"label\":\"a\",\"predicted\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"loss\":0.5}\n"
        "{\"label\":3,\"predicted\":[1,2,0,4,\"3\"],\"loss\":1.5}\n"
        "{\"label\":9,\"predicted\":[1,2,0,4,3,9]}\n"
        "{\"predicted\":[1]}\n");
    erg_error err = { 0 };

    CHECK_NEAR(score("top-1", items, NULL, NULL), 1.0 / 3, 1e-12);
    CHECK_NEAR(score("top-5", items, NULL, NULL), 2.0 / 3, 1e-12);
    CHECK_NEAR(score("loss", items, NULL, NULL), 1, 1e-12);
    erg_items_free(items);
    items = parse("{\"label\":1,\"predicted\":1}\n");
    CHECK(isnan(score("top-5", items, NULL, &err)) && err.code == ERG_NO_DATA);
    erg_items_free(items);
}

int main(void)
{
    static const test tests[] = {
        TEST(average_precision_is_the_oracle_s),
        TEST(classes_without_truth_are_left_out),
        TEST(a_truth_is_taken_once_and_by_the_surest),
        TEST(only_the_hundred_surest_count),
        TEST(a_detection_without_score_is_refused),
        TEST(accuracy_counts_first_and_first_five),
    };
    return test_run(tests, ERG_COUNT(tests));
}
