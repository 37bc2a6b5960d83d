/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joules of a stretch of time, with interval, coverage and quality.
 *
 *   Units    SI; spread_j is the half-width of the 95 % interval (2u).
 *   Owning   An erg_result * is yours: erg_result_free. All else is a plain value.
 *   Missing  Never 0 for "not measured": the call fails with ERG_NO_DATA, or
 *            ERG_REFUSED with the flag's sentence, and the fields are NAN.
 *   Threads  Pure functions of a trace that nobody writes.
 */
#ifndef ERG_ENERGY_H
#define ERG_ENERGY_H

#include "erg/table.h"
#include "erg/trace.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_quality {
    ERG_QUALITY_GOOD, ERG_QUALITY_FAIR, ERG_QUALITY_TOO_SHORT,
    ERG_QUALITY_PARTIAL, ERG_QUALITY_ALIASED, ERG_QUALITY_SHARED,
    ERG_QUALITY_MODELLED, ERG_QUALITY_SIMULATED, ERG_QUALITY_NO_DATA
} erg_quality;

/* What is subtracted for the net figure. GROSS subtracts nothing. */
typedef enum erg_idle_policy {
    ERG_IDLE_GROSS, ERG_IDLE_DEEP, ERG_IDLE_CONTEXT, ERG_IDLE_CLOCKS_LOCKED
} erg_idle_policy;

typedef struct erg_energy {
    double energy_j;        /* gross */
    double spread_j;        /* half-width of its 95 % interval */
    double net_j;           /* NAN without an idle record */
    double net_spread_j;
    double idle_w;          /* mean idle level over the window; NAN: none */
    double window_s;
    double covered;         /* share of the window that was seen, 0..1 */
    double edges_held;      /* share bridged by holding the first or last value */
    double mean_w, peak_w, min_w;
    double max_gap_s;
    double gain_u_j;        /* the part of u that is gain: cancels in ratios */
    int64_t updates;        /* the sensor's own new values in the window */
    int64_t samples;        /* our polls in the window */
    erg_method method;
    erg_scope scope;
    erg_quality quality;
    uint64_t flags;         /* bit 1 << erg_flag_code */
    /* Half-widths of the 95 % intervals. Peak and least are single readings: means over the
     * sensor's window, as far off as its gain. */
    double mean_spread_w, peak_spread_w, min_spread_w, idle_spread_w;
    int peak_channel;       /* whose readings peak and least are; -1: nothing shows them */
} erg_energy;

/* The 95 % interval of a figure and its half-width. A model is wrong by a factor, so
 * its interval is lopsided: [value / f, value f] with f = 1 + half / value. */
typedef struct erg_bounds { double low, high; } erg_bounds;
erg_bounds erg_bounds_of(erg_method method, double value, double half_width);

const char *erg_quality_name(erg_quality quality);
const char *erg_quality_about(erg_quality quality);
const char *erg_idle_policy_name(erg_idle_policy policy);
bool erg_idle_policy_parse(const char *name, erg_idle_policy *out);

/* One power or counter channel over [begin, end). */
bool erg_trace_energy(const erg_trace *trace, int channel, erg_span span,
                      erg_energy *out, erg_error *err);
/* Several channels together. ERG_REFUSED (SCOPE_OVERLAP) where one lies in another, as
 * cores in their package, or where two read the same: their joules would count twice. */
bool erg_trace_energy_sum(const erg_trace *trace, const int channels[], size_t count,
                          erg_span span, erg_energy *out, erg_error *err);
/* The old backward sum, only to compare with old reports. */
bool erg_trace_energy_legacy(const erg_trace *trace, int channel, erg_span span,
                             double *energy_j, erg_error *err);
/* Looks for everything that can make a figure doubtful and adds its flags. */
bool erg_trace_check(erg_trace *trace, erg_error *err);

typedef struct erg_summary_options {
    const char *command;    /* name of the result: "run", "show", "import" */
    const char *region;     /* only this region, or NULL */
    erg_span window;        /* only this stretch if end > begin */
    const char *file;       /* for the file column */
    double co2_g_per_kwh;   /* 0: the default, 400, named in a note */
    const char *per;        /* marks that count units, as in "tokens": energy per unit */
    bool trace_facts;       /* adds table sampling: interval, jitter, misses */
} erg_summary_options;

/* The tables summary, devices, regions (and sampling) of docs/formats.md. */
erg_result *erg_trace_summary(const erg_trace *trace, const erg_summary_options *options,
                              erg_error *err);
/* Table comparison. *verdict: 0 equal within the interval, 1 different, 2 not
 * comparable (scope, idle, device; the reason is a note). */
erg_result *erg_trace_compare(const erg_trace *a, const erg_trace *b, int *verdict,
                              erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
