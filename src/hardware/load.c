/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record from its JSON text. Groups nest; a number is an object with a value, and
 * its key is the path to it: "levels.l2.capacity_bytes".
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/json.h"
#include "hardware/record.h"

enum { KEY_MOST = 128, DEPTH_MOST = 4, FILE_MOST = 1 << 20 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The first key of the object that is none of those listed; NULL: all are. */
static const char *stranger(json_t *object, const char *const *known)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return key;
    }
    return NULL;
}

static bool refused(const erg_record *record, const char *key, const char *what,
                    erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s: %s: %s", record->file, key, what);
}

static bool number_read(erg_record *record, const char *key, json_t *object, erg_error *err)
{
    static const char *const known[] = { "value", "unit", "source", "grade", "date", "note",
                                         NULL };
    const char *odd = stranger(object, known);
    const json_t *value = json_object_get(object, "value");

    if (odd)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s: unknown key %s", record->file, key,
                        odd);
    if (!json_is_number(value))
        return refused(record, key, "value is no number; leave out what is not known", err);
    return erg_record_number(record, &(erg_number){
        .key = key,
        .unit = text_of(object, "unit"),
        .source = text_of(object, "source"),
        .grade = text_of(object, "grade"),
        .date = text_of(object, "date"),
        .note = text_of(object, "note"),
        .value = json_number_value(value),
    }, err);
}

/* ---- series ----------------------------------------------------------------- */

static bool series_sourced(const erg_record *record, const char *key, json_t *object,
                           const char *unit, erg_error *err)
{
    const char *given = text_of(object, "unit"), *source = text_of(object, "source");

    if (!given || strcmp(given, unit) != 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s must be in %s, not in %s", record->file,
                        key, unit, given ? given : "nothing");
    if (!source || !source[strspn(source, " \t")])
        return refused(record, key, "no source: say where it is from", err);
    if (!text_of(object, "grade") || !text_of(object, "date"))
        return refused(record, key, "grade and date are missing", err);
    return true;
}

static bool points_read(erg_record *record, const char *key, const json_t *rows,
                        erg_knot *points, erg_error *err)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const json_t *x = json_array_get(row, 0), *y = json_array_get(row, 1);
        if (json_array_size(row) != 2 || !json_is_number(x) || !json_is_number(y))
            return refused(record, key, "a point is [clock, value], two numbers", err);
        points[i] = (erg_knot){ json_number_value(x), json_number_value(y) };
    }
    return true;
}

static bool curve_read(erg_record *record, erg_series which, const char *key,
                       json_t *object, erg_error *err)
{
    static const char *const known[] = { "x_unit", "unit", "source", "grade",
                                         "date",   "note", "points", NULL };
    const char *odd = stranger(object, known), *x_unit = text_of(object, "x_unit");
    const json_t *rows = json_object_get(object, "points");
    size_t count = json_array_size(rows);

    if (odd)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s: unknown key %s", record->file, key,
                        odd);
    if (!x_unit || strcmp(x_unit, "hz") != 0)
        return refused(record, key, "x_unit must be hz", err);
    if (!series_sourced(record, key, object, which == ERG_SERIES_IDLE ? "w" : "v", err))
        return false;
    erg_knot *points = erg_arena_take(record->arena, (count + 1) * sizeof(*points), err);
    return points && points_read(record, key, rows, points, err)
        && erg_record_curve(record, which, points, count, err);
}

static bool voltage_read(erg_record *record, const char *key, json_t *object,
                         erg_error *err)
{
    return curve_read(record, ERG_SERIES_VOLTAGE, key, object, err);
}

static bool idle_read(erg_record *record, const char *key, json_t *object, erg_error *err)
{
    return curve_read(record, ERG_SERIES_IDLE, key, object, err);
}

static bool clocks_list(erg_record *record, const json_t *values, erg_error *err)
{
    size_t count = json_array_size(values);
    double *clocks_hz = erg_arena_take(record->arena, (count + 1) * sizeof(double), err);

    for (size_t i = 0; clocks_hz && i < count; i++)
        clocks_hz[i] = json_number_value(json_array_get(values, i));
    return clocks_hz && erg_record_clocks(record, clocks_hz, count, err);
}

static bool clocks_grid(erg_record *record, const json_t *object, erg_error *err)
{
    double from = json_number_value(json_object_get(object, "from"));
    double to = json_number_value(json_object_get(object, "to"));
    double step = json_number_value(json_object_get(object, "step"));
    double steps = (to - from) / step;

    if (!(from > 0 && step > 0 && steps >= 0 && steps < 10000))
        return refused(record, "clocks_hz", "give values, or from, to and step", err);
    size_t count = (size_t)floor(steps + 1e-9) + 1;
    double *clocks_hz = erg_arena_take(record->arena, count * sizeof(double), err);
    for (size_t i = 0; clocks_hz && i < count; i++)
        clocks_hz[i] = from + (double)i * step;
    return clocks_hz && erg_record_clocks(record, clocks_hz, count, err);
}

static bool clocks_read(erg_record *record, const char *key, json_t *object, erg_error *err)
{
    static const char *const known[] = { "from", "to", "step", "values", "unit", "source",
                                         "grade", "date", "note", NULL };
    const char *odd = stranger(object, known);
    const json_t *values = json_object_get(object, "values");

    if (odd)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s: unknown key %s", record->file, key,
                        odd);
    if (!series_sourced(record, key, object, "hz", err))
        return false;
    return values ? clocks_list(record, values, err) : clocks_grid(record, object, err);
}

/* ---- thermal points ------------------------------------------------------------- */

static bool member_read(erg_record *record, erg_thermal_point *point, const char *member,
                        json_t *value, erg_error *err)
{
    const struct { const char *key; double *to; } members[] = {
        { "cap_w", &point->cap_w },               { "base_hz", &point->base_hz },
        { "boost_hz", &point->boost_hz },         { "sustained_hz", &point->sustained_hz },
        { "efficiency", &point->efficiency },
    };
    char key[KEY_MOST];

    snprintf(key, sizeof(key), "thermal.%s.%s", point->name, member);
    for (size_t i = 0; i < ERG_COUNT(members); i++)
        if (strcmp(members[i].key, member) == 0) {
            *members[i].to = json_number_value(json_object_get(value, "value"));
            return number_read(record, key, value, err);
        }
    return erg_fail(err, ERG_BAD_INPUT, "%s: unknown key %s", record->file, key);
}

static bool point_read(erg_record *record, erg_thermal_point *point, json_t *object,
                       erg_error *err)
{
    const char *name = text_of(object, "name"), *cooling = text_of(object, "cooling"),
               *member;
    json_t *value;

    *point = (erg_thermal_point){ .cap_w = NAN, .base_hz = NAN, .boost_hz = NAN,
                                  .sustained_hz = NAN, .efficiency = NAN };
    if (!name || !*name || strlen(name) > 40)
        return refused(record, "thermal", "each point needs a short name", err);
    point->name = erg_arena_text(record->arena, name, err);
    point->cooling = cooling ? erg_arena_text(record->arena, cooling, err) : NULL;
    if (!point->name || (cooling && !point->cooling))
        return false;
    json_object_foreach(object, member, value) {
        bool is_text = strcmp(member, "name") == 0 || strcmp(member, "cooling") == 0;
        if (!is_text && !member_read(record, point, member, value, err))
            return false;
    }
    return true;
}

static bool thermal_read(erg_record *record, const char *key, json_t *array, erg_error *err)
{
    size_t count = json_array_size(array);

    if (!json_is_array(array) || count == 0 || count > 64)
        return refused(record, key, "a list of named points", err);
    erg_thermal_point *points = erg_arena_take(record->arena, count * sizeof(*points), err);
    for (size_t i = 0; points && i < count; i++)
        if (!point_read(record, &points[i], json_array_get(array, i), err))
            return false;
    return points && erg_record_thermal(record, points, count, err);
}

/* ---- the whole -------------------------------------------------------------------- */

static const struct {
    const char *key;
    bool (*read)(erg_record *record, const char *key, json_t *value, erg_error *err);
} specials[] = {
    { "voltage_v", voltage_read },
    { "idle_curve_w", idle_read },
    { "clocks_hz", clocks_read },
    { "thermal", thermal_read },
};

static bool node_read(erg_record *record, const char *path, json_t *node, int depth,
                      erg_error *err)
{
    const char *key;
    json_t *value;
    char below[KEY_MOST];

    if (json_object_get(node, "value"))
        return number_read(record, path, node, err);
    if (!json_is_object(node) || json_object_size(node) == 0 || depth > DEPTH_MOST)
        return refused(record, path,
                       "a number is an object with value, unit, source, grade "
                       "and date",
                       err);
    json_object_foreach(node, key, value) {
        int count = snprintf(below, sizeof(below), "%s.%s", path, key);
        if (count >= KEY_MOST)
            return refused(record, path, "unknown key", err);
        if (!node_read(record, below, value, depth + 1, err))
            return false;
    }
    return true;
}

static bool top_read(erg_record *record, const char *key, json_t *value, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(specials); i++)
        if (strcmp(specials[i].key, key) == 0)
            return specials[i].read(record, key, value, err);
    if (strlen(key) >= KEY_MOST)
        return refused(record, "record", "a key is too long", err);
    if (strcmp(key, "fictional") == 0 && json_is_boolean(value)) {
        record->hardware.fictional = json_is_true(value);
        return true;
    }
    return json_is_string(value)
               ? erg_record_text(record, key, json_string_value(value), err)
               : node_read(record, key, value, 0, err);
}

static bool record_read(erg_record *record, json_t *root, erg_error *err)
{
    const char *key;
    json_t *value;

    if (!json_is_object(root))
        return refused(record, "record", "must be one object", err);
    json_object_foreach(root, key, value)
        if (!top_read(record, key, value, err))
            return false;
    return erg_record_close(record, err);
}

erg_hardware *erg_hardware_parse(const char *text, size_t count, const char *file,
                                 erg_error *err)
{
    json_t *root = erg_json_parse(file, text, count, err);
    erg_record *record = root ? erg_record_new(file, err) : NULL;

    if (record && !record_read(record, root, err)) {
        erg_record_free(record);
        record = NULL;
    }
    json_decref(root);
    return record ? &record->hardware : NULL;
}

static erg_hardware *file_load(const char *path, erg_error *err)
{
    size_t count;
    char *text = erg_file_read(path, FILE_MOST, &count, err);
    erg_hardware *hardware = text ? erg_hardware_parse(text, count, path, err) : NULL;

    free(text);
    return hardware;
}

erg_hardware *erg_hardware_load(const erg_env *env, const erg_catalog *catalog,
                                const char *name, erg_error *err)
{
    char path[ERG_PATH_MOST];

    if (strchr(name, '/')
        || (strlen(name) > 5 && strcmp(name + strlen(name) - 5, ".json") == 0))
        return file_load(name, err);
    bool is_this_cpu = strcmp(name, "this-cpu") == 0;
    if (!erg_names_find(catalog, name, path, is_this_cpu ? NULL : err))
        return is_this_cpu ? erg_hardware_this_cpu(env, err) : NULL;
    erg_hardware *hardware = file_load(path, err);
    if (hardware && strcmp(hardware->name, name) != 0) {
        erg_fail(err, ERG_BAD_INPUT, "%s: name is %s, the file says %s", path,
                 hardware->name, name);
        erg_hardware_free(hardware);
        return NULL;
    }
    return hardware;
}
