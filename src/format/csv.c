/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcsv pushes fields; this collects them into rows.
 *
 * It hands a field out once and then reuses its buffer, so the row keeps a copy.
 * It is fed line by line because it does not count lines.
 */
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"

enum { FIELDS_MOST = 4096, ROW_BYTES_MOST = 1 << 20 };

typedef struct reader {
    const erg_csv *csv;
    erg_text text;          /* of all fields of this row, one after the other */
    size_t ends[FIELDS_MOST];
    erg_field fields[FIELDS_MOST];
    size_t count, line, first_line;
    bool has_nul, stopped, failed;
    erg_error *err;
} reader;

static bool fault(reader *read, const char *what)
{
    if (!read->failed)
        erg_fail(read->err, ERG_BAD_INPUT, "%s:%zu: %s", read->csv->name,
                 read->first_line, what);
    return !(read->failed = true);
}

static void on_field(void *bytes, size_t size, void *self)
{
    reader *read = self;
    if (read->failed || read->stopped)
        return;
    if (read->count == FIELDS_MOST || read->text.count + size > ROW_BYTES_MOST) {
        fault(read, "the row is longer than a CSV row can be: is this a CSV file?");
        return;
    }
    read->has_nul = read->has_nul || (size && memchr(bytes, 0, size));
    erg_text_add_bytes(&read->text, bytes, size);
    read->ends[read->count++] = read->text.count;
}

static void on_row(int end, void *self)
{
    reader *read = self;
    (void)end;
    if (read->text.failed)
        fault(read, "out of memory");
    if (read->failed || read->stopped)
        return;
    size_t begin = 0;
    for (size_t i = 0; i < read->count; i++) {
        read->fields[i] = (erg_field){ read->text.data + begin, read->ends[i] - begin };
        begin = read->ends[i];
    }
    erg_csv_row row = { read->fields, read->count, read->first_line, read->has_nul };
    read->stopped = !read->csv->row(read->csv->self, &row, read->err);
    read->count = read->text.count = 0;
    read->has_nul = false;
}

static bool feed(reader *read, struct csv_parser *parser, const char *bytes, size_t size)
{
    if (csv_parse(parser, bytes, size, on_field, on_row, read) != size)
        return fault(read, csv_strerror(csv_error(parser)));
    if (parser->entry_pos > ROW_BYTES_MOST)
        return fault(read, "a quote is opened and not closed");
    return !read->failed && !read->stopped;
}

static size_t mark_bytes(const char *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static bool is_wide(const char *bytes, size_t size)
{
    return size >= 2
        && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

/* Whole lines of a piece; gives the bytes of them. */
static size_t feed_lines(reader *read, struct csv_parser *parser, const char *bytes,
                         size_t size, bool is_last)
{
    const char *at = bytes, *end = bytes + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline && !is_last)
            break;
        const char *next = newline ? newline + 1 : end;
        read->line++;
        if (read->count == 0 && parser->entry_pos == 0)
            read->first_line = read->line;
        if (!feed(read, parser, at, (size_t)(next - at)))
            break;
        at = next;
    }
    return (size_t)(at - bytes);
}

/* Strict only now: a quote inside an unquoted field is a byte like others. */
static void finish(reader *read, struct csv_parser *parser)
{
    if (read->failed || read->stopped)
        return;
    csv_set_opts(parser, CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(parser, on_field, on_row, read) != 0)
        fault(read, "a quote is opened and not closed");
}

/* By what a file begins with; gives the bytes of its mark. */
static bool begin(reader *read, struct csv_parser *parser, const char *bytes, size_t size,
                  size_t *skip)
{
    char separator = read->csv->separator;

    if (is_wide(bytes, size)) {
        read->failed = true;
        return erg_fail(read->err, ERG_BAD_INPUT, "%s:1: UTF-16: save it as UTF-8 first",
                        read->csv->name);
    }
    if (!separator)
        separator = erg_csv_separator(erg_first_line(bytes, size));
    csv_set_delim(parser, (unsigned char)separator);
    *skip = mark_bytes(bytes, size);
    return true;
}

static reader *reader_new(const erg_csv *csv, struct csv_parser *parser, erg_error *err)
{
    reader *read = calloc(1, sizeof(*read));

    if (!read || csv_init(parser, 0) != 0) {
        free(read);
        erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", csv->name);
        return NULL;
    }
    *read = (reader){ .csv = csv, .err = err };
    erg_text_add_bytes(&read->text, "", 0);     /* an empty field points somewhere, too */
    return read;
}

static bool reader_free(reader *read, struct csv_parser *parser)
{
    bool good = !read->failed && !read->stopped;

    csv_free(parser);
    erg_text_free(&read->text);
    free(read);
    return good;
}

bool erg_csv_read(const erg_csv *csv, const char *bytes, size_t size, bool *torn_last,
                  erg_error *err)
{
    struct csv_parser parser;
    reader *read = reader_new(csv, &parser, err);
    size_t skip;

    if (torn_last)
        *torn_last = size && bytes[size - 1] != '\n' && !csv->keep_last;
    if (!read)
        return false;
    if (begin(read, &parser, bytes, size, &skip)) {
        feed_lines(read, &parser, bytes + skip, size - skip, csv->keep_last);
        finish(read, &parser);
    }
    return reader_free(read, &parser);
}

/* ---- a file by the piece ------------------------------------------------------------- */

/* Piece by piece; what is behind the last newline stays in front of the next piece. */
static void feed_file(reader *read, struct csv_parser *parser, FILE *file, char *room,
                      bool *torn_last)
{
    size_t held = 0, skip = 0;
    bool is_first = true, is_last = false;

    while (!is_last && !read->failed && !read->stopped) {
        size_t got = fread(room + held, 1, 2 * (size_t)ROW_BYTES_MOST - held, file);
        size_t size = held + got;
        is_last = got == 0;
        if (is_first && !begin(read, parser, room, size, &skip))
            return;
        is_first = false;
        size_t used = skip + feed_lines(read, parser, room + skip, size - skip,
                                        is_last && read->csv->keep_last);
        held = size - used;
        memmove(room, room + used, held);
        skip = 0;
        if (!is_last && held > ROW_BYTES_MOST)
            fault(read, "the row is longer than a CSV row can be: is this a CSV file?");
    }
    *torn_last = held > 0;
    if (ferror(file))
        read->failed = !erg_fail(read->err, ERG_IO, "cannot read %s to its end: try again, "
                                 "or copy it to another disk", read->csv->name);
    finish(read, parser);
}

bool erg_csv_read_file(const erg_csv *csv, const char *path, bool *torn_last,
                       erg_error *err)
{
    struct csv_parser parser;
    bool torn = false;
    FILE *file = fopen(path, "rbe");

    if (!file)
        return erg_fail(err, ERG_IO, "cannot read %s: %s", path, strerror(errno));
    char *room = malloc(2 * (size_t)ROW_BYTES_MOST);
    reader *read = room ? reader_new(csv, &parser, err) : NULL;
    bool good = read || erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s",
                                 csv->name);
    if (read) {
        feed_file(read, &parser, file, room, &torn);
        good = reader_free(read, &parser);
    }
    free(room);
    fclose(file);
    if (torn_last)
        *torn_last = torn;
    return good;
}

erg_field erg_field_trim(erg_field field)
{
    while (field.count && (*field.text == ' ' || *field.text == '\t'))
        field.text++, field.count--;
    while (field.count && strchr(" \t\r", field.text[field.count - 1]))
        field.count--;
    return field;
}

bool erg_field_is(erg_field field, const char *text)
{
    return field.count == strlen(text) && memcmp(field.text, text, field.count) == 0;
}

int erg_csv_column(const erg_csv_row *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++)
        if (erg_field_is(erg_field_trim(header->fields[i]), name))
            return (int)i;
    return -1;
}

erg_field erg_first_line(const char *bytes, size_t size)
{
    size_t skip = mark_bytes(bytes, size);
    const char *newline = size > skip ? memchr(bytes + skip, '\n', size - skip) : NULL;
    erg_field line = { bytes + skip,
                       newline ? (size_t)(newline - bytes) - skip : size - skip };
    return erg_field_trim(line);
}

char erg_csv_separator(erg_field line)
{
    static const char candidates[] = { ',', ';', '\t' };
    size_t best = 0, most = 0;
    for (size_t i = 0; i < ERG_COUNT(candidates); i++) {
        size_t count = 0;
        for (size_t k = 0; k < line.count; k++)
            count += line.text[k] == candidates[i];
        if (count > most)
            best = i, most = count;
    }
    return candidates[best];
}
