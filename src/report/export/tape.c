/* SPDX-License-Identifier: Apache-2.0 */
/* One channel as a tape, to be played as a device. */
#include "report/export/exporter.h"
#include "trace/tape.h"

static bool write_tape(const erg_trace *trace, const erg_export_options *options, FILE *out,
                       erg_error *err)
{
    int channel = erg_export_channel(trace, options, err);
    return channel >= 0 && erg_tape_write(trace, channel, out, err);
}

const erg_exporter erg_exporter_tape = { "tape", write_tape };
