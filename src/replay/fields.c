/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "replay/fields.h"

static double per_si(erg_field_unit unit)
{
    switch (unit) {
    case ERG_FIELD_PLAIN:
    case ERG_FIELD_COUNT:
        return 1;
    case ERG_FIELD_US:
    case ERG_FIELD_OFF_US:
        return 1e6;
    case ERG_FIELD_MS:
        return 1e3;
    case ERG_FIELD_PERCENT:
        return 100;
    }
    return 1;
}

bool erg_fields_read(const erg_json_shape *shape, const erg_replay_reading *reading,
                     const json_t *object, void *to, erg_error *err)
{
    for (size_t i = 0; i < shape->count; i++) {
        const erg_json_field *field = &shape->fields[i];
        double *at = (double *)(void *)((char *)to + field->at);
        const json_t *value = json_object_get(object, field->key);
        if (value && !json_is_number(value) && !json_is_null(value))
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s is no number: mend it there",
                            reading->name, field->key);
        bool is_signed =
            field->unit == ERG_FIELD_PLAIN || field->unit == ERG_FIELD_OFF_US
            || field->unit == ERG_FIELD_PERCENT;
        if (!is_signed && json_number_value(value) < 0)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s: %s is %g, and cannot be below 0: mend it there",
                            reading->name, field->key, json_number_value(value));
        if (field->unit != ERG_FIELD_MS || isnan(*at))
            *at = erg_json_number_of(object, field->key) / per_si(field->unit);
    }
    return true;
}

double erg_unscaled(double value, double by)
{
    enum { STEPS = 3 };
    double up = value * by, down = up;

    for (int i = 0; i < STEPS && isfinite(up); i++) {
        if (up / by == value)
            return up;
        if (down / by == value)
            return down;
        up = nextafter(up, INFINITY);
        down = nextafter(down, -INFINITY);
    }
    return value * by;
}

json_t *erg_json_count(double value)
{
    static const double WHOLE_MOST = 0x1p53; /* doubles above it have no ones */

    return value == floor(value) && fabs(value) <= WHOLE_MOST
               ? json_integer((json_int_t)value)
               : erg_json_real(value);
}

static json_t *number_of(const erg_json_field *field, double value)
{
    switch (field->unit) {
    case ERG_FIELD_PLAIN:
        return erg_json_real(value);
    case ERG_FIELD_COUNT:
        return erg_json_count(value);
    case ERG_FIELD_MS:
        return erg_json_real(erg_unscaled(value, per_si(ERG_FIELD_US)) / 1e3);
    case ERG_FIELD_US:
    case ERG_FIELD_OFF_US:
    case ERG_FIELD_PERCENT:
        return erg_json_real(erg_unscaled(value, per_si(field->unit)));
    }
    return NULL;
}

bool erg_fields_write(const erg_json_shape *shape, const void *from, json_t *object)
{
    for (size_t i = 0; i < shape->count; i++) {
        const erg_json_field *field = &shape->fields[i];
        double value = *(const double *)(const void *)((const char *)from + field->at);
        if (field->may_lack && isnan(value))
            continue;
        if (json_object_set_new(object, field->key, number_of(field, value)) != 0)
            return false;
    }
    return true;
}

/* ---- what is not ours --------------------------------------------------- */

static bool is_known(const erg_json_shape *shape, const char *key)
{
    if (strcmp(key, "erg") == 0)
        return true;
    for (size_t i = 0; i < shape->count; i++)
        if (strcmp(key, shape->fields[i].key) == 0)
            return true;
    for (size_t i = 0; shape->others && shape->others[i]; i++)
        if (strcmp(key, shape->others[i]) == 0)
            return true;
    return false;
}

static bool keep(json_t **kept, const char *key, json_t *take, erg_error *err)
{
    if (!*kept)
        *kept = json_object();
    return json_object_set_new(*kept, key, take) == 0
           || erg_fail(err, ERG_NO_MEMORY, "no memory for the keys of a file");
}

bool erg_fields_keep(const erg_json_shape *shape, const json_t *object, json_t **kept,
                     erg_error *err)
{
    const json_t *before = json_object_get(json_object_get(object, "erg"), "foreign");
    json_t *foreign = json_is_object(before) ? json_deep_copy(before) : json_object(),
           *value;
    const char *key;
    bool ok = foreign != NULL;

    json_object_foreach((json_t *)object, key, value) ok =
        ok && (is_known(shape, key) || json_object_set(foreign, key, value) == 0);
    if (!ok || json_object_size(foreign) == 0) {
        json_decref(foreign);
        return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for the keys of a file");
    }
    return keep(kept, "foreign", foreign, err);
}

bool erg_fields_keep_part(const erg_json_shape *shape, const json_t *part, const char *key,
                          json_t **kept, erg_error *err)
{
    json_t *own = NULL, *all = json_object_get(*kept, "foreign");
    if (!erg_fields_keep(shape, part, &own, err))
        return false;
    json_t *foreign = json_object_get(own, "foreign");
    bool ok = !foreign || all || keep(kept, "foreign", json_object(), err);

    all = json_object_get(*kept, "foreign");
    ok = ok
         && (!foreign || json_object_set(all, key, foreign) == 0
             || erg_fail(err, ERG_NO_MEMORY, "no memory for the keys of a file"));
    json_decref(own);
    return ok;
}

bool erg_fields_put_own(json_t *object, json_t *own, const json_t *kept)
{
    json_t *foreign = json_object_get(kept, "foreign");
    if (!own && foreign)
        own = json_object();
    bool ok = !foreign || json_object_set(own, "foreign", foreign) == 0;

    if (!ok || json_object_size(own) == 0) {
        json_decref(own);
        return ok;
    }
    return json_object_set_new(object, "erg", own) == 0;
}

/* ---- texts -------------------------------------------------------------- */

bool erg_text_read(const erg_replay_reading *reading, const json_t *object, const char *key,
                   char *to, size_t size, erg_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (value && !json_is_string(value) && !json_is_null(value))
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s is no text: mend it there",
                        reading->name, key);
    erg_text_put(to, size, json_is_string(value) ? json_string_value(value) : "");
    return true;
}

bool erg_name_read(const erg_replay_reading *reading, const json_t *object,
                   char to[ERG_KERNEL_NAME], json_t **kept, erg_error *err)
{
    json_t *value = json_object_get(object, "name");

    if (!json_is_string(value) || json_string_length(value) == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: a kernel has no name: give it one",
                        reading->name);
    erg_replay_name_put(to, json_string_value(value), json_string_length(value));
    return json_string_length(value) < ERG_KERNEL_NAME
           || keep(kept, "name", json_incref(value), err);
}

json_t *erg_name_write(const char *name, const json_t *kept)
{
    json_t *whole = json_object_get(kept, "name");
    return whole ? json_incref(whole) : json_string(name);
}

bool erg_tier_read(const erg_replay_reading *reading, const json_t *object,
                   const char *name, erg_tier *tier, erg_error *err)
{
    const json_t *value = json_object_get(object, "tier");
    json_int_t number = json_integer_value(value);

    *tier = ERG_TIER_UNKNOWN;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_integer(value) || number < ERG_TIER_UNKNOWN || number >= ERG_TIERS)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: tier of %.80s is none of 1 to %d: mend it there",
                        reading->name, name, ERG_TIERS - 1);
    *tier = (erg_tier)number;
    return true;
}

/* ---- stamps ------------------------------------------------------------- */

static bool stamp_read(const erg_replay_reading *reading, const json_t *object,
                       const char *key, int64_t *ns, erg_error *err)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    char number[40] = "";
    erg_stamp stamp;

    *ns = 0;
    if (!value || json_is_null(value))
        return true;
    if (json_is_number(value))
        snprintf(number, sizeof(number), json_is_integer(value) ? "%.0f" : "%.6f",
                 json_number_value(value));
    if (!text)
        text = number;
    if (!erg_stamp_parse(text, strlen(text), &reading->style, &stamp))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: %s is '%.60s', which is no stamp: write it as "
                        "2026-02-06T18:32:23.532Z",
                        reading->name, key, text);
    *ns = stamp.utc_ns;
    if (!stamp.has_zone && !reading->style.zone)
        reading->into->local_time = true;
    return true;
}

bool erg_span_read(const erg_replay_reading *reading, const json_t *object, erg_span *span,
                   erg_error *err)
{
    if (!stamp_read(reading, object, "start_timestamp", &span->begin_ns, err)
        || !stamp_read(reading, object, "end_timestamp", &span->end_ns, err))
        return false;
    if (span->end_ns < span->begin_ns)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: end_timestamp is before start_timestamp: check "
                        "the stamps and their zone",
                        reading->name);
    return true;
}

/* As many digits as it has, in threes: readers of the guide's files expect some. */
static json_t *stamp_of(int64_t ns, bool local_time)
{
    int digits = ns % ERG_NS_PER_MS == 0 ? 3 : ns % ERG_NS_PER_US == 0 ? 6 : 9;
    char text[48];

    if (ns == 0)
        return json_null();
    erg_utc_format(ns, digits, text, sizeof(text));
    if (local_time) { /* without a zone: 2026-02-06 18:32:23.532 */
        text[strcspn(text, "T")] = ' ';
        text[strcspn(text, "Z")] = '\0';
    }
    return json_string(text);
}

bool erg_span_write(json_t *object, erg_span span, bool local_time)
{
    return json_object_set_new(object, "start_timestamp",
                               stamp_of(span.begin_ns, local_time))
               == 0
           && json_object_set_new(object, "end_timestamp",
                                  stamp_of(span.end_ns, local_time))
                  == 0;
}

erg_span erg_mono_read(const json_t *own)
{
    const json_t *begin = json_object_get(own, "begin_mono_ns");
    const json_t *end = json_object_get(own, "end_mono_ns");

    return json_is_integer(begin) && json_is_integer(end)
               ? (erg_span){ json_integer_value(begin), json_integer_value(end) }
               : (erg_span){ 0, 0 };
}

bool erg_mono_write(json_t *own, erg_span mono)
{
    return mono.end_ns <= mono.begin_ns
           || (json_object_set_new(own, "begin_mono_ns", json_integer(mono.begin_ns)) == 0
               && json_object_set_new(own, "end_mono_ns", json_integer(mono.end_ns)) == 0);
}

void erg_replay_note_end(erg_replay *replay, erg_span span)
{
    if (span.end_ns > replay->written_ns)
        replay->written_ns = span.end_ns;
}
