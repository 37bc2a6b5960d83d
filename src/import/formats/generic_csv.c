/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any CSV, its columns named by the user: --time, --power, --unit, --kind.
 *
 * A time column that ends in a unit (t_ms, time_s) counts from nowhere unless its
 * numbers are as large as those since 1970.
 */
#include <math.h>
#include <string.h>
#include "import/formats/boards.h"
#include "import/formats/parts.h"
#include "import/formats/sheet.h"

typedef struct unit_row {
    const char *name;
    erg_quantity quantity;
    double factor;
} unit_row;

static const unit_row units[] = {
    { "W", ERG_POWER, 1 },     { "mW", ERG_POWER, 1e-3 },  { "uW", ERG_POWER, 1e-6 },
    { "J", ERG_ENERGY, 1 },    { "mJ", ERG_ENERGY, 1e-3 }, { "uJ", ERG_ENERGY, 1e-6 },
    { "Wh", ERG_ENERGY, 3600 }, { "kWh", ERG_ENERGY, 3.6e6 },
};

typedef struct kind_row { const char *name; erg_kind kind; } kind_row;

static const kind_row kinds[] = {
    { "instant", ERG_INSTANT }, { "average", ERG_AVG_PREV }, { "smoothed", ERG_SMOOTHED },
    { "counter", ERG_COUNTER },
};

static const char *const time_names[] = {
    "timestamp", "time", "time_utc", "datetime", "t_s", "t_ms", "t_us", "t_ns", "time_s",
    "time_ms",
};

static const char *const power_names[] = { "power_w", "power", "watts", "power_draw_w" };

static bool sniff(const erg_source *source)
{
    erg_field line = erg_first_line(source->bytes, source->size);
    return source->options->power_columns && line.count > 0 && line.count < 65536
        && memchr(line.text, erg_csv_separator(line), line.count);
}

/* As --unit says, else as the column's own name does: energy_uj, "power (mW)". */
static bool unit_of(const char *asked, erg_field column, unit_row *out, erg_error *err)
{
    static const erg_quantity quantities[] = { ERG_POWER, ERG_ENERGY };
    erg_field told = erg_column_unit(column);

    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (asked && strcmp(units[i].name, asked) == 0) {
            *out = units[i];
            return true;
        }
    if (asked)
        return erg_fail(err, ERG_BAD_INPUT, "'%.20s' is no unit here: say W mW uW J mJ uJ "
                        "Wh or kWh", asked);
    column = erg_field_trim(column);
    for (size_t i = column.count; i-- > 1 && told.count == 0;)
        if (column.text[i] == '_')
            told = (erg_field){ column.text + i + 1, column.count - i - 1 };
    *out = units[0];
    for (size_t i = 0; i < ERG_COUNT(quantities); i++) {
        double si = erg_si_of(told, quantities[i]);
        if (!isnan(si))
            *out = (unit_row){ .quantity = quantities[i], .factor = si };
    }
    return true;
}

static const kind_row *kind_of(const char *name, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(kinds); i++)
        if (!name || strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    erg_fail(err, ERG_BAD_INPUT,
             "'%.20s' is no kind: say instant, average, smoothed or counter", name);
    return NULL;
}

static int first_column(const erg_csv_row *header, const char *asked,
                        const char *const names[], size_t count)
{
    if (asked)
        return erg_column_find(header, asked);
    for (size_t i = 0; i < count; i++)
        if (erg_column_find(header, names[i]) >= 0)
            return erg_column_find(header, names[i]);
    return -1;
}

static bool set_time(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    const erg_import_options *options = sheet->source->options;
    sheet->time = first_column(header, options->time_column, time_names,
                               ERG_COUNT(time_names));
    if (sheet->time < 0)
        return erg_missing_column(sheet->source, header,
                                  options->time_column
                                      ? options->time_column : "of time (--time)",
                                  err);
    return true;
}

static bool add_power(erg_sheet *sheet, const erg_csv_row *header, const char *name,
                      erg_error *err)
{
    const erg_import_options *options = sheet->source->options;
    const kind_row *kind = kind_of(options->kind, err);
    int index = kind ? erg_column_find(header, name) : -1;
    unit_row unit;
    if (!kind)
        return false;
    if (index < 0)
        return erg_missing_column(sheet->source, header, name, err);
    if (!unit_of(options->unit, header->fields[index], &unit, err))
        return false;

    erg_channel_info info = erg_power_channel(0, name, ERG_SCOPE_BOARD);
    info.kind = kind->kind;
    if (unit.quantity == ERG_ENERGY || kind->kind == ERG_COUNTER) {
        info.quantity = ERG_ENERGY;
        info.kind = ERG_COUNTER;
        info.method = ERG_METHOD_COUNTER;
        erg_text_put(info.unit, sizeof(info.unit), "J");
    }
    erg_sheet_add(sheet, index, info, unit.factor);
    return true;
}

/* Several counters are several meters. Of several watts those of one part of the machine
 * are readings of it, and other parts are devices of their own. */
static void part_columns(erg_sheet *sheet)
{
    if (sheet->column_count < 2 || sheet->device_column >= 0)
        return;
    for (size_t i = 0; i < sheet->column_count; i++) {
        erg_sheet_column *column = &sheet->columns[i];
        bool is_part = erg_part_of(column->info.name, column->part, &column->info.scope);
        if (column->info.quantity == ERG_ENERGY)
            column->device = column->info.name;
        else if (is_part)
            column->device = column->part;
    }
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    const char *list = sheet->source->options->power_columns;
    if (!set_time(sheet, header, err))
        return false;
    sheet->device_column = erg_column_find(header, "device");
    if (!list) {
        for (size_t i = 0; i < ERG_COUNT(power_names); i++)
            if (erg_column_find(header, power_names[i]) >= 0)
                return add_power(sheet, header, power_names[i], err);
        return erg_missing_column(sheet->source, header, "of power (--power COLUMN)", err);
    }
    while (*list) {
        char name[64];
        size_t count = strcspn(list, ",");
        snprintf(name, sizeof(name), "%.*s", (int)count, list);
        if (!add_power(sheet, header, name, err))
            return false;
        list += count + (list[count] == ',');
    }
    part_columns(sheet);
    return sheet->column_count > 0
        || erg_fail(err, ERG_BAD_INPUT, "--power names no column of %s",
                    sheet->source->name);
}

static bool read_csv(erg_trace *into, const erg_source *source, erg_error *err)
{
    erg_sheet sheet = { .device = { .name = "csv:0", .scope = ERG_SCOPE_BOARD },
                        .prefix = "",
                        .any_sign = true,
                        .head = head };
    int first = (int)erg_trace_channel_count(into);

    return erg_sheet_read(into, source, &sheet, err)
        && erg_check_boards(into, source, first, false, err);
}

const erg_importer erg_importer_csv = {
    .name = "csv",
    .about = "any CSV: --time COLUMN --power COLUMN[,COLUMN] --unit W --kind instant",
    .streams = true,
    .sniff = sniff,
    .read = read_csv,
};
