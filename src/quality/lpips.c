/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LPIPS (Zhang et al. 2018) from the layers of an encoder, (channels, height, width): the
 * weighted squared difference of features that have length 1 at each position.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/lpips.h"
#include "quality/metric.h"

/* As the authors' programs have it. */
static const double length_least = 1e-10;

static double length_at(const erg_array *layer, size_t place, size_t places)
{
    double sum = 0;

    for (size_t c = 0; c < layer->dims[0]; c++)
        sum += layer->values[c * places + place] * layer->values[c * places + place];
    return sqrt(sum) + length_least;
}

bool erg_lpips_layer(const erg_array *a, const erg_array *b, const double weights[],
                     double *out, erg_error *err)
{
    size_t places = a->dims[1] * a->dims[2];
    double sum = 0;

    if (memcmp(a->dims, b->dims, sizeof(a->dims)) != 0 || places == 0)
        return erg_fail(err, ERG_BAD_INPUT, "layers of %zux%zux%zu and %zux%zux%zu do not "
                        "compare", a->dims[0], a->dims[1], a->dims[2], b->dims[0],
                        b->dims[1], b->dims[2]);
    for (size_t p = 0; p < places; p++) {
        double a_length = length_at(a, p, places), b_length = length_at(b, p, places);
        for (size_t c = 0; c < a->dims[0]; c++) {
            double gap = a->values[c * places + p] / a_length
                       - b->values[c * places + p] / b_length;
            sum += weights[c] * gap * gap;
        }
    }
    *out = sum / (double)places;
    return true;
}

bool erg_lpips_check(const erg_layers *weights, const erg_layers *layers,
                          erg_error *err)
{
    if (weights->layers != layers->layers)
        return erg_fail(err, ERG_BAD_INPUT, "%zu layers need as many weights, not %zu",
                        layers->layers, weights->layers);
    for (size_t i = 0; i < weights->layers; i++) {
        const erg_array *one = weights->arrays[i];
        size_t count = one->dims[0] * one->dims[1] * one->dims[2];
        if (count != layers->arrays[i]->dims[0])
            return erg_fail(err, ERG_BAD_INPUT,
                            "layer %zu has %zu channels and %zu weights", i + 1,
                            layers->arrays[i]->dims[0], count);
        for (size_t c = 0; c < count; c++)
            if (one->values[c] < 0)
                return erg_fail(err, ERG_BAD_INPUT, "weight %zu of layer %zu is below 0",
                                c + 1, i + 1);
    }
    return true;
}

bool erg_lpips_image(const erg_layers *mine, const erg_layers *theirs,
                     const erg_layers *weights, size_t image, double *out, erg_error *err)
{
    *out = 0;
    for (size_t j = 0; j < mine->layers; j++) {
        size_t at = image * mine->layers + j;
        double one;
        if (!erg_lpips_layer(mine->arrays[at], theirs->arrays[at],
                             weights->arrays[j]->values, &one, err))
            return false;
        *out += one;
    }
    return true;
}

static void put(erg_tally *tally, size_t item, double value)
{
    tally->counts[2 * item] = value;
    tally->counts[2 * item + 1] = 1;
    tally->is_scored[item] = true;
}

/* An encoder looked at the images already, a pair at a time. */
static bool take_distances(const erg_answers *mine, erg_tally *tally, erg_error *err)
{
    if (!erg_tally_make(tally, mine->images->count, 2, err))
        return false;
    for (size_t i = 0; i < mine->images->count; i++)
        put(tally, i, mine->distances[i]);
    tally->value = erg_tally_mean;
    return true;
}

bool erg_lpips_compute(const erg_metric *metric, const erg_quality_case *with,
                       erg_tally *tally, erg_error *err)
{
    const erg_layers *mine = with->mine.layers, *weights = with->weights;
    const erg_layers *theirs = with->baseline && with->baseline->layers
        ? with->baseline->layers
        : with->against_layers;
    double one;

    (void)metric;
    if (with->mine.distances)
        return take_distances(&with->mine, tally, err);
    if (mine->images != theirs->images || mine->layers != theirs->layers)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%zu images of %zu layers and %zu of %zu cannot be "
                        "paired", mine->images, mine->layers, theirs->images,
                        theirs->layers);
    if (!erg_lpips_check(weights, mine, err)
        || !erg_tally_make(tally, mine->images, 2, err))
        return false;
    for (size_t i = 0; i < mine->images; i++) {
        if (!erg_lpips_image(mine, theirs, weights, i, &one, err))
            return false;
        put(tally, i, one);
    }
    tally->value = erg_tally_mean;
    return true;
}

void erg_layers_free(erg_layers *layers)
{
    if (!layers)
        return;
    for (size_t i = 0; i < layers->images * layers->layers; i++)
        erg_array_free(layers->arrays[i]);
    free(layers->arrays);
    free(layers);
}

erg_layers *erg_layers_new(size_t images, size_t layers, erg_error *err)
{
    erg_layers *made = calloc(1, sizeof(*made));

    if (made && (made->arrays = calloc(images * layers + 1, sizeof(void *)))) {
        made->images = images;
        made->layers = layers;
        return made;
    }
    free(made);
    erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return NULL;
}
