/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an encoder, and features of images. */
#include <stdlib.h>
#include <string.h>
#include "quality/encoder_inside.h"

static const size_t model_bytes_most = (size_t)1 << 31;
static const size_t json_bytes_most = (size_t)1 << 20, weight_bytes_most = (size_t)1 << 24;
static const size_t tokenizer_bytes_most = (size_t)1 << 26;

/* ---- which files, and what they are ------------------------------------------------- */

/* The file that X.json names: beside it. */
static bool beside(const erg_encoder *encoder, const char *name, char to[ERG_PATH_MOST],
                   erg_error *err)
{
    const char *slash = strrchr(encoder->path, '/');
    int folder = slash && name[0] != '/' ? (int)(slash - encoder->path) + 1 : 0;
    int count = snprintf(to, ERG_PATH_MOST, "%.*s%s", folder, encoder->path, name);

    return (count > 0 && count < ERG_PATH_MOST)
        || erg_fail(err, ERG_BAD_INPUT, "the path of %s is too long", name);
}

/* Reads a file and adds its line to the list of what makes the encoder. */
static char *read_listed(erg_encoder *encoder, const char *name, size_t most, size_t *size,
                         erg_error *err)
{
    char path[ERG_PATH_MOST], hex[ERG_SHA256_TEXT];
    char *bytes = beside(encoder, name, path, err) ? erg_file_read(path, most, size, err)
                                                   : NULL;
    if (bytes) {
        erg_sha256(bytes, *size, hex);
        erg_text_add(&encoder->files, "%s  %s\n", hex, name);
    }
    return bytes;
}

static bool read_preprocess(erg_encoder *encoder, erg_error *err)
{
    char name[ERG_PATH_MOST + 16];
    size_t size = 0;

    snprintf(name, sizeof(name), "%s.json", encoder->short_name);
    char *bytes = read_listed(encoder, name, json_bytes_most, &size, err);
    bool ok = bytes && erg_preprocess_parse(name, bytes, size, &encoder->how, err);
    free(bytes);
    return ok;
}

static bool read_weights(erg_encoder *encoder, erg_error *err)
{
    const erg_preprocess *how = &encoder->how;

    if (how->weight_count
        && !(encoder->weights = erg_layers_new(1, how->weight_count, err)))
        return false;
    for (size_t i = 0; i < how->weight_count; i++) {
        size_t size = 0;
        char *bytes = read_listed(encoder, how->weights[i], weight_bytes_most, &size, err);
        erg_array *one = bytes
            ? erg_array_parse(how->weights[i], (unsigned char *)bytes, size, err) : NULL;
        encoder->weights->arrays[i] = one;
        free(bytes);
        if (!one)
            return false;
    }
    return true;
}

static bool read_tokenizer(erg_encoder *encoder, erg_error *err)
{
    size_t size = 0;

    if (!encoder->how.tokenizer)
        return erg_fail(err, ERG_BAD_INPUT, "%s.json: \"tokenizer\" is missing: this "
                        "encoder is not for text", encoder->short_name);
    if (encoder->how.output_count != 1)
        return erg_fail(err, ERG_BAD_INPUT, "%s.json: \"outputs\" of a text are one, not "
                        "%zu", encoder->short_name, encoder->how.output_count);
    char *bytes = read_listed(encoder, encoder->how.tokenizer, tokenizer_bytes_most, &size,
                              err);
    encoder->bpe = bytes ? erg_bpe_parse(encoder->how.tokenizer, bytes, size, err) : NULL;
    free(bytes);
    return encoder->bpe != NULL;
}

/* X of a path that ends in X.onnx. */
static bool name_it(erg_encoder *encoder, erg_error *err)
{
    const char *base = erg_path_base(encoder->path);
    size_t count = strlen(base);

    if (count < 6 || strcmp(base + count - 5, ".onnx") != 0 || count >= ERG_PATH_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: an encoder is an .onnx file with a .json "
                        "file of the same name beside it", encoder->path);
    memcpy(encoder->short_name, base, count - 5);
    return true;
}

/* ---- opening ------------------------------------------------------------------------- */

static bool check_use(const erg_encoder *encoder, erg_encoder_use use, erg_error *err)
{
    const erg_preprocess *how = &encoder->how;
    erg_element wants = erg_ort_element(encoder->network);

    if (use == ERG_ENCODE_IMAGES && !how->has_pixels)
        return erg_fail(err, ERG_BAD_INPUT, "%s.json: \"mean\" is missing: this encoder is "
                        "not for images", encoder->short_name);
    if (use == ERG_ENCODE_IMAGES && wants != ERG_FLOAT)
        return erg_fail(err, ERG_BAD_INPUT, "%s: input %s is not float32, as images are",
                        encoder->path, how->input);
    if (use == ERG_ENCODE_TEXTS && wants == ERG_FLOAT)
        return erg_fail(err, ERG_BAD_INPUT, "%s: input %s is not int64 or int32, as tokens "
                        "are", encoder->path, how->input);
    return true;
}

static bool load(erg_encoder *encoder, erg_encoder_use use, const char *library,
                 erg_error *err)
{
    char base[ERG_PATH_MOST + 16];
    size_t size = 0;

    if (!name_it(encoder, err))
        return false;
    snprintf(base, sizeof(base), "%s.onnx", encoder->short_name);
    char *model = read_listed(encoder, base, model_bytes_most, &size, err);
    bool ok = model && read_preprocess(encoder, err)
           && (use == ERG_ENCODE_IMAGES ? read_weights(encoder, err)
                                        : read_tokenizer(encoder, err));
    if (ok) {
        encoder->network = erg_ort_new(&(erg_ort_options){
                .library = library, .path = encoder->path, .model = model, .size = size,
                .input = encoder->how.input,
                .mask = use == ERG_ENCODE_TEXTS ? encoder->how.mask : NULL,
                .outputs = encoder->how.outputs,
                .output_count = encoder->how.output_count }, err);
        ok = encoder->network && check_use(encoder, use, err);
    }
    free(model);
    return ok;
}

static bool seal(erg_encoder *encoder, erg_error *err)
{
    if (encoder->files.failed)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    erg_sha256(encoder->files.data, encoder->files.count, encoder->sha256);
    snprintf(encoder->name, sizeof(encoder->name), "%s:%.12s", encoder->short_name,
             encoder->sha256);
    return true;
}

erg_encoder *erg_encoder_open(const char *path, erg_encoder_use use, const char *library,
                              const erg_encoder_talk *talk, erg_error *err)
{
    erg_encoder *made = calloc(1, sizeof(*made));

    if (!made || !(made->path = erg_text_copy(path))) {
        free(made);
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (talk)
        made->talk = *talk;
    if (load(made, use, library, err) && seal(made, err))
        return made;
    erg_encoder_free(made);
    return NULL;
}

void erg_encoder_free(erg_encoder *encoder)
{
    if (!encoder)
        return;
    erg_ort_free(encoder->network);
    erg_layers_free(encoder->weights);
    erg_bpe_free(encoder->bpe);
    erg_preprocess_free(&encoder->how);
    erg_text_free(&encoder->files);
    free(encoder->path);
    free(encoder);
}

const char *erg_encoder_name(const erg_encoder *encoder) { return encoder->name; }
const char *erg_encoder_sha256(const erg_encoder *encoder) { return encoder->sha256; }

bool erg_encoder_compares(const erg_encoder *encoder)
{
    return encoder->how.weight_count > 0;
}

void erg_encoder_tell(const erg_encoder *encoder, const char *what, size_t done, size_t all)
{
    if (encoder->talk.progress)
        encoder->talk.progress(encoder->talk.self, what, done, all);
}

/* ---- features ------------------------------------------------------------------------ */

bool erg_encoder_look(erg_encoder *encoder, const erg_folder *folder, size_t index,
                      erg_ort_output outputs[], erg_error *err)
{
    erg_image image = { 0 };
    erg_pixels pixels = { 0 };
    bool ok = erg_folder_image(folder, index, &image, err)
           && erg_preprocess_image(&encoder->how, &image, &pixels, err);

    if (ok) {
        int64_t c = ERG_CHANNELS, w = (int64_t)pixels.width, h = (int64_t)pixels.height;
        const int64_t first[] = { 1, c, h, w }, last[] = { 1, h, w, c };
        ok = erg_ort_run(encoder->network, folder->names[index],
                         &(erg_ort_input){ .values = pixels.values, .rank = 4,
                             .dims = encoder->how.channels_last ? last : first },
                         outputs, err);
    }
    free(pixels.values);
    erg_image_free(&image);
    return ok;
}

bool erg_encoder_keep(const erg_encoder *encoder, const erg_ort_output *output, size_t row,
                      size_t rows, erg_array **to, erg_error *err)
{
    size_t longest = 1;

    for (int i = 0; i < output->rank; i++)
        longest = output->dims[i] > longest ? output->dims[i] : longest;
    if (longest != output->count)
        return erg_fail(err, ERG_BAD_INPUT, "%s: output %s is no vector of features (%zu "
                        "numbers, at most %zu in a row): name a pooled one in \"outputs\"",
                        encoder->path, encoder->how.outputs[0], output->count, longest);
    if (!*to && !(*to = erg_array_new((size_t[]){ rows, output->count }, 2, err)))
        return false;
    if ((*to)->dims[1] != output->count)
        return erg_fail(err, ERG_BAD_INPUT, "%s: output %s has %zu features, before %zu",
                        encoder->path, encoder->how.outputs[0], output->count,
                        (*to)->dims[1]);
    for (size_t i = 0; i < output->count; i++)
        (*to)->values[row * output->count + i] = (double)output->values[i];
    return true;
}

erg_array *erg_encoder_images(erg_encoder *encoder, const erg_folder *folder,
                              erg_error *err)
{
    erg_array *features = NULL;
    erg_ort_output output = { 0 };

    for (size_t i = 0; i < folder->count; i++) {
        if (!erg_encoder_look(encoder, folder, i, &output, err)
            || !erg_encoder_keep(encoder, &output, i, folder->count, &features, err)) {
            erg_array_free(features);
            return NULL;
        }
        erg_encoder_tell(encoder, folder->path, i + 1, folder->count);
    }
    return features;
}
