/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that were estimated and measured, and what they say of the estimates. */
#ifndef ERG_RUN_VERIFY_H
#define ERG_RUN_VERIFY_H

#include "base/base.h"
#include "erg/estimate.h"

enum { ERG_VERIFIED_NAME = 64 };

typedef struct erg_guess { double value, low, high; } erg_guess;

typedef struct erg_verified {
    size_t device;                  /* of the study */
    char model[ERG_VERIFIED_NAME];
    erg_precision precision;
    int64_t batch, seq;             /* seq 0: none */
    double clock_hz, measured_s, measured_j;    /* NAN: not measured */
    erg_guess latency, energy;      /* end to end */
    erg_guess given;                /* energy, the measured time given */
    erg_grade grade;
} erg_verified;

typedef struct erg_verified_list {
    erg_verified *rows;
    size_t count, capacity;
} erg_verified_list;

bool erg_verified_add(erg_verified_list *list, const erg_verified *row, erg_error *err);
/* Tables validation (a row each) and validation_groups (by device, quantity, model). */
bool erg_verified_tables(const erg_verified_list *list, erg_result *result,
                         erg_hardware *const hardware[], erg_error *err);

#endif
