/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of time from measured runs. */
#ifndef ERG_ESTIMATE_TIME_FIT_H
#define ERG_ESTIMATE_TIME_FIT_H

#include "erg/estimate.h"

typedef struct erg_timed_row {
    const erg_partition *partition;
    erg_runtime runtime;
    double clock_hz;            /* 0: that of the quoted peaks */
    double measured_s;
} erg_timed_row;

/* Which terms are free: the share alone where few runs are known, else all that
 * eager runs tell apart; single operators tell tiles and long rows too. */
typedef enum erg_time_freedom {
    ERG_FREE_SHARE, ERG_FREE_ALL, ERG_FREE_TILES
} erg_time_freedom;

typedef struct erg_time_fit {
    const erg_hardware *hardware;
    const erg_timed_row *rows;
    size_t count;
    erg_unit_class unit;
    erg_time_freedom freedom;
} erg_time_fit;

/* NAN: no memory. */
double erg_time_of_row(const erg_timed_row *row, const erg_hardware *hardware,
                       const erg_time_terms terms[ERG_UNIT_CLASSES]);
/* Mean |ln(predicted / measured)|. */
double erg_time_loss(const erg_time_fit *fit, const erg_time_terms terms[ERG_UNIT_CLASSES]);
/* terms: where to start and what to stay near; then the fit. ERG_NO_DATA: no rows,
 * or nothing was found; ERG_UNSUPPORTED: NLopt is missing. */
bool erg_time_fit_terms(const erg_time_fit *fit, erg_time_terms terms[ERG_UNIT_CLASSES],
                        erg_error *err);

#endif
