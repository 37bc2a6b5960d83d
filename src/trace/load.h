/* SPDX-License-Identifier: Apache-2.0 */
/* Loading beside erg_trace_load: from memory, and the rows of a sweep alone. */
#ifndef ERG_TRACE_LOAD_H
#define ERG_TRACE_LOAD_H

#include "base/base.h"
#include "erg/points.h"
#include "erg/trace.h"

/* For the importer and the fuzz target; name stands in the sentences. */
erg_trace *erg_trace_load_bytes(const char *name, const char *bytes, size_t size,
                                erg_error *err);

/* Who takes the rows of a sweep's file, in this order, each kind by rising id. What does
 * not name a row before it is refused, with the rest of the file. Without visit only
 * meta is asked. */
typedef struct erg_visit_taker {
    bool (*meta)(void *self, const char *key, const char *value, erg_error *err);
    bool (*application)(void *self, size_t id, const erg_application *app, erg_error *err);
    bool (*point)(void *self, size_t id, size_t application,
                  const erg_knob_setting *setting, erg_error *err);
    /* unit: of visit->units, as "token"; NULL: not said. */
    bool (*visit)(void *self, size_t point, const erg_visit *visit, const char *unit,
                  erg_error *err);
    void *self;
} erg_visit_taker;

/* ERG_NO_DATA: a recording, but not of a sweep. */
bool erg_trace_load_visits(const char *path, const erg_visit_taker *taker, erg_error *err);

#endif
