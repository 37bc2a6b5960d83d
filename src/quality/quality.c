/* SPDX-License-Identifier: Apache-2.0 */
/* Files in, the table of scores out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/quality.h"
#include "quality/score.h"

enum { FEW_ITEMS = 20, SCORES_MOST = 64 };

/* Everything of one call. */
typedef struct quality_call {
    const erg_quality_options *options;
    erg_items *mine, *theirs;
    erg_answers baseline;
    erg_quality_case with;
    erg_score scores[SCORES_MOST];
    size_t count;
} quality_call;

static void call_free(quality_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        free(call->scores[i].each);
    erg_items_free(call->mine);
    erg_items_free(call->theirs);
}

/* ---- files ------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    size_t count = strlen(text), tail = strlen(end);
    return count >= tail && strcmp(text + count - tail, end) == 0;
}

static erg_items *load_any(const char *path, bool records, erg_error *err)
{
    return records || ends_with(path, ".jsonl") || ends_with(path, ".ndjson")
         ? erg_items_load_records(path, err) : erg_items_load_text(path, err);
}

static bool refer(quality_call *call, const char *path, erg_error *err)
{
    erg_items *references = load_any(path, false, err);
    bool ok = references && erg_items_refer(call->mine, references, err)
           && (!call->theirs || erg_items_refer(call->theirs, references, err));

    erg_items_free(references);
    return ok;
}

static bool load(quality_call *call, erg_error *err)
{
    const erg_quality_options *options = call->options;
    bool records = options->records != NULL;
    const char *path = records ? options->records : options->hypothesis;

    if (!path || (records && options->hypothesis))
        return erg_fail(err, ERG_BAD_INPUT, "one of a hypothesis and records is scored");
    if (!(call->mine = load_any(path, records, err)))
        return false;
    if (options->baseline && (!(call->theirs = load_any(options->baseline, records, err))
                              || !erg_items_pair(call->mine, call->theirs, err)))
        return false;
    for (size_t i = 0; i < options->reference_count; i++)
        if (!refer(call, options->references[i], err))
            return false;
    call->baseline = (erg_answers){ .items = call->theirs };
    call->with = (erg_quality_case){ .mine = { .items = call->mine },
        .baseline = call->theirs ? &call->baseline : NULL, .log_base = options->log_base };
    return true;
}

/* ---- which metrics ------------------------------------------------------------------ */

/* NULL names: those that the case allows and nobody need ask for. */
static bool is_wanted(const quality_call *call, const erg_metric *metric)
{
    const char *at = call->options->metrics;

    if (!at)
        return !metric->on_request && (metric->needs & ~erg_needs_given(&call->with)) == 0;
    for (size_t count; *at; at += count + (at[count] == ',')) {
        count = strcspn(at, ",");
        if ((strlen(metric->name) == count && strncmp(at, metric->name, count) == 0)
            || (strlen(metric->family) == count && strncmp(at, metric->family, count) == 0))
            return true;
    }
    return false;
}

static bool is_known(const char *name, size_t count)
{
    for (size_t i = 0; i < erg_metric_count; i++)
        if ((strlen(erg_metrics[i].name) == count && !strncmp(name, erg_metrics[i].name, count))
            || (strlen(erg_metrics[i].family) == count
                && !strncmp(name, erg_metrics[i].family, count)))
            return true;
    return false;
}

static bool all_known(const char *names, erg_error *err)
{
    erg_text known = { 0 };

    for (size_t count; names && *names; names += count + (names[count] == ',')) {
        count = strcspn(names, ",");
        if (is_known(names, count))
            continue;
        for (size_t i = 0; i < erg_metric_count; i++)
            erg_text_add(&known, " %s", erg_metrics[i].name);
        erg_fail(err, ERG_BAD_INPUT, "'%.*s' is no metric; there are%s", (int)count, names,
                 known.failed || !known.data ? " others" : known.data);
        erg_text_free(&known);
        return false;
    }
    return true;
}

static bool score_all(quality_call *call, erg_error *err)
{
    if (!all_known(call->options->metrics, err))
        return false;
    for (size_t i = 0; i < erg_metric_count && call->count < SCORES_MOST; i++)
        if (is_wanted(call, &erg_metrics[i])
            && !erg_score_make(&erg_metrics[i], &call->with, call->options->per_item,
                               &call->scores[call->count++], err))
            return false;
    return call->count > 0
        || erg_fail(err, ERG_BAD_INPUT, "nothing can be scored from %s alone: give a reference, "
                    "a baseline, or name metrics", call->mine->path);
}

/* ---- tables ----------------------------------------------------------------------- */

static const erg_column score_columns[] = {
    { "metric", ERG_TEXT, "what was computed" },
    { "value", ERG_REAL, "over all items" },
    { "low", ERG_REAL, "95 % interval: 2,000 draws of the items" },
    { "high", ERG_REAL, "its upper end" },
    { "n", ERG_INTEGER, "items that were scored" },
    { "baseline", ERG_REAL, "the same of the baseline" },
    { "retention", ERG_REAL, "1: as good as the baseline" },
    { "retention_low", ERG_REAL, "one-sided 95 % bound: the same items drawn for both" },
    { "retention_high", ERG_REAL, "one-sided 95 % bound above" },
};
enum { COLUMNS_ALONE = 5 };

static const erg_column item_columns[] = {
    { "item", ERG_TEXT, "its id, or its line" },
    { "metric", ERG_TEXT, "what was computed" },
    { "value", ERG_REAL, "of this item alone" },
};

static bool put_score(erg_table *table, const erg_score *score, bool compared, erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "metric", score->metric->name, err)
        && erg_table_real(table, "value", score->value, err)
        && erg_table_real(table, "low", score->spread.low, err)
        && erg_table_real(table, "high", score->spread.high, err)
        && erg_table_integer(table, "n", (int64_t)score->items, err)
        && (!compared
            || (erg_table_real(table, "baseline", score->baseline, err)
                && erg_table_real(table, "retention", score->retention, err)
                && erg_table_real(table, "retention_low", score->retained.low, err)
                && erg_table_real(table, "retention_high", score->retained.high, err)));
}

static bool put_items(const quality_call *call, erg_table *table, erg_error *err)
{
    char line[24];

    for (size_t i = 0; i < call->mine->count; i++)
        for (size_t j = 0; j < call->count; j++) {
            const char *id = call->mine->items[i].id;
            snprintf(line, sizeof(line), "%zu", i + 1);
            if (call->scores[j].each
                && !(erg_table_row(table, err)
                     && erg_table_text(table, "item", id ? id : line, err)
                     && erg_table_text(table, "metric", call->scores[j].metric->name, err)
                     && erg_table_real(table, "value", call->scores[j].each[i], err)))
                return false;
        }
    return true;
}

/* ---- notes -------------------------------------------------------------------------- */

static bool note_reason(erg_result *result, const char *name, const char *what,
                        const erg_error *reason, erg_error *err)
{
    return reason->code == ERG_OK
        || erg_result_note(result, err, "%s %s: %s.", name, what, reason->text);
}

static bool note_score(erg_result *result, const quality_call *call, const erg_score *score,
                       erg_error *err)
{
    const char *name = score->metric->name;

    if (strcmp(name, "bleu") == 0 && score->reason.code == ERG_OK) {
        size_t most = 0;
        for (size_t i = 0; i < call->mine->count; i++)
            if (call->mine->items[i].reference_count > most)
                most = call->mine->items[i].reference_count;
        if (!erg_result_note(result, err,
                             "bleu: nrefs:%zu|case:mixed|eff:no|tok:13a|smooth:exp", most))
            return false;
    }
    return note_reason(result, name, "is n/a", &score->reason, err)
        && note_reason(result, name, "has no interval", &score->why_no_interval, err)
        && note_reason(result, name, "has no retention", &score->why_no_retention, err);
}

/* A loop reads well and is easy to foresee: it is looked for whenever there is text. */
static bool note_loops(erg_result *result, const quality_call *call, erg_error *err)
{
    erg_score score;

    for (size_t i = 0; i < erg_metric_count && call->theirs; i++) {
        if (strcmp(erg_metrics[i].name, "repeat-4") != 0)
            continue;
        if (!erg_score_make(&erg_metrics[i], &call->with, false, &score, err))
            return false;
        if (score.value - score.baseline > 0.1
            && !erg_result_note(result, err, "LOOPS: four words in a row are repeated %.3g as "
                                "often as not, %.3g in the baseline.", score.value,
                                score.baseline))
            return false;
    }
    return true;
}

static bool note_all(erg_result *result, const quality_call *call, erg_error *err)
{
    const erg_items *mine = call->mine;

    for (size_t i = 0; i < call->count; i++)
        if (!note_score(result, call, &call->scores[i], err))
            return false;
    if (mine->count < FEW_ITEMS
        && !erg_result_note(result, err, "FEW_ITEMS: %zu item%s; an interval over fewer than %d "
                            "says little.", mine->count, mine->count == 1 ? "" : "s", FEW_ITEMS))
        return false;
    if (mine->model && mine->scorer && strcmp(mine->model, mine->scorer) == 0
        && !erg_result_note(result, err, "SELF_SCORED: %s scored its own text, which rewards "
                            "dullness; one model should score all settings.", mine->model))
        return false;
    if (call->theirs
        && !erg_result_note(result, err, "retention_low and retention_high are one-sided 95 %% "
                            "bounds."))
        return false;
    return note_loops(result, call, err);
}

/* Another text may be as good an answer: agreement judges where it was asked for by name,
 * or where nothing else can. */
static bool is_judge(const quality_call *call, const erg_score *score, bool others)
{
    return !isnan(score->retention)
        && (call->options->metrics || !others
            || strcmp(score->metric->family, "agreement") != 0);
}

static void judge(const quality_call *call, erg_quality_verdict *verdict)
{
    bool others = false;

    *verdict = (erg_quality_verdict){ .retention = NAN, .retention_low = NAN };
    for (size_t i = 0; i < call->count; i++)
        others |= !isnan(call->scores[i].retention)
               && strcmp(call->scores[i].metric->family, "agreement") != 0;
    for (size_t i = 0; i < call->count; i++) {
        const erg_score *score = &call->scores[i];
        /* No bound is worse than any bound. */
        bool worse = !verdict->metric
            || (!isnan(verdict->retention_low)
                && !(score->retained.low >= verdict->retention_low));
        if (is_judge(call, score, others) && worse)
            *verdict = (erg_quality_verdict){ score->retention, score->retained.low,
                                              score->metric->name };
    }
}

erg_result *erg_quality_score(const erg_quality_options *options, erg_quality_verdict *verdict,
                              erg_error *err)
{
    quality_call call = { .options = options };
    erg_result *result = NULL;
    bool ok = load(&call, err) && score_all(&call, err)
           && (result = erg_result_new("quality", err));
    bool compared = call.theirs != NULL;
    erg_table *table = ok ? erg_result_add(result, "scores", score_columns,
                                           compared ? ERG_COUNT(score_columns) : COLUMNS_ALONE,
                                           err) : NULL;

    ok = table != NULL;
    for (size_t i = 0; ok && i < call.count; i++)
        ok = put_score(table, &call.scores[i], compared, err);
    if (ok && options->per_item) {
        table = erg_result_add(result, "items", item_columns, ERG_COUNT(item_columns), err);
        ok = table && put_items(&call, table, err);
    }
    ok = ok && note_all(result, &call, err);
    if (ok && verdict)
        judge(&call, verdict);
    call_free(&call);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

size_t erg_quality_metric_count(void) { return erg_metric_count; }

const char *erg_quality_metric_name(size_t index)
{
    return index < erg_metric_count ? erg_metrics[index].name : NULL;
}

const char *erg_quality_metric_about(size_t index)
{
    return index < erg_metric_count ? erg_metrics[index].about : NULL;
}
