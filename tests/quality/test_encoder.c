/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders over a fake ONNX Runtime whose functions have closed forms. */
#include "base/sha256.h"
#include "quality/encoder.h"
#include "quality/frechet.h"
#include "encoder_world.h"

static const char means_json[] = "{\"input\":\"x\",\"outputs\":[\"y\"]," SQUARE "}";
static const char means_lines[] = "input x float 1 3 -1 -1\noutput y means\n";

/* Images of one colour each: features are r, g, b over 255. */
static void put_colours(world *in, const char *folder, size_t count, const double scale[3],
                        uint64_t seed, erg_array *to)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char rgb[12];
        char name[16];
        for (size_t c = 0; c < 3; c++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            double value = (double)(unsigned char)((double)(seed >> 56) * scale[c]);
            for (size_t p = 0; p < 4; p++)
                rgb[3 * p + c] = (unsigned char)value;
            to->values[3 * i + c] = value / 255;
        }
        snprintf(name, sizeof(name), "%02zu.ppm", i);
        world_image(in, folder, name, 2, rgb);
    }
}

static erg_result *score(world *in, const char *encoder, erg_quality_options *options,
                         erg_error *err)
{
    erg_quality_options with = *options;

    with.encoder = encoder ? world_path(in, encoder) : NULL;
    with.onnxruntime = in->library;
    return erg_quality_score(&with, NULL, err);
}

static void fid_of_folders_is_that_of_their_features(void)
{
    world in = world_new();
    erg_error err = { 0 };
    erg_array *a = erg_array_new((size_t[]){ 30, 3 }, 2, NULL);
    erg_array *b = erg_array_new((size_t[]){ 25, 3 }, 2, NULL);
    erg_frechet want;
    char name[128];

    put_colours(&in, "gen", 30, (double[]){ 1, .8, .5 }, 1, a);
    put_colours(&in, "real", 25, (double[]){ .7, .9, .6 }, 2, b);
    world_encoder(&in, "means", means_lines, means_json);
    erg_result *result = score(&in, "means.onnx", &(erg_quality_options){
            .images = world_path(&in, "gen"), .against = world_path(&in, "real") }, &err);
    CHECK_OK(result, err);
    CHECK_OK(erg_frechet_distance(a, b, &want, NULL, &err), err);
    CHECK_NEAR(world_score(result, "fid:", name), want.distance, 1e-6);
    CHECK(!isnan(world_score(result, "kid:", NULL)));
    CHECK(isnan(world_score(result, "psnr", NULL)));    /* no pairs, and not asked for */
    CHECK(strncmp(name, "fid:means:", 10) == 0 && strlen(name) == 22);
    erg_result_free(result);
    erg_array_free(a);
    erg_array_free(b);
}

/* `sha256sum means.onnx means.json | sha256sum` in its folder says the same. */
static void the_name_holds_the_hash_of_all_files(void)
{
    world in = world_new();
    char hex[ERG_SHA256_TEXT], list[400];
    erg_error err = { 0 };

    world_encoder(&in, "means", means_lines, means_json);
    erg_encoder *encoder = erg_encoder_open(world_path(&in, "means.onnx"),
                                            ERG_ENCODE_IMAGES, in.library, NULL, &err);
    CHECK_OK(encoder, err);
    char model[200];
    snprintf(model, sizeof(model), "fake\n%s", means_lines);
    erg_sha256(model, strlen(model), hex);
    int at = snprintf(list, sizeof(list), "%s  means.onnx\n", hex);
    erg_sha256(means_json, strlen(means_json), hex);
    snprintf(list + at, sizeof(list) - (size_t)at, "%s  means.json\n", hex);
    erg_sha256(list, strlen(list), hex);
    CHECK_TEXT(erg_encoder_sha256(encoder), hex);
    CHECK(strncmp(erg_encoder_name(encoder), "means:", 6) == 0);
    CHECK(strncmp(erg_encoder_name(encoder) + 6, hex, 12) == 0);
    erg_encoder_free(encoder);
}

/* Quarters of each image: layers of 3 channels and 4 places. */
static void put_lpips(world *in, const char *kind, const char *dims, const char *layout)
{
    char lines[200], json[300];
    static const char head[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}";
    static const float weights[] = { 1, 2, 0 };
    unsigned char bytes[128] = "\x93NUMPY\1";

    bytes[8] = sizeof(head) - 1;
    memcpy(bytes + 10, head, sizeof(head) - 1);
    memcpy(bytes + 10 + sizeof(head) - 1, weights, sizeof(weights));
    world_put(in, "w.npy", bytes, 10 + sizeof(head) - 1 + sizeof(weights));
    snprintf(lines, sizeof(lines), "input x float %s\noutput y %s\n", dims, kind);
    snprintf(json, sizeof(json),
             "{\"input\":\"x\",\"outputs\":[\"y\"],\"weights\":[\"w.npy\"],"
             "\"resize\":\"none\",\"mean\":[0,0,0],\"std\":[1,1,1],\"layout\":\"%s\"}",
             layout);
    world_encoder(in, "lpips", lines, json);
}

static void lpips_of_pairs_is_in_closed_form(void)
{
    static const unsigned char red[] = { 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0 };
    /* One quarter is green: (1 x (1-0)^2 + 2 x (0-1)^2) / 4 places. */
    static const unsigned char mixed[] = { 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 0 };
    static const struct { const char *kind, *dims, *layout; } rows[] = {
        { "quarters", "1 3 -1 -1", "NCHW" }, { "quarters-last", "1 -1 -1 3", "NHWC" } };
    world in = world_new();

    world_image(&in, "gen", "a.ppm", 2, red);
    world_image(&in, "gen", "b.ppm", 2, red);
    world_image(&in, "base", "a.ppm", 2, mixed);
    world_image(&in, "base", "b.ppm", 2, red);
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_quality_verdict verdict = { 0 };
        put_lpips(&in, rows[i].kind, rows[i].dims, rows[i].layout);
        erg_quality_options options = { .images = world_path(&in, "gen"),
            .baseline = world_path(&in, "base"), .encoder = world_path(&in, "lpips.onnx"),
            .onnxruntime = in.library, .per_item = true };
        erg_result *result = erg_quality_score(&options, &verdict, &err);
        CHECK_OK(result, err);
        CHECK_NEAR(world_score(result, "lpips:lpips:", NULL), (0.75 + 0) / 2, 1e-9);
        CHECK_NEAR(verdict.retention, 1 - 0.375, 1e-9);
        const erg_table *items = erg_result_find(result, "items");
        CHECK(erg_table_row_count(items) == 2);
        CHECK_TEXT(erg_table_find(items, 1, "item").text, "b.ppm");
        CHECK_NEAR(erg_table_find(items, 0, "value").real, 0.75, 1e-9);
        erg_result_free(result);
    }
}

static void a_missing_partner_is_named(void)
{
    static const unsigned char grey[] = { 9, 9, 9 };
    world in = world_new();
    erg_error err = { 0 };

    put_lpips(&in, "quarters", "1 3 -1 -1", "NCHW");
    world_encoder(&in, "means", means_lines, means_json);
    world_image(&in, "gen", "a.ppm", 1, grey);
    world_image(&in, "gen", "b.ppm", 1, grey);
    world_image(&in, "base", "a.ppm", 1, grey);
    erg_quality_options options = { .images = world_path(&in, "gen"),
                                    .against = world_path(&in, "base") };
    CHECK(!score(&in, "lpips.onnx", &options, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "gen/b.ppm has no partner"));
    options.baseline = options.against;
    CHECK(!score(&in, "means.onnx", &options, &err));
    CHECK(strstr(err.text, "gen/b.ppm has no partner"));
}

static void what_an_encoder_cannot_tell_is_not_available(void)
{
    static const unsigned char grey[] = { 9, 9, 9 };
    static const struct { const char *encoder, *metric, *says; } rows[] = {
        { "lpips.onnx", "lpips", "no other images or layers" },
        { "lpips.onnx", "fid", "no features" },
        { "means.onnx", "lpips", "no layers of images" },
        { "means.onnx", "fid", "no real features" },
        { "means.onnx", "clip", "no features of the prompts" },
    };
    world in = world_new();

    put_lpips(&in, "quarters", "1 3 -1 -1", "NCHW");
    world_encoder(&in, "means", means_lines, means_json);
    world_image(&in, "gen", "a.ppm", 1, grey);
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_result *result = score(&in, rows[i].encoder, &(erg_quality_options){
                .images = world_path(&in, "gen"), .metrics = rows[i].metric }, &err);
        CHECK_OK(result, err);
        CHECK(isnan(world_score(result, rows[i].metric, NULL)));
        if (!strstr(erg_result_note_at(result, 0), rows[i].says))
            CHECK_TEXT(erg_result_note_at(result, 0), rows[i].says);
        erg_result_free(result);
    }
}

static void what_a_model_lacks_is_named(void)
{
    static const unsigned char grey[] = { 9, 9, 9 };
    static const struct { const char *lines, *says; } rows[] = {
        { "input z float 1 3 -1 -1\noutput y means\n", "no input x; there are z" },
        { "input x float 1 3 -1 -1\noutput z means\n", "no output y; there are z" },
        { "input x float 1 3 -1 -1\ninput m float 1\noutput y means\n", "wants 2 inputs" },
        { "input x float 4 3 -1 -1\noutput y means\n", "takes 4 items at once" },
        { "input x double 1 3 -1 -1\noutput y means\n", "neither float32 nor" },
        { "input x int64 1 3 -1 -1\noutput y means\n", "not float32, as images are" },
        { "input x float 1 3 8 8\noutput y means\n",
          "a.ppm: ONNX Runtime 0.0.0: Got invalid" },
        { "input x float 1 3 -1 -1\noutput y refuse\n",
          "a.ppm: ONNX Runtime 0.0.0: the fake" },
        { "input x float 1 3 -1 -1\noutput y nan\n", "output y of a.ppm holds nan" },
        { "input x float 1 3 -1 -1\noutput y whole\n", "output y is not float32" },
        { "input x float 1 3 -1 -1\noutput y quarters\n", "no vector of features" },
    };
    world in = world_new();

    world_image(&in, "gen", "a.ppm", 1, grey);
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        world_encoder(&in, "one", rows[i].lines, means_json);
        CHECK(!score(&in, "one.onnx", &(erg_quality_options){
                    .images = world_path(&in, "gen") }, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

static void an_encoder_that_cannot_be_opened_says_why(void)
{
    static const unsigned char grey[] = { 9, 9, 9 };
    world in = world_new();
    erg_error err = { 0 };

    world_image(&in, "gen", "a.ppm", 1, grey);
    world_encoder(&in, "means", means_lines, means_json);
    erg_quality_options options = { .images = world_path(&in, "gen") };
    CHECK(!score(&in, "none.onnx", &options, &err) && strstr(err.text, "none.onnx"));
    CHECK(!score(&in, "means.json", &options, &err) && strstr(err.text, "an .onnx file"));
    world_put(&in, "bad.onnx", "not a model", 11);
    CHECK(!score(&in, "bad.onnx", &options, &err) && strstr(err.text, "bad.json"));
    world_put(&in, "bad.json", means_json, strlen(means_json));
    CHECK(!score(&in, "bad.onnx", &options, &err) && strstr(err.text, "no protobuf"));
    CHECK(!score(&in, "means.onnx", &(erg_quality_options){
                .features = world_path(&in, "x.npy") }, &err) && err.code != ERG_OK);
    snprintf(in.library, sizeof(in.library), "%s/tests/fake/libonnxruntime-old.so.1",
             getenv("ERG_BUILD"));
    CHECK(!score(&in, "means.onnx", &options, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "ONNX Runtime 0.0.0; 1.11 or later"));
    snprintf(in.library, sizeof(in.library), "/nowhere/libonnxruntime.so.1");
    CHECK(!score(&in, "means.onnx", &options, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "--onnxruntime FILE"));
}

static void tell(void *self, const char *what, size_t done, size_t all)
{
    size_t *seen = self;
    CHECK(strstr(what, "gen") && done == ++*seen && all == 3);
}

static void progress_is_told_item_by_item(void)
{
    static const unsigned char grey[] = { 9, 9, 9 };
    world in = world_new();
    erg_error err = { 0 };
    size_t seen = 0;

    world_encoder(&in, "means", means_lines, means_json);
    for (int i = 0; i < 3; i++)
        world_image(&in, "gen", (const char *[]){ "a.ppm", "b.ppm", "c.ppm" }[i], 1, grey);
    CHECK(!score(&in, "means.onnx", &(erg_quality_options){
                .images = world_path(&in, "gen"), .progress = tell,
                .progress_self = &seen },
                &err));
    CHECK(seen == 3 && strstr(err.text, "nothing can be scored"));
}

int main(void)
{
    static const test tests[] = {
        TEST(fid_of_folders_is_that_of_their_features),
        TEST(the_name_holds_the_hash_of_all_files),
        TEST(lpips_of_pairs_is_in_closed_form),
        TEST(a_missing_partner_is_named),
        TEST(what_an_encoder_cannot_tell_is_not_available),
        TEST(what_a_model_lacks_is_named),
        TEST(an_encoder_that_cannot_be_opened_says_why),
        TEST(progress_is_told_item_by_item),
    };
    return test_run(tests, ERG_COUNT(tests));
}
