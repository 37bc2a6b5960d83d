/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign: the folder that others' sweep scripts leave, a profile a run with logs of
 * how long each took, as points.
 *
 *   Units    SI.
 *   Owning   The points stay yours; options are borrowed for the call.
 *   Failing  A run that cannot be used is kept as a rejection, or as a visit whose
 *            state says why; reading fails where no run is left.
 *   Threads  Any; no shared state.
 *   Source   docs/formats.md, "Campaign folders".
 */
#ifndef ERG_CAMPAIGN_H
#define ERG_CAMPAIGN_H

#include "erg/points.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_campaign_options {   /* zero means unset */
    const char *application;    /* its name; NULL: as the logs or the folder say */
    double period_s;            /* asked for between rows; 0: found from the counter */
    const char *tz;             /* zone of stamps without one */
    erg_activity definition;    /* what fp_active shall count; unset: half */
} erg_campaign_options;

/* Appends a visit a run, and the notes. Files are known by what is in them; a folder
 * without runs is taken as one of campaigns. */
bool erg_points_read_campaign(erg_points *points, const char *folder,
                              const erg_campaign_options *options, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
