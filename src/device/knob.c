/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning what can be turned, and putting it back.
 *
 * What a knob was at is saved before its first turn and put back once, whatever
 * happened between: by restore, by free, or by the next process.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "device/device.h"
#include "device/saved.h"

size_t erg_devices_knob_count(const erg_devices *devices, size_t index)
{
    return devices->items[index]->knob_count;
}

const erg_device_knob *erg_devices_knob(const erg_devices *devices, size_t index,
                                        size_t knob)
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

/* A recovery by another process, which holds the lock, is over within this. */
static const double wait_s = 2;

static void saving_end(erg_device *dev, bool is_back)
{
    if (!dev->saving)
        return;
    erg_saving_end(dev->saving, is_back);
    free(dev->saving);
    dev->saving = NULL;
}

static void place_of(const erg_device *dev, erg_saved *to)
{
    *to = (erg_saved){ .pid = getpid() };
    erg_saved_here(dev->env, to);
    erg_text_put(to->driver, sizeof(to->driver), dev->info.driver);
    erg_text_put(to->device, sizeof(to->device), dev->info.name);
    erg_text_put(to->uuid, sizeof(to->uuid), dev->info.uuid);
}

/* What a dead process has left is put back first, or it would be saved as if it were
 * what the machine was at. */
static bool put_back_left(erg_device *dev, const char *path, erg_error *err)
{
    erg_error fault = { 0 };
    erg_saved left;

    if (!erg_saved_read(path, &left, &fault))
        return fault.code == ERG_NOT_FOUND || erg_fail(err, fault.code, "%s", fault.text);
    bool good = erg_saved_put_back(&left, dev, err);
    erg_saved_free(&left);
    return good;
}

static bool saving_begin(erg_device *dev, erg_error *err)
{
    char folder[ERG_PATH_MOST], path[ERG_PATH_MOST];
    erg_saved place;

    if (dev->saving || dev->driver->forgets)
        return true;
    place_of(dev, &place);
    if (!erg_saved_folder(dev->env, folder, err) || !erg_folder_make(folder, err))
        return false;
    erg_saved_path(folder, &place, path);
    dev->saving = calloc(1, sizeof(*dev->saving));
    if (!dev->saving)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %s", path);
    dev->saving->lock = -1;
    if (erg_saving_begin(path, wait_s, dev->saving, err) && put_back_left(dev, path, err)
        && erg_saved_recover(dev->env, NULL, err))
        return true;
    saving_end(dev, false);
    return false;
}

static bool write_saved(const erg_device *dev, erg_error *err)
{
    erg_saved all;

    if (!dev->saving)
        return true;
    place_of(dev, &all);
    for (size_t i = 0; i < dev->knob_count; i++)
        if (dev->saved[dev->knobs[i].knob])
            all.knobs[all.count++] = (erg_saved_knob){ dev->knobs[i].knob,
                                                       dev->saved[dev->knobs[i].knob] };
    return erg_saved_write(dev->saving, &all, err);
}

/* Nothing is turned before what it was at is on the disk. */
static bool save_once(erg_device *dev, const erg_device_knob *knob, erg_error *err)
{
    erg_knob which = knob->knob;
    erg_text text = { 0 };

    if (dev->saved[which])
        return true;
    bool was_idle = !dev->saving;
    bool good = saving_begin(dev, err) && dev->driver->save(dev, which, &text, err);
    dev->was[which] = knob->now;
    dev->saved[which] = erg_text_take(&text);
    if (good && !dev->saved[which])
        good = erg_fail(err, ERG_NO_MEMORY, "out of memory for what %s was at",
                        dev->info.name);
    if (good && write_saved(dev, err))
        return true;
    free(dev->saved[which]);
    dev->saved[which] = NULL;
    if (was_idle)
        saving_end(dev, false);
    return false;
}

static bool may_turn(const erg_device *dev, const erg_device_knob *knob,
                     const erg_turn *turn, erg_error *err)
{
    if (!knob || !dev->driver->turn)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s has no such knob: erg devices --table knobs "
                        "lists what can be turned here", dev->info.name);
    bool from_zero = erg_knob_infos[turn->knob].from_zero;
    if (!(turn->requested > 0 || (from_zero && turn->requested == 0))
        || !isfinite(turn->requested))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s cannot be turned to %g: a setting is a number "
                        "%s 0", dev->info.name, turn->requested,
                        from_zero ? "of at least" : "above");
    if (dev->info.shared && !turn->allow_shared)
        return erg_fail(err, ERG_REFUSED, "%s is split into instances (MIG): turning it "
                        "turns the neighbours' too, and its power is also theirs; say "
                        "--shared to do it all the same", dev->info.name);
    return knob->can_turn || erg_fail(err, ERG_NO_ACCESS, "%s", knob->reason);
}

/* This knob is as it was: the file tells of the others alone, or goes. */
static void forget(erg_device *dev, erg_knob which)
{
    bool is_any = false;

    free(dev->saved[which]);
    dev->saved[which] = NULL;
    for (size_t i = 0; i < dev->knob_count; i++)
        is_any |= dev->saved[dev->knobs[i].knob] != NULL;
    if (is_any)
        write_saved(dev, NULL); /* else it says more than is turned, which does no harm */
    else
        saving_end(dev, true);
}

/* What was refused was never turned, and who may not turn it could not put it back. A
 * CPU's clock is many files, some of which may have been written before the refusal. */
static void forget_refused(erg_device *dev, erg_knob which)
{
    if (which != ERG_CPU_CLOCK)
        forget(dev, which);
}

bool erg_devices_turn(erg_devices *devices, size_t index, erg_turn *turn, erg_error *err)
{
    erg_device *dev = index < devices->count ? devices->items[index] : NULL;
    erg_error fault = { 0 };

    turn->clamped = turn->enforced = turn->took_s = NAN;
    if (!dev)
        return erg_fail(err, ERG_NOT_FOUND, "there is no device %zu", index);
    erg_device_knob *knob = knob_of(dev, turn->knob);
    if (!may_turn(dev, knob, turn, err))
        return false;
    bool is_first = !dev->saved[turn->knob];
    if (!save_once(dev, knob, err))
        return false;
    turn->clamped = erg_device_knob_snap(knob, turn->requested);
    int64_t begin_ns = erg_env_now_ns(dev->env);
    if (!dev->driver->turn(dev, turn->knob, turn->clamped, &turn->enforced, &fault)) {
        if (is_first && fault.code == ERG_NO_ACCESS)
            forget_refused(dev, turn->knob);
        return erg_fail(err, fault.code, "%s", fault.text);
    }
    turn->took_s = erg_s_from_ns(erg_env_now_ns(dev->env) - begin_ns);
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
        bool is_back = dev->driver->put_back(dev, which, dev->saved[which],
                                             good ? err : NULL);
        good &= is_back;
        dev->knobs[i].now = is_back ? dev->was[which] : NAN;
        free(dev->saved[which]);
        dev->saved[which] = NULL;
    }
    saving_end(dev, good);
    return good;
}

bool erg_devices_put_back(erg_devices *devices, size_t index, erg_knob which,
                          erg_error *err)
{
    erg_device *dev = index < devices->count ? devices->items[index] : NULL;

    if (!dev)
        return erg_fail(err, ERG_NOT_FOUND, "there is no device %zu", index);
    erg_device_knob *knob = knob_of(dev, which);
    if (!knob || !dev->saved[which])
        return true;
    if (!dev->driver->put_back(dev, which, dev->saved[which], err))
        return false;           /* still saved: whoever ends this tries again */
    knob->now = dev->was[which];
    forget(dev, which);
    return true;
}

static bool keep(erg_device *dev, const erg_device_knob *knob, erg_error *err)
{
    erg_knob which = knob->knob;
    erg_text text = { 0 };

    if (!dev->saved[which])
        return true;
    if (!dev->driver->save(dev, which, &text, err)) {
        erg_text_free(&text);
        return false;
    }
    char *now = erg_text_take(&text);
    if (!now)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for what %s is at",
                        dev->info.name);
    free(dev->saved[which]);
    dev->saved[which] = now;
    dev->was[which] = knob->now;
    return true;
}

bool erg_devices_keep(erg_devices *devices, erg_error *err)
{
    bool good = true;

    for (size_t i = 0; i < devices->count; i++) {
        erg_device *dev = devices->items[i];
        for (size_t k = 0; good && k < dev->knob_count; k++)
            good = keep(dev, &dev->knobs[k], err);
        good = good && write_saved(dev, err);
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

bool erg_devices_fill(erg_devices *devices, size_t index, double extra_w)
{
    erg_device *dev = devices->items[index];

    return dev->state == ERG_PRESENT && dev->driver->fill
        && dev->driver->fill(dev, extra_w);
}
