/* SPDX-License-Identifier: Apache-2.0 */
/* The plain power log: timestamp,gpu,power_w or timestamp,id,power. */
#include "import/formats/sheet.h"

static const char *const by_gpu[] = { "timestamp", "gpu", "power_w", NULL };
static const char *const by_id[] = { "timestamp", "id", "power", NULL };

static bool sniff(const erg_source *source)
{
    return erg_header_has(source, by_gpu) || erg_header_has(source, by_id);
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    int power = erg_column_find(header, "power_w");
    if (power < 0)
        power = erg_column_find(header, "power");
    sheet->time = erg_column_find(header, "timestamp");
    sheet->device_column = erg_column_find(header, "gpu");
    if (sheet->device_column < 0)
        sheet->device_column = erg_column_find(header, "id");
    if (sheet->time < 0 || power < 0 || sheet->device_column < 0)
        return erg_missing_column(sheet->source, header,
                                  sheet->time < 0 ? "timestamp"
                                      : power < 0 ? "power_w" : "gpu", err);
    erg_sheet_add(sheet, power, erg_power_channel(0, "power", ERG_SCOPE_BOARD), 1);
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
    .sniff = sniff,
    .read = read_power_log,
};
