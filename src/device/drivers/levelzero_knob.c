/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power limit and clock of a GPU through sysman. The limit is the sustained one, in watts;
 * burst and peak limits stay as they are. The clock is a range of which both ends are
 * turned to one clock; putting back sets both ends that were.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "device/drivers/levelzero.h"

enum { LIMITS_MOST = 8, CLOCKS_MOST = 1024 };

/* ---- what it is at ----------------------------------------------------------- */

static bool get_limit(const levelzero *own, levelzero_limit *out)
{
    levelzero_limit all[LIMITS_MOST];
    uint32_t count = LIMITS_MOST;

    for (size_t i = 0; i < LIMITS_MOST; i++)
        all[i] = (levelzero_limit){ .kind = LEVELZERO_LIMIT };
    if (!own->power || !own->api.limits || own->api.limits(own->power, &count, all) != 0)
        return false;
    for (uint32_t i = 0; i < count && i < LIMITS_MOST; i++)
        if (all[i].level == LEVELZERO_SUSTAINED && all[i].unit == LEVELZERO_IN_POWER) {
            *out = all[i];
            return true;
        }
    return false;
}

static bool get_range(const levelzero *own, levelzero_range *out)
{
    levelzero_handle clock = own->clocks[LEVELZERO_GPU_CLOCK];

    return clock && own->api.range && own->api.range(clock, out) == 0 && out->high_mhz > 0;
}

/* ---- what there is ------------------------------------------------------------- */

static double told_w(int32_t mw) { return mw > 0 ? 1e-3 * mw : NAN; }

static void settle(erg_device_knob *knob, bool has_call, bool is_free)
{
    knob->can_turn = has_call && is_free;
    if (!has_call)
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "this libze_loader.so.1 has no call "
                     "that turns it: update the Level Zero loader");
    else if (!is_free)
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "the board's firmware has locked it");
    else if (geteuid() != 0)
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "Intel's driver lets root turn it: run erg as root");
}

static void add_limit(erg_device *dev)
{
    const levelzero *own = dev->own;
    levelzero_power facts = { .kind = LEVELZERO_POWER };
    levelzero_limit now;

    if (!get_limit(own, &now))
        return;
    erg_device_knob *knob = erg_device_add_knob(dev, ERG_POWER_LIMIT);
    if (own->api.power && own->api.power(own->power, &facts) == 0) {
        knob->low = told_w(facts.low_mw);
        knob->high = fmax(told_w(facts.high_mw), told_w(facts.usual_mw));
    }
    knob->now = told_w(now.limit_mw);
    settle(knob, own->api.set_limits, !now.is_locked);
}

static bool add_clock(erg_device *dev, erg_error *err)
{
    const levelzero *own = dev->own;
    levelzero_handle clock = own->clocks[LEVELZERO_GPU_CLOCK];
    levelzero_clock facts = { .kind = LEVELZERO_CLOCK };
    double mhz[CLOCKS_MOST];
    uint32_t count = CLOCKS_MOST;
    levelzero_range now;

    if (!get_range(own, &now) || !own->api.clock || own->api.clock(clock, &facts) != 0)
        return true;
    erg_device_knob *knob = erg_device_add_knob(dev, ERG_SM_CLOCK);
    knob->low = 1e6 * facts.low_mhz;
    knob->high = 1e6 * facts.high_mhz;
    knob->now = 1e6 * now.high_mhz;
    settle(knob, own->api.set_range, facts.can_turn);
    if (!own->api.clock_list || own->api.clock_list(clock, &count, mhz) != 0 || count == 0
        || count > CLOCKS_MOST)
        return true;
    for (uint32_t i = 0; i < count; i++)
        mhz[i] *= 1e6;
    return erg_device_knob_values(knob, mhz, count, err);
}

bool levelzero_add_knobs(erg_device *dev, erg_error *err)
{
    add_limit(dev);
    return add_clock(dev, err);
}

/* ---- saving, turning, putting back ----------------------------------------------- */

bool levelzero_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    levelzero_limit limit;
    levelzero_range range;
    bool is_limit = which == ERG_POWER_LIMIT;

    if (is_limit ? !get_limit(dev->own, &limit) : !get_range(dev->own, &range))
        return erg_fail(err, ERG_IO, "%s does not say its %s, so it is not turned",
                        dev->info.name, erg_knob_infos[which].name);
    if (is_limit)
        erg_text_add(to, "%d", limit.limit_mw);
    else
        erg_text_add(to, "%.9g %.9g", range.low_mhz, range.high_mhz);
    return true;
}

static bool check(const erg_device *dev, erg_knob which, unsigned code, erg_error *err)
{
    const char *name = erg_knob_infos[which].name;

    if (code == 0)
        return true;
    if (code == LEVELZERO_NO_PERMISSION)
        return erg_fail(err, ERG_NO_ACCESS,
                        "%s of %s may be turned by root only: run erg as "
                        "root",
                        name, dev->info.name);
    return erg_fail(
        err, code == LEVELZERO_NOT_SUPPORTED ? ERG_UNSUPPORTED : ERG_IO,
        "%s of %s cannot be turned (Level Zero code 0x%x): xpu-smi config shows "
        "what it allows",
        name, dev->info.name, code);
}

static unsigned set_limit(const levelzero *own, int32_t limit_mw)
{
    levelzero_limit limit;
    uint32_t count = 1;

    if (!own->api.set_limits || !get_limit(own, &limit))
        return LEVELZERO_NOT_SUPPORTED;
    limit.limit_mw = limit_mw;
    return own->api.set_limits(own->power, &count, &limit);
}

static unsigned set_range(const levelzero *own, levelzero_range range)
{
    return own->api.set_range ? own->api.set_range(own->clocks[LEVELZERO_GPU_CLOCK], &range)
                              : LEVELZERO_NOT_SUPPORTED;
}

bool levelzero_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                    erg_error *err)
{
    const levelzero *own = dev->own;
    bool is_limit = which == ERG_POWER_LIMIT;
    double mhz = 1e-6 * value;
    levelzero_limit limit;
    levelzero_range range;
    unsigned code = is_limit ? set_limit(own, (int32_t)lround(1e3 * fmin(value, 1e6)))
                             : set_range(own, (levelzero_range){ mhz, mhz });

    if (!check(dev, which, code, err))
        return false;
    if (is_limit && get_limit(own, &limit))
        *enforced = told_w(limit.limit_mw);
    else if (!is_limit && get_range(own, &range))
        *enforced = 1e6 * range.high_mhz;
    return true;
}

bool levelzero_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err)
{
    const levelzero *own = dev->own;
    double low = NAN, high = NAN;
    int count = sscanf(saved, "%lf %lf", &low, &high);
    bool is_limit = which == ERG_POWER_LIMIT;

    if (count != (is_limit ? 1 : 2) || !(fabs(low) < 1e9)
        || !(is_limit || fabs(high) < 1e9))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no %s of %s", saved,
                        erg_knob_infos[which].name, dev->info.name);
    return check(dev, which,
                 is_limit ? set_limit(own, (int32_t)lround(low))
                          : set_range(own, (levelzero_range){ low, high }),
                 err);
}
