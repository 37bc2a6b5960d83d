/* SPDX-License-Identifier: Apache-2.0 */
/* How an estimate is told to a person. */
#ifndef ERG_CLI_ESTIMATE_H
#define ERG_CLI_ESTIMATE_H

#include "cli.h"

enum { CLI_QUANTITY_MOST = 32 };

/* "4.1 ms", "n/a". */
void cli_quantity(double value, const char *unit, char to[CLI_QUANTITY_MOST]);
/* "4.1 ms (3.4 .. 5)": value, low, high; the ends in the unit of the value. */
void cli_interval(const double at[3], const char *unit, char to[], size_t size);
void cli_bytes(int64_t bytes, char to[CLI_QUANTITY_MOST]);

/* Rows, the picture of the first one, its hints, then what was asked for; detail:
 * every table in full before the picture. */
bool cli_estimate_text(const erg_result *result, bool detail,
                       const erg_write_options *write, FILE *out, erg_error *err);

/* Exit status; detail: every table, as text. */
int cli_estimate_put(const cli *call, bool detail, const erg_result *result);

/* Exit status; on: hardware, with commas between. */
int cli_estimate_kernels(const cli *call, const erg_catalog *catalog, const char *on,
                         const cli_list *kernels);

/* Adds what path measured to the result; CLI_DONE where nothing was asked (NULL). */
int cli_estimate_against(const cli *call, const char *path, erg_result *result);

/* ---- estimate_plot.c: of one row of the summary ------------------------------- */

/* Subgraphs as * under the roof, both axes logarithmic. */
void cli_estimate_roofline(const erg_result *result, size_t row, FILE *out);
/* Memory as a bar a step, at most 60. */
void cli_estimate_timeline(const erg_result *result, size_t row, FILE *out);
/* Row of the table belongs to that row of the summary. */
bool cli_estimate_is_of(const erg_result *result, const erg_table *table, size_t row,
                        size_t of);

#endif
