/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of time from the rows whose energy was fitted, with the same folds. */
#ifndef ERG_RUN_CALIBRATE_TIME_H
#define ERG_RUN_CALIBRATE_TIME_H

#include "run/calibrate_energy.h"

typedef struct erg_time_calibration {
    erg_time_terms terms[ERG_UNIT_CLASSES];     /* rows 0: shared, not fitted */
    double *error;              /* of time, a row of the energy fit; NAN: not judged */
    double *end_to_end;         /* of energy with the predicted time */
} erg_time_calibration;

/* energy_only: nothing is fitted or judged, all rows read NAN. */
bool erg_time_calibrate(erg_time_calibration *to, const erg_energy_fit *fit,
                        const erg_hardware *hardware, bool energy_only, erg_error *err);
void erg_time_calibration_free(erg_time_calibration *calibration);

#endif
