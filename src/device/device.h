/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of erg_devices, for device.c, find.c and table.c only. */
#ifndef ERG_DEVICE_DEVICE_H
#define ERG_DEVICE_DEVICE_H

#include "device/driver.h"

struct erg_devices {
    erg_env env;                /* a copy: only its strings are borrowed */
    char host_id[64];
    erg_device **items;         /* each on its own, so that pointers stay good */
    size_t count, capacity;
};

#endif
