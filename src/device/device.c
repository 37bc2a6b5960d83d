/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of one machine: kept, opened, read, closed.
 *
 * A stamp is taken before and after each read: one taken only before a slow read
 * is early by as much as 130 ms.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/device.h"

/* No chip, board or node that we know draws a megawatt: such a reading is a
 * sentinel (hwmon says 4294967295000 uW, NVML 2^47 and more). */
static const double most_w = 1e6;

static void device_free(erg_device *dev)
{
    erg_device_put_back(dev, NULL);
    if (dev->own && dev->driver->close)
        dev->driver->close(dev);
    erg_device_drop_knobs(dev);
    free(dev->channels);
    free(dev->knobs);
    free(dev->own);
    free(dev);
}

void erg_devices_free(erg_devices *devices)
{
    if (!devices)
        return;
    for (size_t i = devices->count; i-- > 0;)
        device_free(devices->items[i]);
    free(devices->items);
    free(devices);
}

void erg_devices_drop(erg_devices *found, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        device_free(found->items[i]);
    found->count -= count;
    memmove(&found->items[first], &found->items[first + count],
            (found->count - first) * sizeof(erg_device *));
}

/* Less never fails; if it does, more is kept than is needed. */
static void *fit_rows(void *rows, size_t count, size_t size)
{
    void *fitted = count ? realloc(rows, count * size) : NULL;

    if (count == 0)
        free(rows);
    return fitted || count == 0 ? fitted : rows;
}

void erg_device_fit(erg_device *dev)
{
    _Static_assert(ERG_CHANNELS_MOST <= 64, "a bit for each channel");
    dev->powers = 0;
    for (size_t i = 0; i < dev->channel_count; i++)
        dev->powers |= (uint64_t)(dev->channels[i].quantity == ERG_POWER) << i;
    dev->channels = fit_rows(dev->channels, dev->channel_count, sizeof(*dev->channels));
    dev->knobs = fit_rows(dev->knobs, dev->knob_count, sizeof(*dev->knobs));
}

erg_state erg_devices_state(const erg_devices *devices, size_t index)
{
    return devices->items[index]->state;
}

const char *erg_devices_reason(const erg_devices *devices, size_t index)
{
    return devices->items[index]->reason;
}

size_t erg_devices_channel_count(const erg_devices *devices, size_t index)
{
    return devices->items[index]->channel_count;
}

const erg_channel_info *erg_devices_channel(const erg_devices *devices, size_t index,
                                            size_t channel)
{
    return &devices->items[index]->channels[channel];
}

/* Stamps what the driver gave no time, and takes out what no device can have said. */
static void settle(erg_reading *out, int64_t before_ns, int64_t after_ns, bool is_power)
{
    int64_t half_ns = (after_ns - before_ns) / 2;

    for (size_t i = 0; i < out->count; i++) {
        erg_sample *one = &out->at[i];
        if (!one->t_ns) {
            one->t_ns = before_ns + half_ns;
            one->half_width_ns = half_ns;
        }
        if (!isfinite(one->value) || (is_power && fabs(one->value) > most_w))
            one->value = NAN;
    }
}

bool erg_devices_read_next(erg_devices *devices, size_t index, size_t channel,
                           int64_t *clock_ns, erg_reading *out, erg_error *err)
{
    erg_device *dev = index < devices->count ? devices->items[index] : NULL;
    int64_t before_ns = *clock_ns;

    out->count = 0;
    if (!dev || channel >= dev->channel_count)
        return erg_fail(err, ERG_NOT_FOUND, "no channel %zu of device %zu", channel, index);
    if (!dev->driver->read(dev, channel, out, err))
        return false;
    *clock_ns = erg_env_now_ns(dev->env);
    settle(out, before_ns, *clock_ns, dev->powers >> channel & 1);
    return true;
}

bool erg_devices_read(erg_devices *devices, size_t index, size_t channel,
                      erg_reading *out, erg_error *err)
{
    int64_t clock_ns = erg_env_now_ns(&devices->env);

    return erg_devices_read_next(devices, index, channel, &clock_ns, out, err);
}

bool erg_devices_event(erg_devices *devices, erg_device_event *out)
{
    for (size_t i = 0; devices->tell_events && i < erg_devices_count(devices); i++) {
        erg_device *dev = erg_devices_at(devices, i);
        if (dev->state != ERG_PRESENT || !dev->own || !dev->driver->event
            || !dev->driver->event(dev, out))
            continue;
        out->device = i;
        return true;
    }
    return false;
}

bool erg_devices_has_others(erg_devices *devices, size_t index)
{
    erg_device *dev = index < devices->count ? devices->items[index] : NULL;

    return dev && dev->state == ERG_PRESENT && dev->own && dev->driver->has_others
        && dev->driver->has_others(dev);
}
