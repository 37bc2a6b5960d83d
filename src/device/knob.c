/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning what can be turned, and putting it back.
 *
 * What a knob was at is saved before its first turn and put back once, whatever
 * happened between: by restore, by free, or by the next process.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/device.h"

size_t erg_devices_knob_count(const erg_devices *devices, size_t index)
{
    return devices->items[index]->knob_count;
}

const erg_device_knob *erg_devices_knob(const erg_devices *devices, size_t index, size_t knob)
{
    return &devices->items[index]->knobs[knob];
}

static erg_device_knob *knob_of(erg_device *dev, erg_knob which)
{
    for (size_t i = 0; i < dev->knob_count; i++)
        if (dev->knobs[i].knob == which)
            return &dev->knobs[i];
    return NULL;
}

const erg_device_knob *erg_devices_find_knob(const erg_devices *devices, size_t index,
                                             erg_knob which)
{
    return knob_of(devices->items[index], which);
}

/* ---- declared by open ---------------------------------------------------- */

erg_device_knob *erg_device_add_knob(erg_device *dev, erg_knob which)
{
    erg_device_knob *knob = &dev->knobs[dev->knob_count++];

    *knob = (erg_device_knob){
        .knob = which, .low = NAN, .high = NAN, .now = NAN, .can_turn = true
    };
    return knob;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

bool erg_device_knob_values(erg_device_knob *knob, const double values[], size_t count,
                            erg_error *err)
{
    double *copy = malloc((count + 1) * sizeof(*copy));
    size_t kept = 0;

    if (!copy)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the values of a knob");
    memcpy(copy, values, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), by_value);
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

/* ---- turning -------------------------------------------------------------- */

double erg_device_knob_snap(const erg_device_knob *knob, double requested)
{
    double best = NAN;

    if (isnan(requested))
        return NAN;
    if (!knob->values) {
        best = requested < knob->low ? knob->low : requested;
        return best > knob->high ? knob->high : best;
    }
    for (size_t i = 0; i < knob->value_count; i++)
        if (isnan(best) || fabs(knob->values[i] - requested) < fabs(best - requested))
            best = knob->values[i];
    return best;
}

static bool save_once(erg_device *dev, const erg_device_knob *knob, erg_error *err)
{
    erg_text text = { 0 };

    if (dev->saved[knob->knob])
        return true;
    if (!dev->driver->save(dev, knob->knob, &text, err)) {
        erg_text_free(&text);
        return false;
    }
    dev->was[knob->knob] = knob->now;
    dev->saved[knob->knob] = erg_text_take(&text);
    return dev->saved[knob->knob]
        || erg_fail(err, ERG_NO_MEMORY, "out of memory for what %s was at", dev->info.name);
}

static bool may_turn(const erg_device *dev, const erg_device_knob *knob, const erg_turn *turn,
                     erg_error *err)
{
    if (!knob || !dev->driver->turn)
        return erg_fail(err, ERG_UNSUPPORTED, "%s has no such knob: erg devices --table knobs "
                        "lists what can be turned here", dev->info.name);
    if (!isfinite(turn->requested))
        return erg_fail(err, ERG_BAD_INPUT, "%s cannot be turned to what is no number",
                        dev->info.name);
    if (dev->info.shared && !turn->allow_shared)
        return erg_fail(err, ERG_REFUSED, "%s is split into instances (MIG): turning it "
                        "turns the neighbours' too, and its power is also theirs; say "
                        "--shared to do it all the same", dev->info.name);
    return knob->can_turn || erg_fail(err, ERG_NO_ACCESS, "%s", knob->reason);
}

bool erg_devices_turn(erg_devices *devices, size_t index, erg_turn *turn, erg_error *err)
{
    erg_device *dev = index < devices->count ? devices->items[index] : NULL;

    turn->clamped = turn->enforced = NAN;
    if (!dev)
        return erg_fail(err, ERG_NOT_FOUND, "there is no device %zu", index);
    erg_device_knob *knob = knob_of(dev, turn->knob);
    if (!may_turn(dev, knob, turn, err) || !save_once(dev, knob, err))
        return false;
    turn->clamped = erg_device_knob_snap(knob, turn->requested);
    if (!dev->driver->turn(dev, turn->knob, turn->clamped, &turn->enforced, err))
        return false;
    knob->now = isnan(turn->enforced) ? turn->clamped : turn->enforced;
    return true;
}

bool erg_device_put_back(erg_device *dev, erg_error *err)
{
    bool good = true;

    for (size_t i = dev->knob_count; i-- > 0;) {
        erg_knob which = dev->knobs[i].knob;
        if (!dev->saved[which])
            continue;
        bool is_back = dev->driver->put_back(dev, which, dev->saved[which], good ? err : NULL);
        good &= is_back;
        dev->knobs[i].now = is_back ? dev->was[which] : NAN;
        free(dev->saved[which]);
        dev->saved[which] = NULL;
    }
    return good;
}

bool erg_devices_restore(erg_devices *devices, erg_error *err)
{
    bool good = true;

    for (size_t i = devices->count; i-- > 0;)
        good &= erg_device_put_back(devices->items[i], good ? err : NULL);
    return good;
}
