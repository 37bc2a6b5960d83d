/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a record that are no single numbers, and what follows from them. */
#include <math.h>
#include <string.h>
#include "hardware/record.h"

enum { POINTS_MOST = 10000 };

#define AT(member) offsetof(erg_hardware, member)

typedef struct text_field { const char *key; size_t at; } text_field;

static const text_field text_fields[] = {
    { "name", AT(name) },         { "maker", AT(maker) },           { "about", AT(about) },
    { "boundary", AT(boundary) }, { "accumulator", AT(accumulator) },
    { "provenance", AT(provenance) },
};

static const char *const boundaries[] = { "board", "package", "module", "wall" };

static bool kind_put(erg_record *record, const char *value, erg_error *err)
{
    for (int i = 0; i < ERG_HARDWARE_KINDS; i++)
        if (strcmp(erg_hardware_kind_names[i], value) == 0) {
            record->hardware.kind = (erg_hardware_kind)i;
            return true;
        }
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s: kind is gpu, cpu, npu, tpu, dsp, cgra or dpu, not %s",
                    record->file, value);
}

bool erg_record_text(erg_record *record, const char *key, const char *value, erg_error *err)
{
    if (!value[strspn(value, " \t")])
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s is empty", record->file, key);
    if (strcmp(key, "kind") == 0)
        return kind_put(record, value, err);
    if (strcmp(key, "default_precision") == 0)
        return erg_precision_parse(value, &record->hardware.precision)
               || erg_fail(err, ERG_BAD_INPUT,
                           "%s: default_precision: no precision is called %s", record->file,
                           value);
    for (size_t i = 0; i < ERG_COUNT(text_fields); i++) {
        if (strcmp(text_fields[i].key, key) != 0)
            continue;
        const char *copy = erg_arena_text(record->arena, value, err);
        memcpy((char *)&record->hardware + text_fields[i].at, &copy, sizeof(copy));
        return copy != NULL;
    }
    return erg_fail(err, ERG_BAD_INPUT, "%s: unknown key %s", record->file, key);
}

static const char *const series_names[ERG_SERIES_KINDS] = {
    [ERG_SERIES_VOLTAGE] = "voltage_v", [ERG_SERIES_IDLE] = "idle_curve_w",
};

bool erg_record_curve(erg_record *record, erg_series which, erg_knot *points, size_t count,
                      erg_error *err)
{
    const char *name = series_names[which];

    if (count == 0 || count > POINTS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: %s has %zu points", record->file, name,
                        count);
    for (size_t i = 0; i < count; i++) {
        bool rises = i == 0 || points[i].x > points[i - 1].x;
        if (!isfinite(points[i].x) || !isfinite(points[i].y) || points[i].y <= 0 || !rises)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s, point %zu: clocks must rise and "
                            "values be positive", record->file, name, i + 1);
    }
    erg_curve curve = { points, count };
    if (which == ERG_SERIES_IDLE) {
        erg_curve_settle(points, count);
        record->hardware.idle_curve_w = curve;
    } else {
        record->hardware.voltage_v = curve;
    }
    return true;
}

bool erg_record_clocks(erg_record *record, double *clocks_hz, size_t count, erg_error *err)
{
    if (count == 0 || count > POINTS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: clocks_hz has %zu clocks", record->file,
                        count);
    for (size_t i = 0; i < count; i++)
        if (!(clocks_hz[i] > (i ? clocks_hz[i - 1] : 0)) || clocks_hz[i] > 2e10)
            return erg_fail(err, ERG_BAD_INPUT, "%s: clocks_hz must rise and be in Hz: %g",
                            record->file, clocks_hz[i]);
    record->hardware.clocks_hz = clocks_hz;
    record->hardware.clock_count = count;
    return true;
}

bool erg_record_thermal(erg_record *record, const erg_thermal_point *points, size_t count,
                        erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(points[i].name, points[j].name) == 0)
                return erg_fail(err, ERG_BAD_INPUT, "%s: two thermal points are called %s",
                                record->file, points[i].name);
    record->hardware.thermal = points;
    record->hardware.thermal_count = count;
    return true;
}

static bool is_one_of(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static bool has_what_it_must(const erg_record *record, erg_error *err)
{
    const erg_hardware *hardware = &record->hardware;
    const struct { const char *key; bool given; } musts[] = {
        { "name", hardware->name != NULL },
        { "maker", hardware->maker != NULL },
        { "about", hardware->about != NULL },
        { "kind", hardware->kind != ERG_HARDWARE_KINDS },
        { "boundary", hardware->boundary != NULL },
    };

    for (size_t i = 0; i < ERG_COUNT(musts); i++)
        if (!musts[i].given)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s is missing", record->file,
                            musts[i].key);
    return is_one_of(boundaries, ERG_COUNT(boundaries), hardware->boundary)
           || erg_fail(err, ERG_BAD_INPUT,
                       "%s: boundary is board, package, module or wall, not %s",
                       record->file, hardware->boundary);
}

static double value_of(const erg_record *record, const char *key)
{
    const erg_number *number = erg_hardware_number(&record->hardware, key);
    return number ? number->value : NAN;
}

static double known_or(double value, double otherwise)
{
    return isnan(value) ? otherwise : value;
}

bool erg_record_close(erg_record *record, erg_error *err)
{
    erg_hardware *hardware = &record->hardware;

    if (!has_what_it_must(record, err))
        return false;
    /* The last level on chip is what residency asks for, whatever its number. */
    hardware->l2_bytes = known_or(value_of(record, "levels.l3.capacity_bytes"),
                                  hardware->l2_bytes);
    hardware->l2_bytes_per_s = known_or(value_of(record, "levels.l3.bw_bytes_per_s"),
                                        hardware->l2_bytes_per_s);
    if (isnan(hardware->top_clock_hz))
        hardware->top_clock_hz = hardware->clock_count
            ? hardware->clocks_hz[hardware->clock_count - 1]
            : hardware->peak_clock_hz[ERG_UNIT_VECTOR];
    if (isnan(hardware->idle_w) && hardware->idle_curve_w.count)
        hardware->idle_w = hardware->idle_curve_w.points[0].y;
    return true;
}
