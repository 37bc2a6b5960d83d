/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board that holds itself up: power smoothing keeps it at its floor or above, whatever it
 * is granted and however little is launched on it. Watts that were cut there are burnt.
 */
#include <math.h>
#include "govern/govern.h"

#define LEAST_STEP_W 1.0

/* NAN: it has no floor, or smoothing is off, or does not tell. */
static double floor_w(const erg_governor *governor, const erg_governed *item)
{
    erg_devices *devices = governor->devices;
    const erg_device_knob *limit = erg_govern_knob(governor, item);
    const erg_device_knob *is_on = erg_devices_find_knob(devices, item->index,
                                                         ERG_SMOOTHING);
    const erg_device_knob *share = erg_devices_find_knob(devices, item->index,
                                                         ERG_SMOOTHING_FLOOR);

    return limit && share && is_on && is_on->now > 0 ? share->now * limit->high : NAN;
}

bool erg_govern_is_floored(const erg_governor *governor, const erg_governed *item,
                           char *why, size_t size)
{
    double held_w = floor_w(governor, item);
    double gate_w = erg_govern_launch_w(governor, item);

    if (governor->config->mode == ERG_OBSERVE || governor->is_let_go
        || !(held_w > fmin(gate_w, item->grant_w) + LEAST_STEP_W))
        return false;
    if (gate_w < item->grant_w)
        snprintf(why, size, "power smoothing holds it at %.4g W or more, its launches may "
                 "draw %.4g W: held back they save nothing, until smoothing_floor is lower",
                 held_w, gate_w);
    else
        snprintf(why, size, "power smoothing holds it at %.4g W or more, it is granted "
                 "%.4g W: lower smoothing_floor", held_w, item->grant_w);
    return true;
}
