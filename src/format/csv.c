/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcsv pushes fields; this collects them into rows.
 *
 * It hands a field out once and then reuses its buffer, so the row keeps a copy.
 * It is fed line by line because it does not count lines.
 */
#include <csv.h>
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

static void feed_lines(reader *read, struct csv_parser *parser, const char *at, size_t size)
{
    const char *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline && !read->csv->keep_last)
            break;
        const char *next = newline ? newline + 1 : end;
        read->line++;
        if (read->count == 0 && parser->entry_pos == 0)
            read->first_line = read->line;
        if (!feed(read, parser, at, (size_t)(next - at)))
            return;
        at = next;
    }
    /* Strict only now: a quote inside an unquoted field is a byte like others. */
    csv_set_opts(parser, CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(parser, on_field, on_row, read) != 0)
        fault(read, "a quote is opened and not closed");
}

bool erg_csv_read(const erg_csv *csv, const char *bytes, size_t size, bool *torn_last,
                  erg_error *err)
{
    if (torn_last)
        *torn_last = size && bytes[size - 1] != '\n' && !csv->keep_last;
    if (is_wide(bytes, size))
        return erg_fail(err, ERG_BAD_INPUT, "%s:1: UTF-16: save it as UTF-8 first",
                        csv->name);

    struct csv_parser parser;
    reader *read = calloc(1, sizeof(*read));
    if (!read || csv_init(&parser, 0) != 0) {
        free(read);
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", csv->name);
    }
    size_t skip = mark_bytes(bytes, size);
    char separator = csv->separator;
    if (!separator)
        separator = erg_csv_separator(erg_first_line(bytes, size));
    csv_set_delim(&parser, (unsigned char)separator);
    *read = (reader){ .csv = csv, .err = err };
    erg_text_add_bytes(&read->text, "", 0);     /* an empty field points somewhere, too */
    feed_lines(read, &parser, bytes + skip, size - skip);
    bool good = !read->failed && !read->stopped;
    csv_free(&parser);
    erg_text_free(&read->text);
    free(read);
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
