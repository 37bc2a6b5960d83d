/* SPDX-License-Identifier: Apache-2.0 */
/* A table of points as a run file that holds nothing else: what erg import leaves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/points_inside.h"
#include "sweep/sweep_file.h"

/* One device row a model: applications of a folder of campaigns may differ in it. */
static bool put_applications(erg_sweep_writer *writer, erg_error *err)
{
    int devices = 0;

    for (size_t i = 0; i < erg_points_applications(writer->points); i++) {
        const erg_application *app = erg_points_application_at(writer->points, i);
        const char *last =
            i ? erg_points_application_at(writer->points, i - 1)->device_model : NULL;
        erg_device_info info = { .driver = "import", .scope = ERG_SCOPE_BOARD };
        erg_text_put(info.name, sizeof(info.name), app->device[0] ? app->device : "gpu:0");
        erg_text_put(info.model, sizeof(info.model), app->device_model);
        if (!last || strcmp(last, app->device_model) != 0) {
            devices++;
            if (erg_store_device(writer->store, &info, err) < 0)
                return false;
        }
        if (!erg_store_application(writer->store, i, devices - 1, app, err))
            return false;
        writer->applications++;
    }
    return true;
}

static bool put_note(erg_store *store, size_t number, const char *text, erg_error *err)
{
    char key[40];
    snprintf(key, sizeof(key), "points_note:%zu", number);
    return erg_store_meta(store, key, text, err);
}

/* Notes of checks are found anew at each load; a rejected row is only told of. */
static bool put_notes(const erg_points *points, erg_store *store, erg_error *err)
{
    size_t number = 0;
    bool good = !points->other[0]
        || erg_store_meta(store, "sweep_other", points->other, err);

    for (size_t i = 0; good && i < points->note_count; i++)
        if (!points->notes[i].of_check)
            good = put_note(store, number++, points->notes[i].text, err);
    for (size_t i = 0; good && i < points->rejection_count; i++) {
        char text[700];
        snprintf(text, sizeof(text), "REJECTED: %s", points->rejections[i].reason);
        good = put_note(store, number++, text, err);
    }
    return good;
}

bool erg_points_save(const erg_points *points, const char *path, erg_error *err)
{
    char aside[ERG_STORE_ASIDE];
    erg_sweep_writer writer = { 0 };
    erg_store *store = erg_store_begin_aside(path, aside, err);
    bool good = store && erg_sweep_writer_begin(&writer, store, points, err)
        && put_notes(points, store, err) && put_applications(&writer, err)
        && erg_sweep_writer_flush(&writer, err);

    erg_sweep_writer_free(&writer);
    return erg_store_end_aside(store, aside, path, good, err);
}
