/* SPDX-License-Identifier: Apache-2.0 */
/* Files of JSON objects, one a line. */
#ifndef ERG_REPLAY_PLAN_LINES_H
#define ERG_REPLAY_PLAN_LINES_H

#include <jansson.h>
#include "replay/plan_file.h"

typedef struct erg_plan_lines {
    const char *path;
    bool (*line)(void *self, const erg_plan_place *at, const json_t *object,
                 erg_error *err);
    void *self;
} erg_plan_lines;

/* Blank lines are skipped; anything else that is no object is refused by its line. */
bool erg_plan_lines_read(const erg_plan_lines *how, erg_error *err);

#endif
