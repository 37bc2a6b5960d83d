/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the summary share. */
#ifndef ERG_TRACE_SUMMARY_H
#define ERG_TRACE_SUMMARY_H

#include "math/stats.h"
#include "trace/tally.h"
#include "trace/trace_inside.h"

typedef struct summary {
    const erg_trace *trace;
    const erg_flag_groups *flags;
    const erg_summary_options *options;
    erg_result *result;
    erg_pick *picks;
    size_t pick_count;
    const char *region;         /* the summary is about this one; NULL: a stretch */
    erg_stretches where;
    double duration_s;
    unsigned qualities;         /* bits of those that occur */
    erg_rows raised;            /* by figures (summary_flags.c) */
    erg_method method;          /* the weakest of what is counted, figure or not */
    size_t estimates;           /* told beside a counter that did not move */
    size_t absent;              /* figures that could not be given */
    bool is_refused;            /* energy of one run */
    erg_rows units;             /* marks named by --per, by time (summary_regions.c) */
    size_t shorter;             /* regions told to be too short for a moving mean */
    erg_error *err;
} summary;

typedef struct erg_figure { const char *column; double value; } erg_figure;

extern const erg_column erg_summary_columns[], erg_device_columns[], erg_region_columns[];
extern const size_t erg_summary_column_count, erg_device_column_count,
    erg_region_column_count;

/* "TOO_SHORT ALIASED". */
void erg_flags_text(uint64_t flags, char *to, size_t size);
/* A note for each quality of the set of bits: what it means. */
bool erg_note_qualities(erg_result *result, unsigned qualities, erg_error *err);

/* Sets those columns that the table has. */
bool erg_put_figures(erg_table *table, const erg_figure figures[], size_t count,
                     erg_error *err);
bool erg_put_energy(summary *all, erg_table *table, const erg_energy *energy);
bool erg_put_origin(summary *all, erg_table *table, const erg_pick *pick);
/* No figure is no failure: *out is erg_energy_none() and the reason a note. */
bool erg_summary_measure(summary *all, const erg_pick *pick, const erg_stretches *where,
                         erg_energy *out);
/* The same joules as Wh and as grams of CO2. */
bool erg_put_converted(summary *all, erg_table *table, const erg_energy *total);
/* Energies of the single runs over all counted devices; false under two runs. */
bool erg_runs_scatter(const erg_trace *trace, const char *region, const erg_pick picks[],
                      size_t pick_count, erg_interval *out);

/* Half-width of the 95 % interval of one run; region NULL: no runs to scatter. */
typedef struct erg_run_spread { double half_j; bool scatters; } erg_run_spread;
erg_run_spread erg_run_spread_of(const erg_trace *trace, const char *region,
                                 const erg_pick picks[], size_t count,
                                 const erg_energy *total, double runs);

/* Remembers what flags the figure bears, for the notes. region: borrowed, or NULL. */
bool erg_summary_raised(summary *all, const erg_energy *energy, int channel,
                        const char *region);
bool erg_summary_note_flags(summary *all);
bool erg_summary_regions(summary *all);
bool erg_summary_sampling(summary *all);
bool erg_summary_notes(summary *all);
/* Table hints and a note each, where the run asked for something. */
bool erg_summary_hints(summary *all);

#endif
