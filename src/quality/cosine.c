/* SPDX-License-Identifier: Apache-2.0 */
/* Angles between embeddings: CLIP scores, and coherence of neighbouring sentences. */
#include <math.h>
#include "quality/metric.h"

static double dot(const double a[], const double b[], size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* NAN for a vector of zeros: it has no direction. */
static double cosine(const double a[], const double b[], size_t count)
{
    double lengths = sqrt(dot(a, a, count)) * sqrt(dot(b, b, count));
    return lengths > 0 ? dot(a, b, count) / lengths : NAN;
}

static void put(erg_tally *tally, size_t item, double value)
{
    tally->is_scored[item] = !isnan(value);
    tally->counts[2 * item] = isnan(value) ? 0 : value;
    tally->counts[2 * item + 1] = !isnan(value);
}

/* ---- CLIP (Hessel et al. 2021): 100 max(cos, 0), or 2.5 max(cos, 0) ------------------ */

static const double clip_scales[] = { 100, 2.5 };

bool erg_clip_compute(const erg_metric *metric, const erg_quality_case *with,
                      erg_tally *tally, erg_error *err)
{
    const erg_array *images = with->mine.features, *texts = with->texts;
    size_t n = images->dims[0], d = images->dims[1];

    if (texts->dims[0] != n || texts->dims[1] != d)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%zu images of %zu features and %zu texts of %zu "
                        "cannot be paired", n, d, texts->dims[0], texts->dims[1]);
    if (!erg_tally_make(tally, n, 2, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        double one = cosine(images->values + i * d, texts->values + i * d, d);
        put(tally, i, isnan(one) ? NAN : clip_scales[metric->choice] * fmax(one, 0));
    }
    tally->value = erg_tally_mean;
    return true;
}

/* ---- coherence ----------------------------------------------------------------------- */

typedef enum coherence_kind { MEAN, LEAST } coherence_kind;

/* Of rows begin to end; one sentence has no neighbour. */
static double coherence(const erg_array *rows, size_t begin, size_t end,
                        coherence_kind kind)
{
    size_t d = rows->dims[1], pairs = 0;
    double sum = 0, least = INFINITY;

    for (size_t i = begin + 1; i < end; i++) {
        double one = cosine(rows->values + (i - 1) * d, rows->values + i * d, d);
        if (isnan(one))
            continue;
        sum += one;
        least = fmin(least, one);
        pairs++;
    }
    return pairs == 0 ? NAN : kind == MEAN ? sum / (double)pairs : least;
}

bool erg_coherence_compute(const erg_metric *metric, const erg_quality_case *with,
                           erg_tally *tally, erg_error *err)
{
    const erg_array *rows = with->mine.features;
    const erg_items *items = with->mine.items;
    size_t count = items ? items->count : 1, all = items ? 0 : rows->dims[0];

    for (size_t i = 0; items && i < count; i++)
        all += items->items[i].sentence_count;
    if (all != rows->dims[0])
        return erg_fail(err, ERG_BAD_INPUT,
                        "%zu rows of features are not one for each of %zu "
                        "sentences", rows->dims[0], all);
    if (!erg_tally_make(tally, count, 2, err))
        return false;
    for (size_t i = 0, at = 0; i < count; i++) {
        size_t sentences = items ? items->items[i].sentence_count : all;
        put(tally, i, coherence(rows, at, at + sentences, (coherence_kind)metric->choice));
        at += sentences;
    }
    tally->value = erg_tally_mean;
    return erg_tally_scored(tally) > 0
        || erg_fail(err, ERG_NO_DATA, "one sentence has no neighbour");
}
