/* SPDX-License-Identifier: Apache-2.0 */
/* Of what a check found, what the next runs should know: into the state folder. */
#ifndef ERG_RUN_KEEP_H
#define ERG_RUN_KEEP_H

#include "run/identify.h"
#include "trace/calibration.h"

typedef struct erg_keep {
    erg_calibrations stored;
    char date[32];
    bool changed, has_folder;
} erg_keep;

bool erg_keep_begin(erg_keep *keep, const erg_env *env, erg_error *err);
/* A device without a uuid of its own is not kept: another would get its gain. */
bool erg_keep_put(erg_keep *keep, const erg_device_info *device, const char *channel,
                  const erg_identified *found, erg_error *err);
/* Writes if there is anything new; path: where. */
bool erg_keep_end(erg_keep *keep, const erg_env *env, char path[ERG_PATH_MOST],
                  erg_error *err);
void erg_keep_free(erg_keep *keep);

#endif
