/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay measured, and which engines there are, as tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "engine/engine.h"
#include "replay/replay.h"

/* Contract of the command line; new columns go to the end. */
static const erg_column columns[] = {
    { "signature", ERG_TEXT,
      "inputs -> outputs, with the layouts that the engine asked for" },
    { "kind", ERG_TEXT, "of operator" },
    { "count_per_step", ERG_REAL, "launches in one step" },
    { "flop", ERG_INTEGER, "of one launch" },
    { "bytes", ERG_INTEGER, "in and out, of one launch" },
    { "engine", ERG_TEXT, "and what its library calls the implementation" },
    { "runs", ERG_REAL, "executed, under the clock" },
    { "time_s", ERG_REAL, "of one launch, drift removed" },
    { "time_low_s", ERG_REAL, "95 % of the mean" },
    { "time_high_s", ERG_REAL, "95 % of the mean" },
    { "state", ERG_TEXT, "hot: the same buffers; cold: more than caches hold" },
    { "energy_j", ERG_REAL, "of one launch, gross" },
    { "launch_bound", ERG_TRUTH, "its time is an upper bound: the launch takes as long" },
    { "name", ERG_TEXT, "of the kernel" },
    { "id", ERG_TEXT, "in the plan" },
    { "median_s", ERG_REAL, "of batches" },
    { "noisy", ERG_TRUTH, "its mean is more than 1.5 medians" },
    { "runs_requested", ERG_REAL, "by the rule in seconds" },
    { "dynamic_j", ERG_REAL, "of one launch, over the idle power" },
    { "method", ERG_TEXT, "how its energy is known" },
    { "system_j", ERG_REAL, "of one launch, gross: all the machine, by its own meter" },
    { "quality", ERG_TEXT, "of its joules: too_short under ten updates" },
};

static const erg_column whole_columns[] = {
    { "workload", ERG_TEXT, "as it was named" },
    { "runs", ERG_REAL, "passes" },
    { "time_s", ERG_REAL, "of a pass, mean" },
    { "time_low_s", ERG_REAL, "95 % of the mean" },
    { "time_high_s", ERG_REAL, "95 % of the mean" },
    { "median_s", ERG_REAL, "of passes" },
    { "min_s", ERG_REAL, "of passes" },
    { "max_s", ERG_REAL, "of passes" },
    { "hot_s", ERG_REAL, "sum of its kernels, hot" },
    { "cold_s", ERG_REAL, "sum of its kernels, cold" },
    { "energy_j", ERG_REAL, "of a pass" },
    { "mean_w", ERG_REAL, "while it ran" },
    { "traced_s", ERG_REAL, "of a pass: medians of its launches, each stamped" },
    { "traced_share", ERG_REAL, "of a stamped pass's wall time that lies in its launches" },
    { "modelled_j", ERG_REAL, "of a pass, by a model of power: nothing was measured" },
    { "system_j", ERG_REAL, "of a pass: all the machine, by its own meter" },
};

static const erg_column tier_columns[] = {
    { "tier", ERG_TEXT, "metered together: its kernels in the proportion of their counts" },
    { "state", ERG_TEXT, "hot or cold" },
    { "steps", ERG_REAL, "that its window holds" },
    { "window_s", ERG_REAL, "how long that was" },
    { "energy_j", ERG_REAL, "of a step, gross" },
    { "dynamic_j", ERG_REAL, "of a step, over the idle power" },
    { "mean_w", ERG_REAL, "while it ran" },
    { "updates", ERG_REAL, "of the meter behind it" },
    { "system_j", ERG_REAL, "of a step, gross: all the machine, by its own meter" },
};

static const erg_column engine_columns[] = {
    { "engine", ERG_TEXT, "as --engine takes it" },
    { "about", ERG_TEXT, "what it computes on" },
    { "state", ERG_TEXT, "present or absent" },
    { "reason", ERG_TEXT, "its version, or what is missing" },
};

static const double noisy_factor = 1.5;

static bool put_kernel(erg_table *table, const erg_replay *replay,
                       const erg_kernel_timing *row, erg_error *err)
{
    const erg_replay_kernel *kernel = &replay->plan->kernels[row->kernel];
    const erg_signature *is = &kernel->signature;
    erg_text text = { 0 };
    char engine[80];

    erg_signature_say(&text, is);
    char *signature = erg_text_take(&text);
    if (!signature)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a row");
    snprintf(engine, sizeof(engine), "%s %s", replay->engine, is->algo);
    bool good = erg_table_row(table, err)
                && erg_table_text(table, "signature", signature, err)
                && erg_table_text(table, "kind", erg_op_kinds[is->op].name, err)
                && erg_table_real(table, "count_per_step", row->count / replay->steps, err)
                && (is->flop < 0 || erg_table_integer(table, "flop", is->flop, err))
                && (is->in_bytes < 0 || is->out_bytes < 0
                    || erg_table_integer(table, "bytes", is->in_bytes + is->out_bytes, err))
                && erg_table_text(table, "engine", engine, err)
                && erg_table_real(table, "runs", row->runs_executed, err);
    free(signature);
    return good;
}

static bool put_times(erg_table *table, const erg_kernel_timing *row, erg_error *err)
{
    return erg_table_real(table, "time_s", row->time_s, err)
           && erg_table_real(table, "time_low_s", row->low_s, err)
           && erg_table_real(table, "time_high_s", row->high_s, err)
           && erg_table_text(table, "state", row->state == ERG_STATE_COLD ? "cold" : "hot",
                             err)
           && erg_table_real(table, "energy_j", row->gross_j, err)
           && erg_table_truth(table, "launch_bound", row->launch_bound, err)
           && erg_table_text(table, "name", row->name, err)
           && erg_table_real(table, "median_s", row->median_s, err)
           && erg_table_truth(table, "noisy", row->time_s > noisy_factor * row->median_s,
                              err)
           && erg_table_real(table, "runs_requested", row->runs_requested, err)
           && erg_table_real(table, "dynamic_j", row->dynamic_j, err)
           && erg_table_text(table, "method", row->method[0] ? row->method : NULL, err)
           && erg_table_real(table, "system_j", row->system_j, err)
           && erg_table_text(table, "quality", row->quality, err);
}

static double sum_of(const erg_replay *replay, erg_replay_state state)
{
    double sum = NAN;

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *row = &replay->kernels[i];

        if (row->state == state)
            sum = (isnan(sum) ? 0 : sum) + row->count / replay->steps * row->time_s;
    }
    return sum;
}

static bool put_whole(erg_table *table, const erg_replay *replay, erg_error *err)
{
    const erg_whole_timing *whole = &replay->whole;

    return erg_table_row(table, err)
           && erg_table_text(table, "workload", replay->plan->workload, err)
           && erg_table_real(table, "runs", whole->runs, err)
           && erg_table_real(table, "time_s", whole->time_s, err)
           && erg_table_real(table, "time_low_s", whole->low_s, err)
           && erg_table_real(table, "time_high_s", whole->high_s, err)
           && erg_table_real(table, "median_s", whole->median_s, err)
           && erg_table_real(table, "min_s", whole->min_s, err)
           && erg_table_real(table, "max_s", whole->max_s, err)
           && erg_table_real(table, "hot_s", sum_of(replay, ERG_STATE_HOT), err)
           && erg_table_real(table, "cold_s", sum_of(replay, ERG_STATE_COLD), err)
           && erg_table_real(table, "energy_j", whole->energy_j, err)
           && erg_table_real(table, "mean_w", whole->mean_w, err)
        && erg_table_real(table, "traced_s", whole->traced_s, err)
        && erg_table_real(table, "traced_share", whole->traced_share, err)
        && erg_table_real(table, "modelled_j", whole->modelled_j, err)
        && erg_table_real(table, "system_j", whole->system_j, err);
}

static bool put_tier(erg_table *table, const erg_replay *replay, int tier,
                     erg_replay_state state, erg_error *err)
{
    const erg_tier_energy *of = &replay->tiers[tier][state];

    if (!(of->steps > 0))
        return true;
    return erg_table_row(table, err)
           && erg_table_text(table, "tier", erg_tier_name((erg_tier)tier), err)
           && erg_table_text(table, "state", state == ERG_STATE_COLD ? "cold" : "hot", err)
           && erg_table_real(table, "steps", of->steps, err)
           && erg_table_real(table, "window_s", of->window_s, err)
           && erg_table_real(table, "energy_j", of->gross_j, err)
           && erg_table_real(table, "dynamic_j", of->dynamic_j, err)
           && erg_table_real(table, "mean_w", of->mean_w, err)
           && erg_table_real(table, "updates", of->updates, err)
           && erg_table_real(table, "system_j", of->system_j, err);
}

static bool put_tiers(erg_result *result, const erg_replay *replay, erg_error *err)
{
    erg_table *table = erg_result_add(result, "tiers", tier_columns,
                                      ERG_COUNT(tier_columns), err);
    bool good = table != NULL;

    for (int tier = 0; good && tier < ERG_TIERS; tier++)
        good = put_tier(table, replay, tier, ERG_STATE_HOT, err)
               && put_tier(table, replay, tier, ERG_STATE_COLD, err);
    return good;
}

erg_result *erg_replay_run_table(const erg_replay *replay, erg_error *err)
{
    erg_result *result = erg_result_new("replay", err);
    erg_table *kernels =
        result ? erg_result_add(result, "kernels", columns, ERG_COUNT(columns), err) : NULL;
    erg_table *whole = kernels ? erg_result_add(result, "whole", whole_columns,
                                                ERG_COUNT(whole_columns), err)
                               : NULL;
    bool good = whole && put_whole(whole, replay, err);

    for (size_t i = 0; good && i < replay->kernel_count; i++)
        good = put_kernel(kernels, replay, &replay->kernels[i], err)
               && put_times(kernels, &replay->kernels[i], err)
               && erg_table_text(kernels, "id",
                                 replay->plan->kernels[replay->kernels[i].kernel].id, err);
    good = good && (!replay->has_tiers || put_tiers(result, replay, err));
    for (size_t i = 0; good && i < replay->plan->note_count; i++)
        good = erg_result_note(result, err, "%s", replay->plan->notes[i]);
    if (good && erg_replay_is_modelled(replay))
        good = erg_result_note(result, err,
                               "Power is modelled: its joules are no measurement, and no "
                               "sum or check counts them as one.");
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}

erg_result *erg_replay_engines(erg_error *err)
{
    erg_result *result = erg_result_new("replay", err);
    erg_table *table = result ? erg_result_add(result, "engines", engine_columns,
                                               ERG_COUNT(engine_columns), err)
                              : NULL;
    bool good = table != NULL;

    for (const erg_engine *const *engine = erg_engines; good && *engine; engine++) {
        char why[200];
        bool here = (*engine)->find(why, sizeof(why));

        good = erg_table_row(table, err)
               && erg_table_text(table, "engine", (*engine)->name, err)
               && erg_table_text(table, "about", (*engine)->about, err)
               && erg_table_text(table, "state", here ? "present" : "absent", err)
               && erg_table_text(table, "reason", why, err);
    }
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}
