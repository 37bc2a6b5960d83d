/* SPDX-License-Identifier: Apache-2.0 */
/* Cells and headers, as most of these formats write them. */
#include <math.h>
#include <string.h>
#include <strings.h>
#include "import/formats/importer.h"

/* ---- what no reader of text gets on with -------------------------------------------- */

static bool begins(const char *bytes, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

bool erg_is_utf16(const char *bytes, size_t size)
{
    return begins(bytes, size, "\xff\xfe") || begins(bytes, size, "\xfe\xff");
}

bool erg_is_packed(const char *bytes, size_t size)
{
    return begins(bytes, size, "\x1f\x8b") || begins(bytes, size, "\x28\xb5\x2f\xfd")
        || begins(bytes, size, "\xfd" "7zXZ") || begins(bytes, size, "BZh")
        || begins(bytes, size, "PK\x03\x04");
}

bool erg_is_of_cr(const char *bytes, size_t size)
{
    return size > 0 && memchr(bytes, '\r', size) && !memchr(bytes, '\n', size);
}

/* ---- cells -------------------------------------------------------------------------- */

static const char *const absent[] = {
    "N/A", "[N/A]", "[Not Supported]", "[Unknown Error]", "[Insufficient Permissions]",
    "Not Supported", "nan", "NaN", "",
};

/* Above it no meter of ours can be: it is a sentinel of a driver. */
static const double most_w = 1e6;

bool erg_cell_number(const erg_source *source, erg_field cell, double *out)
{
    cell = erg_field_trim(cell);
    for (size_t i = 0; i < ERG_COUNT(absent); i++)
        if (erg_field_is(cell, absent[i])) {
            *out = NAN;
            return true;
        }
    const char *blank = memchr(cell.text, ' ', cell.count);
    size_t count = blank ? (size_t)(blank - cell.text) : cell.count;
    if (count > 0 && cell.text[count - 1] == '%')
        count--;
    char decimal = source->style.decimal ? source->style.decimal : '.';
    return erg_number_parse(cell.text, count, decimal, out);
}

static erg_field bare_name(erg_field name)
{
    name = erg_field_trim(name);
    const char *bracket = memchr(name.text, '[', name.count);
    if (bracket && bracket > name.text)
        name = erg_field_trim((erg_field){ name.text, (size_t)(bracket - name.text) });
    return name;
}

int erg_column_find(const erg_csv_row *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++) {
        erg_field full = erg_field_trim(header->fields[i]), bare = bare_name(full);
        if (erg_field_is(full, name)
            || (bare.count == strlen(name)
                && strncasecmp(bare.text, name, bare.count) == 0))
            return (int)i;
    }
    return -1;
}

/* Of a file that is no sheet, for a sentence on a terminal. */
static void only_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
            *text = '?';
}

bool erg_missing_column(const erg_source *source, const erg_csv_row *header,
                        const char *wanted, erg_error *err)
{
    char there[240] = "";
    for (size_t i = 0; i < header->count; i++) {
        size_t used = strlen(there);
        erg_field name = erg_field_trim(header->fields[i]);
        snprintf(there + used, sizeof(there) - used, "%s%.*s", i ? ", " : "",
                 (int)name.count, name.count ? name.text : "");
    }
    only_printable(there);
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s:%zu: no column %s; the header has %s: is it another "
                    "format (--from), or column (--time, --power)?", source->name,
                    header->line, wanted, there);
}

typedef struct looked { const char *const *names; bool found; } looked;

static bool look(void *self, const erg_csv_row *row, erg_error *err)
{
    looked *to = self;
    (void)err;
    to->found = true;
    for (const char *const *name = to->names; *name; name++)
        to->found = to->found && erg_column_find(row, *name) >= 0;
    return true;
}

bool erg_header_has(const erg_source *source, const char *const names[])
{
    looked to = { names, false };
    erg_csv csv = { .name = source->name, .row = look, .self = &to, .keep_last = true };
    erg_field line = erg_first_line(source->bytes, source->size);
    return line.count < 65536 && erg_csv_read(&csv, line.text, line.count, NULL, NULL)
        && to.found;
}

bool erg_is_table_of_points(const erg_source *source)
{
    static const char *const headers[][3] = {
        { "application", "sm_clock_mhz" }, { "application", "sm_app_clock_mhz" },
        { "app", "sm_clock_mhz" },         { "workload", "sm_clock_mhz" },
        { "workload", "freq_mhz" },        { "model", "freq_mhz" },
    };
    const erg_import_options *options = source->options;

    for (size_t i = 0; i < ERG_COUNT(headers); i++)
        if (erg_header_has(source, headers[i]))
            return !options->format && !options->time_column && !options->power_columns;
    return false;
}

typedef struct one_format {
    const erg_source *source;
    bool (*is_foreign)(erg_field line);
} one_format;

static bool is_of_it(void *self, const erg_log_line *line, erg_error *err)
{
    const one_format *of = self;
    const char *c = line->text.text, *nul = memchr(c, 0, line->text.count);

    if (nul)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: a NUL byte, %zu bytes into the file: a "
                        "torn write or two writers; nothing was imported",
                        of->source->name, line->number, line->place + (size_t)(nul - c));
    if (of->is_foreign(erg_field_trim(line->text)))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: another format begins here, %zu bytes "
                        "into the file: two programs wrote to it; cut it in two",
                        of->source->name, line->number, line->place);
    return true;
}

bool erg_one_format(const erg_source *source, bool (*is_foreign)(erg_field line),
                    erg_error *err)
{
    return erg_log_lines_each(source, is_of_it, &(one_format){ source, is_foreign }, err);
}

erg_channel_info erg_power_channel(int device, const char *name, erg_scope scope)
{
    erg_channel_info info = {
        .device = device, .unit = "W", .quantity = ERG_POWER, .kind = ERG_INSTANT,
        .method = ERG_METHOD_INTEGRAL, .scope = scope, .update_s = NAN, .window_s = NAN,
        .gain = 1, .gain_u = 0.05, .max_w = most_w,
    };
    erg_text_put(info.name, sizeof(info.name), name);
    return info;
}
