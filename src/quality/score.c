/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of one case. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/score.h"

static bool each_item(const erg_tally *tally, erg_score *score, erg_error *err)
{
    score->each = malloc((tally->items + 1) * sizeof(*score->each));
    if (!score->each)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    score->each_count = tally->has_no_items || tally->weigh ? 0 : tally->items;
    for (size_t i = 0; i < score->each_count; i++)
        score->each[i] = erg_tally_item(tally, i);
    return true;
}

/* Why no item of one side may stand beside the other's; OK: they may. */
static void check_comparable(const erg_quality_case *with, erg_score *score)
{
    const erg_items *mine = with->mine.items, *base = with->baseline->items;
    bool by_tokens = (score->metric->needs & ERG_NEED_LOGPROBS) != 0;

    if (!by_tokens || !mine || !base)
        return;
    if (!mine->tokenizer || !base->tokenizer)
        erg_fail(&score->why_no_retention, ERG_NO_DATA,
                 "the records do not name their \"tokenizer\", so that tokens may differ");
    else if (strcmp(mine->tokenizer, base->tokenizer) != 0)
        erg_fail(&score->why_no_retention, ERG_REFUSED,
                 "tokens of %s and of %s do not compare", mine->tokenizer, base->tokenizer);
}

static void say_why_not(erg_score *score)
{
    if (isnan(score->retention) && score->why_no_retention.code == ERG_OK)
        erg_fail(&score->why_no_retention, ERG_NO_DATA,
                 "a baseline of %g has nothing to be retained", score->baseline);
}

static bool retain(const erg_quality_case *with, const erg_tally *mine, erg_score *score,
                   erg_error *err)
{
    erg_quality_case of_baseline = *with;
    of_baseline.mine = *with->baseline;
    erg_retention_rule rule = score->metric->rule;
    erg_tally base = { 0 };
    erg_error why = { 0 };
    unsigned missing = score->metric->needs & ~erg_needs_given(&of_baseline);
    bool ok = missing ? erg_fail(&why, ERG_NO_DATA, "%s, for the baseline",
                                 erg_need_reason(missing))
                      : score->metric->compute(score->metric, &of_baseline, &base, &why);

    if (!ok && why.code == ERG_NO_DATA)
        score->why_no_retention = why;
    if (ok) {
        score->baseline = erg_tally_value(&base);
        check_comparable(with, score);
    }
    if (ok && score->why_no_retention.code == ERG_OK && rule != ERG_RETAIN_NONE) {
        score->retention = erg_retention_of(rule, score->value, score->baseline);
        say_why_not(score);
        ok = isnan(score->retention)
          || erg_retention_spread(rule, mine, &base, ERG_DRAWS, &score->retained, err);
    }
    erg_tally_free(&base);
    return ok || why.code == ERG_NO_DATA
        || (why.code && erg_fail(err, why.code, "%s", why.text));
}

static bool measure(const erg_quality_case *with, const erg_tally *tally, bool per_item,
                    erg_score *score, erg_error *err)
{
    bool too_long = false;

    score->value = erg_tally_value(tally);
    score->items = erg_tally_scored(tally);
    if (!erg_tally_spread(tally, ERG_DRAWS, &score->spread, &too_long, err))
        return false;
    if (isnan(score->value))
        erg_fail(&score->reason, ERG_NO_DATA, "no item has one");
    if (too_long)
        erg_fail(&score->why_no_interval, ERG_NO_DATA, "%d draws would take minutes",
                 ERG_DRAWS);
    return (!per_item || each_item(tally, score, err))
        && (!with->baseline || retain(with, tally, score, err));
}

/* Another encoder is another scale: "fid:inception:0123456789ab". */
static void name_score(const erg_quality_case *with, erg_score *score)
{
    enum { LOOKED_AT = ERG_NEED_FEATURES | ERG_NEED_LAYERS };
    unsigned needs = score->metric->needs;
    const char *by = needs & LOOKED_AT ? with->features_by : NULL;
    const char *texts_by = needs & ERG_NEED_TEXTS ? with->texts_by : NULL;

    snprintf(score->name, sizeof(score->name), "%s%s%s%s%s", score->metric->name,
             by ? ":" : "", by ? by : "", texts_by ? by ? "+" : ":" : "",
             texts_by ? texts_by : "");
}

bool erg_score_make(const erg_metric *metric, const erg_quality_case *with, bool per_item,
                    erg_score *score, erg_error *err)
{
    erg_tally tally = { 0 };
    unsigned missing = metric->needs & ~erg_needs_given(with);

    *score = (erg_score){ .metric = metric, .value = NAN, .baseline = NAN, .retention = NAN,
                          .spread = { NAN, NAN }, .retained = { NAN, NAN } };
    name_score(with, score);
    if (missing) {
        erg_fail(&score->reason, ERG_NO_DATA, "%s", erg_need_reason(missing));
        return true;
    }
    bool ok = metric->compute(metric, with, &tally, &score->reason)
           && measure(with, &tally, per_item, score, err);
    erg_tally_free(&tally);
    if (score->reason.code && score->reason.code != ERG_NO_DATA)
        return erg_fail(err, score->reason.code, "%s", score->reason.text);
    return ok || score->reason.code == ERG_NO_DATA;
}
