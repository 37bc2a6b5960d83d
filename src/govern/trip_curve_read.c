/* SPDX-License-Identifier: Apache-2.0 */
/* A breaker's curve as a datasheet has it: a list of {load, time}. */
#include <string.h>
#include "govern/trip_curve_read.h"

static const erg_yaml_field point_fields[] = {
    { "load", ERG_YAML_QUANTITY, offsetof(erg_trip_point, load), "", 1, 1000, true },
    { "time", ERG_YAML_QUANTITY, offsetof(erg_trip_point, time_s), "s", 1e-4, 1e7, true },
    { 0 },
};

bool erg_trip_curve_read(const erg_yaml *list, const char *name, erg_trip_curve *out,
                         erg_error *err)
{
    *out = (erg_trip_curve){ 0 };
    if (list->kind != ERG_YAML_LIST || list->count < 2
        || list->count > ERG_TRIP_POINTS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: a breaker's curve is a list of 2 to %d "
                        "points, as in {load: 2, time: 120s}", name, list->line,
                        ERG_TRIP_POINTS_MOST);
    for (const erg_yaml *at = list->first; at; at = at->next) {
        erg_trip_point *point = &out->points[out->count];
        if (!erg_yaml_read(at, name, point_fields, point, err))
            return false;
        if (out->count++ && (point->load <= point[-1].load
                             || point->time_s > point[-1].time_s))
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: along a breaker's curve the load "
                            "rises and the time does not", name, at->line);
    }
    return true;
}

bool erg_trip_curve_take(const erg_yaml *node, const char *name, erg_arena *arena,
                         const erg_trip_curve **out, erg_error *err)
{
    if (!node || (node->kind == ERG_YAML_SCALAR && strcmp(node->text, "thermal") == 0))
        return true;
    erg_trip_curve *made = erg_arena_take(arena, sizeof(*made), err);
    *out = made;
    return made && erg_trip_curve_read(node, name, made, err);
}
