/* SPDX-License-Identifier: Apache-2.0 */
/* CLIP scores and coherence by a text encoder, over a fake ONNX Runtime: a text's features
 * are how often each token modulo 8 comes up, start, end and padding among them. */
#include "encoder_world.h"
#include "quality/items.h"

static const char text_lines[] = "input ids int64 1 6\noutput y bag\n";
static const char narrow_lines[] = "input ids int32 1 6\noutput y bag\n";
static const char text_json[] =
    "{\"input\":\"ids\",\"outputs\":[\"y\"],\"tokenizer\":\"tok.json\",\"tokens\":6}";
static const char masked_json[] = "{\"input\":\"ids\",\"mask\":\"m\",\"outputs\":[\"y\"],"
    "\"tokenizer\":\"tok.json\",\"tokens\":6}";
/* Words of one letter: a, b, c are 1, 2, 3; start 8,
 * end 16 and padding 24 all fall on 0. */
static const char tokenizer[] =
    "{\"padding\":{\"pad_id\":24},\"model\":{\"type\":\"BPE\","
    "\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"a</w>\":1,\"b</w>\":2,\"c</w>\":3,"
    "\".</w>\":4,\"<|startoftext|>\":8,\"<|endoftext|>\":16},\"merges\":[]}}";

static world text_world(const char *lines)
{
    world in = world_new();
    world_encoder(&in, "text", lines, text_json);
    world_put(&in, "tok.json", tokenizer, strlen(tokenizer));
    return in;
}

/* "a a" is (4,2,0,..), "b" (5,0,1,..); an image is its mean colour, then zeros. */
static void clip_pairs_prompts_and_images_by_order(void)
{
    static const unsigned char red[] = { 255, 0, 0 }, mixed[] = { 255, 255, 0 };
    static const char *const kinds[] = { text_lines, narrow_lines };
    for (size_t i = 0; i < ERG_COUNT(kinds); i++) {
        world in = text_world(kinds[i]);
        erg_error err = { 0 };
        char name[128];
        world_encoder(&in, "image", "input x float 1 3 1 1\noutput y colours\n",
                      "{\"input\":\"x\",\"outputs\":[\"y\"]," SQUARE "}");
        world_image(&in, "gen", "1.ppm", 1, red);
        world_image(&in, "gen", "2.ppm", 1, mixed);
        world_put(&in, "p.txt", "a a\nb\n", 6);
        erg_quality_options options = { .images = world_path(&in, "gen"),
            .encoder = world_path(&in, "image.onnx"), .prompts = world_path(&in, "p.txt"),
            .text_encoder = world_path(&in, "text.onnx"), .onnxruntime = in.library };
        erg_result *result = erg_quality_score(&options, NULL, &err);
        CHECK_OK(result, err);
        /* (1,0,0,0..) and (4,2,0,0..); (1,1,0,0..) and (5,0,1,0..). */
        double want = (4 / sqrt(20) + 5 / sqrt(2 * 26)) / 2;
        CHECK_NEAR(world_score(result, "clip:image:", name), 100 * want, 1e-4);
        CHECK(strstr(name, "+text:") && strlen(name) == strlen("clip:image:+text:") + 24);
        erg_result_free(result);
    }
}

/* Two tokens of padding fall on 0 as start and end do, and are not counted. */
static void a_mask_hides_the_padding(void)
{
    static const char *const kinds[] = {
        "input ids int64 1 6\ninput m int64 1 6\noutput y bag\n",
        "input ids int32 1 6\ninput m int32 1 6\noutput y bag\n",
    };
    static const unsigned char red[] = { 255, 0, 0 };
    for (size_t i = 0; i < ERG_COUNT(kinds); i++) {
        world in = text_world(text_lines);
        erg_error err = { 0 };
        char name[128];
        world_encoder(&in, "text", kinds[i], masked_json);
        world_encoder(&in, "image", "input x float 1 3 1 1\noutput y colours\n",
                      "{\"input\":\"x\",\"outputs\":[\"y\"]," SQUARE "}");
        world_image(&in, "gen", "1.ppm", 1, red);
        world_put(&in, "p.txt", "a a\n", 4);
        erg_quality_options options = { .images = world_path(&in, "gen"),
            .encoder = world_path(&in, "image.onnx"), .prompts = world_path(&in, "p.txt"),
            .text_encoder = world_path(&in, "text.onnx"), .onnxruntime = in.library };
        erg_result *result = erg_quality_score(&options, NULL, &err);
        CHECK_OK(result, err);
        /* (1,0,0,0..), and start, a, a, end: (2,2,0,0..). */
        CHECK_NEAR(world_score(result, "clip:image:", name), 100 / sqrt(2), 1e-4);
        erg_result_free(result);
    }
}

static void too_few_prompts_are_named(void)
{
    static const unsigned char red[] = { 255, 0, 0 };
    world in = text_world(text_lines);
    erg_error err = { 0 };

    world_image(&in, "gen", "1.ppm", 1, red);
    world_put(&in, "p.txt", "a a\nb\n", 6);
    erg_quality_options options = { .images = world_path(&in, "gen"),
        .prompts = world_path(&in, "p.txt"), .text_encoder = world_path(&in, "text.onnx"),
        .onnxruntime = in.library };
    CHECK(!erg_quality_score(&options, NULL, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "p.txt has 2 lines for 1 images"));
}

static const char records[] =
    "{\"id\":1,\"output\":\"x\",\"sentences\":[\"a\",\"a b\",\"c\"]}\n"
    "{\"id\":2,\"output\":\"A b. \\\"c.\\\"  a!\\nb\"}\n";

/* Features: a (5,1,0,0,0), a b (4,1,1,0,0), c (5,0,0,1,0). */
static void coherence_is_that_of_neighbouring_sentences(void)
{
    world in = text_world(text_lines);
    erg_error err = { 0 };
    char name[128];

    world_put(&in, "r.jsonl", records, strlen("{\"id\":1,\"output\":\"x\",\"sentences\":"
                                              "[\"a\",\"a b\",\"c\"]}\n"));
    erg_quality_options options = { .records = world_path(&in, "r.jsonl"),
        .text_encoder = world_path(&in, "text.onnx"), .onnxruntime = in.library,
        .metrics = "coherence" };
    erg_result *result = erg_quality_score(&options, NULL, &err);
    CHECK_OK(result, err);
    double first = 21 / sqrt(26 * 18), second = 20 / sqrt(18 * 26);
    CHECK_NEAR(world_score(result, "coherence:text:", name), (first + second) / 2, 1e-7);
    CHECK_NEAR(world_score(result, "coherence-least:text:", NULL), second, 1e-7);
    CHECK(!isnan(world_score(result, "distinct-1", NULL)));
    erg_result_free(result);
    options.features = "x.npy";
    CHECK(!erg_quality_score(&options, NULL, &err));
}

static void sentences_end_at_marks_and_lines(void)
{
    static const char *const want[] = { "A b.", "\"c.\"", "a!", "b" };
    erg_error err = { 0 };
    erg_items *items = erg_items_parse_records("r", records, strlen(records), &err);

    CHECK_OK(items, err);
    CHECK_OK(erg_items_cut(items, &err), err);
    CHECK(items->items[0].sentence_count == 3);     /* as they were listed */
    CHECK(items->items[1].sentence_count == ERG_COUNT(want));
    for (size_t i = 0; i < ERG_COUNT(want); i++)
        CHECK_TEXT(items->items[1].sentences[i], want[i]);
    erg_items_free(items);
    items = erg_items_parse_text("t", "It is 3.14, e.g. \xc2\xab" "pi.\xc2\xbb Yes\n\n",
                                 30, &err);
    CHECK_OK(items && erg_items_cut(items, &err), err);
    CHECK(items->items[0].sentence_count == 3);
    CHECK_TEXT(items->items[0].sentences[1], "\xc2\xab" "pi.\xc2\xbb");
    CHECK(items->items[1].sentence_count == 0);
    erg_items_free(items);
}

static void a_text_encoder_that_does_not_fit_says_why(void)
{
    static const struct { const char *lines, *json, *says; } rows[] = {
        { "input ids float 1 6\noutput y bag\n", text_json, "not int64 or int32" },
        { text_lines, "{\"input\":\"ids\",\"outputs\":[\"y\"]," SQUARE "}",
          "\"tokenizer\" is missing" },
        { text_lines, "{\"input\":\"ids\",\"outputs\":[\"y\"],\"tokenizer\":\"no.json\"}",
          "no.json" },
        { text_lines, "{\"input\":\"ids\",\"outputs\":[\"y\"],\"tokenizer\":\"tok.json\"}",
          "p.txt:1: ONNX Runtime 0.0.0: Got invalid dimensions" },     /* 77 tokens */
        { "input ids int64 1 6\ninput m int64 1 6\noutput y bag\n", text_json,
          "wants 2 inputs ( ids m ); one can be given" },
        { text_lines, masked_json, "has no input m; there are ids" },
        { "input ids int64 1 6\ninput m int32 1 6\noutput y bag\n", masked_json,
          "inputs ids and m hold numbers of different kinds" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        world in = text_world(text_lines);
        erg_error err = { 0 };
        world_encoder(&in, "text", rows[i].lines, rows[i].json);
        world_put(&in, "p.txt", "a\n", 2);
        erg_quality_options options = { .hypothesis = world_path(&in, "p.txt"),
            .text_encoder = world_path(&in, "text.onnx"), .onnxruntime = in.library };
        CHECK(!erg_quality_score(&options, NULL, &err));
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

static void what_is_not_in_the_vocabulary_is_named(void)
{
    world in = text_world(text_lines);
    erg_error err = { 0 };

    world_put(&in, "p.txt", "a\nz\n", 4);
    erg_quality_options options = { .hypothesis = world_path(&in, "p.txt"),
        .text_encoder = world_path(&in, "text.onnx"), .onnxruntime = in.library };
    CHECK(!erg_quality_score(&options, NULL, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "p.txt:2: the tokenizer has no token for byte 122"));
}

int main(void)
{
    static const test tests[] = {
        TEST(clip_pairs_prompts_and_images_by_order),
        TEST(a_mask_hides_the_padding),
        TEST(too_few_prompts_are_named),
        TEST(coherence_is_that_of_neighbouring_sentences),
        TEST(sentences_end_at_marks_and_lines),
        TEST(a_text_encoder_that_does_not_fit_says_why),
        TEST(what_is_not_in_the_vocabulary_is_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
