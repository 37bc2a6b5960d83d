/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of scores must know. */
#include <string.h>
#include "quality/load.h"
#include "quality/score.h"

enum { FEW_ITEMS = 20 };

static const double loops_least = 0.1;

static bool note_reason(erg_result *result, const char *name, const char *what,
                        const erg_error *reason, erg_error *err)
{
    return reason->code == ERG_OK
        || erg_result_note(result, err, "%s %s: %s.", name, what, reason->text);
}

static bool note_reasons(erg_result *result, const erg_score *score, erg_error *err)
{
    const char *name = score->name;

    return note_reason(result, name, "is n/a", &score->reason, err)
        && note_reason(result, name, "has no interval", &score->why_no_interval, err)
        && note_reason(result, name, "has no retention", &score->why_no_retention, err);
}

static bool note_bleu(erg_result *result, const erg_quality_case *with, erg_error *err)
{
    const erg_items *items = with->mine.items;
    size_t most = 0;

    for (size_t i = 0; i < items->count; i++)
        if (items->items[i].reference_count > most)
            most = items->items[i].reference_count;
    return erg_result_note(result, err,
                           "bleu: nrefs:%zu|case:mixed|eff:no|tok:13a|smooth:exp", most);
}

static bool note_frechet(erg_result *result, const erg_quality_case *with, erg_error *err)
{
    size_t n = with->mine.features->dims[0], m = with->against->dims[0];
    size_t d = with->mine.features->dims[1];

    return ((n > d && m > d)
            || erg_result_note(result, err,
                               "RANK_DEFICIENT: %zu and %zu rows do not span %zu "
                               "columns, so that fid is biased; kid is not.", n, m, d))
        && (n == m
            || erg_result_note(result, err,
                               "fid falls with the number of rows: compare it only "
                               "where it is %zu and %zu again.", n, m))
        && erg_result_note(result, err,
                           "fid: its interval is of first order, with the real "
                           "features as they are.");
}

/* What a metric has to say of its own, where it was computed. */
static const struct {
    const char *name;
    bool (*note)(erg_result *result, const erg_quality_case *with, erg_error *err);
} own_notes[] = { { "bleu", note_bleu }, { "fid", note_frechet } };

static bool note_score(erg_result *result, const erg_quality_case *with,
                       const erg_score *score, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(own_notes); i++)
        if (strcmp(score->metric->name, own_notes[i].name) == 0
            && score->reason.code == ERG_OK && !own_notes[i].note(result, with, err))
            return false;
    return note_reasons(result, score, err);
}

/* A loop reads well and is easy to foresee: it is looked for whenever there is text. */
static bool note_loops(erg_result *result, const erg_quality_case *with, erg_error *err)
{
    erg_score score;

    for (size_t i = 0; with->baseline && with->mine.items && i < erg_metric_count; i++) {
        if (strcmp(erg_metrics[i].name, "repeat-4") != 0)
            continue;
        if (!erg_score_make(&erg_metrics[i], with, false, &score, err))
            return false;
        if (score.value - score.baseline > loops_least
            && !erg_result_note(result, err,
                                "LOOPS: %.3g of the answers' runs of four words "
                                "are repeats, %.3g of the baseline's.", score.value,
                                score.baseline))
            return false;
    }
    return true;
}

static bool note_self(erg_result *result, const erg_items *items, erg_error *err)
{
    return !items || !items->model || !items->scorer
        || strcmp(items->model, items->scorer) != 0
        || erg_result_note(result, err,
                           "SELF_SCORED: %s scored its own text, which rewards "
                           "dullness; one model should score all settings.", items->model);
}

bool erg_quality_notes(erg_result *result, const erg_quality_case *with,
                       const erg_score scores[], size_t count, erg_error *err)
{
    size_t items = erg_quality_items(with);

    for (size_t i = 0; i < count; i++)
        if (!note_score(result, with, &scores[i], err))
            return false;
    if (items < FEW_ITEMS
        && !erg_result_note(result, err,
                            "FEW_ITEMS: %zu item%s; an interval over fewer than %d "
                            "says little.", items, items == 1 ? "" : "s", FEW_ITEMS))
        return false;
    if (with->baseline
        && !erg_result_note(result, err,
                            "retention_low and retention_high are one-sided 95 %% bounds."))
        return false;
    return note_self(result, with->mine.items, err) && note_loops(result, with, err);
}
