/* SPDX-License-Identifier: Apache-2.0 */
/* Files of answers: what is read, what is refused, and which line it names. */
#include "quality/items.h"
#include "test.h"

static erg_items *text_of(const char *text, erg_error *err)
{
    return erg_items_parse_text("a.txt", text, strlen(text), err);
}

static erg_items *records_of(const char *text, erg_error *err)
{
    return erg_items_parse_records("a.jsonl", text, strlen(text), err);
}

static void lines_end_with_or_without_cr_and_newline(void)
{
    erg_items *items = text_of("one\r\n\ntwo \xc3\xa9", NULL);

    CHECK(items && items->count == 3);
    CHECK_TEXT(items->items[0].output, "one");
    CHECK_TEXT(items->items[1].output, "");
    CHECK_TEXT(items->items[2].output, "two \xc3\xa9");
    erg_items_free(items);
}

static void what_is_not_utf8_is_named_by_line_and_byte(void)
{
    static const char *const bad[] = { "ok\nab\xff", "ok\nab\xc3", "ok\nab\xed\xa0\x80",
                                       "ok\nab\xc0\x80", "ok\nab\xf4\x90\x80\x80" };
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        CHECK(!text_of(bad[i], &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "a.txt:2: byte 3"));
    }
    erg_error err = { 0 };
    CHECK(!erg_items_parse_text("a.txt", "a\0b\n", 4, &err));
    CHECK(strstr(err.text, "a.txt:1: byte 2"));
}

static void counts_that_differ_are_both_named(void)
{
    erg_items *three = text_of("a\nb\nc\n", NULL), *two = text_of("a\nb\n", NULL);
    erg_error err = { 0 };

    CHECK(!erg_items_refer(three, two, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "3 items")
          && strstr(err.text, "2"));
    CHECK(!erg_items_pair(three, two, &err));
    erg_items_free(three);
    erg_items_free(two);
}

static void a_record_has_all_its_parts(void)
{
    erg_error err = { 0 };
    erg_items *items = records_of(
        "{\"id\":7,\"output\":\"x\",\"references\":[\"y\",\"z\"],\"more\":{\"kept\":1},"
        "\"logprobs\":[null,-0.5,\"-inf\"],\"tokenizer\":\"t\",\"label\":3,\"loss\":0.5,"
        "\"predicted\":[\"3\",4],\"boxes\":[[0,0,1,1,0.5,\"cat\"]],\"truths\":[[0,0,"
        "2,2,1]]}\n"
        "\n{\"id\":\"b\",\"output\":\"w\"}\n", &err);

    CHECK_OK(items, err);
    const erg_item *item = &items->items[0];
    CHECK(items->count == 2 && items->has_ids);
    CHECK_TEXT(item->id, "7");
    CHECK(item->reference_count == 2 && item->logprob_count == 3
          && item->predicted_count == 2);
    CHECK(isnan(item->logprobs[0]) && isinf(item->logprobs[2]));
    CHECK_TEXT(item->label, item->predicted[0]);
    CHECK(item->box_count == 1 && item->boxes[0].score == 0.5);
    CHECK_TEXT(item->boxes[0].kind, "cat");
    CHECK(item->truth_count == 1 && isnan(item->truths[0].score));
    CHECK(isnan(items->items[1].loss));
    erg_items_free(items);
}

static void a_wrong_record_is_named_by_its_line(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{\"output\":\"a\"}\n{\"output\":1}", "a.jsonl:2: \"output\"" },
        { "{\"output\":\"a\"", "a.jsonl:1: " },
        { "[1]", "a record is an object" },
        { "{\"logprobs\":[0.5]}", "above 0" },
        { "{\"logprobs\":[\"x\"]}", "\"logprobs\"" },
        { "{\"boxes\":[[1,2,3]]}", "\"boxes\"" },
        { "{\"boxes\":[[5,0,1,1,0.5,0]]}", "x0 <= x1" },
        { "{\"tokenizer\":\"a\"}\n{\"tokenizer\":\"b\"}", "do not compare" },
        { "{\"id\":1}\n{}", "only 1 of 2" },
        { "{\"id\":1,\"id\":2}", "duplicate" },
        { "\n \n", "no record" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!records_of(rows[i].text, &err));
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

static void a_baseline_is_paired_by_id(void)
{
    erg_items *mine = records_of("{\"id\":\"a\",\"output\":\"1\"}\n"
                                 "{\"id\":\"b\",\"output\":\"2\"}", NULL);
    erg_items *base = records_of("{\"id\":\"b\",\"output\":\"two\"}\n"
                                 "{\"id\":\"a\",\"output\":\"one\"}", NULL);
    erg_items *other = records_of("{\"id\":\"c\",\"output\":\"two\"}\n"
                                  "{\"id\":\"a\",\"output\":\"one\"}", NULL);
    erg_items *twice = records_of("{\"id\":\"a\"}\n{\"id\":\"a\"}", NULL);
    erg_error err = { 0 };

    CHECK(erg_items_pair(mine, base, &err));
    CHECK_TEXT(base->items[0].output, "one");
    CHECK_TEXT(base->items[1].output, "two");
    CHECK(!erg_items_pair(mine, other, &err) && strstr(err.text, "'b'"));
    CHECK(!erg_items_pair(mine, twice, &err) && strstr(err.text, "twice"));
    erg_items_free(mine);
    erg_items_free(base);
    erg_items_free(other);
    erg_items_free(twice);
}

int main(void)
{
    static const test tests[] = {
        TEST(lines_end_with_or_without_cr_and_newline),
        TEST(what_is_not_utf8_is_named_by_line_and_byte),
        TEST(counts_that_differ_are_both_named),
        TEST(a_record_has_all_its_parts),
        TEST(a_wrong_record_is_named_by_its_line),
        TEST(a_baseline_is_paired_by_id),
    };
    return test_run(tests, ERG_COUNT(tests));
}
