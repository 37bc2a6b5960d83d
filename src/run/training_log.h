/* SPDX-License-Identifier: Apache-2.0 */
/* What the measured command logged of its training, into the recording. */
#ifndef ERG_RUN_TRAINING_LOG_H
#define ERG_RUN_TRAINING_LOG_H

#include "run/recording.h"

/* Its records of that span (a log may hold older runs) as marks. ERG_NO_DATA where it has
 * none: the recording is good without. */
bool erg_record_training_log(erg_recording *rec, const erg_env *env, const char *path,
                             erg_span run, erg_error *err);

#endif
