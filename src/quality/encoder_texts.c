/* SPDX-License-Identifier: Apache-2.0 */
/* Features of texts: tokens of a fixed number, one text at a time. */
#include <stdlib.h>
#include <string.h>
#include "quality/encoder_inside.h"

/* In place: a smaller whole number never lies behind the larger one it comes from. */
static void narrow(int64_t ids[], size_t count)
{
    int32_t *to = (int32_t *)ids;

    for (size_t i = 0; i < count; i++) {
        int32_t one = (int32_t)ids[i];
        memcpy(&to[i], &one, sizeof(one));
    }
}

/* ids: room for tokens, then for their mask. */
static bool look(erg_encoder *encoder, const erg_encoder_text *text, int64_t ids[],
                 erg_ort_output *output, erg_error *err)
{
    size_t count = encoder->how.tokens, used;
    int64_t *mask = ids + count;
    char what[ERG_PATH_MOST + 24];

    snprintf(what, sizeof(what), "%s:%zu", text->path, text->line);
    if (!erg_bpe_encode(encoder->bpe, what, text->text, ids, count, &used, err))
        return false;
    for (size_t i = 0; i < count; i++)
        mask[i] = i < used;
    if (erg_ort_element(encoder->network) == ERG_INT32) {
        narrow(ids, count);
        narrow(mask, count);
    }
    return erg_ort_run(encoder->network, what,
                       &(erg_ort_input){ ids, mask, (int64_t[]){ 1, (int64_t)count }, 2 },
                       output, err);
}

erg_array *erg_encoder_texts(erg_encoder *encoder, const erg_encoder_text texts[],
                             size_t count, erg_error *err)
{
    erg_array *features = NULL;
    erg_ort_output output = { 0 };
    int64_t *ids = calloc(encoder->how.tokens, 2 * sizeof(*ids));
    bool ok = ids || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < count; i++) {
        ok = look(encoder, &texts[i], ids, &output, err)
          && erg_encoder_keep(encoder, &output, i, count, &features, err);
        if (ok)
            erg_encoder_tell(encoder, texts[i].path, i + 1, count);
    }
    free(ids);
    if (ok)
        return features;
    erg_array_free(features);
    return NULL;
}
