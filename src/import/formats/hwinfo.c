/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HWiNFO: Date,Time,... with units in square brackets, repeated at the end.
 *
 * Each column in [W] is a device of its own, since they overlap in ways that only
 * their names tell: package contains cores. What lies in a board, or is another reading of
 * a package, is a channel of that one's device, so that it is not added to it.
 */
#include <stdlib.h>
#include <string.h>
#include "import/formats/sheet.h"

typedef enum group { ALONE, CPU, GPU } group;

typedef struct part_row {
    const char *part;       /* of a column's name; the first row that fits */
    erg_scope scope;
    group of;               /* whose device it shares */
    bool is_whole;          /* it is that device */
} part_row;

static const part_row parts[] = {
    { "Total Board Power", ERG_SCOPE_BOARD, GPU, true },
    { "Total Graphics Power", ERG_SCOPE_BOARD, GPU, true },
    { "GPU Power", ERG_SCOPE_BOARD, GPU, true },
    { "GPU Memory", ERG_SCOPE_MEMORY, GPU, false },
    { "GPU", ERG_SCOPE_CHIP, GPU, false },
    { "CPU Package", ERG_SCOPE_PACKAGE, CPU, true },
    { "PPT", ERG_SCOPE_PACKAGE, CPU, false },
    { "DRAM", ERG_SCOPE_DRAM, ALONE, false },
    { "System Agent", ERG_SCOPE_CORE, ALONE, false },
    { "Rest-of-Chip", ERG_SCOPE_CORE, ALONE, false },
    { "SoC", ERG_SCOPE_CORE, ALONE, false },
    { "Core", ERG_SCOPE_CORE, ALONE, false },
    { "System", ERG_SCOPE_PSYS, ALONE, false },
};

/* No power that flows. */
static const char limit[] = "Limit";

static const char *const wanted[] = { "Date", "Time", NULL };

static bool sniff(const erg_source *source)
{
    return erg_header_has(source, wanted);
}

static const part_row *part_of(const char *name)
{
    static const part_row other = { "", ERG_SCOPE_BOARD, ALONE, false };

    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        if (strstr(name, parts[i].part))
            return &parts[i];
    return &other;
}

/* Of a column of watts, cut to what a device's name holds; empty: it is none. */
static erg_field watts_name(erg_field column)
{
    enum { NAME_MOST = 26 };
    erg_field full = erg_field_trim(column);

    if (full.count < 5 || memcmp(full.text + full.count - 3, "[W]", 3) != 0)
        return (erg_field){ "", 0 };
    erg_field bare = erg_field_trim((erg_field){ full.text, full.count - 3 });
    return (erg_field){ bare.text, bare.count < NAME_MOST ? bare.count : NAME_MOST };
}

/* "CPU Package Power [W]" the second time: "CPU Package Power#2". */
static int name_of(const erg_csv_row *header, size_t index, char *to, size_t size)
{
    erg_field name = watts_name(header->fields[index]);
    int same = 1, count = (int)name.count;

    for (size_t i = 0; i < index; i++) {
        erg_field one = watts_name(header->fields[i]);
        same += one.count == name.count && memcmp(one.text, name.text, name.count) == 0;
    }
    if (same > 1)
        snprintf(to, size, "%.*s#%d", count, name.text, same);
    else
        snprintf(to, size, "%.*s", count, name.text);
    return count > 0 ? same : 0;
}

/* 2 of "GPU Power#2"; 1 of "GPU 8-Pin #2 Power". */
static int number_of(const char *name)
{
    const char *sign = strrchr(name, '#');
    char *end = NULL;
    long number = sign ? strtol(sign + 1, &end, 10) : 1;

    return end && *end ? 1 : (int)number;
}

static bool is_limit(erg_field column)
{
    return memmem(column.text, column.count, limit, strlen(limit)) != NULL;
}

/* The one of that number: a sensor's columns come as often as it does. NULL: none. */
static const char *whole_of(const erg_sheet *sheet, group of, int number)
{
    for (size_t i = 0; i < sheet->column_count; i++) {
        const char *name = sheet->columns[i].info.name;
        const part_row *part = part_of(name);
        if (part->is_whole && part->of == of && number_of(name) == number)
            return name;
    }
    return NULL;
}

static void join_parts(erg_sheet *sheet)
{
    for (size_t i = 0; i < sheet->column_count; i++) {
        erg_sheet_column *column = &sheet->columns[i];
        const part_row *part = part_of(column->info.name);
        const char *whole = part->of == ALONE ? NULL
            : whole_of(sheet, part->of, number_of(column->info.name));
        column->device = whole ? whole : column->info.name;
    }
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    sheet->time = erg_column_find(header, "Date");
    sheet->clock = erg_column_find(header, "Time");
    if (sheet->time < 0 || sheet->clock < 0)
        return erg_missing_column(sheet->source, header, "Date and Time", err);
    for (size_t i = 0; i < header->count; i++) {
        char name[32];
        if (!name_of(header, i, name, sizeof(name)) || is_limit(header->fields[i]))
            continue;
        erg_sheet_add(sheet, (int)i, erg_power_channel(0, name, part_of(name)->scope), 1);
    }
    join_parts(sheet);
    return sheet->column_count > 0
        || erg_missing_column(sheet->source, header, "that ends in [W]", err);
}

static bool read_hwinfo(erg_trace *into, const erg_source *source, erg_error *err)
{
    erg_sheet sheet = { .device = { .driver = "hwinfo" }, .head = head,
                        .skip_unstamped = true };
    return erg_sheet_read(into, source, &sheet, err);
}

const erg_importer erg_importer_hwinfo = {
    .name = "hwinfo",
    .about = "HWiNFO CSV log: every column in [W]",
    .streams = true,
    .sniff = sniff,
    .read = read_hwinfo,
};
