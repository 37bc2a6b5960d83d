/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WattsUp wall meters: time,id,pm1,pm2,sum and its short forms. id counts rows.
 *
 * The sum comes first: the first power channel of a device stands for it, and the
 * single meters are parts of it. Without it two meters are two devices, which are added.
 */
#include <string.h>
#include "import/formats/sheet.h"

static const char *const with_meter[] = { "time", "id", "pm1", NULL };
static const char *const with_power[] = { "time", "id", "power", NULL };

static const char *const meters[] = { "sum", "power", "pm1", "pm2" };

static bool sniff(const erg_source *source)
{
    return erg_header_has(source, with_meter) || erg_header_has(source, with_power);
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    sheet->time = erg_column_find(header, "time");
    if (sheet->time < 0)
        return erg_missing_column(sheet->source, header, "time", err);
    for (size_t i = 0; i < ERG_COUNT(meters); i++) {
        int index = erg_column_find(header, meters[i]);
        if (index < 0)
            continue;
        erg_channel_info info = erg_power_channel(0, meters[i], ERG_SCOPE_NODE);
        info.kind = ERG_AVG_PREV;
        info.gain_u = 0.015;
        erg_sheet_add(sheet, index, info, 1);
    }
    bool has_sum = strncmp(sheet->columns[0].info.name, "pm", 2) != 0;
    for (size_t i = 0; !has_sum && sheet->column_count > 1 && i < sheet->column_count; i++)
        sheet->columns[i].device = sheet->columns[i].info.name;
    return sheet->column_count > 0 || erg_missing_column(sheet->source, header, "pm1", err);
}

static bool read_wattsup(erg_trace *into, const erg_source *source, erg_error *err)
{
    erg_sheet sheet = { .device = { .name = "wattsup:0", .scope = ERG_SCOPE_NODE },
                        .head = head };
    return erg_sheet_read(into, source, &sheet, err);
}

const erg_importer erg_importer_wattsup = {
    .name = "wattsup",
    .about = "WattsUp wall meters: time,id,pm1[,pm2],sum",
    .streams = true,
    .sniff = sniff,
    .read = read_wattsup,
};
