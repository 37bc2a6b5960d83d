/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perplexity over all scored tokens, never the mean of items' perplexities; and how
 * varied a text is, because a loop is easy to foresee.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/metric.h"
#include "quality/words.h"

enum { LOGS, TOKENS, BYTES, PERPLEXITY_COUNTS };

static double perplexity(const erg_tally *tally, const double sums[])
{
    (void)tally;
    return sums[TOKENS] > 0 ? exp(-sums[LOGS] / sums[TOKENS]) : NAN;
}

static double bits_per_byte(const erg_tally *tally, const double sums[])
{
    (void)tally;
    return sums[BYTES] > 0 ? -sums[LOGS] / log(2) / sums[BYTES] : NAN;
}

typedef enum perplexity_kind { PER_TOKEN, PER_BYTE } perplexity_kind;

bool erg_perplexity_compute(const erg_metric *metric, const erg_quality_case *with,
                            erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    double natural = with->log_base > 0 ? log(with->log_base) : 1;

    if (!erg_tally_make(tally, items->count, PERPLEXITY_COUNTS, err))
        return false;
    for (size_t i = 0; i < items->count; i++) {
        const erg_item *item = &items->items[i];
        double *counts = tally->counts + i * PERPLEXITY_COUNTS;
        for (size_t j = 0; j < item->logprob_count; j++)
            if (!isnan(item->logprobs[j])) {
                counts[LOGS] += natural * item->logprobs[j];
                counts[TOKENS]++;
            }
        counts[BYTES] = item->output ? (double)strlen(item->output) : 0;
        tally->is_scored[i] = counts[TOKENS] > 0
                           && (metric->choice == PER_TOKEN || item->output);
    }
    tally->value = metric->choice == PER_TOKEN ? perplexity : bits_per_byte;
    return erg_tally_scored(tally) > 0
        || erg_fail(err, ERG_NO_DATA, metric->choice == PER_TOKEN
                    ? "no token was scored" : "no item has both a text and scored tokens");
}

/* ---- variety: different n-grams over all n-grams, within each item ------------------- */

typedef struct variety { size_t n; bool repeats; } variety;

static const variety varieties[] = { { 1, false }, { 2, false }, { 4, true } };

static double repeated(const erg_tally *tally, const double sums[])
{
    return 1 - erg_tally_mean(tally, sums);
}

static bool count_variety(erg_lexicon *lexicon, size_t n, const char *text,
                          double counts[2], erg_error *err)
{
    erg_words words = { 0 };
    erg_ngram *ngrams = NULL;
    bool ok = erg_words_cut(lexicon, erg_words_plain, text, strlen(text), &words, err)
           && ((ngrams = malloc((words.count + 1) * sizeof(*ngrams)))
               || erg_fail(err, ERG_NO_MEMORY, "out of memory"));

    if (ok) {
        size_t count = erg_ngrams_of(&words, n, ngrams);
        counts[0] = (double)erg_ngrams_different(ngrams, count);
        counts[1] = (double)count;
    }
    free(ngrams);
    free(words.ids);
    return ok;
}

bool erg_variety_compute(const erg_metric *metric, const erg_quality_case *with,
                         erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    const variety *kind = &varieties[metric->choice];
    erg_lexicon *lexicon = erg_lexicon_new(err);
    bool ok = lexicon && erg_tally_make(tally, items->count, 2, err);

    for (size_t i = 0; ok && i < items->count; i++)
        if (items->items[i].output) {
            ok = count_variety(lexicon, kind->n, items->items[i].output,
                               &tally->counts[2 * i], err);
            tally->is_scored[i] = ok && tally->counts[2 * i + 1] > 0;
        }
    tally->value = kind->repeats ? repeated : erg_tally_mean;
    erg_lexicon_free(lexicon);
    if (ok && erg_tally_scored(tally) == 0)
        return erg_fail(err, ERG_NO_DATA, "no answer has %zu words", kind->n);
    return ok;
}
