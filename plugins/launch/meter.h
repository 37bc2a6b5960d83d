/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The energy counter behind a budget of launches, read by a thread of its own through
 * liberg, which is opened only then: a program without a budget loads none of it.
 */
#ifndef ERG_PLUGIN_LAUNCH_METER_H
#define ERG_PLUGIN_LAUNCH_METER_H

#include <stdint.h>

typedef void meter_tell(void *self, int64_t t_ns, double energy_j);

/* sensor: as erg run --sensor takes it. uuid: of the GPU that is launched on; where one of
 * the sensor's devices has it, that one alone is read, else the sum of its GPUs, or of all
 * where it has none. Says one sentence where there is no counter, and then tells nothing.
 * Ends with the process. */
void meter_start(const char *sensor, const char *uuid, meter_tell *tell, void *self);

#endif
