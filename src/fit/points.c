/* SPDX-License-Identifier: Apache-2.0 */
/* The table of points in memory: applications, visits, what was rejected, notes. */
#include <stdlib.h>
#include <string.h>
#include "fit/points_inside.h"

erg_points *erg_points_new(erg_error *err)
{
    erg_points *points = calloc(1, sizeof(*points));
    if (!points)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return points;
}

void erg_points_free(erg_points *points)
{
    if (!points)
        return;
    for (size_t i = 0; i < points->rejection_count; i++) {
        free(points->rejections[i].application);
        free(points->rejections[i].reason);
    }
    for (size_t i = 0; i < points->note_count; i++)
        free(points->notes[i].text);
    free(points->applications);
    free(points->visits);
    free(points->rejections);
    free(points->notes);
    free(points);
}

static bool is_named(const erg_points *points, size_t index, const char *name)
{
    return index < points->application_count
        && strcmp(points->applications[index].name, name) == 0;
}

bool erg_points_application(erg_points *points, const erg_application *app, size_t *index,
                            erg_error *err)
{
    size_t at = is_named(points, points->last_application, app->name)
        ? points->last_application : 0;

    while (at < points->application_count && !is_named(points, at, app->name))
        at++;
    if (at == points->application_count) {
        if (!erg_grow((void **)&points->applications, &points->application_capacity, at,
                      sizeof(*app), err))
            return false;
        points->applications[points->application_count++] = *app;
    }
    *index = points->last_application = at;
    return true;
}

bool erg_points_add(erg_points *points, const erg_visit *visit, erg_error *err)
{
    if (visit->application >= points->application_count)
        return erg_fail(err, ERG_BAD_INPUT, "a visit of an application that is not there");
    if (!erg_grow((void **)&points->visits, &points->visit_capacity, points->visit_count,
                  sizeof(*visit), err))
        return false;
    points->visits[points->visit_count++] = *visit;
    return true;
}

bool erg_points_reject(erg_points *points, const char *application,
                       const erg_knob_setting *setting, const char *reason, erg_error *err)
{
    if (!erg_grow((void **)&points->rejections, &points->rejection_capacity,
                  points->rejection_count, sizeof(erg_rejection), err))
        return false;
    erg_rejection *to = &points->rejections[points->rejection_count++];
    *to = (erg_rejection){ erg_text_copy(application ? application : ""),
                           erg_text_copy(reason), *setting };
    return (to->application && to->reason) || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

static bool add_remark(erg_points *points, bool of_check, erg_error *err,
                       const char *format, va_list arguments)
{
    char text[1024];

    vsnprintf(text, sizeof(text), format, arguments);
    for (size_t i = 0; i < points->note_count; i++)
        if (strcmp(points->notes[i].text, text) == 0)
            return true;
    if (!erg_grow((void **)&points->notes, &points->note_capacity, points->note_count,
                  sizeof(erg_remark), err))
        return false;
    char *copy = erg_text_copy(text);
    if (!copy)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    points->notes[points->note_count++] = (erg_remark){ copy, of_check };
    return true;
}

bool erg_points_remark(erg_points *points, erg_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool good = add_remark(points, true, err, format, arguments);
    va_end(arguments);
    return good;
}

bool erg_points_note(erg_points *points, erg_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool good = add_remark(points, false, err, format, arguments);
    va_end(arguments);
    return good;
}

size_t erg_points_applications(const erg_points *points)
{
    return points->application_count;
}

const erg_application *erg_points_application_at(const erg_points *points, size_t index)
{
    return &points->applications[index];
}

erg_application *erg_points_application_edit(erg_points *points, size_t index)
{
    return &points->applications[index];
}

size_t erg_points_visits(const erg_points *points) { return points->visit_count; }

const erg_visit *erg_points_visit_at(const erg_points *points, size_t index)
{
    return &points->visits[index];
}

erg_visit *erg_points_visit_edit(erg_points *points, size_t index)
{
    return &points->visits[index];
}

size_t erg_points_rejections(const erg_points *points) { return points->rejection_count; }

erg_rejected erg_points_rejection_at(const erg_points *points, size_t index)
{
    const erg_rejection *from = &points->rejections[index];
    return (erg_rejected){ from->application, from->reason, &from->setting };
}

size_t erg_points_notes(const erg_points *points) { return points->note_count; }

const char *erg_points_note_at(const erg_points *points, size_t index)
{
    return points->notes[index].text;
}

const char *erg_points_other_name(const erg_points *points) { return points->other; }

bool erg_points_name_other(erg_points *points, const char *name, erg_error *err)
{
    if (points->other[0] && strcmp(points->other, name) != 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "the further setting is %s, it cannot be %s too",
                        points->other, name);
    erg_text_put(points->other, sizeof(points->other), name);
    return true;
}

static bool copy_visit(erg_points *to, const erg_points *from, size_t index, erg_error *err)
{
    erg_visit visit = from->visits[index];

    return erg_points_application(to, &from->applications[visit.application],
                                  &visit.application, err)
        && erg_points_add(to, &visit, err);
}

erg_points *erg_points_part(const erg_points *points, size_t application, bool except,
                            erg_error *err)
{
    erg_points *part = erg_points_new(err);
    bool good = part != NULL;

    if (part)
        erg_text_put(part->other, sizeof(part->other), points->other);
    for (size_t i = 0; good && i < points->visit_count; i++)
        if ((points->visits[i].application == application) != except)
            good = copy_visit(part, points, i, err);
    if (good)
        return part;
    erg_points_free(part);
    return NULL;
}

static void divide_by_units(erg_visit *visit)
{
    if (!(visit->units > 0))
        return;
    visit->time_s /= visit->units;
    visit->time_half_s /= visit->units;
    visit->energy_j /= visit->units;
    visit->units = 1;
}

erg_points *erg_points_per_unit(const erg_points *points, erg_error *err)
{
    erg_points *each = erg_points_new(err);
    bool good = each != NULL;
    size_t index;

    if (each)
        erg_text_put(each->other, sizeof(each->other), points->other);
    for (size_t i = 0; good && i < points->application_count; i++)
        good = erg_points_application(each, &points->applications[i], &index, err);
    for (size_t i = 0; good && i < points->visit_count; i++) {
        erg_visit visit = points->visits[i];
        divide_by_units(&visit);
        good = erg_points_add(each, &visit, err);
    }
    if (good)
        return each;
    erg_points_free(each);
    return NULL;
}
