/* SPDX-License-Identifier: Apache-2.0 */
/* What the points_*.c files share: the table in memory. */
#ifndef ERG_FIT_POINTS_INSIDE_H
#define ERG_FIT_POINTS_INSIDE_H

#include "base/base.h"
#include "erg/points.h"

typedef struct erg_rejection {
    char *application, *reason;
    erg_knob_setting setting;
} erg_rejection;

/* Notes of erg_points_check are made anew by each check. */
typedef struct erg_remark { char *text; bool of_check; } erg_remark;

struct erg_points {
    erg_application *applications;
    erg_visit *visits;
    erg_rejection *rejections;
    erg_remark *notes;
    size_t application_count, application_capacity, visit_count, visit_capacity;
    size_t rejection_count, rejection_capacity, note_count, note_capacity;
    size_t last_application;    /* rows of one application mostly follow each other */
    char other[64];
};

/* A note that the next check makes anew. */
bool erg_points_remark(erg_points *points, erg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Before 0, like 0, after > 0: higher settings come first, unturned knobs last. */
int erg_knob_setting_compare(const erg_knob_setting *a, const erg_knob_setting *b);

#endif
