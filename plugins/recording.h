/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions and marks for `erg run`, the same in every plugin. liberg is opened only when
 * somebody records (ERG_RING is set), so that a program on its own does not load what a
 * recording needs.
 */
#ifndef ERG_PLUGIN_RECORDING_H
#define ERG_PLUGIN_RECORDING_H

#include <stdbool.h>
#include "erg/record.h"

/* True: regions arrive; a second call joins nothing anew. Any thread. Says one sentence
 * when ERG_RING is set and liberg is not found. */
bool recording_join(void);
void recording_leave(void);
erg_region_token recording_begin(const char *name);
void recording_end(erg_region_token region);
void recording_mark(const char *name, double value);

#endif
