/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record while it is made: numbers under dotted keys, each with its source,
 * checked against one table of fields (field.c) and put in their place.
 */
#ifndef ERG_HARDWARE_RECORD_H
#define ERG_HARDWARE_RECORD_H

#include "base/base.h"
#include "erg/hardware.h"

typedef struct erg_record {
    erg_hardware hardware;          /* first: what users hold */
    erg_arena *arena;
    const char *file;               /* where it was read, for sentences */
    erg_number *numbers;            /* in the order of the file */
    size_t number_count, number_capacity;
} erg_record;

/* An empty record: all numbers NAN, counts 0. */
erg_record *erg_record_new(const char *file, erg_error *err);
void erg_record_free(erg_record *record);
const erg_record *erg_record_of(const erg_hardware *hardware);

/* Refuses unknown keys, a wrong unit, a number without source, grade or date, and
 * values that cannot be. Strings are copied. */
bool erg_record_number(erg_record *record, const erg_number *number, erg_error *err);
bool erg_record_text(erg_record *record, const char *key, const char *value,
                     erg_error *err);
typedef enum erg_series {
    ERG_SERIES_VOLTAGE,
    ERG_SERIES_IDLE,
    ERG_SERIES_KINDS
} erg_series;
/* Points are taken over (they lie in the arena); x must rise. */
bool erg_record_curve(erg_record *record, erg_series which, erg_knot *points, size_t count,
                      erg_error *err);
bool erg_record_clocks(erg_record *record, double *clocks_hz, size_t count, erg_error *err);
bool erg_record_thermal(erg_record *record, const erg_thermal_point *points, size_t count,
                        erg_error *err);
/* At the end: what every record must have, defaults of what it may leave out. */
bool erg_record_close(erg_record *record, erg_error *err);

extern const char *const erg_hardware_kind_names[ERG_HARDWARE_KINDS];
extern const char *const erg_unit_class_names[ERG_UNIT_CLASSES];

/* ---- load.c: one JSON text ------------------------------------------------ */

erg_hardware *erg_hardware_parse(const char *text, size_t count, const char *file,
                                 erg_error *err);

/* ---- save.c: texts and numbers; curves are not written ---------------------- */

bool erg_record_save(const erg_record *record, const char *path, erg_error *err);

/* ---- names.c: what the catalogue holds ------------------------------------ */

typedef struct erg_names { char **items; size_t count, capacity; } erg_names;

/* Sorted, each once; a missing folder is no error. */
bool erg_names_list(const erg_catalog *catalog, erg_names *names, erg_error *err);
void erg_names_free(erg_names *names);
/* Path of a record into path (ERG_PATH_MOST); false with near names if there is none. */
bool erg_names_find(const erg_catalog *catalog, const char *name, char *path,
                    erg_error *err);

/* ---- curve.c --------------------------------------------------------------- */

/* Median of three, then non-decreasing: the first reading of a sweep of clocks may
 * be taken before the clock has settled, far above its neighbour. */
void erg_curve_settle(erg_knot *points, size_t count);


/* ---- this_cpu.c ------------------------------------------------------------ */

/* The processor under env->root, as /proc and /sys tell it. */
erg_hardware *erg_hardware_this_cpu(const erg_env *env, erg_error *err);

#endif
