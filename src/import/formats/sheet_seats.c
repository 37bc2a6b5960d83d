/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a sheet, by the cells that name them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/sheet_seats.h"
#include "trace/sensor.h"

enum { NAME_MOST = 28 };    /* "#2" has room behind it */
enum { FULL_BYTES = 200 };

void erg_sheet_cell(char *to, size_t size, const erg_csv_row *row, int index)
{
    to[0] = '\0';
    if (index < 0 || (size_t)index >= row->count)
        return;
    erg_field cell = erg_field_trim(row->fields[index]);
    snprintf(to, size, "%.*s", (int)cell.count, cell.count ? cell.text : "");
}

void erg_sheet_find_host(erg_sheet *sheet, const erg_csv_row *header)
{
    static const char *const names[] = { "host", "hostname", "node", "nodename" };

    for (size_t i = 0; i < ERG_COUNT(names) && sheet->host_column < 0; i++)
        sheet->host_column = erg_column_find(header, names[i]);
    if (sheet->host_column == sheet->device_column)
        sheet->host_column = -1;
}

static void apply_facts(const erg_sheet_column *column, const char *model,
                        const char *driver, erg_channel_info *info)
{
    erg_sensor_facts facts;
    if (column->option < 0 || !*model
        || !erg_sensor_lookup(model, *driver ? driver : NULL,
                              (erg_reading_option)column->option, &facts))
        return;
    info->kind = facts.kind;
    info->update_s = facts.update_s;
    info->window_s = facts.window_s;
    info->delay_s = isnan(facts.delay_s) ? 0 : facts.delay_s;
    info->gain_u = facts.gain_u;
}

/* "gpu:0", "gpu:0@node7". */
static void put_name(const erg_sheet *sheet, const char *base, const erg_csv_row *row,
                     char name[FULL_BYTES])
{
    char host[64];

    erg_sheet_cell(host, sizeof(host), row, sheet->host_column);
    snprintf(name, FULL_BYTES, "%s%s%s", base, *host ? "@" : "", host);
}

static int column_device(erg_sheet *sheet, const erg_sheet_column *column,
                         const erg_csv_row *row, int own, erg_error *err)
{
    char name[FULL_BYTES];

    if (!column->device)
        return own;
    erg_device_info info = sheet->device;
    info.scope = column->info.scope;
    put_name(sheet, column->device, row, name);
    erg_text_put(info.name, sizeof(info.name), name);
    return erg_intake_device(sheet->in, &info, err);
}

static bool is_taken(const erg_seats *seats, const erg_sheet *sheet, const char *name)
{
    for (size_t i = 0; i < seats->count; i++) {
        int device = seats->at[i].device;
        if (device >= 0 && strcmp(erg_intake_device_at(sheet->in, device)->name, name) == 0)
            return true;
    }
    return false;
}

/* What it is called is longer than a name may be: what begins alike gets a number. */
static void put_device(const erg_seats *seats, const erg_sheet *sheet,
                       const erg_csv_row *row, erg_device_info *info)
{
    char cell[64], base[128], full[FULL_BYTES];

    erg_sheet_cell(cell, sizeof(cell), row, sheet->device_column);
    snprintf(base, sizeof(base), "%s%s",
             sheet->device_column < 0 ? sheet->device.name : sheet->prefix, cell);
    put_name(sheet, base, row, full);
    snprintf(info->name, sizeof(info->name), "%.*s", NAME_MOST, full);
    for (int n = 2; is_taken(seats, sheet, info->name) && n < 1000; n++)
        snprintf(info->name, sizeof(info->name), "%.*s#%d", NAME_MOST - 1, full, n);
    erg_sheet_cell(info->model, sizeof(info->model), row, sheet->model_column);
    erg_sheet_cell(cell, sizeof(cell), row, sheet->slices_column);
    info->shared = strcmp(cell, "Enabled") == 0;
}

static bool take_seat(erg_seats *seats, erg_sheet *sheet, const erg_csv_row *row,
                      const char *key, erg_error *err)
{
    erg_device_info info = sheet->device;
    char driver[32];

    if (!erg_grow((void **)&seats->at, &seats->capacity, seats->count, sizeof(*seats->at),
                  err))
        return false;
    erg_seat *to = &seats->at[seats->count];
    memcpy(to->key, key, ERG_SEAT_KEY_BYTES);
    put_device(seats, sheet, row, &info);
    erg_sheet_cell(driver, sizeof(driver), row, sheet->driver_column);
    to->device = -1;
    for (size_t i = 0; i < sheet->column_count; i++) {
        const erg_sheet_column *column = &sheet->columns[i];
        if (!column->device && to->device < 0)
            to->device = erg_intake_device(sheet->in, &info, err);
        erg_channel_info channel = column->info;
        channel.device = column_device(sheet, column, row, to->device, err);
        if (channel.device < 0)
            return false;
        apply_facts(column, info.model, driver, &channel);
        to->channels[i] = column->setting
            ? -1 : erg_intake_channel(sheet->in, &channel, err);
        if (!column->setting && to->channels[i] < 0)
            return false;
    }
    seats->last = seats->count++;
    return true;
}

static size_t add_cell(char *key, size_t used, const erg_csv_row *row, int index)
{
    enum { MOST = ERG_SEAT_KEY_BYTES / 2 - 1 };
    erg_field cell = { "", 0 };

    if (index >= 0 && (size_t)index < row->count)
        cell = erg_field_trim(row->fields[index]);
    size_t count = cell.count < MOST ? cell.count : MOST;
    if (count)
        memcpy(key + used, cell.text, count);
    key[used + count] = '\0';
    return used + count;
}

const erg_seat *erg_seat_of(erg_seats *seats, erg_sheet *sheet, const erg_csv_row *row,
                            erg_error *err)
{
    char key[ERG_SEAT_KEY_BYTES];
    size_t used = add_cell(key, 0, row, sheet->device_column);

    if (sheet->host_column >= 0) {
        key[used++] = '@';
        add_cell(key, used, row, sheet->host_column);
    }
    if (seats->count && strcmp(seats->at[seats->last].key, key) == 0)
        return &seats->at[seats->last];
    for (size_t i = 0; i < seats->count; i++)
        if (strcmp(seats->at[i].key, key) == 0)
            return &seats->at[seats->last = i];
    if (seats->count >= 1024) {
        erg_fail(err, ERG_BAD_INPUT, "%s:%zu: more than 1024 devices: "
                 "is the device column one?", sheet->source->name, row->line);
        return NULL;
    }
    return take_seat(seats, sheet, row, key, err) ? &seats->at[seats->last] : NULL;
}

void erg_seats_free(erg_seats *seats)
{
    free(seats->at);
    *seats = (erg_seats){ 0 };
}
