/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that read tables of points share. */
#ifndef ERG_CLI_POINTS_H
#define ERG_CLI_POINTS_H

#include "cli.h"

/* "half"; NULL: unknown. False: a sentence was put into err. */
bool cli_definition(const char *name, erg_activity *out, erg_error *err);
/* Every path ("-" is stdin), into one. NULL: *err says why. */
erg_points *cli_points(const cli *call, char *const paths[], size_t count,
                       const erg_points_options *options, erg_error *err);
/* "510:1380:7.5", "510,1380" (MHz) or with units; free() it. */
double *cli_clocks(const char *text, size_t *count, erg_error *err);
/* A new row of what a model says of an application at one clock. */
bool cli_put_curve(erg_table *table, const char *application, const erg_curve_point *at,
                   erg_error *err);

#endif
