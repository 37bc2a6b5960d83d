/* SPDX-License-Identifier: Apache-2.0 */
/* CLIP's tokenizer over a vocabulary of a few tokens, with answers found by hand. */
#include "quality/bpe_inside.h"
#include "test.h"

/* Bytes of "café": \xc3\xa9 is seen as \u00c3\u00a9. */
#define VOCAB "\"a\":0,\"c\":1,\"t\":2,\"a</w>\":3,\"t</w>\":4,\"ca\":5,\"at</w>\":6," \
    "\"cat</w>\":7,\"'\":8,\"s</w>\":9,\"'s</w>\":10,\"1</w>\":11,\"2</w>\":12," \
    "\"!\":13,\"!</w>\":14,\"!!</w>\":15,\"\\u00c3\":16,\"\\u00a9</w>\":17," \
    "\"\\u00c3\\u00a9</w>\":18,\"s\":19,\"c</w>\":22"
#define SPECIAL ",\"<|startoftext|>\":20,\"<|endoftext|>\":21"
#define MODEL(vocab, merges) \
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<|endoftext|>\"," \
    "\"end_of_word_suffix\":\"</w>\",\"vocab\":{" vocab "},\"merges\":[" merges "]}"
#define MERGES "\"a t</w>\",\"c a\",\"c at</w>\",\"ca t</w>\",\"' s</w>\",\"! !</w>\"," \
    "\"\\u00c3 \\u00a9</w>\""

static erg_bpe *parse(const char *text, erg_error *err)
{
    return erg_bpe_parse("clip.json", text, strlen(text), err);
}

static void check(const erg_bpe *bpe, const char *text, size_t room, const char *want)
{
    int64_t ids[16];
    size_t used;
    char got[200] = "";
    erg_error err = { 0 };

    CHECK_OK(erg_bpe_encode(bpe, "p.txt:1", text, ids, room, &used, &err), err);
    for (size_t i = 0, at = 0; i < room; i++)
        at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%lld", i ? " " : "",
                               (long long)ids[i]);
    CHECK_TEXT(got, want);
}

static void words_become_the_tokens_found_by_hand(void)
{
    static const struct { const char *text, *want; } rows[] = {
        { "", "20 21 21 21 21 21 21 21" },
        /* a t first, then c at: "ca" would come second. */
        { "cat", "20 7 21 21 21 21 21 21" },
        { "CAT\tCat", "20 7 7 21 21 21 21 21" },
        { "cat's", "20 7 10 21 21 21 21 21" },
        { "12 a", "20 11 12 3 21 21 21 21" },       /* each digit alone */
        { "cat!!", "20 7 15 21 21 21 21 21" },
        { "!!!", "20 13 15 21 21 21 21 21" },
        { "ca'", "20 1 3 21 21 21 21 21" },         /* no token "'</w>": the unknown one */
        { "caaat", "20 5 0 6 21 21 21 21" },
        { "cac\xc3\xa9", "20 5 1 18 21 21 21 21" },
        { "CAC\xc3\x89", "20 5 1 18 21 21 21 21" },         /* lower case of an accent */
        { "\xc3\xa9 \xe2\x80\x83" "e\xcc\x81", "20 18 18 21 21 21 21 21" },  /* composed */
    };
    erg_error err = { 0 };
    erg_bpe *bpe = parse("{" MODEL(VOCAB SPECIAL, MERGES) "}", &err);

    CHECK_OK(bpe, err);
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        check(bpe, rows[i].text, 8, rows[i].want);
    erg_bpe_free(bpe);
}

static void long_text_is_cut_and_still_ends(void)
{
    erg_error err = { 0 };
    erg_bpe *bpe = parse("{\"padding\":{\"pad_id\":0}," MODEL(VOCAB SPECIAL, MERGES) "}",
                         &err);

    CHECK_OK(bpe, err);
    check(bpe, "cat cat cat cat cat", 4, "20 7 7 21");
    check(bpe, "caaat cat", 4, "20 5 0 21");
    check(bpe, "cat", 2, "20 21");
    check(bpe, "cat", 5, "20 7 21 0 0");        /* padding as the file says */
    erg_bpe_free(bpe);
}

static void merges_may_be_lists(void)
{
    erg_error err = { 0 };
    erg_bpe *bpe =
        parse("{" MODEL(VOCAB SPECIAL, "[\"a\",\"t</w>\"],[\"c\",\"at</w>\"]") "}",
              &err);
    CHECK_OK(bpe, err);
    check(bpe, "cat", 4, "20 7 21 21");
    erg_bpe_free(bpe);
}

static void every_byte_has_a_glyph_of_its_own(void)
{
    char seen[ERG_BPE_BYTES][5] = { "" };

    for (int i = 0; i < ERG_BPE_BYTES; i++) {
        size_t count = erg_bpe_glyph((unsigned char)i, seen[i]);
        CHECK(count <= 2 && erg_utf8_valid(seen[i], count) == count);
        CHECK(strlen(seen[i]) == count && seen[i][0] != ' ');
        for (int j = 0; j < i; j++)
            CHECK(strcmp(seen[i], seen[j]) != 0);
    }
    CHECK_TEXT(seen['a'], "a");
    CHECK_TEXT(seen[0], "\xc4\x80");        /* U+0100 */
    CHECK_TEXT(seen[' '], "\xc4\xa0");      /* U+0120, as in GPT-2's files */
    CHECK_TEXT(seen[255], "\xc3\xbf");
}

static void what_is_not_clip_s_is_refused(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "", "clip.json:1" },
        { "{}", "\"model\" is missing" },
        { "{\"model\":{\"type\":\"WordPiece\"}}", "only CLIP's" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}", "\"end_of_word_suffix\"" },
        { "{" MODEL("", "") "}", "not an object of tokens" },
        { "{" MODEL(VOCAB, MERGES) "}", "lacks <|startoftext|>" },
        { "{" MODEL(VOCAB SPECIAL ",\"x\":-1", "") "}", "the id of \"x\"" },
        { "{" MODEL(VOCAB SPECIAL ",\"x\":\"1\"", "") "}", "the id of \"x\"" },
        { "{" MODEL(VOCAB SPECIAL, "\"a t</w>\",\"at\"") "}", "number 2 is not a pair" },
        { "{" MODEL(VOCAB SPECIAL, "[\"a\"]") "}", "number 1 is not a pair" },
        { "{" MODEL(VOCAB SPECIAL, "\"a c\"") "}", "\"vocab\" lacks" },
        { "{\"padding\":{\"pad_id\":\"x\"}," MODEL(VOCAB SPECIAL, "") "}", "\"pad_id\"" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!parse(rows[i].text, &err) && err.code == ERG_BAD_INPUT);
        CHECK(strncmp(err.text, "clip.json", 9) == 0);
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

/* The end token pads here, too: where padding begins the tokens themselves do not tell. */
static void what_is_no_padding_is_counted(void)
{
    static const struct { const char *text; size_t room, used; } rows[] = {
        { "", 8, 2 }, { "cat", 8, 3 }, { "cat cat", 8, 4 }, { "cat cat cat", 4, 4 },
    };
    int64_t ids[8];
    erg_error err = { 0 };
    erg_bpe *bpe = parse("{" MODEL(VOCAB SPECIAL, MERGES) "}", &err);

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        size_t used = 0;
        CHECK_OK(erg_bpe_encode(bpe, "p", rows[i].text, ids, rows[i].room, &used, &err),
                 err);
        CHECK(used == rows[i].used);
    }
    erg_bpe_free(bpe);
}

static void a_word_without_end_is_refused_by_its_line(void)
{
    char word[2000];
    int64_t ids[4];
    size_t used;
    erg_error err = { 0 };
    erg_bpe *bpe = parse("{" MODEL(VOCAB SPECIAL, MERGES) "}", &err);

    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    CHECK(!erg_bpe_encode(bpe, "p.txt:3", word, ids, 4, &used, &err)
          && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "p.txt:3: a word of 1999 bytes"));
    word[1024] = '\0';
    CHECK(erg_bpe_encode(bpe, "p.txt:3", word, ids, 4, &used, &err));
    erg_bpe_free(bpe);
}

int main(void)
{
    static const test tests[] = {
        TEST(words_become_the_tokens_found_by_hand),
        TEST(long_text_is_cut_and_still_ends),
        TEST(merges_may_be_lists),
        TEST(every_byte_has_a_glyph_of_its_own),
        TEST(what_is_not_clip_s_is_refused),
        TEST(what_is_no_padding_is_counted),
        TEST(a_word_without_end_is_refused_by_its_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
