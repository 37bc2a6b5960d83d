/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of erg_devices, for device.c, find.c, knob.c and table.c only. */
#ifndef ERG_DEVICE_DEVICE_H
#define ERG_DEVICE_DEVICE_H

#include "device/driver.h"

struct erg_devices {
    erg_env env;                /* a copy: only its strings are borrowed */
    char host_id[64];
    erg_device **items;         /* each on its own, so that pointers stay good */
    size_t count, capacity;
    bool tell_events;           /* the driver of one does: else none is asked */
};

/* All knobs of one device; true and nothing done if none was turned. */
bool erg_device_put_back(erg_device *dev, erg_error *err);
void erg_device_drop_knobs(erg_device *dev);
/* Once it is open, or never will be: notes what each read asks of its channels, and gives
 * back the rows that it has no use for. */
void erg_device_fit(erg_device *dev);

#endif
