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

/* In any case; nvidia-smi has more of them, all in brackets. */
static const char *const absent[] = {
    "", "N/A", "NA", "nan", "null", "None", "Not Supported", "-",
};

/* Above it no meter of ours can be: it is a sentinel of a driver. */
static const double most_w = 1e6;

static bool is_word(erg_field field, const char *word)
{
    return field.count == strlen(word) && strncasecmp(field.text, word, field.count) == 0;
}

static bool is_absent(erg_field cell)
{
    for (size_t i = 0; i < ERG_COUNT(absent); i++)
        if (is_word(cell, absent[i]))
            return true;
    return cell.text[0] == '[' && cell.text[cell.count - 1] == ']';
}

static size_t number_count(erg_field cell)
{
    size_t count = 0;

    while (count < cell.count && strchr("0123456789+-.,eE", cell.text[count])
           && cell.text[count])
        count++;
    return count;
}

typedef struct unit_row { const char *name; erg_quantity quantity; double si; } unit_row;

static const unit_row units[] = {
    { "W", ERG_POWER, 1 },             { "mW", ERG_POWER, 1e-3 },
    { "uW", ERG_POWER, 1e-6 },         { "\xc2\xb5W", ERG_POWER, 1e-6 },
    { "\xce\xbcW", ERG_POWER, 1e-6 },  { "kW", ERG_POWER, 1e3 },
    { "Watt", ERG_POWER, 1 },          { "Watts", ERG_POWER, 1 },
    { "J", ERG_ENERGY, 1 },            { "mJ", ERG_ENERGY, 1e-3 },
    { "uJ", ERG_ENERGY, 1e-6 },        { "\xc2\xb5J", ERG_ENERGY, 1e-6 },
    { "\xce\xbcJ", ERG_ENERGY, 1e-6 }, { "kJ", ERG_ENERGY, 1e3 },
    { "Wh", ERG_ENERGY, 3600 },        { "mWh", ERG_ENERGY, 3.6 },
    { "kWh", ERG_ENERGY, 3.6e6 },
};

/* In any case, but for the M of mega, which none of them has. */
double erg_si_of(erg_field unit, erg_quantity quantity)
{
    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (units[i].quantity == quantity && is_word(unit, units[i].name)
            && *unit.text != 'M')
            return units[i].si;
    return NAN;
}

static bool is_unit(erg_field unit)
{
    return is_word(unit, "%") || !isnan(erg_si_of(unit, ERG_POWER))
        || !isnan(erg_si_of(unit, ERG_ENERGY));
}

erg_field erg_cell_unit(erg_field cell)
{
    cell = erg_field_trim(cell);
    size_t count = number_count(cell);

    return erg_field_trim((erg_field){ cell.text + count, cell.count - count });
}

bool erg_cell_number(const erg_source *source, erg_field cell, double *out)
{
    char decimal = source->style.decimal ? source->style.decimal : '.';

    cell = erg_field_trim(cell);
    if (is_absent(cell)) {
        *out = NAN;
        return true;
    }
    size_t count = number_count(cell);
    erg_field unit = erg_cell_unit(cell);
    bool is_apart = count < cell.count && cell.text[count] == ' ';
    return (is_apart || unit.count == 0 || is_unit(unit))
        && erg_number_parse(cell.text, count, decimal, out);
}

/* Where the unit of a column begins: "power [W]", "power (W)"; the end: there is none. */
static size_t unit_place(erg_field name)
{
    for (size_t i = 1; i < name.count; i++)
        if (name.text[i] == '[' || name.text[i] == '(')
            return i;
    return name.count;
}

erg_field erg_column_unit(erg_field name)
{
    name = erg_field_trim(name);
    size_t at = unit_place(name);

    if (at + 1 >= name.count || !strchr("])", name.text[name.count - 1]))
        return (erg_field){ "", 0 };
    return erg_field_trim((erg_field){ name.text + at + 1, name.count - at - 2 });
}

int erg_column_find(const erg_csv_row *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++)
        if (erg_field_is(erg_field_trim(header->fields[i]), name))
            return (int)i;
    for (size_t i = 0; i < header->count; i++) {
        erg_field full = erg_field_trim(header->fields[i]);
        if (is_word(erg_field_trim((erg_field){ full.text, unit_place(full) }), name))
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
