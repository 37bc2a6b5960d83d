/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as tables: what is there, what is not, and why. */
#include <math.h>
#include "device/device.h"

static const erg_column device_columns[] = {
    { "device", ERG_TEXT, "name, as --sensor takes it" },
    { "driver", ERG_TEXT, "driver that reads it" },
    { "name", ERG_TEXT, "what it is" },
    { "state", ERG_TEXT, "present, absent, denied or broken" },
    { "reason", ERG_TEXT, "why it cannot be read, and the cure" },
    { "scope", ERG_TEXT, "what its joules cover" },
};

static const erg_column channel_columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "channel", ERG_TEXT, "name of the channel" },
    { "kind", ERG_TEXT, "what one number means in time" },
    { "unit", ERG_TEXT, "SI unit" },
    { "update_period_s", ERG_REAL, "time between the sensor's own new values" },
    { "window_s", ERG_REAL, "time that one value is averaged over" },
    { "access", ERG_TEXT, "read" },
    { "scope", ERG_TEXT, "what its joules cover" },
    { "method", ERG_TEXT, "counter, integral, model or simulated" },
};

static const erg_column knob_columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "knob", ERG_TEXT, "name of the knob" },
    { "unit", ERG_TEXT, "SI unit" },
    { "low", ERG_REAL, "lowest setting" },
    { "high", ERG_REAL, "highest setting" },
    { "now", ERG_REAL, "present setting" },
    { "access", ERG_TEXT, "read, or read and write" },
    { "values", ERG_INTEGER, "supported settings; n/a: any from low to high" },
    { "reason", ERG_TEXT, "why it cannot be turned, and the command that grants it" },
};

static const char *const states[] = {
    [ERG_PRESENT] = "present",
    [ERG_ABSENT] = "absent",
    [ERG_DENIED] = "denied",
    [ERG_BROKEN] = "broken",
};

static bool device_row(erg_table *table, const erg_device *dev, erg_error *err)
{
    const char *name = dev->info.model[0] ? dev->info.model : dev->driver->about;
    bool present = dev->state == ERG_PRESENT;

    return erg_table_row(table, err)
        && erg_table_text(table, "device", dev->info.name, err)
        && erg_table_text(table, "driver", dev->driver->name, err)
        && erg_table_text(table, "name", name, err)
        && erg_table_text(table, "state", states[dev->state], err)
        && erg_table_text(table, "reason", dev->reason[0] ? dev->reason : NULL, err)
        && erg_table_text(table, "scope", present ? erg_scope_name(dev->info.scope) : NULL,
                          err);
}

static double known(double seconds)
{
    return seconds > 0 ? seconds : NAN;
}

static bool channel_row(erg_table *table, const erg_device *dev,
                        const erg_channel_info *channel, erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "device", dev->info.name, err)
        && erg_table_text(table, "channel", channel->name, err)
        && erg_table_text(table, "kind", erg_kind_name(channel->kind), err)
        && erg_table_text(table, "unit", channel->unit, err)
        && erg_table_real(table, "update_period_s", known(channel->update_s), err)
        && erg_table_real(table, "window_s", known(channel->window_s), err)
        && erg_table_text(table, "access", "read", err)
        && erg_table_text(table, "scope", erg_scope_name(channel->scope), err)
        && erg_table_text(table, "method", erg_method_name(channel->method), err);
}

static bool knob_row(erg_table *table, const erg_device *dev, const erg_device_knob *knob,
                     erg_error *err)
{
    const erg_knob_info *info = &erg_knob_infos[knob->knob];
    int64_t values = knob->values ? (int64_t)knob->value_count : ERG_NONE;

    return erg_table_row(table, err)
        && erg_table_text(table, "device", dev->info.name, err)
        && erg_table_text(table, "knob", info->name, err)
        && erg_table_text(table, "unit", info->unit, err)
        && erg_table_real(table, "low", knob->low, err)
        && erg_table_real(table, "high", knob->high, err)
        && erg_table_real(table, "now", knob->now, err)
        && erg_table_text(table, "access", knob->can_turn ? "read and write" : "read", err)
        && erg_table_integer(table, "values", values, err)
        && erg_table_text(table, "reason", knob->reason[0] ? knob->reason : NULL, err);
}

erg_result *erg_devices_table(const erg_devices *devices, erg_error *err)
{
    erg_result *result = erg_result_new("devices", err);
    erg_table *rows = NULL, *channels = NULL, *knobs = NULL;

    if (result)
        rows = erg_result_add(result, "devices", device_columns, ERG_COUNT(device_columns),
                              err);
    if (rows)
        channels = erg_result_add(result, "channels", channel_columns,
                                  ERG_COUNT(channel_columns), err);
    if (channels)
        knobs = erg_result_add(result, "knobs", knob_columns, ERG_COUNT(knob_columns), err);
    bool good = knobs;
    for (size_t i = 0; good && i < devices->count; i++) {
        const erg_device *dev = devices->items[i];
        good = device_row(rows, dev, err);
        for (size_t k = 0; good && k < dev->channel_count; k++)
            good = channel_row(channels, dev, &dev->channels[k], err);
        for (size_t k = 0; good && k < dev->knob_count; k++)
            good = knob_row(knobs, dev, &dev->knobs[k], err);
    }
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}
