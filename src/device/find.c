/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices are there: asks each driver, opens what it found, and turns to a
 * fallback only where nothing that was opened measures the CPU.
 */
#include <stdlib.h>
#include <string.h>
#include "device/device.h"

static const erg_driver *driver_named(const char *name, size_t count)
{
    for (const erg_driver *const *driver = erg_drivers; *driver; driver++)
        if (strlen((*driver)->name) == count && strncmp((*driver)->name, name, count) == 0)
            return *driver;
    return NULL;
}

static bool unknown_driver(const char *sensor, erg_error *err)
{
    char names[256] = "";
    size_t count = 0;

    for (const erg_driver *const *driver = erg_drivers; *driver; driver++) {
        int more = snprintf(names + count, sizeof(names) - count, " %s", (*driver)->name);
        if (more > 0 && count + (size_t)more < sizeof(names))
            count += (size_t)more;
    }
    return erg_fail(err, ERG_BAD_INPUT, "no driver is called \"%.60s\": take one of%s",
                    sensor, names);
}

static erg_state state_of(erg_code code)
{
    switch (code) {
    case ERG_NO_ACCESS: return ERG_DENIED;
    case ERG_NOT_FOUND:
    case ERG_UNSUPPORTED: return ERG_ABSENT;
    case ERG_OK:
    case ERG_BAD_INPUT:
    case ERG_NO_DATA:
    case ERG_REFUSED:
    case ERG_NO_MEMORY:
    case ERG_IO: return ERG_BROKEN;
    }
    return ERG_BROKEN;
}

static void device_open(erg_device *dev)
{
    erg_error fault = { 0 };

    if (dev->state != ERG_PRESENT || dev->driver->open(dev, &fault))
        return;
    dev->channel_count = 0;
    erg_device_drop_knobs(dev);
    dev->state = state_of(fault.code);
    erg_text_put(dev->reason, sizeof(dev->reason), fault.text);
}

/* "nvml nvml:0" names one GPU twice, and its joules must not count twice; two
 * simulated or played devices of one name are two. */
static void settle_name(erg_devices *found, size_t index, size_t before)
{
    erg_device *dev = found->items[index];
    char base[sizeof(dev->info.name)];

    memcpy(base, dev->info.name, sizeof(base));
    for (size_t i = 0, copy = 2; i < before; i++) {
        const erg_device *other = found->items[i];
        if (other->driver != dev->driver || strcmp(other->info.name, dev->info.name) != 0)
            continue;
        if (!dev->driver->asked_only) {
            erg_devices_drop(found, index, 1);
            return;
        }
        snprintf(dev->info.name, sizeof(dev->info.name), "%.24s#%zu", base, copy++);
        i = (size_t)-1;     /* the new name may be taken too: look again */
    }
}

/* Two drivers that read one board would count its joules twice: the first one reads it. */
static void yield_board(const erg_devices *found, size_t index)
{
    erg_device *dev = found->items[index];

    for (size_t i = 0; i < index && *dev->pci && dev->state == ERG_PRESENT; i++) {
        const erg_device *other = found->items[i];
        if (other->driver == dev->driver || other->state != ERG_PRESENT
            || strcmp(other->pci, dev->pci) != 0)
            continue;
        snprintf(dev->reason, sizeof(dev->reason), "the board at PCI %s is read as %s%s%s, "
                 "and its joules count once; --sensor %s alone reads it this way", dev->pci,
                 other->info.name, other->driver->better ? ", which has " : "",
                 other->driver->better ? other->driver->better : "", dev->info.name);
        dev->state = ERG_ABSENT;
        dev->channel_count = 0;
        erg_device_drop_knobs(dev);
    }
}

static bool driver_find(erg_devices *found, const erg_driver *driver, const char *argument,
                        erg_error *err)
{
    size_t before = found->count;

    if (!driver->find(found, argument, err))
        return false;
    for (size_t i = before; i < found->count; i++) {
        device_open(found->items[i]);
        yield_board(found, i);
        erg_device_fit(found->items[i]);
        found->tell_events |= found->items[i]->driver->event != NULL;
    }
    return true;
}

static bool sensor_find(erg_devices *found, const char *sensor, erg_error *err)
{
    size_t count = strcspn(sensor, ":"), before = found->count, present = 0;
    const erg_driver *driver = driver_named(sensor, count);
    const char *reason = "it found no device";
    erg_code code = ERG_NOT_FOUND;

    if (!driver)
        return unknown_driver(sensor, err);
    if (!driver_find(found, driver, sensor + count + (sensor[count] == ':'), err))
        return false;
    for (size_t i = before; i < found->count; i++) {
        const erg_device *dev = found->items[i];
        present += dev->state == ERG_PRESENT;
        if (dev->state == ERG_PRESENT)
            continue;
        reason = dev->reason;
        code = dev->state == ERG_DENIED ? ERG_NO_ACCESS : ERG_NOT_FOUND;
    }
    if (present == 0)
        return erg_fail(err, code, "sensor %.60s: %s", sensor, reason);
    for (size_t i = found->count; i-- > before;)
        settle_name(found, i, before);
    return true;
}

/* The scopes that hold the CPU's joules. */
static bool covers_cpu(erg_scope scope)
{
    return scope == ERG_SCOPE_PACKAGE || scope == ERG_SCOPE_PSYS
        || scope == ERG_SCOPE_MODULE
        || scope == ERG_SCOPE_NODE;
}

static bool measures_cpu(const erg_device *dev)
{
    for (size_t i = 0; dev->state == ERG_PRESENT && i < dev->channel_count; i++) {
        const erg_channel_info *channel = &dev->channels[i];
        if (erg_has_joules(channel->quantity)
            && covers_cpu(channel->scope))
            return true;
    }
    return false;
}

static bool any_measures_cpu(const erg_devices *found)
{
    bool covered = false;

    for (size_t i = 0; i < found->count && !covered; i++)
        covered = measures_cpu(found->items[i]);
    return covered;
}

static bool find_all(erg_devices *found, erg_error *err)
{
    for (const erg_driver *const *driver = erg_drivers; *driver; driver++)
        if (!(*driver)->asked_only && !(*driver)->fallback
            && !driver_find(found, *driver, NULL, err))
            return false;
    for (const erg_driver *const *driver = erg_drivers; *driver; driver++)
        if ((*driver)->fallback && !any_measures_cpu(found)
            && !driver_find(found, *driver, NULL, err))
            return false;
    return true;
}

erg_devices *erg_devices_find(const erg_env *env, const char *const sensors[],
                              size_t sensor_count, erg_error *err)
{
    erg_devices *found = calloc(1, sizeof(*found));
    bool good = true;

    if (!found) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory while looking for devices");
        return NULL;
    }
    if (env)
        found->env = *env;
    if (!erg_env_line(&found->env, "/proc/sys/kernel/hostname", found->host_id,
                      sizeof(found->host_id), NULL))
        erg_text_put(found->host_id, sizeof(found->host_id), "localhost");
    for (size_t i = 0; good && i < sensor_count; i++)
        good = sensor_find(found, sensors[i], err);
    if (good && sensor_count == 0)
        good = find_all(found, err);
    if (good)
        return found;
    erg_devices_free(found);
    return NULL;
}
