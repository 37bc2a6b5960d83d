/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV from memory or from a file by the piece, over libcsv: rows of fields with their line
 * number.
 *
 * Bounded: a field, a row and an open quote have limits, so that no input can
 * swallow the rest of a file. A last line without its newline may be cut in the
 * middle of a number: it is not handed out, only counted.
 */
#ifndef ERG_FORMAT_CSV_H
#define ERG_FORMAT_CSV_H

#include "base/base.h"

typedef struct erg_field { const char *text; size_t count; } erg_field;

typedef struct erg_csv_row {
    const erg_field *fields;
    size_t count;
    size_t line;            /* of its first byte, from 1 */
    bool has_nul;           /* a torn write left NUL bytes in it */
} erg_csv_row;

typedef struct erg_csv {
    const char *name;       /* of the file, for sentences */
    char separator;         /* 0: the most frequent of , ; tab in the first line */
    bool keep_last;         /* a last line without newline counts as whole */
    /* False stops reading; *err is then the callback's. */
    bool (*row)(void *self, const erg_csv_row *row, erg_error *err);
    void *self;
} erg_csv;

/* *torn_last (may be NULL) hears of a last line that was dropped. */
bool erg_csv_read(const erg_csv *csv, const char *bytes, size_t size, bool *torn_last,
                  erg_error *err);
/* The same of a file, however large: two MiB of it are in memory. */
bool erg_csv_read_file(const erg_csv *csv, const char *path, bool *torn_last,
                       erg_error *err);
/* The text without blanks around it. */
erg_field erg_field_trim(erg_field field);
bool erg_field_is(erg_field field, const char *text);
/* The field of a header that names a column, blanks around it apart; -1: none. */
int erg_csv_column(const erg_csv_row *header, const char *name);
/* The first line of bytes without its end and a byte order mark. */
erg_field erg_first_line(const char *bytes, size_t size);
char erg_csv_separator(erg_field line);

#endif
