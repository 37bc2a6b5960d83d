/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of erg couple. */
#ifndef ERG_CLI_COUPLE_H
#define ERG_CLI_COUPLE_H

#include "cli.h"

/* A cli_body: a line a pair, what refuses it, the data sheet in blocks; what: the
 * result. */
bool cli_couple_brief(const void *what, const void *how, FILE *out, erg_error *err);
/* In --format: the brief, the page with pictures, or tables. */
int cli_couple_write(const cli *call, const erg_result *result, const char *output);

/* All arguments are sessions. */
int cli_couple_sessions(const cli *call, const erg_monitor_options *how,
                        const erg_couple_options *wish, bool gate);
/* As it was published; --output is a folder for its files. log: a training log, or NULL. */
int cli_couple_compat(const cli *call, const erg_monitor_options *how, const char *mode,
                      const char *log);
int cli_couple_blank(const cli *call);

#endif
