/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_CLI_SWEEP_JOBS_H
#define ERG_CLI_SWEEP_JOBS_H

#include "cli.h"

typedef struct cli_profile_options {
    const char *profile, *variant;
    cli_list sets;
    bool force;
    bool no_check;      /* a plan: nothing is run */
} cli_profile_options;

/* items may point into this very struct: do not move it. */
typedef struct cli_jobs {
    erg_recipe *recipe;
    erg_recipe_grid *grid;
    erg_sweep_job *items, one;
    char **names, ***variants;  /* variants: words of each */
    size_t count;
    erg_sweep_require *requires;
    size_t require_count;
} cli_jobs;

void cli_jobs_of_command(const cli *call, const char *name, bool simulated, cli_jobs *jobs);
/* Simulated work runs no command. Free jobs in any case. */
bool cli_jobs_of_profile(const cli *call, const cli_profile_options *wish, bool simulated,
                         cli_jobs *jobs, erg_error *err);
/* The command with each word of a list in place of {}. Free jobs in any case. */
bool cli_jobs_of_variants(const cli *call, const char *list, cli_jobs *jobs,
                          erg_error *err);
void cli_variant_free(char **words);
void cli_jobs_free(cli_jobs *jobs);
/* No visit counts: the answer of a sweep is no. */
bool cli_has_nothing_good(const erg_points *points);
/* The knee of the GPU's voltage, of a model of erg fit: where a search starts from. No
 * path: nothing. */
bool cli_take_knee(const char *path, erg_sweep_options *options, erg_error *err);
/* The number of a job array's task, from 0, to 1 + it. */
bool cli_read_block(const char *text, int *only);
/* erg sweep --profile list */
int cli_list_profiles(const cli *call);

#endif
