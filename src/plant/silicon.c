/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU under a cap: the clock that keeps it, and what it then draws. */
#include <math.h>
#include "plant/cluster.h"

double erg_silicon_clock(const erg_silicon *silicon, double power_w, double cap_w)
{
    if (cap_w >= power_w)
        return 1;
    double room = (cap_w - silicon->idle_w) / (power_w - silicon->idle_w);
    return room > 0 ? pow(room, 1 / silicon->gamma) : 0;
}

double erg_silicon_w(const erg_silicon *silicon, double power_w, double clock)
{
    if (clock >= 1)
        return power_w;
    return silicon->idle_w + (power_w - silicon->idle_w) * pow(clock, silicon->gamma);
}
