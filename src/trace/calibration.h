/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gain and offset of single sensors, kept in sensors.json of the state folder: boards
 * of one model differ by 5 %, and only a meter tells which way.
 */
#ifndef ERG_TRACE_CALIBRATION_H
#define ERG_TRACE_CALIBRATION_H

#include "base/base.h"
#include "erg/trace.h"

/* One channel of one device: found by uuid, driver and channel. NAN: not known. */
typedef struct erg_calibration {
    char uuid[64], driver[16], channel[32];
    char date[32];              /* ISO 8601, UTC */
    double gain, offset;        /* true = (read - offset) / gain */
    double gain_u;              /* relative standard uncertainty */
    double window_s, update_s;
} erg_calibration;

typedef struct erg_calibrations {
    erg_calibration *at;
    size_t count, capacity;
} erg_calibrations;

/* Without a state folder or a file: none, and true. ERG_BAD_INPUT names the record. */
bool erg_calibrations_load(const erg_env *env, erg_calibrations *out, erg_error *err);
bool erg_calibrations_save(const erg_env *env, const erg_calibrations *from,
                           erg_error *err);
void erg_calibrations_free(erg_calibrations *calibrations);
/* Takes the place of an older one of the same channel. */
bool erg_calibrations_put(erg_calibrations *to, const erg_calibration *record,
                          erg_error *err);
/* NULL if there is none: asking is not an error. */
const erg_calibration *erg_calibrations_find(const erg_calibrations *in,
                                             const erg_device_info *device,
                                             const char *channel);
/* Into the facts of a channel; the record is named in them. */
void erg_calibration_apply(const erg_calibration *record, erg_channel_info *channel);

#endif
