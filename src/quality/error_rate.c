/* SPDX-License-Identifier: Apache-2.0 */
/* Word and character error rates, and agreement with the baseline's answers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/metric.h"
#include "quality/words.h"

/* ---- error rates: edits over the words of the reference, summed over all items ------ */

/* Code points in the place of words: as they are spoken, or as written. */
static bool cut_points(const char *text, erg_words *to, erg_error *err)
{
    const char *end = text + strlen(text);

    to->count = 0;
    while (text < end) {
        if (!erg_grow((void **)&to->ids, &to->capacity, to->count, sizeof(*to->ids), err))
            return false;
        to->ids[to->count++] = erg_code_point(&text, end);
    }
    return true;
}

static bool cut_spoken_points(const char *text, erg_words *to, erg_error *err)
{
    erg_text spoken = { 0 }, joined = { 0 };
    bool ok = erg_words_spoken(text, strlen(text), &spoken, err);
    char *at = spoken.data, *word, *rest = NULL;

    /* White space joined: one blank between words, none at the ends. */
    for (; ok && at && (word = strtok_r(at, " \t\n\v\f\r", &rest)); at = NULL)
        erg_text_add(&joined, "%s%s", joined.count ? " " : "", word);
    if (ok && (spoken.failed || joined.failed))
        ok = erg_fail(err, ERG_NO_MEMORY, "out of memory");
    to->count = 0;
    ok = ok && (joined.count == 0 || cut_points(joined.data, to, err));
    erg_text_free(&spoken);
    erg_text_free(&joined);
    return ok;
}

typedef enum error_unit { WORDS, POINTS } error_unit;

static bool cut(erg_lexicon *lexicon, error_unit unit, const char *text, erg_words *to,
                erg_error *err)
{
    return unit == POINTS ? cut_spoken_points(text, to, err)
         : erg_words_cut(lexicon, erg_words_spoken, text, strlen(text), to, err);
}

typedef struct error_room { erg_lexicon *lexicon; erg_words mine, theirs; } error_room;

/* Of several references the one that is the least wrong;
 * false in *scored: all are empty. */
static bool count_errors(error_room *room, error_unit unit, const erg_item *item,
                         double counts[2], bool *scored, erg_error *err)
{
    double least = INFINITY;

    if (!cut(room->lexicon, unit, item->output, &room->mine, err))
        return false;
    for (size_t i = 0; i < item->reference_count; i++) {
        size_t edits = 0;
        if (!cut(room->lexicon, unit, item->references[i], &room->theirs, err)
            || !erg_edit_distance(&room->mine, &room->theirs, &edits, err))
            return false;
        double length = (double)room->theirs.count;
        if (room->theirs.count == 0 || !((double)edits / length < least))
            continue;
        least = (double)edits / length;
        counts[0] = (double)edits;
        counts[1] = length;
        *scored = true;
    }
    return true;
}

bool erg_error_rate_compute(const erg_metric *metric, const erg_quality_case *with,
                            erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    error_room room = { .lexicon = erg_lexicon_new(err) };
    bool ok = room.lexicon && erg_tally_make(tally, items->count, 2, err);

    for (size_t i = 0; ok && i < items->count; i++)
        if (items->items[i].output)
            ok = count_errors(&room, (error_unit)metric->choice, &items->items[i],
                              &tally->counts[2 * i], &tally->is_scored[i], err);
    tally->value = erg_tally_mean;
    erg_lexicon_free(room.lexicon);
    free(room.mine.ids);
    free(room.theirs.ids);
    if (ok && erg_tally_scored(tally) == 0)
        return erg_fail(err, ERG_NO_DATA, "every reference is empty");
    return ok;
}

/* ---- agreement ----------------------------------------------------------------------- */

typedef enum agreement_kind { EXACT, FIRST_DIFFERENCE } agreement_kind;

static double words_before(const erg_words *a, const erg_words *b)
{
    size_t i = 0;

    while (i < a->count && i < b->count && a->ids[i] == b->ids[i])
        i++;
    return (double)i;
}

/* What was answered: the text, or the class. */
static const char *answer_of(const erg_item *item)
{
    return item->output ? item->output : item->predicted_count ? item->predicted[0] : NULL;
}

static bool count_agreement(erg_lexicon *lexicon, agreement_kind kind, const char *mine,
                            const char *theirs, double *to, erg_error *err)
{
    erg_words a = { 0 }, b = { 0 };
    bool ok = true;

    if (kind == EXACT) {
        *to = strcmp(mine, theirs) == 0;
        return true;
    }
    ok = erg_words_cut(lexicon, erg_words_plain, mine, strlen(mine), &a, err)
      && erg_words_cut(lexicon, erg_words_plain, theirs, strlen(theirs), &b, err);
    *to = ok ? words_before(&a, &b) : NAN;
    free(a.ids);
    free(b.ids);
    return ok;
}

bool erg_agreement_compute(const erg_metric *metric, const erg_quality_case *with,
                           erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items, *base = with->baseline->items;
    erg_lexicon *lexicon = erg_lexicon_new(err);
    bool ok = lexicon && erg_tally_make(tally, items->count, 2, err);

    for (size_t i = 0; ok && i < items->count; i++) {
        const char *mine = answer_of(&items->items[i]),
                   *theirs = answer_of(&base->items[i]);
        if (!mine || !theirs)
            continue;
        ok = count_agreement(lexicon, (agreement_kind)metric->choice, mine, theirs,
                             &tally->counts[2 * i], err);
        tally->counts[2 * i + 1] = 1;
        tally->is_scored[i] = ok;
    }
    tally->value = erg_tally_mean;
    erg_lexicon_free(lexicon);
    return ok;
}
