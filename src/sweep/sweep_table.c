/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a sweep as a table: what would be visited, and nothing touched. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sweep/sweep_inside.h"

static const erg_column columns[] = {
    { "application", ERG_TEXT, "whose points belong together" },
    { "block", ERG_INTEGER, "repetition of the whole, from 0" },
    { "place", ERG_INTEGER, "order within the block" },
    { "sm_clock_mhz", ERG_REAL, "as it will be set: the nearest that the device offers" },
    { "power_cap_w", ERG_REAL, "power limit to be set" },
    { "cpu_clock_mhz", ERG_REAL, "clock of the CPU to be set" },
    { "reference", ERG_TRUTH, "a return to the highest setting" },
    { "mem_clock_mhz", ERG_REAL, "clock of the memory to be set" },
    { "setting", ERG_REAL, "of the knob that has no column of its own; named as it is" },
};

static erg_table *add_plan(erg_result *result, const erg_sweep_setup *setup, erg_error *err)
{
    const char *other = erg_sweep_other(setup);
    erg_column heads[ERG_COUNT(columns)];

    if (!other)
        return erg_result_add(result, "plan", columns, ERG_COUNT(columns) - 1, err);
    memcpy(heads, columns, sizeof(heads));
    heads[ERG_COUNT(columns) - 1].name = other;
    const erg_column *kept = erg_result_keep(result, heads, ERG_COUNT(heads), err);
    return kept ? erg_result_add(result, "plan", kept, ERG_COUNT(heads), err) : NULL;
}

static bool put_row(erg_table *table, const erg_sweep_setup *setup, const char *application,
                    const erg_sweep_place *at, erg_error *err)
{
    const erg_knob_setting *setting = &setup->settings[at->setting];
    const char *other = erg_sweep_other(setup);

    return erg_table_row(table, err)
           && erg_table_text(table, "application", application, err)
           && erg_table_integer(table, "block", at->block, err)
           && erg_table_integer(table, "place", at->place, err)
           && erg_table_real(table, "sm_clock_mhz", 1e-6 * setting->at[ERG_SM_CLOCK], err)
           && erg_table_real(table, "power_cap_w", setting->at[ERG_POWER_LIMIT], err)
           && erg_table_real(table, "cpu_clock_mhz", 1e-6 * setting->at[ERG_CPU_CLOCK], err)
           && erg_table_real(table, "mem_clock_mhz", 1e-6 * setting->at[ERG_MEM_CLOCK], err)
           && erg_table_truth(table, "reference", at->setting == 0, err)
           && (!other
               || erg_table_real(table, other,
                                 erg_sweep_kept(setting).at[ERG_OTHER_SETTING], err));
}

static bool put_block(erg_table *table, const erg_sweep_options *options,
                      const erg_sweep_setup *setup, int block, erg_error *err)
{
    size_t *visits = calloc(erg_sweep_block_most(setup->count), sizeof(*visits));
    bool good = visits || erg_fail(err, ERG_NO_MEMORY, "out of memory for a plan");
    size_t count =
        good ? erg_sweep_block(setup->count, NULL, erg_sweep_start(options, block), visits)
             : 0;

    for (size_t job = 0; good && job < options->job_count; job++) {
        char name[sizeof(((erg_application *)NULL)->name)];
        erg_sweep_job_name(&options->jobs[job], name, sizeof(name));
        for (size_t i = 0; good && i < count; i++) {
            erg_sweep_place at = { job, block, (int)i, visits[i] };
            good = put_row(table, setup, name, &at, err);
        }
    }
    free(visits);
    return good;
}

static bool put_notes(erg_result *result, const erg_sweep_options *options,
                      const erg_sweep_setup *setup, erg_error *err)
{
    if (*setup->snapped && !erg_result_note(result, err, "%s", setup->snapped))
        return false;
    if (options->adaptive)
        return erg_result_note(result, err,
                               "--adaptive visits few of these: three, then each "
                               "as those before it suggest");
    return !(options->until > 0)
           || erg_result_note(result, err,
                              "--until leaves out settings that are known well "
                              "enough: these are the most");
}

erg_result *erg_sweep_plan_table(const erg_env *env, const erg_sweep_options *options,
                                 erg_error *err)
{
    erg_sweep_setup setup;
    int blocks = erg_sweep_blocks(options), only = options->only_block;

    if (!erg_sweep_prepare(env, options, &setup, err))
        return NULL;
    erg_result *result =
        erg_sweep_moves_work(&setup, err) ? erg_result_new("sweep", err) : NULL;
    erg_table *table = result ? add_plan(result, &setup, err) : NULL;
    bool good = table && put_notes(result, options, &setup, err);
    for (int b = only ? only - 1 : 0; good && b < (only ? only : blocks); b++)
        good = put_block(table, options, &setup, b, err);
    erg_sweep_drop(&setup);
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}
