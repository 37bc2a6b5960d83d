/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else computes on a GPU. Ours are the processes of our own group: a program that
 * records itself and its ranks. One that this user cannot see, as from inside a container,
 * is not counted: it may be ours under another number.
 */
#include <unistd.h>
#include "device/drivers/nvml.h"

enum { LISTED_MOST = 64 };

bool nvml_has_others(erg_device *dev)
{
    const nvml *own = dev->own;
    nvml_process list[LISTED_MOST];
    unsigned count = LISTED_MOST;

    if (!own->api.processes)
        return false;
    unsigned code = own->api.processes(own->gpu, &count, list);
    for (unsigned i = 0; code == NVML_DONE && i < count && i < LISTED_MOST; i++) {
        pid_t group = getpgid((pid_t)list[i].pid);
        if (group >= 0 && group != getpgrp())
            return true;
    }
    return code == NVML_TOO_SMALL;
}
