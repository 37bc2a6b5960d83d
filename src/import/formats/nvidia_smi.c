/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvidia-smi --query-gpu=... --format=csv, with or without units.
 *
 * power.draw is a mean of 1 s or an instant value by GPU and driver: facts come
 * from the model's name where the file has it.
 */
#include <math.h>
#include <string.h>
#include "import/formats/boards.h"
#include "import/formats/named_clock.h"
#include "import/formats/sheet.h"
#include "trace/sensor.h"

typedef struct column_row {
    const char *column, *channel, *unit;
    erg_quantity quantity;
    double factor, shift;
    int option;
} column_row;

static const column_row columns[] = {
    { "power.draw", "power", "W", ERG_POWER, 1, 0, ERG_POWER_DRAW },
    { "power.draw.average", "power_average", "W", ERG_POWER, 1, 0, ERG_POWER_AVERAGE },
    { "power.draw.instant", "power_instant", "W", ERG_POWER, 1, 0, ERG_POWER_INSTANT },
    { "temperature.gpu", "temperature", "K", ERG_TEMPERATURE, 1, 273.15, -1 },
    { "temperature.memory", "memory_temp", "K", ERG_TEMPERATURE, 1, 273.15, -1 },
    { "utilization.gpu", "use", "", ERG_USE, 0.01, 0, -1 },
    { "utilization.memory", "memory_use", "", ERG_USE, 0.01, 0, -1 },
    { "clocks.sm", "sm_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, -1 },
    { "clocks.current.sm", "sm_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, -1 },
    { "clocks.mem", "memory_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, -1 },
    { "clocks.current.memory", "memory_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, -1 },
    { "clocks.applications.graphics", "sm_app_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, -1 },
    { "clocks.applications.gr", "sm_app_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0, -1 },
};

static const char *const wanted[] = { "timestamp", NULL };
static const char *const powers[][2] = {
    { "power.draw", NULL }, { "power.draw.average", NULL }, { "power.draw.instant", NULL },
};

static bool sniff(const erg_source *source)
{
    for (size_t i = 0; i < ERG_COUNT(powers); i++)
        if (erg_header_has(source, powers[i]))
            return erg_header_has(source, wanted);
    return false;
}

static void add_column(erg_sheet *sheet, int index, const column_row *row)
{
    erg_channel_info info = erg_power_channel(0, row->channel, ERG_SCOPE_BOARD);
    info.quantity = row->quantity;
    erg_text_put(info.unit, sizeof(info.unit), row->unit);
    erg_sheet_column *column = erg_sheet_add(sheet, index, info, row->factor);
    if (column) {
        column->shift = row->shift;
        column->option = row->option;
    }
}

static bool head(erg_sheet *sheet, const erg_csv_row *header, erg_error *err)
{
    static const char *const pickers[] = { "index", "uuid", "gpu_uuid",
                                           "pci.bus_id", "name" };

    sheet->time = erg_column_find(header, "timestamp");
    if (sheet->time < 0)
        return erg_missing_column(sheet->source, header, "timestamp", err);
    for (size_t i = 0; i < ERG_COUNT(pickers) && sheet->device_column < 0; i++)
        sheet->device_column = erg_column_find(header, pickers[i]);
    sheet->model_column = erg_column_find(header, "name");
    sheet->driver_column = erg_column_find(header, "driver_version");
    sheet->slices_column = erg_column_find(header, "mig.mode.current");
    bool has_power = false;
    for (size_t i = 0; i < ERG_COUNT(columns); i++) {
        int index = erg_column_find(header, columns[i].column);
        if (index < 0)
            continue;
        add_column(sheet, index, &columns[i]);
        has_power = has_power || columns[i].quantity == ERG_POWER;
    }
    int limit = erg_column_find(header, "power.limit");
    erg_sheet_column *setting = limit < 0 ? NULL
        : erg_sheet_add(sheet, limit, erg_power_channel(0, "", ERG_SCOPE_BOARD), 1);
    if (setting)
        setting->setting = "power_limit_w";
    return has_power || erg_missing_column(sheet->source, header, "power.draw", err);
}

/* What dcgmi writes. */
static bool is_foreign(erg_field line)
{
    return line.count > 4 && (*line.text == '#' || strncmp(line.text, "GPU ", 4) == 0);
}

static bool read_nvidia_smi(erg_trace *into, const erg_source *source, erg_error *err)
{
    int first = (int)erg_trace_channel_count(into);
    erg_sheet sheet = { .device = { .name = "gpu:0", .scope = ERG_SCOPE_BOARD },
                        .prefix = "gpu:", .head = head };
    bool good = erg_one_format(source, is_foreign, err)
             && erg_sheet_read(into, source, &sheet, err);
    bool is_numbered = sheet.device_column >= 0
                    && sheet.device_column != sheet.model_column;

    return good && erg_check_watts(into, source, first, err)
        && erg_check_boards(into, source, first, !is_numbered, err)
        && erg_check_named_clock(into, source->name, first, err);
}

const erg_importer erg_importer_nvidia_smi = {
    .name = "nvidia_smi",
    .about = "nvidia-smi --query-gpu=timestamp,... --format=csv",
    .streams = true,
    .sniff = sniff,
    .read = read_nvidia_smi,
};
