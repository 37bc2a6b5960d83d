/* SPDX-License-Identifier: Apache-2.0 */
/* An intervention as the tables verdict and blocks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "math/contrast.h"
#include "couple/intervention_blocks.h"

static const double alpha_usual = 0.05, smallest_usual = 0.30;
static const double kelvin_at_0_c = 273.15;
/* With fewer pairs no draw of signs is rarer than 5 %, whatever the effect. */
enum { PAIRS_LEAST = 6 };
static const double short_block_s = 20;

static const struct {
    const char *name, *unit;
    double zero;
} values[ERG_TRIAL_VALUES] = {
    [ERG_TRIAL_STEP_S] = { "step_s", "s", 0 },
    [ERG_TRIAL_POWER] = { "power", "W", 0 },
    [ERG_TRIAL_TEMP] = { "temp", "C", kelvin_at_0_c },
    [ERG_TRIAL_LOSS_SLOPE] = { "loss_slope", "1/s", 0 },
};

static const erg_column verdict_columns[] = {
    { "x", ERG_TEXT, "the knob that was turned" },
    { "y", ERG_TEXT, "what was looked at" },
    { "lag_s", ERG_REAL, "none: means of blocks are compared" },
    { "r", ERG_REAL, "correlation of the setting with the block's mean, within pairs" },
    { "r_low", ERG_REAL, "95 % interval" },
    { "r_high", ERG_REAL, "95 % interval" },
    { "p_value", ERG_REAL, "by flipping signs within pairs" },
    { "q_value", ERG_REAL, "over all that was looked at, Benjamini and Hochberg" },
    { "n", ERG_INTEGER, "blocks" },
    { "n_eff", ERG_REAL, "likewise: the order was drawn" },
    { "min_detectable_r", ERG_REAL, "what is found in four of five studies of this size" },
    { "verdict", ERG_TEXT, "what follows" },
    { "evidence", ERG_TEXT, "caused, where it was shown" },
    { "low", ERG_REAL, "mean at the low setting" },
    { "high", ERG_REAL, "mean at the high setting" },
    { "effect", ERG_REAL, "high - low, mean over pairs" },
    { "effect_low", ERG_REAL, "95 % interval, t over pairs" },
    { "effect_high", ERG_REAL, "95 % interval, t over pairs" },
    { "relative", ERG_REAL, "effect over the low mean; none for a temperature" },
    { "unit", ERG_TEXT, "of low, high and effect (an effect in C is one in K)" },
    { "pairs", ERG_INTEGER, "of blocks, both measured" },
};

static const erg_column block_columns[] = {
    { "block", ERG_INTEGER, "in order of time, from 1" },
    { "pair", ERG_INTEGER, "from 1" },
    { "setting", ERG_TEXT, "low or high; of a variant: A or B" },
    { "begin_s", ERG_REAL, "from the first block" },
    { "duration_s", ERG_REAL, "with what was dropped" },
    { "step_s", ERG_REAL, "mean" },
    { "power_w", ERG_REAL, "mean" },
    { "temp_c", ERG_REAL, "mean" },
    { "loss_slope_per_s", ERG_REAL, "of a line" },
};

typedef struct study {
    const erg_trace *trace;
    erg_intervention_options options;
    const erg_trial_block *blocks;
    size_t count;
    const char *knob;
    erg_effect effects[ERG_TRIAL_VALUES];
} study;

static void verdict_of(const study *of, const erg_effect *effect, const char *y, char *to,
                       size_t size)
{
    if (effect->pairs < PAIRS_LEAST)
        snprintf(to, size, "cannot be decided: TOO_SHORT");
    else if (effect->q < of->options.alpha)
        snprintf(to, size, "coupling shown: %s leads %s", of->knob, y);
    else if (effect->r_low > -of->options.smallest && effect->r_high < of->options.smallest)
        snprintf(to, size, "no coupling shown");
    else
        snprintf(to, size, "cannot be decided: inconclusive");
}

static bool add_verdict(const study *of, erg_table *table, erg_trial_value value,
                        erg_error *err)
{
    const erg_effect *effect = &of->effects[value];
    double zero = values[value].zero;
    char verdict[80];

    verdict_of(of, effect, values[value].name, verdict, sizeof(verdict));
    bool is_shown = strncmp(verdict, "coupling", 8) == 0;
    const erg_real reals[] = {
        { "r", effect->r },
        { "r_low", effect->r_low },
        { "r_high", effect->r_high },
        { "p_value", effect->p },
        { "q_value", effect->q },
        { "n_eff", 2 * (double)effect->pairs },
        { "min_detectable_r", effect->least_r },
        { "low", effect->low - zero },
        { "high", effect->high - zero },
        { "effect", effect->effect },
        { "effect_low", effect->effect_low },
        { "effect_high", effect->effect_high },
        { "relative", zero > 0 ? NAN : effect->effect / fabs(effect->low) },
    };
    const erg_whole wholes[] = {
        { "n", 2 * (int64_t)effect->pairs },
        { "pairs", (int64_t)effect->pairs },
    };
    return erg_table_row(table, err) && erg_table_text(table, "x", of->knob, err)
           && erg_table_text(table, "y", values[value].name, err)
           && erg_put_reals(table, reals, ERG_COUNT(reals), err)
           && erg_put_wholes(table, wholes, ERG_COUNT(wholes), err)
           && erg_table_text(table, "verdict", verdict, err)
           && erg_table_text(table, "evidence", is_shown ? "caused" : "one run", err)
           && erg_table_text(table, "unit", values[value].unit, err);
}

static const char *setting_name(const study *of, const erg_trial_block *block)
{
    bool is_variant = strcmp(of->knob, "variant") == 0;

    if (block->is_high)
        return is_variant ? "B" : "high";
    return is_variant ? "A" : "low";
}

static bool add_block(const study *of, erg_table *table, size_t index, erg_error *err)
{
    const erg_trial_block *block = &of->blocks[index];
    int64_t first_ns = of->blocks[0].span.begin_ns;
    const erg_real reals[] = {
        { "begin_s", erg_s_from_ns(block->span.begin_ns - first_ns) },
        { "duration_s", erg_s_from_ns(block->span.end_ns - block->span.begin_ns) },
        { "step_s", block->value[ERG_TRIAL_STEP_S] },
        { "power_w", block->value[ERG_TRIAL_POWER] },
        { "temp_c", block->value[ERG_TRIAL_TEMP] - kelvin_at_0_c },
        { "loss_slope_per_s", block->value[ERG_TRIAL_LOSS_SLOPE] },
    };
    const erg_whole wholes[] = { { "block", (int64_t)index + 1 }, { "pair", block->pair } };
    return erg_table_row(table, err)
           && erg_put_wholes(table, wholes, ERG_COUNT(wholes), err)
           && erg_table_text(table, "setting", setting_name(of, block), err)
           && erg_put_reals(table, reals, ERG_COUNT(reals), err);
}

/* ---- notes ---- */

/* Of the figure that has most. */
static size_t pairs_of(const study *of)
{
    size_t most = 0;

    for (int v = 0; v < ERG_TRIAL_VALUES; v++)
        most = of->effects[v].pairs > most ? of->effects[v].pairs : most;
    return most;
}

static bool add_notes(const study *of, erg_result *result, erg_error *err)
{
    const char *change = erg_trace_meta(of->trace, "intervene");
    const erg_trial_block *first = &of->blocks[0];
    double block_s = erg_s_from_ns(first->span.end_ns - first->span.begin_ns);
    double least_s = fmax(short_block_s, 5 * of->options.tau_s);
    erg_intervention_reach reach = erg_intervention_reach_of(
        pairs_of(of), of->options.alpha, of->options.smallest);
    char reaches[240];

    erg_intervention_reach_text(&reach, reaches, sizeof(reaches));
    bool good = erg_result_note(result, err,
                                "%s was turned in %zu blocks, in each pair by "
                                "chance which came first (key %s): what differs, it caused",
                                change ? change : of->knob, of->count,
                                erg_trace_meta(of->trace, "intervene_key"))
        && erg_result_note(result, err, "%s", reaches);

    if (good && !(block_s >= least_s * (1 - 1e-3)))
        good = erg_result_note(result, err,
                               "SHORT_BLOCK: blocks of %.3g s are shorter than "
                               "%.3g s, what heat needs to follow: temperatures, and what "
                               "rests on them, differ by less than they would",
                               block_s, least_s);
    for (int i = 0; good && i < (int)erg_trace_channel_count(of->trace); i++)
        if (erg_trace_channel(of->trace, i)->method == ERG_METHOD_SIMULATED)
            return erg_result_note(result, err,
                                   "Simulated: nothing was measured. The figures "
                                   "are those of a simulated device.");
    return good;
}

/* ---- the whole ---- */

static bool decide(study *of)
{
    double q[ERG_TRIAL_VALUES];

    for (int v = 0; v < ERG_TRIAL_VALUES; v++) {
        of->effects[v] =
            erg_effect_of(of->blocks, of->count, (erg_trial_value)v, of->options.key);
        q[v] = of->effects[v].p;
    }
    if (!erg_false_discovery(q, ERG_TRIAL_VALUES, false))
        return false;
    for (int v = 0; v < ERG_TRIAL_VALUES; v++)
        of->effects[v].q = q[v];
    return true;
}

static bool add_tables(const study *of, erg_result *result, erg_error *err)
{
    erg_table *verdicts =
        erg_result_add(result, "verdict", verdict_columns, ERG_COUNT(verdict_columns), err);
    bool good = verdicts;

    for (int v = 0; good && v < ERG_TRIAL_VALUES; v++)
        good =
            of->effects[v].pairs == 0 || add_verdict(of, verdicts, (erg_trial_value)v, err);
    erg_table *rows = good ? erg_result_add(result, "blocks", block_columns,
                                            ERG_COUNT(block_columns), err)
                           : NULL;
    good = good && rows;
    for (size_t i = 0; good && i < of->count; i++)
        good = add_block(of, rows, i, err);
    return good && add_notes(of, result, err);
}

erg_result *erg_intervention_study(const erg_trace *trace,
                                   const erg_intervention_options *options, erg_error *err)
{
    study of = { .trace = trace,
                 .options = *options,
                 .knob = erg_trace_meta(trace, "intervene_knob") };
    erg_trial_block *blocks = erg_trial_blocks_read(trace, options, &of.count, err);
    erg_result *result = blocks ? erg_result_new("couple", err) : NULL;

    if (!of.knob)
        of.knob = "knob";
    of.blocks = blocks;
    of.options.alpha = options->alpha > 0 ? options->alpha : alpha_usual;
    of.options.smallest = options->smallest > 0 ? options->smallest : smallest_usual;
    of.options.key = options->key ? options->key : 1;
    if (result && !decide(&of))
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else if (result && add_tables(&of, result, err)) {
        free(blocks);
        return result;
    }
    erg_result_free(result);
    free(blocks);
    return NULL;
}
