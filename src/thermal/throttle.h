/* SPDX-License-Identifier: Apache-2.0 */
/* What the reasons of a throttle channel (ERG_MONITOR_THROTTLE) say. */
#ifndef ERG_THERMAL_THROTTLE_H
#define ERG_THERMAL_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/* Heat (0x60) and power (0x84) hold a device back; idling does not. NAN: not known. */
static inline bool erg_is_held_back(double reasons)
{
    return reasons >= 0 && reasons < 0x1p32 && ((uint32_t)reasons & 0xe4) != 0;
}

#endif
