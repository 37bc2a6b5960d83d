/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLEU (Papineni et al. 2002) as sacreBLEU 2 computes it: tokenizer 13a, case kept,
 * smoothing "exp". An item's own score is of effective order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/metric.h"
#include "quality/words.h"

enum { ORDERS = 4, LENGTH = 8, REFERENCE_LENGTH = 9 };

double erg_bleu_value(const double counts[ERG_BLEU_COUNTS], bool effective_order)
{
    const double *match = counts, *total = counts + ORDERS;
    double logs = 0, halves = 1;
    int orders = ORDERS;

    if (!(match[0] + match[1] + match[2] + match[3] > 0))
        return 0;
    for (int n = 0; n < ORDERS; n++) {
        if (!(total[n] > 0)) {
            if (!effective_order)
                return 0;
            orders = n;
            break;
        }
        if (!(match[n] > 0))
            halves *= 2;
        logs += log(match[n] > 0 ? 100 * match[n] / total[n] : 100 / (halves * total[n]));
    }
    double length = counts[LENGTH], reference = counts[REFERENCE_LENGTH];
    double brevity = length >= reference ? 1 : exp(1 - reference / length);
    return brevity * exp(logs / orders);
}

static double corpus_value(const erg_tally *tally, const double sums[])
{
    (void)tally;
    return erg_bleu_value(sums, false);
}

static double item_value(const erg_tally *tally, const double counts[])
{
    (void)tally;
    return erg_bleu_value(counts, true);
}

/* Words of one item, and room for its n-grams. */
typedef struct bleu_room {
    erg_lexicon *lexicon;
    erg_words output, *references;
    size_t references_most;
    erg_ngram *mine, *theirs, *most, *merged;
    size_t capacity;
} bleu_room;

static void room_free(bleu_room *room)
{
    erg_lexicon_free(room->lexicon);
    free(room->output.ids);
    for (size_t i = 0; i < room->references_most; i++)
        free(room->references[i].ids);
    free(room->references);
    free(room->mine);
    free(room->theirs);
    free(room->most);
    free(room->merged);
}

static bool more_room(bleu_room *room, size_t count, erg_error *err)
{
    erg_ngram **all[] = { &room->mine, &room->theirs, &room->most, &room->merged };

    if (count <= room->capacity)
        return true;
    for (size_t i = 0; i < ERG_COUNT(all); i++) {
        erg_ngram *more = realloc(*all[i], 2 * count * sizeof(*more));
        if (!more)
            return erg_fail(err, ERG_NO_MEMORY, "out of memory");
        *all[i] = more;
    }
    room->capacity = 2 * count;
    return true;
}

static bool cut_item(bleu_room *room, const erg_item *item, erg_error *err)
{
    size_t words = 0;

    while (room->references_most < item->reference_count) {
        size_t capacity = room->references_most;
        if (!erg_grow((void **)&room->references, &capacity, room->references_most,
                      sizeof(*room->references), err))
            return false;
        for (; room->references_most < capacity; room->references_most++)
            room->references[room->references_most] = (erg_words){ 0 };
    }
    if (!erg_words_cut(room->lexicon, erg_words_13a, item->output, strlen(item->output),
                       &room->output, err))
        return false;
    for (size_t i = 0; i < item->reference_count; i++) {
        if (!erg_words_cut(room->lexicon, erg_words_13a, item->references[i],
                           strlen(item->references[i]), &room->references[i], err))
            return false;
        words += room->references[i].count;
    }
    return more_room(room, words + room->output.count + 1, err);
}

static void swap(erg_ngram **a, erg_ngram **b)
{
    erg_ngram *keep = *a;
    *a = *b;
    *b = keep;
}

static double matches(bleu_room *room, const erg_item *item, size_t n)
{
    size_t most = 0, mine = erg_ngrams_of(&room->output, n, room->mine);

    for (size_t i = 0; i < item->reference_count; i++) {
        size_t theirs = erg_ngrams_of(&room->references[i], n, room->theirs);
        most = erg_ngrams_most(room->most, most, room->theirs, theirs, room->merged);
        swap(&room->most, &room->merged);
    }
    return (double)erg_ngrams_shared(room->mine, mine, room->most, most);
}

/* The closest to the answer's; of two equally close the shorter. */
static double reference_length(const bleu_room *room, const erg_item *item)
{
    double mine = (double)room->output.count, best = (double)room->references[0].count;

    for (size_t i = 1; i < item->reference_count; i++) {
        double one = (double)room->references[i].count;
        double nearer = fabs(best - mine) - fabs(one - mine);
        if (nearer > 0 || (nearer == 0 && one < best))
            best = one;
    }
    return best;
}

static bool count_item(bleu_room *room, const erg_item *item, double counts[],
                       erg_error *err)
{
    if (!cut_item(room, item, err))
        return false;
    for (size_t n = 1; n <= ORDERS; n++) {
        size_t words = room->output.count;
        counts[n - 1] = matches(room, item, n);
        counts[ORDERS + n - 1] = words >= n ? (double)(words - n + 1) : 0;
    }
    counts[LENGTH] = (double)room->output.count;
    counts[REFERENCE_LENGTH] = reference_length(room, item);
    return true;
}

bool erg_bleu_compute(const erg_metric *metric, const erg_quality_case *with,
                      erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    bleu_room room = { .lexicon = erg_lexicon_new(err) };
    bool ok = room.lexicon && erg_tally_make(tally, items->count, ERG_BLEU_COUNTS, err);

    (void)metric;
    for (size_t i = 0; ok && i < items->count; i++) {
        const erg_item *item = &items->items[i];
        if (!item->output || item->reference_count == 0)
            continue;
        ok = count_item(&room, item, tally->counts + i * ERG_BLEU_COUNTS, err);
        tally->is_scored[i] = ok;
    }
    tally->value = corpus_value;
    tally->item = item_value;
    room_free(&room);
    return ok;
}
