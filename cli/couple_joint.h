/* SPDX-License-Identifier: Apache-2.0 */
/* What erg couple does before it studies: record a joint run, or intervene in one. */
#ifndef CLI_COUPLE_JOINT_H
#define CLI_COUPLE_JOINT_H

#include "cli.h"

typedef struct cli_joint_options {
    const char *record, *intervene;
    double for_s, rate_hz, off_s, block_s, drop_s, tau_s;
    int blocks;
    bool shared;
} cli_joint_options;

/* The command after -- runs and is recorded into joint->record; CLI_DONE: go on and
 * study. */
int cli_joint_record(const cli *call, const cli_joint_options *joint, const char *log,
                     double ambient_k);
/* Runs, turns, studies and prints. */
int cli_joint_intervene(const cli *call, const cli_joint_options *joint, const char *log,
                        const erg_couple_options *wish);

#endif
