/* SPDX-License-Identifier: Apache-2.0 */
/* The points of a sweep in its run file. */
#include <stdlib.h>
#include <string.h>
#include "fit/points_check.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_phases.h"
#include "trace/load.h"

/* ---- writing -------------------------------------------------------------------- */

bool erg_sweep_writer_begin(erg_sweep_writer *writer, erg_store *store,
                            const erg_points *points, erg_error *err)
{
    *writer = (erg_sweep_writer){ .store = store, .points = points };
    return erg_store_begin_sweep(store, err);
}

void erg_sweep_writer_free(erg_sweep_writer *writer)
{
    free(writer->at);
    writer->at = NULL;
}

/* The id of a visit's point, whose row is written if it is new. */
static bool point_of(erg_sweep_writer *writer, const erg_visit *visit, size_t *id,
                     erg_error *err)
{
    for (*id = 0; *id < writer->count; ++*id)
        if (writer->at[*id].application == visit->application
            && erg_knob_setting_equal(&writer->at[*id].setting, &visit->setting))
            return true;
    void *at = writer->at;
    bool room = erg_grow(&at, &writer->capacity, writer->count, sizeof(*writer->at), err);
    writer->at = at;
    if (!room)
        return false;
    writer->at[writer->count].application = visit->application;
    writer->at[writer->count++].setting = visit->setting;
    return erg_store_point(writer->store, *id, visit->application, &visit->setting, err);
}

/* Few commands say what they did. */
static bool put_work(erg_sweep_writer *writer, const erg_visit *visit, erg_error *err)
{
    const erg_application *app =
        erg_points_application_at(writer->points, visit->application);

    return (!(visit->units > 0) && !*visit->output_hash)
           || erg_store_work(writer->store, writer->visits, visit, app->unit, err);
}

bool erg_sweep_writer_flush(erg_sweep_writer *writer, erg_error *err)
{
    const erg_points *points = writer->points;

    for (; writer->applications < erg_points_applications(points); writer->applications++)
        if (!erg_store_application(writer->store, writer->applications, writer->device,
                                   erg_points_application_at(points, writer->applications),
                                   err))
            return false;
    for (; writer->visits < erg_points_visits(points); writer->visits++) {
        const erg_visit *visit = erg_points_visit_at(points, writer->visits);
        size_t point;
        if (!point_of(writer, visit, &point, err)
            || !erg_store_visit(writer->store, writer->visits, point, visit, err)
            || !put_work(writer, visit, err)
            || (visit->llc_misses > 0
                && !erg_store_cache(writer->store, writer->visits, visit, err)))
            return false;
    }
    return erg_store_commit(writer->store, err);
}

/* ---- reading --------------------------------------------------------------------- */

typedef struct reader {
    erg_points *points;
    size_t *applications, application_count, application_capacity;
    struct {
        size_t application;
        erg_knob_setting setting;
    } * at;
    size_t point_count, point_capacity;
} reader;

static bool damaged(const char *table, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "the file is damaged (table %s: a row is missing): "
                    "take a copy of it from elsewhere",
                    table);
}

static bool take_meta(void *self, const char *key, const char *value, erg_error *err)
{
    reader *from = self;
    if (strncmp(key, "points_note:", 12) == 0)
        return erg_points_note(from->points, err, "%s", value);
    return strcmp(key, "sweep_other") != 0
           || erg_points_name_other(from->points, value, err);
}

static bool take_application(void *self, size_t id, const erg_application *app,
                             erg_error *err)
{
    reader *from = self;
    void *list = from->applications;

    if (id != from->application_count)
        return damaged("application", err);
    bool room = erg_grow(&list, &from->application_capacity, id, sizeof(size_t), err);
    from->applications = list;
    return room
           && erg_points_application(from->points, app,
                                     &from->applications[from->application_count++], err);
}

static bool take_point(void *self, size_t id, size_t application,
                       const erg_knob_setting *setting, erg_error *err)
{
    reader *from = self;
    void *list = from->at;

    if (id != from->point_count || application >= from->application_count)
        return damaged("point", err);
    bool room = erg_grow(&list, &from->point_capacity, id, sizeof(*from->at), err);
    from->at = list;
    if (!room)
        return false;
    from->at[id].application = from->applications[application];
    from->at[id].setting = *setting;
    from->point_count++;
    return true;
}

static bool take_visit(void *self, size_t point, const erg_visit *visit, const char *unit,
                       erg_error *err)
{
    reader *from = self;
    erg_visit own = *visit;

    if (point >= from->point_count)
        return damaged("visit", err);
    own.application = from->at[point].application;
    own.setting = from->at[point].setting;
    if (unit) {
        erg_application *app = erg_points_application_edit(from->points, own.application);
        erg_text_put(app->unit, sizeof(app->unit), unit);
    }
    return erg_points_add(from->points, &own, err);
}

bool erg_sweep_read(erg_points *points, const char *path, erg_error *err)
{
    reader from = { .points = points };
    const erg_visit_taker taker = { take_meta, take_application, take_point, take_visit,
                                    &from };
    bool good = erg_trace_load_visits(path, &taker, err);

    free(from.applications);
    free(from.at);
    return good;
}

typedef struct one_meta {
    const char *key;
    char *to;
    size_t size;
} one_meta;

static bool take_one(void *self, const char *key, const char *value, erg_error *err)
{
    one_meta *own = self;
    (void)err;
    if (strcmp(key, own->key) == 0)
        erg_text_put(own->to, own->size, value);
    return true;
}

bool erg_sweep_meta(const char *path, const char *key, char *to, size_t size,
                    erg_error *err)
{
    one_meta own = { key, to, size };
    const erg_visit_taker taker = { .meta = take_one, .self = &own };

    *to = '\0';
    return erg_trace_load_visits(path, &taker, err);
}

/* ---- public ------------------------------------------------------------------------ */

/* What is no SQLite file is a table. */
static bool is_run_file(const char *path)
{
    char magic[15] = "";
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rbe");
    bool is = file && fread(magic, 1, sizeof(magic), file) == sizeof(magic)
              && memcmp(magic, "SQLite format 3", sizeof(magic)) == 0;

    if (file)
        fclose(file);
    return is;
}

/* Its phases, where the command marked any; its visits as they are, where not. */
static bool read_phases(erg_points *points, const char *path, erg_error *err)
{
    erg_points *whole = erg_points_new(err);
    erg_trace *trace =
        whole && erg_sweep_read(whole, path, err) ? erg_trace_load(path, err) : NULL;
    size_t found = 0;
    bool good = trace && erg_sweep_split(points, whole, trace, &found, err);

    erg_trace_free(trace);
    erg_points_free(whole);
    return good && (found || erg_sweep_read(points, path, err));
}

bool erg_points_load(erg_points *points, const erg_env *env, const char *path,
                     const erg_points_options *options, erg_error *err)
{
    size_t first = erg_points_applications(points);
    char corrects[8];
    (void)env;

    if (!is_run_file(path))
        return erg_points_read_csv(points, path, options, err);

    bool by_phase = options && options->by_phase;
    return (by_phase ? read_phases : erg_sweep_read)(points, path, err)
           && erg_sweep_meta(path, "drift_correct", corrects, sizeof(corrects), err)
           && ((options && options->no_checks)
               || (erg_points_check(points, err)
                   && (!*corrects || erg_points_correct_drift_from(points, first, err))));
}
