/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of a JSON object as doubles of a struct, by a const table, there and back. */
#ifndef ERG_REPLAY_FIELDS_H
#define ERG_REPLAY_FIELDS_H

#include "replay/files.h"

typedef enum erg_field_unit {
    ERG_FIELD_PLAIN,
    ERG_FIELD_COUNT, /* written without a point where it is whole */
    ERG_FIELD_US,
    ERG_FIELD_OFF_US,   /* of either sign: a difference, the end of an interval */
    ERG_FIELD_MS, /* again what a field before it has in us */
    ERG_FIELD_PERCENT,
} erg_field_unit;

typedef struct erg_json_field {
    const char *key;
    size_t at; /* offsetof a double */
    erg_field_unit unit;
    bool may_lack; /* not written where it is not known */
} erg_json_field;

typedef struct erg_json_shape {
    const erg_json_field *fields;
    size_t count;
    const char *const *others; /* keys known besides, ended by NULL; NULL: none */
} erg_json_shape;

/* A key that lacks or is null reads as NAN; what is no number fails by name, and so does a
 * count or a time below 0. */
bool erg_fields_read(const erg_json_shape *shape, const erg_replay_reading *reading,
                     const json_t *object, void *to, erg_error *err);
bool erg_fields_write(const erg_json_shape *shape, const void *from, json_t *object);
/* What the shape does not know, and what an earlier reader kept: into foreign of *kept. */
bool erg_fields_keep(const erg_json_shape *shape, const json_t *object, json_t **kept,
                     erg_error *err);
/* The same of an object within: under foreign.KEY. After the call for the whole. */
bool erg_fields_keep_part(const erg_json_shape *shape, const json_t *part, const char *key,
                          json_t **kept, erg_error *err);
/* Adds `erg`, with foreign of kept; takes own. NULL or empty: nothing is added. */
bool erg_fields_put_own(json_t *object, json_t *own, const json_t *kept);

/* x with x / by == value, so that what was read is written again; value by else. */
double erg_unscaled(double value, double by);
json_t *erg_json_count(double value);
/* Text that lacks is "". A name too long for its place is kept whole. */
bool erg_text_read(const erg_replay_reading *reading, const json_t *object, const char *key,
                   char *to, size_t size, erg_error *err);
bool erg_name_read(const erg_replay_reading *reading, const json_t *object,
                   char to[ERG_KERNEL_NAME], json_t **kept, erg_error *err);
json_t *erg_name_write(const char *name, const json_t *kept);
bool erg_tier_read(const erg_replay_reading *reading, const json_t *object,
                   const char *name, erg_tier *tier, erg_error *err);
/* start_timestamp and end_timestamp; 0, 0 where they lack. */
bool erg_span_read(const erg_replay_reading *reading, const json_t *object, erg_span *span,
                   erg_error *err);
bool erg_span_write(json_t *object, erg_span span, bool local_time);
/* The same on the clock of the recording, in `erg`. */
erg_span erg_mono_read(const json_t *own);
bool erg_mono_write(json_t *own, erg_span mono);
void erg_replay_note_end(erg_replay *replay, erg_span span);

#endif
