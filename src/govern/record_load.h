/* SPDX-License-Identifier: Apache-2.0 */
/* Watts over time, as a CSV or a run file told them, on their way to a load. */
#ifndef ERG_GOVERN_RECORD_LOAD_H
#define ERG_GOVERN_RECORD_LOAD_H

#include "govern/scenario.h"

enum { ERG_RECORD_NAME = 48 };

typedef struct erg_record_unit {
    char name[ERG_RECORD_NAME];
    double *t_s, *power_w;      /* times rise */
    size_t count, t_capacity, capacity;
} erg_record_unit;

typedef struct erg_record {
    const char *path;
    erg_record_unit *units;
    size_t count, capacity, last;   /* last: that was found */
    double window_s;            /* of the meter; NAN: unknown */
    erg_record_facts facts;
} erg_record;

/* Fills in a new scenario. */
bool erg_record_load(const erg_record *from, const erg_load_options *options,
                     erg_scenario *scenario, erg_error *err);

#endif
