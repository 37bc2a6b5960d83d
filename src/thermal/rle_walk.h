/* SPDX-License-Identifier: Apache-2.0 */
/* A device of a log on its way through a dialect, and what the tables are made of. */
#ifndef ERG_THERMAL_RLE_WALK_H
#define ERG_THERMAL_RLE_WALK_H

#include "base/base.h"
#include "thermal/rle_inside.h"

typedef struct erg_rle_walk {
    const erg_monitor_device *device;
    const erg_rle_dialect *dialect;
    const erg_collapse *detector;
    const erg_rle_options *options;
    erg_rle *out;               /* these five: a value a row */
    erg_collapse_input *in;
    bool *hits;
    double *peaks, *model_s;    /* model_s: sound alone */
    int64_t begin_ns;
    int64_t restarts;
} erg_rle_walk;

/* Rows that the published rules would have held back, of those that worked and the rest. */
typedef struct erg_rle_tally { size_t busy, held_busy, idle, held_idle; } erg_rle_tally;

erg_table *erg_rle_decisions_begin(erg_result *result, erg_error *err);
bool erg_rle_put_decisions(const erg_rle_walk *of, erg_table *table, erg_rle_tally *tally,
                           erg_error *err);
bool erg_rle_say_decisions(const erg_rle_tally *tally, erg_result *result, erg_error *err);

#endif
