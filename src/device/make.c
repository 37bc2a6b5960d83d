/* SPDX-License-Identifier: Apache-2.0 */
/* What a driver builds devices, channels, knobs and readings with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/sort.h"
#include "device/device.h"

erg_device *erg_devices_at(erg_devices *found, size_t index)
{
    return found->items[index];
}

const erg_env *erg_devices_env(const erg_devices *found)
{
    return &found->env;
}

size_t erg_devices_count(const erg_devices *devices)
{
    return devices->count;
}

const erg_device_info *erg_devices_info(const erg_devices *devices, size_t index)
{
    return &devices->items[index]->info;
}

/* What is absent has no rows: most drivers find nothing on most machines, and the room for
 * the rows of each would be some 10 KiB of zeros. */
static erg_device *add(erg_devices *found, const erg_driver *driver, const char *name,
                       bool has_rows, erg_error *err)
{
    if (!erg_grow((void **)&found->items, &found->capacity, found->count,
                  sizeof(erg_device *), err))
        return NULL;
    erg_device *dev = calloc(1, sizeof(*dev));
    if (!dev
        || (has_rows
            && (!(dev->channels = calloc(ERG_CHANNELS_MOST, sizeof(*dev->channels)))
                || !(dev->knobs = calloc(ERG_KNOBS, sizeof(*dev->knobs)))))) {
        if (dev)
            free(dev->channels);
        free(dev);
        erg_fail(err, ERG_NO_MEMORY, "out of memory for device %s", name);
        return NULL;
    }
    dev->driver = driver;
    dev->env = &found->env;
    erg_text_put(dev->info.name, sizeof(dev->info.name), name);
    erg_text_put(dev->info.driver, sizeof(dev->info.driver), driver->name);
    erg_text_put(dev->info.host_id, sizeof(dev->info.host_id), found->host_id);
    found->items[found->count++] = dev;
    return dev;
}

erg_device *erg_devices_add(erg_devices *found, const erg_driver *driver, const char *name,
                            erg_error *err)
{
    return add(found, driver, name, true, err);
}

bool erg_devices_absent(erg_devices *found, const erg_driver *driver, erg_state state,
                        erg_error *err, const char *format, ...)
{
    erg_device *dev = add(found, driver, driver->name, false, err);
    va_list values;

    if (!dev)
        return false;
    dev->state = state;
    va_start(values, format);
    vsnprintf(dev->reason, sizeof(dev->reason), format, values);
    va_end(values);
    return true;
}

static const char *unit_of(erg_quantity quantity)
{
    switch (quantity) {
    case ERG_POWER: return "W";
    case ERG_ENERGY: return "J";
    case ERG_TEMPERATURE: return "K";
    case ERG_CLOCK_RATE: return "Hz";
    case ERG_BYTES: return "B";
    case ERG_DURATION: return "s";
    case ERG_USE:
    case ERG_OTHER: return "";
    }
    return "";
}

erg_channel_info *erg_device_channel(erg_device *dev, const char *name,
                                     erg_quantity quantity, erg_kind kind)
{
    if (dev->channel_count == ERG_CHANNELS_MOST)
        return NULL;
    erg_channel_info *channel = &dev->channels[dev->channel_count++];
    *channel = (erg_channel_info){
        .quantity = quantity,
        .kind = kind,
        .method = kind == ERG_COUNTER ? ERG_METHOD_COUNTER : ERG_METHOD_INTEGRAL,
        .scope = dev->info.scope,
        .gain = 1,
    };
    erg_text_put(channel->name, sizeof(channel->name), name);
    erg_text_put(channel->unit, sizeof(channel->unit), unit_of(quantity));
    return channel;
}

void *erg_device_state(erg_device *dev, size_t bytes, erg_error *err)
{
    free(dev->own);
    dev->own = calloc(1, bytes);
    if (!dev->own)
        erg_fail(err, ERG_NO_MEMORY, "out of memory for device %s", dev->info.name);
    return dev->own;
}

void erg_reading_put(erg_reading *out, double value)
{
    if (out->count < ERG_READ_MOST)
        out->at[out->count++] = (erg_sample){ .value = value };
}

/* ---- knobs --------------------------------------------------------------- */

erg_device_knob *erg_device_add_knob(erg_device *dev, erg_knob which)
{
    erg_device_knob *knob = &dev->knobs[dev->knob_count++];

    *knob = (erg_device_knob){
        .knob = which, .low = NAN, .high = NAN, .now = NAN, .can_turn = true
    };
    return knob;
}

bool erg_device_knob_values(erg_device_knob *knob, const double values[], size_t count,
                            erg_error *err)
{
    double *copy = malloc((count + 1) * sizeof(*copy));
    size_t kept = 0;

    if (!copy)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the values of a knob");
    memcpy(copy, values, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), erg_by_value);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || copy[i] > copy[kept - 1])
            copy[kept++] = copy[i];
    free((void *)(uintptr_t)knob->values);
    knob->values = copy;
    knob->value_count = kept;
    knob->low = kept ? copy[0] : NAN;
    knob->high = kept ? copy[kept - 1] : NAN;
    return true;
}

void erg_device_drop_knobs(erg_device *dev)
{
    for (size_t i = 0; i < dev->knob_count; i++)
        free((void *)(uintptr_t)dev->knobs[i].values);
    dev->knob_count = 0;
}
