/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor log in memory: rows by device, whoever read them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "thermal/monitor_inside.h"

enum { DEVICES_MOST = 64 };

erg_monitor_rows *erg_monitor_rows_of(erg_monitor *monitor, const char *name, size_t count,
                                      erg_error *err)
{
    for (size_t i = 0; i < monitor->device_count; i++) {
        const char *have = monitor->devices[i].info.name;
        if (strlen(have) == count && memcmp(have, name, count) == 0)
            return &monitor->devices[i];
    }
    if (monitor->device_count == DEVICES_MOST
        || count >= sizeof(monitor->devices->info.name)) {
        erg_fail(err, ERG_BAD_INPUT,
                 "a monitor of more than %d devices, or a name longer than "
                 "%zu bytes",
                 DEVICES_MOST, sizeof(monitor->devices->info.name) - 1);
        return NULL;
    }
    if (!erg_grow((void **)&monitor->devices, &monitor->device_capacity,
                  monitor->device_count, sizeof(*monitor->devices), err))
        return NULL;
    erg_monitor_rows *made = &monitor->devices[monitor->device_count++];
    *made = (erg_monitor_rows){ .info = { .period_s = NAN, .two_writers_ns = INT64_MIN } };
    memcpy(made->info.name, name, count);
    return made;
}

bool erg_monitor_push(erg_monitor_rows *to, const erg_monitor_row *row, erg_error *err)
{
    if (!erg_grow((void **)&to->rows, &to->capacity, to->info.count, sizeof(*row), err))
        return false;
    to->rows[to->info.count++] = *row;
    to->info.rows = to->rows;
    return true;
}

void erg_monitor_free(erg_monitor *monitor)
{
    if (!monitor)
        return;
    for (size_t i = 0; i < monitor->device_count; i++)
        free(monitor->devices[i].rows);
    free(monitor->devices);
    free(monitor->torn);
    free(monitor->chosen);
    free(monitor->joined);
    free(monitor);
}

size_t erg_monitor_devices(const erg_monitor *monitor) { return monitor->device_count; }

const erg_monitor_device *erg_monitor_device_at(const erg_monitor *monitor, size_t index)
{
    return &monitor->devices[index].info;
}

const erg_monitor_device *erg_monitor_find(const erg_monitor *monitor, const char *name)
{
    for (size_t i = 0; i < monitor->device_count; i++)
        if (strcmp(monitor->devices[i].info.name, name) == 0)
            return &monitor->devices[i].info;
    return NULL;
}

bool erg_monitor_columns_add(erg_monitor_columns *to, const char *name, erg_error *err)
{
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->names[i], name) == 0)
            return true;
    if (to->count == ERG_MONITOR_EXTRAS)
        return erg_fail(err, ERG_BAD_INPUT, "more than %d columns are asked for by name",
                        ERG_MONITOR_EXTRAS);
    erg_text_put(to->names[to->count], sizeof(to->names[0]), name);
    to->list[to->count] = to->names[to->count];
    to->count++;
    return true;
}

const char *erg_monitor_extra_name(const erg_monitor *monitor, size_t index)
{
    return monitor->extra[index][0] ? monitor->extra[index] : NULL;
}

bool erg_monitor_has_zone(const erg_monitor *monitor) { return !monitor->lacks_zone; }

const char *erg_monitor_layout(const erg_monitor *monitor) { return monitor->layout; }

size_t erg_monitor_torn(const erg_monitor *monitor, size_t lines[], size_t most)
{
    for (size_t i = 0; i < monitor->torn_count && i < most; i++)
        lines[i] = monitor->torn[i];
    return monitor->torn_count;
}
