/* SPDX-License-Identifier: Apache-2.0 */
/* How the values of a monitor are called as channels of a run file. */
#ifndef ERG_THERMAL_JOINT_INSIDE_H
#define ERG_THERMAL_JOINT_INSIDE_H

#include "erg/monitor.h"
#include "import/formats/importer.h"

typedef struct erg_joint_channel {
    erg_monitor_value value;
    const char *name, *unit;
    erg_quantity quantity;
} erg_joint_channel;

extern const erg_joint_channel erg_joint_channels[];
extern const size_t erg_joint_channel_count;

/* In UTC; of a trace without a date as it stands, from where the trace counts. */
int64_t erg_joint_stamp_ns(const erg_trace *trace, int64_t t_ns);

/* A monitor's log at path, row by row, however long it is. *added false: it is none, or one
 * that must be looked at as a whole, as where two programs wrote it. */
bool erg_joint_stream_monitor(const char *path, const erg_source *source, erg_trace *into,
                              bool *added, erg_error *err);

#endif
