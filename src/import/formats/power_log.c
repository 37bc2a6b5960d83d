/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain power log: timestamp,gpu,power_w or timestamp,id,power; or in other units, and
 * of one device without a column for it. Who writes one by hand names its columns as they
 * come to mind: time,gpu_id,watts or Timestamp,GPU,Power (mW) are the same.
 */
#include <math.h>
#include <string.h>
#include <strings.h>
#include "import/formats/boards.h"
#include "import/formats/sheet.h"

static const struct unit {
    const char *end;        /* of the column's name, behind what it is of */
    double watts;
} units[] = {
    { "", 1 },        { "_w", 1 },       { "_watts", 1 },    { "[w]", 1 },
    { "(w)", 1 },     { "_mw", 1e-3 },   { "[mw]", 1e-3 },   { "(mw)", 1e-3 },
    { "_uw", 1e-6 },  { "[uw]", 1e-6 },  { "(uw)", 1e-6 },   { "_kw", 1e3 },
    { "[kw]", 1e3 },  { "(kw)", 1e3 },
};
static const char *const powers[] = { "power", "watts", "power_draw", "gpu_power" };
static const char *const devices[] = { "gpu", "id", "gpu_id", "gpu_index", "index" };
/* In sheets of nothing else: the tables of others have such columns too. */
static const char *const times[] = { "time", "datetime", "date" };
static const char *const plain_devices[] = { "device", "device_id" };

typedef struct columns {
    int time, device, power;    /* -1: none */
    double watts;               /* of 1 in the column */
    bool tells_unit;
    bool is_log;
} columns;

/* NAN: it is no power. "Power (mW)" has a blank before its unit. */
static double watts_of(erg_field name, bool *tells_unit)
{
    name = erg_field_trim(name);
    for (size_t p = 0; p < ERG_COUNT(powers); p++) {
        size_t stem = strlen(powers[p]);
        if (name.count < stem || strncasecmp(name.text, powers[p], stem) != 0)
            continue;
        erg_field end = erg_field_trim((erg_field){ name.text + stem, name.count - stem });
        for (size_t u = 0; u < ERG_COUNT(units); u++)
            if (end.count == strlen(units[u].end)
                && strncasecmp(end.text, units[u].end, end.count) == 0) {
                *tells_unit = end.count > 0;
                return units[u].watts;
            }
    }
    return NAN;
}

static int first_of(const erg_csv_row *header, const char *const names[], size_t count)
{
    int found = -1;

    for (size_t i = 0; found < 0 && i < count; i++)
        found = erg_column_find(header, names[i]);
    return found;
}

static columns find(const erg_csv_row *header)
{
    columns to = { .time = erg_column_find(header, "timestamp"), .power = -1 };
    size_t cells = header->count;

    to.device = first_of(header, devices, ERG_COUNT(devices));
    if (to.time < 0 && cells <= 3)
        to.time = first_of(header, times, ERG_COUNT(times));
    if (to.device < 0 && cells == 3)
        to.device = first_of(header, plain_devices, ERG_COUNT(plain_devices));
    for (size_t i = 0; to.power < 0 && i < cells; i++)
        if (!isnan(to.watts = watts_of(header->fields[i], &to.tells_unit)))
            to.power = (int)i;
    to.is_log = to.time >= 0 && to.power >= 0 && (to.device >= 0 || cells == 2);
    return to;
}

static bool look(void *self, const erg_csv_row *row, erg_error *err)
{
    columns *to = self;

    (void)err;
    *to = find(row);
    return true;
}

static bool sniff(const erg_source *source)
{
    columns found = { .is_log = false };
    const erg_csv csv = { .name = source->name, .row = look, .self = &found,
                          .keep_last = true };
    erg_field line = erg_first_line(source->bytes, source->size);

    return line.count < 65536 && erg_csv_read(&csv, line.text, line.count, NULL, NULL)
        && found.is_log;
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    columns found = find(header);

    sheet->time = found.time;
    sheet->device_column = found.device;
    if (found.time < 0 || found.power < 0)
        return erg_missing_column(sheet->source, header,
                                  found.time < 0 ? "timestamp" : "power_w", err);
    sheet->tells_unit = found.tells_unit;
    if (found.device < 0)
        erg_text_put(sheet->device.name, sizeof(sheet->device.name), "meter:0");
    erg_sheet_add(sheet, found.power, erg_power_channel(0, "power", ERG_SCOPE_BOARD),
                  found.watts);
    return true;
}

static bool read_power_log(erg_trace *into, const erg_source *source, erg_error *err)
{
    erg_sheet sheet = { .device = { .scope = ERG_SCOPE_BOARD },
                        .prefix = "gpu:", .head = head };
    int first = (int)erg_trace_channel_count(into);

    return erg_sheet_read(into, source, &sheet, err)
        && (sheet.tells_unit || erg_check_watts(into, source, first, err))
        && erg_check_boards(into, source, first, false, err);
}

const erg_importer erg_importer_power_log = {
    .name = "power_log",
    .about = "power log: timestamp,gpu,power_w",
    .streams = true,
    .sniff = sniff,
    .read = read_power_log,
};
