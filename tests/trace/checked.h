/* SPDX-License-Identifier: Apache-2.0 */
/* A recording with a stepped load, and whether a check flagged it. */
#ifndef ERG_TESTS_CHECKED_H
#define ERG_TESTS_CHECKED_H

#include "series.h"

static inline void check(erg_trace *trace)
{
    erg_error err = { 0 };
    CHECK_OK(erg_trace_check(trace, &err), err);
}

static inline void add_region(erg_trace *trace, const char *name, double begin_s,
                              double end_s)
{
    erg_error err = { 0 };
    erg_region region = { .begin_ns = erg_ns_from_s(begin_s),
                          .end_ns = erg_ns_from_s(end_s),
                          .runs = NAN };
    strcpy(region.name, name);
    CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
}

/* 60 W, 260 W between 10 and 20 s, 60 W; each reading through a straight line. */
static inline series step_load(double first_w, double last_w)
{
    series readings = { 0 };
    for (int i = 0; i < 300; i++) {
        double t_s = 0.1 * i, share = (t_s - 10) / 10;
        bool load = t_s >= 10 && t_s < 20;
        series_add(&readings, erg_ns_from_s(t_s),
                   (load ? first_w + share * (last_w - first_w) : 60) + 0.01 * (i % 3));
    }
    return readings;
}

static inline erg_trace *stepped(double first_w, double last_w)
{
    series readings = step_load(first_w, last_w);
    return trace_of((erg_channel_info){ .kind = ERG_INSTANT, .scope = ERG_SCOPE_BOARD },
                    &readings);
}

#endif
