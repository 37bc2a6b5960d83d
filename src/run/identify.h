/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one power sensor turned out to be, from a recording under a load: its update
 * period, window, delay, gain and offset, as far as there is something to hold it
 * against (docs/testing.md, "What does a sensor really show?").
 */
#ifndef ERG_RUN_IDENTIFY_H
#define ERG_RUN_IDENTIFY_H

#include "base/base.h"
#include "erg/trace.h"

typedef struct erg_identified {
    double update_s;                    /* NAN: not found, as all below */
    double window_s, delay_s;
    double gain, offset, gain_u;        /* read = gain * true + offset */
    char against[80];                   /* channel, or "regions"; "" for nothing */
    char why_not[200];                  /* what is missing and the cure; "" */
} erg_identified;

/* reference: "DEVICE/CHANNEL" of a meter that sees the same power; NULL: the regions
 * that the load marked, and the energy counter of the same device. */
bool erg_identify(const erg_trace *trace, int channel, const char *reference,
                  erg_identified *out, erg_error *err);
/* The other reading of the same device and scope, counter for power and the reverse;
 * -1: there is none. */
int erg_partner(const erg_trace *trace, int channel);

#endif
