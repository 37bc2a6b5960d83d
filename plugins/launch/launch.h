/* SPDX-License-Identifier: Apache-2.0 */
/* What the wrappers of this library share: finding the real call behind each. */
#ifndef ERG_PLUGIN_LAUNCH_LAUNCH_H
#define ERG_PLUGIN_LAUNCH_LAUNCH_H

#include "launch/gate.h"

#define LAUNCH_PUBLIC __attribute__((visibility("default")))

typedef void (*launch_function)(void);
typedef struct launch_slot { launch_function _Atomic call; } launch_slot;

/* The call of that name behind ours, or NULL. Found once; two threads that look at once
 * find the same. */
launch_function launch_real(launch_slot *slot, const gate_family *family,
                            const char *name);
/* ERG_LAUNCH, read once. A wrong one is said once, and is neutral. */
const gate_config *launch_settings(void);

#endif
