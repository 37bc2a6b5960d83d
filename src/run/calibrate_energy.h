/* SPDX-License-Identifier: Apache-2.0 */
/* Energy coefficients from measured rows: the fit, its folds, its words. */
#ifndef ERG_RUN_CALIBRATE_ENERGY_H
#define ERG_RUN_CALIBRATE_ENERGY_H

#include "fit/relative.h"
#include "run/calibrate_rows.h"

/* What a column of the fit is a coefficient of. */
typedef struct erg_energy_column {
    enum { ERG_COLUMN_OPERATION, ERG_COLUMN_BYTE, ERG_COLUMN_FAR_BYTE,
           ERG_COLUMN_STATIC } kind;
    erg_engine unit;              /* of an operation */
    char name[32];
    const char *unit_name;      /* pJ_per_flop.. as the coefficient stands in the fit */
    double scale;               /* of the coefficient to SI */
    int rows;                   /* that it matters to */
} erg_energy_column;

typedef struct erg_energy_fit {
    erg_energy_column columns[ERG_NNLS_MOST];
    erg_fit_form form;
    erg_nnls terms;
    double clock_hz;            /* the reference: where most rows were taken */
    const erg_measured_row **rows;      /* those not rejected */
    erg_fit_row *x;             /* group: index of the first row of its model */
    double *error;              /* predicted / measured - 1, held out; NAN: not judged */
    size_t count;
} erg_energy_fit;

bool erg_energy_fit_run(erg_energy_fit *fit, const erg_measured *measured,
                        const erg_hardware *hardware, bool one_byte_class, erg_error *err);
void erg_energy_fit_free(erg_energy_fit *fit);

/* Half width of the interval that these held-out errors give (NAN: not judged), but those
 * of group `without` (-1: all). NAN: too few, or no memory. */
double erg_energy_fit_width(const erg_energy_fit *fit, const double error[], int without);

/* Into the energy part of a profile, which keeps the rest of what it has. */
void erg_energy_fit_store(const erg_energy_fit *fit, erg_profile *profile);

#endif
