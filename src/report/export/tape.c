/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One channel as a tape, to be played as a device. What its joules came to stands
 * at the end as remarks: a player computes its own.
 */
#include <math.h>
#include "report/export/exporter.h"
#include "trace/tape.h"

static void put_number(FILE *out, const char *name, double value)
{
    if (!isnan(value))
        fprintf(out, "# %s=%.17g\n", name, value);
}

static void put_figure(FILE *out, const erg_trace *trace, int channel)
{
    if (!erg_has_joules(erg_trace_channel(trace, channel)->quantity))
        return;
    erg_figure figure = erg_figure_of(trace, channel, erg_trace_span(trace));
    if (!figure.known)
        return;
    const erg_energy *energy = &figure.energy;
    erg_bounds bounds = erg_bounds_of(energy->method, energy->energy_j, energy->spread_j);
    fprintf(out, "# quality=%s\n# idle_policy=%s\n", erg_quality_name(energy->quality),
            figure.idle);
    put_number(out, "energy_j", energy->energy_j);
    put_number(out, "energy_low_j", bounds.low);
    put_number(out, "energy_high_j", bounds.high);
    put_number(out, "net_j", energy->net_j);
}

static bool write_tape(const erg_trace *trace, const erg_export_options *options, FILE *out,
                       erg_error *err)
{
    int channel = erg_export_channel(trace, options, err);
    if (channel < 0 || !erg_tape_write(trace, channel, out, err))
        return false;
    put_figure(out, trace, channel);
    return !ferror(out)
        || erg_fail(err, ERG_IO, "cannot write the tape: is the disk full?");
}

const erg_exporter erg_exporter_tape = { "tape", write_tape };
