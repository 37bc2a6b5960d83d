/* SPDX-License-Identifier: Apache-2.0 */
/* Which settings a sweep visits, and in which order. */
#ifndef ERG_SWEEP_SWEEP_PLAN_H
#define ERG_SWEEP_SWEEP_PLAN_H

#include "base/base.h"
#include "erg/device.h"

/* The values of one knob: what was asked, and what the device can do. */
typedef struct erg_sweep_axis {
    erg_knob knob;
    double *requested, *values; /* from the highest down, no two values alike */
    size_t count;
} erg_sweep_axis;

/* "510:1410:15", "100,150,200" or "all", in the unit of the knob's column, or with a
 * unit; below floor nothing is taken. */
bool erg_sweep_axis_parse(const char *text, const erg_device_knob *knob, double floor,
                          erg_sweep_axis *out, erg_error *err);
void erg_sweep_axis_free(erg_sweep_axis *axis);
/* The distance to the nearest other value; 0: unknown. */
double erg_sweep_step(const erg_device_knob *knob, double value);

/* Every combination, the first axis slowest; the highest of all is first: the reference.
 * free() it. No axis: one setting that turns nothing. */
erg_knob_setting *erg_sweep_grid(const erg_sweep_axis axes[], size_t axis_count,
                                 size_t *count, erg_error *err);

/* How many visits a block of so many settings may have. */
size_t erg_sweep_block_most(size_t settings);
/* One block: each open setting once in the order of random + block, and the reference (0)
 * first, last and after every 8. open NULL: all are. Returns the visits. */
size_t erg_sweep_block(size_t settings, const bool open[], uint64_t start, size_t visits[]);

#endif
