/* SPDX-License-Identifier: Apache-2.0 */
/* The plain power log: timestamp,gpu,power_w or timestamp,id,power; or in other units, and
 * of one device without a column for it. */
#include <string.h>
#include "import/formats/sheet.h"

static const struct unit {
    const char *column;
    double watts;
} units[] = {
    { "power_w", 1 }, { "power", 1 }, { "power_mw", 1e-3 }, { "power_uw", 1e-6 },
    { "power_kw", 1e3 },
};
static const char *const devices[] = { "gpu", "id" };

/* Nothing but stamps and watts. */
static bool is_of_one(const erg_source *source)
{
    const char *end = memchr(source->bytes, '\n', source->size);
    size_t size = end ? (size_t)(end - source->bytes) : source->size, cells = 1;

    for (size_t i = 0; i < size; i++)
        cells += source->bytes[i] == ',' || source->bytes[i] == ';';
    for (size_t u = 0; cells == 2 && u < ERG_COUNT(units); u++) {
        const char *const names[] = { "timestamp", units[u].column, NULL };
        if (erg_header_has(source, names))
            return true;
    }
    return false;
}

static bool sniff(const erg_source *source)
{
    for (size_t d = 0; d < ERG_COUNT(devices); d++)
        for (size_t u = 0; u < ERG_COUNT(units); u++) {
            const char *const names[] = { "timestamp", devices[d], units[u].column, NULL };
            if (erg_header_has(source, names))
                return true;
        }
    return is_of_one(source);
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    int power = -1;
    double watts = 1;

    for (size_t u = 0; power < 0 && u < ERG_COUNT(units); u++)
        if ((power = erg_column_find(header, units[u].column)) >= 0)
            watts = units[u].watts;
    sheet->time = erg_column_find(header, "timestamp");
    sheet->device_column = erg_column_find(header, "gpu");
    if (sheet->device_column < 0)
        sheet->device_column = erg_column_find(header, "id");
    if (sheet->time < 0 || power < 0)
        return erg_missing_column(sheet->source, header,
                                  sheet->time < 0 ? "timestamp" : "power_w", err);
    if (sheet->device_column < 0)
        erg_text_put(sheet->device.name, sizeof(sheet->device.name), "meter:0");
    erg_sheet_add(sheet, power, erg_power_channel(0, "power", ERG_SCOPE_BOARD), watts);
    return true;
}

static bool read_power_log(erg_trace *into, const erg_source *source, erg_error *err)
{
    erg_sheet sheet = { .device = { .scope = ERG_SCOPE_BOARD },
                        .prefix = "gpu:", .head = head };
    return erg_sheet_read(into, source, &sheet, err);
}

const erg_importer erg_importer_power_log = {
    .name = "power_log",
    .about = "power log: timestamp,gpu,power_w",
    .streams = true,
    .sniff = sniff,
    .read = read_power_log,
};
