/* SPDX-License-Identifier: Apache-2.0 */
/* Points read from text or from the shared data, and what is noted of them. */
#ifndef TEST_FIT_READ_POINTS_H
#define TEST_FIT_READ_POINTS_H

#include "erg/points.h"
#include "test.h"

static inline erg_points *read_with(const char *text, const erg_points_options *options,
                                    erg_error *err)
{
    const char *path = test_file("points.csv", text);
    erg_points *points = erg_points_new(err);
    if (erg_points_read_csv(points, path, options, err))
        return points;
    erg_points_free(points);
    return NULL;
}

static inline erg_points *read_text(const char *text)
{
    erg_error err = { 0 };
    erg_points *points = read_with(text, NULL, &err);
    CHECK_OK(points != NULL, err);
    return points;
}

static inline erg_points *read_shared(const char *name)
{
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    CHECK_OK(erg_points_read_csv(points, test_data(name), NULL, &err), err);
    return points;
}

/* Notes and rejections are seen as a reader sees them: in the tables. */
static inline erg_result *tables_of(const erg_points *points)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_new("sweep", &err);
    CHECK_OK(erg_points_table(points, result, &err), err);
    return result;
}

static inline size_t notes_with(const erg_points *points, const char *word)
{
    erg_result *result = tables_of(points);
    size_t found = 0;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        found += strstr(erg_result_note_at(result, i), word) != NULL;
    erg_result_free(result);
    return found;
}

#endif
