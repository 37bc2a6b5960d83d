/* SPDX-License-Identifier: Apache-2.0 */
/* X.json beside an encoder, read strictly; and images made as it says. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/preprocess.h"

enum { SIDE_MOST = 4096, LONG_SIDE_MOST = 1 << 15 };
enum { TOKENS_LEAST = 2, TOKENS_MOST = 4096, CLIP_TOKENS = 77 };

/* What is read, for sentences. */
typedef struct reader { const char *name; erg_preprocess *to; erg_error *err; } reader;

static bool wrong(const reader *from, const char *key, const char *what)
{
    return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"%s\" is not %s", from->name, key,
                    what);
}

static bool read_text(const reader *from, const char *key, const json_t *value,
                      const char **to)
{
    if (!json_is_string(value) || !*json_string_value(value))
        return wrong(from, key, "a text");
    *to = erg_arena_text(from->to->arena, json_string_value(value), from->err);
    return *to != NULL;
}

static bool read_list(const reader *from, const char *key, const json_t *value,
                      const char *to[], size_t *count)
{
    *count = json_array_size(value);
    if (!json_is_array(value) || *count < 1 || *count > ERG_ENCODER_OUTPUTS_MOST)
        return wrong(from, key, "a list of 1 to 16 texts");
    for (size_t i = 0; i < *count; i++)
        if (!read_text(from, key, json_array_get(value, i), &to[i]))
            return false;
    return true;
}

static bool read_whole(const reader *from, const char *key, const json_t *value, int least,
                       int most, size_t *to)
{
    char what[64];
    json_int_t number = json_integer_value(value);

    snprintf(what, sizeof(what), "a whole number from %d to %d", least, most);
    if (!json_is_integer(value) || number < least || number > most)
        return wrong(from, key, what);
    *to = (size_t)number;
    return true;
}

static bool read_channels(const reader *from, const char *key, const json_t *value,
                          double to[ERG_CHANNELS])
{
    if (json_array_size(value) != ERG_CHANNELS)
        return wrong(from, key, "a list of 3 numbers");
    for (size_t c = 0; c < ERG_CHANNELS; c++) {
        to[c] = json_number_value(json_array_get(value, c));
        if (!json_is_number(json_array_get(value, c)))
            return wrong(from, key, "a list of 3 numbers");
    }
    return true;
}

static bool read_word(const reader *from, const char *key, const json_t *value,
                      const char *const words[], size_t count, size_t *to)
{
    erg_text known = { 0 };

    for (*to = 0; *to < count; ++*to)
        if (json_is_string(value) && strcmp(json_string_value(value), words[*to]) == 0)
            return true;
    for (size_t i = 0; i < count; i++)
        erg_text_add(&known, "%s%s", i ? ", " : "one of ", words[i]);
    wrong(from, key, known.data ? known.data : "known");
    erg_text_free(&known);
    return false;
}

/* ---- the keys ------------------------------------------------------------------------ */

static bool key_input(const reader *from, const char *key, const json_t *value)
{
    return read_text(from, key, value, &from->to->input);
}

static bool key_outputs(const reader *from, const char *key, const json_t *value)
{
    return read_list(from, key, value, from->to->outputs, &from->to->output_count);
}

static bool key_weights(const reader *from, const char *key, const json_t *value)
{
    return read_list(from, key, value, from->to->weights, &from->to->weight_count);
}

static bool key_size(const reader *from, const char *key, const json_t *value)
{
    return read_whole(from, key, value, 1, SIDE_MOST, &from->to->size);
}

static bool key_resize(const reader *from, const char *key, const json_t *value)
{
    static const char *const words[] = { "none", "bilinear", "bicubic" };
    size_t word;
    bool ok = read_word(from, key, value, words, ERG_COUNT(words), &word);
    from->to->resize = ok ? (erg_resize)word : ERG_RESIZE_NONE;
    return ok;
}

static bool key_crop(const reader *from, const char *key, const json_t *value)
{
    static const char *const words[] = { "none", "center" };
    size_t word;
    bool ok = read_word(from, key, value, words, ERG_COUNT(words), &word);
    from->to->is_cropped = word == 1;
    return ok;
}

static bool key_layout(const reader *from, const char *key, const json_t *value)
{
    static const char *const words[] = { "NCHW", "NHWC" };
    size_t word;
    bool ok = read_word(from, key, value, words, ERG_COUNT(words), &word);
    from->to->channels_last = word == 1;
    return ok;
}

static bool key_mean(const reader *from, const char *key, const json_t *value)
{
    return read_channels(from, key, value, from->to->mean);
}

static bool key_std(const reader *from, const char *key, const json_t *value)
{
    bool ok = read_channels(from, key, value, from->to->std);

    for (size_t c = 0; ok && c < ERG_CHANNELS; c++)
        ok = from->to->std[c] > 0 || wrong(from, key, "above 0");
    return ok;
}

static bool key_tokenizer(const reader *from, const char *key, const json_t *value)
{
    return read_text(from, key, value, &from->to->tokenizer);
}

static bool key_mask(const reader *from, const char *key, const json_t *value)
{
    return read_text(from, key, value, &from->to->mask);
}

static bool key_tokens(const reader *from, const char *key, const json_t *value)
{
    return read_whole(from, key, value, TOKENS_LEAST, TOKENS_MOST, &from->to->tokens);
}

typedef enum key_kind { ALWAYS, PIXELS, MAY } key_kind;

static const struct {
    const char *name;
    key_kind kind;
    bool (*read)(const reader *from, const char *key, const json_t *value);
} keys[] = {
    { "input", ALWAYS, key_input }, { "outputs", ALWAYS, key_outputs },
    { "resize", PIXELS, key_resize }, { "mean", PIXELS, key_mean },
    { "std", PIXELS, key_std }, { "layout", PIXELS, key_layout },
    { "size", MAY, key_size }, { "crop", MAY, key_crop }, { "weights", MAY, key_weights },
    { "tokenizer", MAY, key_tokenizer }, { "tokens", MAY, key_tokens },
    { "mask", MAY, key_mask },
};

/* ---- the file ------------------------------------------------------------------------ */

static bool read_keys(const reader *from, const json_t *all)
{
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)(uintptr_t)all, key, value) {
        size_t i = 0;
        while (i < ERG_COUNT(keys) && strcmp(keys[i].name, key) != 0)
            i++;
        if (i == ERG_COUNT(keys))
            return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"%s\" is no key of an encoder",
                            from->name, key);
        if (!keys[i].read(from, key, value))
            return false;
        from->to->has_pixels |= keys[i].kind == PIXELS;
    }
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        if ((keys[i].kind == ALWAYS || (keys[i].kind == PIXELS && from->to->has_pixels))
            && !json_object_get(all, keys[i].name))
            return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"%s\" is missing", from->name,
                            keys[i].name);
    return true;
}

/* What one key says of another. */
static bool check(const reader *from)
{
    const erg_preprocess *to = from->to;

    if (!to->has_pixels && !to->tokenizer)
        return erg_fail(from->err, ERG_BAD_INPUT, "%s: neither \"mean\", \"std\", "
                        "\"resize\" and \"layout\" for images nor \"tokenizer\" for text",
                        from->name);
    if (to->mask && !to->tokenizer)
        return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"mask\" needs \"tokenizer\": it "
                        "is of texts", from->name);
    if (to->has_pixels && (to->resize != ERG_RESIZE_NONE) != (to->size > 0))
        return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"size\" %s", from->name,
                        to->size ? "says nothing where \"resize\" is none" : "is missing");
    if (to->is_cropped && !to->size)
        return erg_fail(from->err, ERG_BAD_INPUT, "%s: \"crop\" needs \"resize\" and "
                        "\"size\"", from->name);
    if (to->weight_count ? to->weight_count != to->output_count : to->output_count != 1)
        return erg_fail(from->err, ERG_BAD_INPUT, "%s: %zu \"outputs\" and %zu "
                        "\"weights\": one output of features, or weights for each layer",
                        from->name, to->output_count, to->weight_count);
    return true;
}

bool erg_preprocess_parse(const char *name, const char *bytes, size_t size,
                          erg_preprocess *to, erg_error *err)
{
    json_error_t why;
    json_t *all = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &why);
    reader from = { name, to, err };

    *to = (erg_preprocess){ .tokens = CLIP_TOKENS };
    bool ok = all || erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s", name, why.line, why.text);
    if (ok && !json_is_object(all))
        ok = erg_fail(err, ERG_BAD_INPUT, "%s is not a JSON object", name);
    ok = ok && (to->arena = erg_arena_new(err)) && read_keys(&from, all) && check(&from);
    json_decref(all);
    if (!ok)
        erg_preprocess_free(to);
    return ok;
}

void erg_preprocess_free(erg_preprocess *preprocess)
{
    erg_arena_free(preprocess->arena);
    *preprocess = (erg_preprocess){ 0 };
}

/* ---- images -------------------------------------------------------------------------- */

/* The whole image at its new size: with crop its shorter side is size, else both are. */
static bool resized(const erg_preprocess *how, const erg_image *image, erg_image *to,
                    erg_error *err)
{
    size_t width = how->size, height = how->size;

    if (how->is_cropped && image->width > image->height)
        width = how->size * image->width / image->height;
    else if (how->is_cropped)
        height = how->size * image->height / image->width;
    if (width > LONG_SIDE_MOST || height > LONG_SIDE_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%zu x %zu pixels would become %zu x %zu "
                        "before the crop: such strips are not read", image->width,
                        image->height, width, height);
    return erg_image_resize(image, width, height, how->resize, to, err);
}

bool erg_preprocess_image(const erg_preprocess *how, const erg_image *image, erg_pixels *to,
                          erg_error *err)
{
    erg_image own = { 0 };
    size_t width = how->size ? how->size : image->width;
    size_t height = how->size ? how->size : image->height;

    *to = (erg_pixels){ malloc(ERG_CHANNELS * width * height * sizeof(float)), width,
                        height };
    if (!to->values)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (how->size && !resized(how, image, &own, err)) {
        free(to->values);
        *to = (erg_pixels){ 0 };
        return false;
    }
    const erg_image *from = how->size ? &own : image;
    size_t left = (from->width - width) / 2, top = (from->height - height) / 2;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < ERG_CHANNELS; c++) {
                size_t at = how->channels_last ? (y * width + x) * ERG_CHANNELS + c
                                               : (c * height + y) * width + x;
                double one = from->rgb[((top + y) * from->width + left + x) * ERG_CHANNELS
                                       + c];
                to->values[at] = (float)((one / 255 - how->mean[c]) / how->std[c]);
            }
    erg_image_free(&own);
    return true;
}
