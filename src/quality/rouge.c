/* SPDX-License-Identifier: Apache-2.0 */
/* ROUGE-1, -2, -L and -Lsum (Lin 2004), no stemmer: F of the best reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/metric.h"
#include "quality/rouge.h"

static double share(double part, double all) { return part / fmax(all, 1); }

static erg_rouge rouge_of(size_t shared, size_t mine, size_t theirs)
{
    erg_rouge out = { share((double)shared, (double)mine),
                      share((double)shared, (double)theirs), 0 };
    double sum = out.precision + out.recall;

    out.f = sum > 0 ? 2 * out.precision * out.recall / sum : 0;
    return out;
}

static bool by_ngrams(const erg_words *mine, const erg_words *theirs, size_t n,
                      erg_rouge *out, erg_error *err)
{
    erg_ngram *a = malloc((mine->count + 1) * sizeof(*a));
    erg_ngram *b = malloc((theirs->count + 1) * sizeof(*b));
    bool ok = (a && b) || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    if (ok) {
        size_t a_count = erg_ngrams_of(mine, n, a), b_count = erg_ngrams_of(theirs, n, b);
        *out = rouge_of(erg_ngrams_shared(a, a_count, b, b_count), a_count, b_count);
    }
    free(a);
    free(b);
    return ok;
}

static bool by_sequence(const erg_words *mine, const erg_words *theirs, erg_rouge *out,
                        erg_error *err)
{
    size_t common = 0;

    if (!erg_common_length(mine, theirs, &common, err))
        return false;
    *out = rouge_of(common, mine->count, theirs->count);
    return true;
}

/* ---- ROUGE-Lsum: the union of the subsequences that a reference's sentence has in
 * common with each sentence of the answer, each word counted once. ---------------- */

enum { TABLE_MOST = 1 << 26 };

/* Marks the words of sentence r that its longest common subsequence with h holds. */
static bool mark_common(const erg_words *r, const erg_words *h, bool marks[],
                        erg_error *err)
{
    size_t width = h->count + 1;
    uint32_t *best = (r->count + 1) * width <= TABLE_MOST
        ? calloc((r->count + 1) * width, sizeof(*best)) : NULL;

    if (!best)
        return erg_fail(err, ERG_NO_MEMORY, "a sentence of %zu words is too long for "
                        "rouge-lsum", r->count);
    for (size_t i = 1; i <= r->count; i++)
        for (size_t j = 1; j <= h->count; j++) {
            uint32_t up = best[(i - 1) * width + j], left = best[i * width + j - 1];
            best[i * width + j] = r->ids[i - 1] == h->ids[j - 1]
                ? best[(i - 1) * width + j - 1] + 1 : up > left ? up : left;
        }
    for (size_t i = r->count, j = h->count; i > 0 && j > 0;) {
        if (r->ids[i - 1] == h->ids[j - 1])
            marks[i - 1] = true, i--, j--;
        else if (best[i * width + j - 1] > best[(i - 1) * width + j])
            j--;
        else
            i--;
    }
    free(best);
    return true;
}

typedef struct sentences { erg_words *items; size_t count, words; } sentences;

static void sentences_free(sentences *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].ids);
    free(all->items);
}

static bool sentences_cut(erg_lexicon *lexicon, const char *text, sentences *to,
                          erg_error *err)
{
    size_t capacity = 0;

    for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, '\n');
        if (end == at)
            continue;
        if (!erg_grow((void **)&to->items, &capacity, to->count, sizeof(*to->items), err))
            return false;
        to->items[to->count++] = (erg_words){ 0 };
        if (!erg_words_cut(lexicon, erg_words_rouge, at, (size_t)(end - at),
                           &to->items[to->count - 1], err))
            return false;
        to->words += to->items[to->count - 1].count;
    }
    return true;
}

/* Takes one word id out of a sorted list of those that are left. */
static bool take_one(const sentences *from, bool *taken, uint32_t id)
{
    size_t at = 0;

    for (size_t i = 0; i < from->count; i++)
        for (size_t j = 0; j < from->items[i].count; j++, at++)
            if (!taken[at] && from->items[i].ids[j] == id)
                return taken[at] = true;
    return false;
}

static bool count_union(const sentences *mine, const erg_words *sentence, bool taken[],
                        size_t *hits, erg_error *err)
{
    bool *marks = calloc(sentence->count + 1, sizeof(*marks));
    bool ok = marks || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < mine->count; i++)
        ok = mark_common(sentence, &mine->items[i], marks, err);
    for (size_t i = 0; ok && i < sentence->count; i++)
        *hits += marks[i] && take_one(mine, taken, sentence->ids[i]);
    free(marks);
    return ok;
}

static bool by_sentences(erg_lexicon *lexicon, const char *output, const char *reference,
                         erg_rouge *out, erg_error *err)
{
    sentences mine = { 0 }, theirs = { 0 };
    size_t hits = 0;
    bool *taken = NULL;
    bool ok = sentences_cut(lexicon, output, &mine, err)
           && sentences_cut(lexicon, reference, &theirs, err)
           && ((taken = calloc(mine.words + 1, sizeof(*taken)))
               || erg_fail(err, ERG_NO_MEMORY, "out of memory"));

    for (size_t i = 0; ok && i < theirs.count; i++)
        ok = count_union(&mine, &theirs.items[i], taken, &hits, err);
    if (ok)
        *out = rouge_of(hits, mine.words, theirs.words);
    free(taken);
    sentences_free(&mine);
    sentences_free(&theirs);
    return ok;
}

/* ---- a pair, an item, all ----------------------------------------------------------- */

bool erg_rouge_pair(erg_lexicon *lexicon, erg_rouge_kind kind, const char *output,
                    const char *reference, erg_rouge *out, erg_error *err)
{
    erg_words mine = { 0 }, theirs = { 0 };

    if (kind == ERG_ROUGE_LSUM)
        return by_sentences(lexicon, output, reference, out, err);
    bool ok = erg_words_cut(lexicon, erg_words_rouge, output, strlen(output), &mine, err)
           && erg_words_cut(lexicon, erg_words_rouge, reference, strlen(reference),
                            &theirs, err)
           && (kind == ERG_ROUGE_L ? by_sequence(&mine, &theirs, out, err)
                                   : by_ngrams(&mine, &theirs, (size_t)kind, out, err));
    free(mine.ids);
    free(theirs.ids);
    return ok;
}

static bool best_of(erg_lexicon *lexicon, erg_rouge_kind kind, const erg_item *item,
                    double *best, erg_error *err)
{
    erg_rouge one;

    for (size_t i = 0; i < item->reference_count; i++) {
        if (!erg_rouge_pair(lexicon, kind, item->output, item->references[i], &one, err))
            return false;
        *best = fmax(*best, one.f);
    }
    return true;
}

bool erg_rouge_compute(const erg_metric *metric, const erg_quality_case *with,
                       erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    erg_lexicon *lexicon = erg_lexicon_new(err);
    bool ok = lexicon && erg_tally_make(tally, items->count, 2, err);

    for (size_t i = 0; ok && i < items->count; i++) {
        const erg_item *item = &items->items[i];
        if (!item->output || item->reference_count == 0)
            continue;
        ok = best_of(lexicon, (erg_rouge_kind)metric->choice, item,
                     &tally->counts[2 * i], err);
        tally->counts[2 * i + 1] = 1;
        tally->is_scored[i] = ok;
    }
    tally->value = erg_tally_mean;
    erg_lexicon_free(lexicon);
    return ok;
}
