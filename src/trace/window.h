/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of erg_trace_energy: area of a window, idle level, uncertainty. */
#ifndef ERG_TRACE_WINDOW_H
#define ERG_TRACE_WINDOW_H

#include "erg/energy.h"
#include "trace/stream.h"

/* What the pieces say of [begin, end). */
typedef struct erg_window {
    erg_span span;
    double energy_j;
    double covered_s, held_s, max_gap_s;
    double peak_w, min_w;
    double first_w, last_w;     /* at the two ends of what was seen */
} erg_window;

bool erg_span_overlaps(erg_span a, erg_span b);
erg_window erg_window_of(const erg_stream *stream, erg_span span);
/* NAN where nothing was seen. */
double erg_power_at(const erg_stream *stream, int64_t t_ns);
/* Index of the first piece that ends after t_ns; pieces.count if none does. */
size_t erg_piece_after(const erg_stream *stream, int64_t t_ns);
size_t erg_updates_in(const erg_stream *stream, erg_span span);

/* Highest and least power in a window; NAN: nothing shows it. */
typedef struct erg_extremes {
    double peak_w, min_w;
    int channel;                /* whose readings they are; -1: nobody's */
    double slope_u;             /* relative, where they are slopes of a counter */
} erg_extremes;
erg_extremes erg_extremes_of(const erg_trace *trace, int channel, const erg_stream *stream,
                             const erg_window *window);
/* Half-width of the 95 % interval of one such reading. */
double erg_extreme_spread_w(const erg_trace *trace, const erg_extremes *of, double w);
/* The power channel of the counter's own device and scope; -1: none. */
int erg_power_beside(const erg_trace *trace, int channel);

/* Idle power over a window, from regions idle_before and idle_after. */
typedef struct erg_idle {
    double idle_w, u_w;         /* NAN without an idle record */
    double before_w, after_w;
    bool drifts;
} erg_idle;
erg_idle erg_idle_of(const erg_trace *trace, const erg_stream *stream, erg_span span);

/* Standard uncertainties, J. */
typedef struct erg_doubt {
    double gain;                /* relative */
    double offset_j;            /* cancels in the net figure */
    double rest_j;              /* all else, added in squares */
    bool aliased;
} erg_doubt;
/* Standard uncertainty of a channel's gain, relative. */
double erg_gain_u(const erg_trace *trace, int channel);
erg_doubt erg_doubt_of(const erg_trace *trace, int channel, const erg_stream *stream,
                       const erg_window *window);

/* The period of the load, from marks or region begins near the window; NAN. */
double erg_load_period_s(const erg_trace *trace, erg_span span);

#endif
