/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of writers, and what they share: numbers and texts as bytes.
 *
 *   Locale   erg_write sets the C locale for its thread while a writer runs,
 *            so printf is safe inside.
 */
#ifndef ERG_REPORT_WRITER_H
#define ERG_REPORT_WRITER_H

#include "base/base.h"
#include "erg/report.h"

enum { ERG_NUMBER_MOST = 48 };

/* only: the one table that was asked for, or NULL. */
typedef struct erg_writer {
    const char *name;
    bool (*write)(const erg_result *result, const erg_table *only,
                  const erg_write_options *options, FILE *out, erg_error *err);
} erg_writer;

extern const erg_writer erg_writer_text, erg_writer_json, erg_writer_csv, erg_writer_html,
    erg_writer_prometheus, erg_writer_openmetrics;

/* For people: 5 digits that count, no exponent where none is needed. */
void erg_number_short(double value, char to[ERG_NUMBER_MOST]);
/* For programs: the fewest digits that read back as the same double. */
void erg_number_exact(double value, char to[ERG_NUMBER_MOST]);
/* A cell for people; false and "n/a" when it is unmeasured. to holds numbers only. */
bool erg_cell_show(const erg_table *table, size_t row, size_t column,
                   char to[ERG_NUMBER_MOST], const char **text);
bool erg_cell_is_missing(erg_type type, const erg_cell *cell);

/* A copy in valid UTF-8 (bad bytes become U+FFFD) without control characters,
 * which could drive a terminal; free() it. keep_lines keeps newline and tab. */
char *erg_text_clean(const char *text, bool keep_lines, erg_error *err);
/* Text inside HTML elements and double-quoted attributes. */
void erg_html_text(FILE *out, const char *text);
/* One table as an HTML table element. */
void erg_html_table(FILE *out, const erg_table *table);
/* Too many columns for a sheet of paper: a column becomes a row. */
void erg_html_table_turned(FILE *out, const erg_table *table);
/* The notes of a result as a list. */
void erg_html_notes(FILE *out, const erg_result *result);

#endif
