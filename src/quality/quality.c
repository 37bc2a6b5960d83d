/* SPDX-License-Identifier: Apache-2.0 */
/* Files in, the table of scores out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/load.h"
#include "quality/score.h"

enum { SCORES_MOST = 64 };

/* Everything of one call. */
typedef struct quality_call {
    const erg_quality_options *options;
    erg_quality_files files;
    erg_score scores[SCORES_MOST];
    size_t count;
} quality_call;

static void call_free(quality_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        free(call->scores[i].each);
    erg_quality_files_free(&call->files);
}

/* ---- which metrics ------------------------------------------------------------------ */

static bool is_word(const char *word, const char *text, size_t count)
{
    return strlen(word) == count && strncmp(word, text, count) == 0;
}

/* NULL names: those that the case allows and nobody need ask for. */
static bool is_wanted(const quality_call *call, const erg_metric *metric)
{
    const char *at = call->options->metrics;

    /* What an encoder looks at need not be pairs of pixels. */
    if (!at)
        return !metric->on_request
            && !(call->options->encoder && (metric->needs & ERG_NEED_IMAGES))
            && (metric->needs & ~erg_needs_given(&call->files.with)) == 0;
    for (size_t count; *at; at += count + (at[count] == ',')) {
        count = strcspn(at, ",");
        if (is_word(metric->name, at, count) || is_word(metric->family, at, count)
            || (metric->beside && is_word(metric->beside, at, count)))
            return true;
    }
    return false;
}

static bool is_known(const char *name, size_t count)
{
    for (size_t i = 0; i < erg_metric_count; i++)
        if (is_word(erg_metrics[i].name, name, count)
            || is_word(erg_metrics[i].family, name, count))
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
            && !erg_score_make(&erg_metrics[i], &call->files.with, call->options->per_item,
                               &call->scores[call->count++], err))
            return false;
    return call->count > 0
        || erg_fail(err, ERG_BAD_INPUT,
                    "nothing can be scored from these answers alone: give "
                    "a reference, a baseline, real features, or name metrics");
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
    { "item", ERG_TEXT, "its id, its line, or the image's file" },
    { "metric", ERG_TEXT, "what was computed" },
    { "value", ERG_REAL, "of this item alone" },
};

static bool put_score(erg_table *table, const erg_score *score, bool compared,
                      erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "metric", score->name, err)
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
    const erg_items *items = call->files.mine.items;
    const erg_folder *images = call->files.mine.images;

    for (size_t i = 0; i < erg_quality_items(&call->files.with); i++)
        for (size_t j = 0; j < call->count; j++) {
            const char *id = items ? items->items[i].id
                           : images ? images->names[i] : NULL;
            snprintf(line, sizeof(line), "%zu", i + 1);
            if (i < call->scores[j].each_count
                && !(erg_table_row(table, err)
                     && erg_table_text(table, "item", id ? id : line, err)
                     && erg_table_text(table, "metric", call->scores[j].name, err)
                     && erg_table_real(table, "value", call->scores[j].each[i], err)))
                return false;
        }
    return true;
}

/* ---- the verdict -------------------------------------------------------------------- */

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

/* The names of metrics hold its beginning. */
static bool note_encoder(erg_result *result, const erg_encoder *encoder, erg_error *err)
{
    return !encoder
        || erg_result_note(result, err, "%s: SHA-256 of its files %s.",
                           erg_encoder_name(encoder), erg_encoder_sha256(encoder));
}

erg_result *erg_quality_score(const erg_quality_options *options,
                              erg_quality_verdict *verdict, erg_error *err)
{
    quality_call call = { .options = options };
    erg_result *result = NULL;
    bool ok = erg_quality_load(options, &call.files, err) && score_all(&call, err)
           && (result = erg_result_new("quality", err));
    bool compared = options->baseline != NULL;
    erg_table *table = ok ? erg_result_add(result, "scores", score_columns,
                                           compared
                                               ? ERG_COUNT(score_columns) : COLUMNS_ALONE,
                                           err) : NULL;

    ok = table != NULL;
    for (size_t i = 0; ok && i < call.count; i++)
        ok = put_score(table, &call.scores[i], compared, err);
    if (ok && options->per_item) {
        table = erg_result_add(result, "items", item_columns, ERG_COUNT(item_columns), err);
        ok = table && put_items(&call, table, err);
    }
    ok = ok && erg_quality_notes(result, &call.files.with, call.scores, call.count, err)
      && note_encoder(result, call.files.encoder, err)
      && note_encoder(result, call.files.text_encoder, err);
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
