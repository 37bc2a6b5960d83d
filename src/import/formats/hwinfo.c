/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HWiNFO: Date,Time,... with units in square brackets, repeated at the end.
 *
 * Each column in [W] is a device of its own, since they overlap in ways that only
 * their names tell: package contains cores.
 */
#include <ctype.h>
#include <string.h>
#include "import/formats/sheet.h"

typedef struct scope_row { const char *part; erg_scope scope; } scope_row;

/* The first that is a part of the column's name; a board otherwise. */
static const scope_row scopes[] = {
    { "CPU Package", ERG_SCOPE_PACKAGE }, { "DRAM", ERG_SCOPE_DRAM },
    { "Core", ERG_SCOPE_CORE }, { "PPT", ERG_SCOPE_PACKAGE }, { "System", ERG_SCOPE_PSYS },
    { "GPU Chip", ERG_SCOPE_CHIP }, { "GPU Memory", ERG_SCOPE_MEMORY },
};

static const char *const wanted[] = { "Date", "Time", NULL };

static bool sniff(const erg_source *source)
{
    return erg_header_has(source, wanted);
}

static erg_scope scope_of(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(scopes); i++)
        if (strstr(name, scopes[i].part))
            return scopes[i].scope;
    return ERG_SCOPE_BOARD;
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

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    sheet->time = erg_column_find(header, "Date");
    sheet->clock = erg_column_find(header, "Time");
    if (sheet->time < 0 || sheet->clock < 0)
        return erg_missing_column(sheet->source, header, "Date and Time", err);
    for (size_t i = 0; i < header->count; i++) {
        char name[32];
        if (!name_of(header, i, name, sizeof(name)))
            continue;
        erg_channel_info info = erg_power_channel(0, name, scope_of(name));
        erg_sheet_column *column = erg_sheet_add(sheet, (int)i, info, 1);
        if (column)
            column->device = column->info.name;
    }
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
