/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel made ready for integration: power as pieces of straight lines.
 *
 * Whatever a sensor's numbers mean (erg_kind), energy is the area under pieces.
 * What no piece covers was not measured. Built once for a channel, then shared.
 */
#ifndef ERG_TRACE_STREAM_H
#define ERG_TRACE_STREAM_H

#include "trace/trace_inside.h"

/* Power runs straight from begin_w to end_w. */
typedef struct erg_piece {
    int64_t begin_ns, end_ns;
    double begin_w, end_w;
} erg_piece;

/* An idle record's power: median, its standard error, the middle of the record. */
typedef struct erg_idle_base {
    double w, u_w;          /* NAN: no such record, or too few updates to tell a scatter */
    int64_t middle_ns;
    double length_s;        /* 0: no such record */
} erg_idle_base;

typedef struct erg_stream {
    erg_rows pieces;        /* erg_piece, in time order, not overlapping */
    erg_rows updates;       /* int64_t: stamps of the sensor's own new values */
    erg_rows resets;        /* erg_span: a counter started anew in here */
    erg_rows ambiguous;     /* erg_span: a counter may have wrapped twice in here */
    erg_span polled;        /* counters: first to last reading; read_j joules apart */
    double read_j;          /* NAN where a reset lies between */
    erg_span seen;          /* pieces outside it hold the first or last value */
    double dt_s;            /* median distance of updates; NAN under two */
    double update_s;        /* T_u as stated, else dt_s */
    double window_s;        /* averaging window; NAN: unknown */
    erg_idle_base before, after;    /* regions idle_before and idle_after (idle.c) */
} erg_stream;

/* Borrowed from the trace. NULL and err without memory or for other quantities. */
const erg_stream *erg_stream_of(const erg_trace *trace, int channel, erg_error *err);

/* The level of a region of that name, from the pieces built so far. */
erg_idle_base erg_idle_base_of(const erg_trace *trace, const erg_stream *stream,
                         const char *name);

/* ---- for the builders, one for each way a sensor speaks ------------------ */

bool erg_stream_add_piece(erg_stream *stream, erg_piece piece, erg_error *err);
/* Good samples only, gain and delay applied, no exact duplicates. */
bool erg_stream_from_power(erg_stream *stream, const erg_channel_info *info,
                           erg_rows *samples, erg_error *err);
bool erg_stream_from_counter(erg_stream *stream, const erg_channel_info *info,
                             erg_rows *samples, erg_error *err);
/* Median distance of stamps in seconds; NAN under two, or without memory. */
double erg_median_step_s(const erg_sample samples[], size_t count);
/* The same of rows that may be long. */
double erg_median_step_of(const erg_rows *samples);
double erg_samples_step_s(const erg_trace *trace, int channel);

/* As erg_rows_rest, of a stream, and of the samples of a channel. */
void erg_stream_rest(const erg_stream *stream);
void erg_samples_rest(const erg_trace *trace, int channel);
/* As erg_rows_pass. */
void erg_samples_pass(const erg_trace *trace, int channel, size_t at);

/* Index of the first sample at or after t_ns; count: none is. */
size_t erg_sample_from(const erg_sample at[], size_t count, int64_t t_ns);

#endif
