/* SPDX-License-Identifier: Apache-2.0 */
/* What the names of a sheet's columns say of their units. */
#include <math.h>
#include <string.h>
#include "import/formats/sheet.h"

/* A unit that the header names counts, unless somebody has said another. */
static void take_units(erg_sheet *sheet, const erg_csv_row *header)
{
    for (size_t i = 0; i < sheet->column_count && !sheet->source->options->unit; i++) {
        erg_sheet_column *column = &sheet->columns[i];
        double si = erg_si_of(erg_column_unit(header->fields[column->index]),
                              column->info.quantity);
        if (!isnan(si))
            column->factor = si;
    }
}

/* A name ends in it, or has it in brackets: t_ms, "time [ms]". */
typedef struct tick_row { const char *end; int64_t ns; } tick_row;

static const tick_row ticks[] = {
    { "_ns", 1 }, { "_us", ERG_NS_PER_US }, { "_ms", ERG_NS_PER_MS },
    { "_s", ERG_NS_PER_S },
};

static int64_t tick_of(erg_field name)
{
    erg_field unit = erg_column_unit(name);

    name = erg_field_trim(name);
    for (size_t i = 0; i < ERG_COUNT(ticks); i++) {
        size_t count = strlen(ticks[i].end);
        if ((name.count > count
             && memcmp(name.text + name.count - count, ticks[i].end, count) == 0)
            || erg_field_is(unit, ticks[i].end + 1))
            return ticks[i].ns;
    }
    return 0;
}

/* And that of its stamps, where they count from some start. */
static bool take_ticks(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    const char *start_text = sheet->source->options->start;
    erg_stamp start = { 0 };

    sheet->tick_ns = sheet->clock < 0 ? tick_of(header->fields[sheet->time]) : 0;
    if (sheet->tick_ns && start_text
        && !erg_stamp_parse(start_text, strlen(start_text), &sheet->source->style, &start))
        return erg_fail(err, ERG_BAD_INPUT, "--start '%.60s' is no stamp", start_text);
    sheet->start_ns = start.utc_ns;
    return true;
}

bool erg_sheet_take_units(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    take_units(sheet, header);
    return take_ticks(sheet, header, err);
}
