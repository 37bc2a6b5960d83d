/* SPDX-License-Identifier: Apache-2.0 */
/* A found device's channels. */
#ifndef ERG_TESTS_FOUND_H
#define ERG_TESTS_FOUND_H

#include "erg/device.h"
#include "test.h"

static inline const erg_channel_info *channel_of(const erg_devices *found,
                                                 const char *name, size_t *at)
{
    for (*at = 0; *at < erg_devices_channel_count(found, 0); (*at)++)
        if (strcmp(erg_devices_channel(found, 0, *at)->name, name) == 0)
            return erg_devices_channel(found, 0, *at);
    return NULL;
}

#endif
