/* SPDX-License-Identifier: Apache-2.0 */
/* LPIPS by an encoder: one pair of images at a time, as layers are large. */
#include <stdlib.h>
#include "quality/encoder_inside.h"

static const char *output_name(const erg_encoder *encoder, size_t layer)
{
    return encoder->how.outputs[layer];
}

/* (channels, height, width) of (1, channels, height, width), or of channels last. */
static bool keep_layer(const erg_encoder *encoder, size_t layer, const erg_ort_output *from,
                       erg_array **to, erg_error *err)
{
    bool last = encoder->how.channels_last;
    const size_t *d = from->dims;

    if (from->rank != 4 || d[0] != 1 || from->count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: output %s is no layer of an image: it has "
                        "%d dimensions, not 4", encoder->path, output_name(encoder, layer),
                        from->rank);
    size_t channels = last ? d[3] : d[1], places = from->count / channels;
    *to = erg_array_new(last ? (size_t[]){ d[3], d[1], d[2] }
                             : (size_t[]){ d[1], d[2], d[3] }, 3, err);
    for (size_t c = 0; *to && c < channels; c++)
        for (size_t p = 0; p < places; p++)
            (*to)->values[c * places + p] =
                (double)from->values[last ? p * channels + c : c * places + p];
    return *to != NULL;
}

static erg_layers *layers_of(erg_encoder *encoder, const erg_folder *folder, size_t index,
                             erg_error *err)
{
    erg_ort_output outputs[ERG_ENCODER_OUTPUTS_MOST];
    erg_layers *layers = erg_layers_new(1, encoder->how.output_count, err);
    bool ok = layers && erg_encoder_look(encoder, folder, index, outputs, err);

    for (size_t j = 0; ok && j < layers->layers; j++)
        ok = keep_layer(encoder, j, &outputs[j], &layers->arrays[j], err);
    if (ok)
        return layers;
    erg_layers_free(layers);
    return NULL;
}

static bool distance(erg_encoder *encoder, const erg_folder *a, const erg_folder *b,
                     size_t index, double *out, erg_error *err)
{
    erg_error why = { 0 };
    erg_layers *mine = layers_of(encoder, a, index, err);
    erg_layers *theirs = mine ? layers_of(encoder, b, index, err) : NULL;
    bool ok = mine && theirs;

    if (ok && (!erg_lpips_check(encoder->weights, mine, &why)
               || !erg_lpips_image(mine, theirs, encoder->weights, 0, out, &why)))
        ok = erg_fail(err, why.code, "%s: %s: %s", encoder->short_name, a->names[index],
                      why.text);
    erg_layers_free(mine);
    erg_layers_free(theirs);
    return ok;
}

double *erg_encoder_distances(erg_encoder *encoder, const erg_folder *a,
                              const erg_folder *b, erg_error *err)
{
    if (!erg_folder_pairs(a, b, err))
        return NULL;
    double *to = calloc(a->count + 1, sizeof(*to));
    if (!to)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; to && i < a->count; i++) {
        if (!distance(encoder, a, b, i, &to[i], err)) {
            free(to);
            return NULL;
        }
        erg_encoder_tell(encoder, a->path, i + 1, a->count);
    }
    return to;
}
