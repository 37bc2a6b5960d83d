/* SPDX-License-Identifier: Apache-2.0 */
/* Was there a warning before it got hot, and was it more than luck? */
#ifndef ERG_THERMAL_ALARMS_H
#define ERG_THERMAL_ALARMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of n rows: hot, and the alarm of a predictor. A row that is hot needs no alarm. */
typedef struct erg_alarm_train {
    const double *t_s;
    const bool *hot, *alarm;
    size_t n;
    double horizon_s;           /* an alarm is a hit if it comes at most so long before */
} erg_alarm_train;

typedef struct erg_alarm_score {
    int64_t onsets, hits, misses, false_alarms;
    double false_per_hour, lead_s;      /* median of the hits, from their first alarm */
    double shifted_hits;                /* mean over the same alarms, shifted in a circle */
    double p_value;                     /* shifted ones with as many hits */
    bool warns;                         /* p < 0.05 */
} erg_alarm_score;

/* False: no memory. 1000 shifts, the same for the same input. */
bool erg_alarms_score(const erg_alarm_train *of, erg_alarm_score *out);

#endif
