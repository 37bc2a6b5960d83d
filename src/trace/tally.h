/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding energies honestly: over the stretches of a region, over devices.
 *
 * Over stretches of one channel the gain part adds linearly and the idle level is
 * one record for all, so its part does too; the rest adds in squares. Over devices
 * all parts are independent.
 */
#ifndef ERG_TRACE_TALLY_H
#define ERG_TRACE_TALLY_H

#include "base/base.h"
#include "erg/energy.h"

/* What a region name covers: overlapping stretches are joined, so that no joule is
 * counted twice; each occurrence keeps its own length. */
typedef struct erg_stretches {
    erg_span *spans;
    size_t count;
    double *lengths_s;      /* of each occurrence, per equal run inside */
    size_t occurrences;
    double runs;            /* NAN: some occurrence does not state them */
    bool overlapped;
    bool cut;               /* the window cuts some that holds runs */
} erg_stretches;

/* window: only what lies in it, if end > begin. Zero occurrences is no error. */
bool erg_stretches_of(const erg_trace *trace, const char *region, erg_span window,
                      erg_stretches *out, erg_error *err);
bool erg_stretches_single(erg_span span, erg_stretches *out, erg_error *err);
void erg_stretches_free(erg_stretches *stretches);

/* How many samples lie in them, failed ones too, and the mean of those that did not. */
int64_t erg_stretches_samples(const erg_trace *trace, int channel,
                              const erg_stretches *stretches, double *mean);
/* As erg_trace_energy, over all stretches. Stretches without data are uncovered. */
bool erg_stretches_energy(const erg_trace *trace, int channel,
                          const erg_stretches *stretches, erg_energy *out, erg_error *err);

/* The runs are in doubt: no energy of one is given. */
bool erg_summary_per_run_refused(const erg_trace *trace);

/* The next sensor that the recording could not read, and why; *at begins with 0. */
bool erg_summary_absent(const erg_trace *trace, size_t *at, const char **driver,
                        const char **why);

/* One channel that speaks for its device and scope. */
typedef struct erg_pick {
    int channel, device;
    bool counted;           /* lies in no other: part of the total */
    int inside;             /* index of the pick it lies in, or -1 */
} erg_pick;

/* Best per device and scope: counter, else power. free() it; NULL and count 0
 * without a sensor, NULL and err when memory ran out. */
erg_pick *erg_picks_of(const erg_trace *trace, size_t *count, erg_error *err);
/* An energy of which nothing is known. */
erg_energy erg_energy_none(void);
/* Adds part to total; start from erg_energy_none() with first true. */
void erg_energy_join(erg_energy *total, const erg_energy *part, bool first);

#endif
