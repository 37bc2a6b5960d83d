/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of erg choose share. */
#ifndef ERG_CLI_CHOOSE_H
#define ERG_CLI_CHOOSE_H

#include "cli.h"

typedef struct cli_foreseen {
    erg_foreseen *rows;         /* free() it */
    size_t count;
    size_t skipped;             /* applications with too few measured clocks */
} cli_foreseen;

/* By the physical model of these points, or (model) by the file of one. clocks:
 * "510:1410:15" in MHz, or NULL: those that any application was run at. */
bool cli_foresee(const erg_points *points, const char *clocks, const char *model,
                 cli_foreseen *out, erg_error *err);

/* Table fitted: curves of applications with three measured clocks or more, for a page. */
bool cli_add_fitted(const erg_points *points, erg_result *result, erg_error *err);

/* "80C" or "353K", to Celsius; NULL leaves out as it is. */
bool cli_parse_temp(const char *text, double *out, erg_error *err);
/* "name=2": of the application that is named so, or ends so; the rest count 1. */
bool cli_weigh(const cli_list *wanted, const erg_choice *choice, const erg_points *points,
               double weights[], erg_error *err);

#endif
