/* SPDX-License-Identifier: Apache-2.0 */
/* X.json of an encoder: what is read, what is refused by
 * file and key; images as it says. */
#include "quality/preprocess.h"
#include "test.h"

#define PIXELS "\"mean\":[0.5,0.25,0],\"std\":[0.5,0.25,2],\"layout\":\"NCHW\""
#define NAMES "\"input\":\"x\",\"outputs\":[\"y\"],"

static bool parse(const char *text, erg_preprocess *to, erg_error *err)
{
    return erg_preprocess_parse("x.json", text, strlen(text), to, err);
}

static void a_whole_file_is_read(void)
{
    erg_preprocess to;
    erg_error err = { 0 };

    CHECK_OK(parse("{\"input\":\"pixel_values\",\"outputs\":[\"image_embeds\"],"
                   "\"size\":224,\"resize\":\"bicubic\",\"crop\":\"center\","
                   "\"mean\":[0.5,0.25,0],\"std\":[1,1,1],\"layout\":\"NHWC\","
                   "\"tokenizer\":\"clip.json\"}", &to, &err), err);
    CHECK_TEXT(to.input, "pixel_values");
    CHECK_TEXT(to.outputs[0], "image_embeds");
    CHECK_TEXT(to.tokenizer, "clip.json");
    CHECK(to.size == 224 && to.resize == ERG_RESIZE_BICUBIC && to.is_cropped);
    CHECK(to.channels_last && to.tokens == 77 && to.output_count == 1 && !to.weight_count);
    CHECK_NEAR(to.mean[1], 0.25, 0);
    erg_preprocess_free(&to);
}

static void what_is_wrong_is_named(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "", "x.json:1" }, { "[]", "not a JSON object" },
        { "{\"input\":\"x\"}", "\"outputs\" is missing" },
        { "{\"outputs\":[\"y\"]}", "\"input\" is missing" },
        { "{\"input\":3}", "\"input\" is not a text" },
        { "{" NAMES "\"sise\":3}", "\"sise\" is no key" },
        { "{" NAMES "\"size\":0}", "\"size\" is not a whole number from 1" },
        { "{" NAMES "\"size\":224.5}", "\"size\" is not" },
        { "{" NAMES "\"outputs\":[\"y\"]}", "x.json:1" },
        { "{\"input\":\"x\",\"outputs\":[]}", "\"outputs\" is not a list" },
        { "{\"input\":\"x\",\"outputs\":[\"a\",1]}", "\"outputs\" is not a text" },
        { "{" NAMES "\"resize\":\"lanczos\"}", "one of none, bilinear, bicubic" },
        { "{" NAMES "\"crop\":\"left\"}", "one of none, center" },
        { "{" NAMES "\"layout\":\"CHW\"}", "one of NCHW, NHWC" },
        { "{" NAMES "\"mean\":[1,2]}", "\"mean\" is not a list of 3" },
        { "{" NAMES "\"mean\":[1,2,\"3\"]}", "\"mean\" is not a list of 3" },
        { "{" NAMES "\"std\":[1,0,1]}", "\"std\" is not above 0" },
        { "{" NAMES "\"mean\":[0,0,0]}", "\"resize\" is missing" },
        { "{" NAMES PIXELS "}", "\"resize\" is missing" },
        { "{" NAMES PIXELS ",\"resize\":\"none\",\"mask\":\"m\"}",
          "\"mask\" needs \"tokenizer\"" },
        { "{" NAMES PIXELS ",\"resize\":\"none\",\"mask\":1}", "\"mask\"" },
        { "{" NAMES PIXELS ",\"resize\":\"bicubic\"}", "\"size\" is missing" },
        { "{" NAMES PIXELS ",\"resize\":\"none\",\"size\":4}", "\"size\" says nothing" },
        { "{" NAMES PIXELS ",\"resize\":\"none\",\"crop\":\"center\"}", "\"crop\" needs" },
        { "{" NAMES "\"weights\":[\"w.npy\",\"v.npy\"]," PIXELS ",\"resize\":\"none\"}",
          "1 \"outputs\" and 2 \"weights\"" },
        { "{\"input\":\"x\",\"outputs\":[\"a\",\"b\"]," PIXELS ",\"resize\":\"none\"}",
          "weights for each layer" },
        { "{" NAMES "\"tokenizer\":\"t.json\",\"tokens\":1}", "\"tokens\" is not" },
        { "{\"input\":\"x\",\"outputs\":[\"y\"]}", "neither" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_preprocess to;
        CHECK(!parse(rows[i].text, &to, &err) && err.code == ERG_BAD_INPUT);
        CHECK(strncmp(err.text, "x.json", 6) == 0);
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

/* Two pixels wide, one high: (0, 51, 255) and (255, 102, 0). */
static erg_image two_pixels(void)
{
    static const unsigned char rgb[] = { 0, 51, 255, 255, 102, 0 };
    erg_image image = { 2, 1, malloc(6) };
    memcpy(image.rgb, rgb, 6);
    return image;
}

static void channels_are_normalised_in_either_layout(void)
{
    static const double want[] = { -1, 1, -.2, .6, .5, 0 };     /* (v / 255 - mean) / std */
    erg_image image = two_pixels();
    erg_preprocess how;
    erg_pixels pixels;
    erg_error err = { 0 };

    CHECK_OK(parse("{" NAMES PIXELS ",\"resize\":\"none\"}", &how, &err), err);
    CHECK_OK(erg_preprocess_image(&how, &image, &pixels, &err), err);
    CHECK(pixels.width == 2 && pixels.height == 1);
    for (size_t i = 0; i < 6; i++)
        CHECK_NEAR(pixels.values[i], want[i], 1e-6);
    free(pixels.values);
    how.channels_last = true;
    CHECK_OK(erg_preprocess_image(&how, &image, &pixels, &err), err);
    for (size_t i = 0; i < 6; i++)
        CHECK_NEAR(pixels.values[i / 2 + i % 2 * 3], want[i], 1e-6);
    free(pixels.values);
    erg_preprocess_free(&how);
    erg_image_free(&image);
}

static void the_middle_is_taken_after_the_shorter_side_is_resized(void)
{
    erg_preprocess how;
    erg_error err = { 0 };
    erg_image image = { 7, 2, malloc(3 * 14) };
    erg_pixels pixels;

    for (size_t i = 0; i < 14; i++)
        memset(image.rgb + 3 * i, (int)(i % 7) * 10, 3);
    CHECK_OK(parse("{" NAMES "\"mean\":[0,0,0],\"std\":[1,1,1],\"layout\":\"NCHW\","
                   "\"resize\":\"bilinear\",\"crop\":\"center\",\"size\":2}", &how,
                   &err), err);
    CHECK_OK(erg_preprocess_image(&how, &image, &pixels, &err), err);
    CHECK(pixels.width == 2 && pixels.height == 2);
    /* 7 x 2 stays so: columns 2 and 3 of it, as (7 - 2) / 2 = 2. */
    CHECK_NEAR(pixels.values[0], 20.0 / 255, 1e-6);
    CHECK_NEAR(pixels.values[1], 30.0 / 255, 1e-6);
    free(pixels.values);
    how.is_cropped = false;     /* squeezed: no column is lost */
    CHECK_OK(erg_preprocess_image(&how, &image, &pixels, &err), err);
    CHECK(pixels.values[0] > 0.02 && pixels.values[0] < 22.0 / 255);
    free(pixels.values);
    erg_image_free(&image);
    image = (erg_image){ 20000, 1, calloc(3, 20000) };
    how.is_cropped = true;
    CHECK(!erg_preprocess_image(&how, &image, &pixels, &err) && strstr(err.text, "strips"));
    erg_image_free(&image);
    erg_preprocess_free(&how);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_whole_file_is_read),
        TEST(what_is_wrong_is_named),
        TEST(channels_are_normalised_in_either_layout),
        TEST(the_middle_is_taken_after_the_shorter_side_is_resized),
    };
    return test_run(tests, ERG_COUNT(tests));
}
