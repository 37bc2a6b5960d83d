/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of an .erg file: what a row of each table is made of (docs/formats.md).
 * schema.c has the tables that are there from the start.
 */
#include <math.h>
#include <sqlite3.h>
#include "trace/store_inside.h"

static const char sweep_schema[] =
    "CREATE TABLE IF NOT EXISTS application(id INTEGER PRIMARY KEY, name "
    "TEXT, profile TEXT, settings TEXT, device_id INTEGER, definition TEXT, node TEXT, "
    "simulated INTEGER, retention REAL, retention_low REAL);"
    "CREATE TABLE IF NOT EXISTS point(id INTEGER PRIMARY KEY, application_id INTEGER, "
    "sm_clock_hz REAL, mem_clock_hz REAL, power_limit_w REAL, cpu_clock_hz "
    "REAL, other REAL);CREATE TABLE IF NOT EXISTS visit(id INTEGER PRIMARY KEY, point_id "
    "INTEGER, block INTEGER, place INTEGER, start_ns INTEGER, time_s REAL, energy_j REAL, "
    "mean_w REAL, peak_w REAL, temp_c REAL, sm_clock_seen_hz REAL, fp_active REAL, "
    "dram_active REAL, state TEXT, exit_status INTEGER, time_half_s REAL);"
    "CREATE TABLE IF NOT EXISTS work(visit_id INTEGER PRIMARY KEY, units REAL, unit TEXT,"
    " output_hash TEXT);"
    "CREATE TABLE IF NOT EXISTS cache(visit_id INTEGER PRIMARY KEY, llc_misses REAL);";

static const char events_schema[] =
    "CREATE TABLE IF NOT EXISTS event_name(id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE IF NOT EXISTS track(id INTEGER PRIMARY KEY, name TEXT, device INTEGER,"
    " stream INTEGER, communication INTEGER);"
    "CREATE TABLE IF NOT EXISTS event_block(id INTEGER PRIMARY KEY, first_ns INTEGER,"
    " count INTEGER, data BLOB);";

typedef enum statement {
    BEGIN_ROWS, COMMIT_ROWS, PUT_META, PUT_ANCHOR, PUT_DEVICE, PUT_CHANNEL, PUT_BLOCK,
    PUT_REGION, PUT_MARK, PUT_SETTING, PUT_FLAG, PUT_APPLICATION, PUT_POINT, PUT_VISIT,
    PUT_WORK, PUT_CACHE, PUT_EVENT_NAME, PUT_TRACK, PUT_EVENT_BLOCK
} statement;

/* The transaction too: SQL as text would have the parser read, and held in memory,
 * once a second for as long as a recording lasts. */
static const char *const statements[ERG_STATEMENT_COUNT] = {
    [BEGIN_ROWS]  = "BEGIN",
    [COMMIT_ROWS] = "COMMIT",
    [PUT_META]    = "REPLACE INTO meta VALUES(?,?)",
    [PUT_ANCHOR]  = "INSERT INTO anchor VALUES(?,?,?,?)",
    [PUT_DEVICE]  = "INSERT INTO device VALUES(?,?,?,?,?,?,?,?,?)",
    [PUT_CHANNEL] = "INSERT INTO channel VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_BLOCK]   = "REPLACE INTO block VALUES(?,?,?,?,?)",
    [PUT_REGION]  = "REPLACE INTO region VALUES(?,?,?,?,?,?,?)",
    [PUT_MARK]    = "INSERT INTO mark VALUES(?,?,?)",
    [PUT_SETTING] = "INSERT INTO setting VALUES(?,?,?,?)",
    [PUT_FLAG]    = "INSERT INTO flag VALUES(?,?,?,?,?)",
    [PUT_APPLICATION] = "REPLACE INTO application VALUES(?,?,?,?,?,?,?,?,?,?)",
    [PUT_POINT]   = "REPLACE INTO point VALUES(?,?,?,?,?,?,?)",
    [PUT_VISIT]   = "REPLACE INTO visit VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_WORK]    = "REPLACE INTO work VALUES(?,?,?,?)",
    [PUT_CACHE]   = "REPLACE INTO cache VALUES(?,?)",
    [PUT_EVENT_NAME]  = "INSERT INTO event_name VALUES(?,?)",
    [PUT_TRACK]   = "INSERT INTO track VALUES(?,?,?,?,?)",
    [PUT_EVENT_BLOCK] = "INSERT INTO event_block VALUES(?,?,?,?)",
};

typedef struct cell {
    enum { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT, CELL_BYTES } type;
    int64_t integer;        /* the size of bytes */
    double real;
    const void *data;
} cell;

static cell whole(int64_t number)
{
    return (cell){ .type = CELL_INTEGER, .integer = number };
}

static cell real(double number)
{
    return (cell){ .type = isnan(number) ? CELL_NULL : CELL_REAL, .real = number };
}

static cell text(const char *value)
{
    return (cell){ .type = value ? CELL_TEXT : CELL_NULL, .data = value };
}

/* Seconds as whole nanoseconds; unknown or beyond reason is NULL. */
static cell duration(double s)
{
    return fabs(s) < 9e9 ? whole(llround(s * 1e9)) : (cell){ .type = CELL_NULL };
}

/* ---- statements ----------------------------------------------------------------- */

/* Prepared when it is first used: few recordings need all. NULL: refused. */
static sqlite3_stmt *find(erg_store *store, statement which, erg_error *err)
{
    sqlite3_stmt **row = &store->prepared[which];

    if (!*row
        && sqlite3_prepare_v3(store->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
                              row, NULL) != SQLITE_OK)
        erg_store_fail(store, err);
    return *row;
}

bool erg_store_begin_sweep(erg_store *store, erg_error *err)
{
    return erg_store_execute(store, sweep_schema, err);
}

bool erg_store_begin_events(erg_store *store, erg_error *err)
{
    return erg_store_execute(store, events_schema, err);
}

void erg_store_finalize(erg_store *store)
{
    for (size_t i = 0; i < ERG_COUNT(statements); i++) {
        sqlite3_finalize(store->prepared[i]);
        store->prepared[i] = NULL;
    }
}

static int bind_cell(sqlite3_stmt *row, int place, const cell *one)
{
    switch (one->type) {
    case CELL_NULL:    return sqlite3_bind_null(row, place);
    case CELL_INTEGER: return sqlite3_bind_int64(row, place, one->integer);
    case CELL_REAL:    return sqlite3_bind_double(row, place, one->real);
    case CELL_TEXT:    return sqlite3_bind_text(row, place, one->data, -1, SQLITE_STATIC);
    case CELL_BYTES:
        return sqlite3_bind_blob(row, place, one->data, (int)one->integer, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

/* A row, all of whose cells are bound. */
static bool step(erg_store *store, sqlite3_stmt *row, erg_error *err)
{
    bool good = sqlite3_step(row) == SQLITE_DONE || erg_store_fail(store, err);

    sqlite3_reset(row);
    return good;
}

static bool begin_rows(erg_store *store, erg_error *err)
{
    if (store->in_transaction)
        return true;
    sqlite3_stmt *begin = find(store, BEGIN_ROWS, err);
    store->in_transaction = begin && step(store, begin, err);
    return store->in_transaction;
}

bool erg_store_commit_rows(erg_store *store, erg_error *err)
{
    if (!store->in_transaction)
        return true;
    store->in_transaction = false;
    sqlite3_stmt *commit = find(store, COMMIT_ROWS, err);
    return commit && step(store, commit, err);
}

static bool put_row(erg_store *store, statement which, const cell cells[], erg_error *err)
{
    sqlite3_stmt *row = begin_rows(store, err) ? find(store, which, err) : NULL;
    int count = row ? sqlite3_bind_parameter_count(row) : 0;
    for (int i = 0; i < count; i++)
        if (bind_cell(row, i + 1, &cells[i]) != SQLITE_OK)
            return erg_store_fail(store, err);
    return row && step(store, row, err);
}

/* ---- rows ------------------------------------------------------------------------ */

int erg_store_device(erg_store *store, const erg_device_info *info, erg_error *err)
{
    const cell cells[] = {
        whole(store->first_device + (int64_t)store->device_count), text(info->driver),
        text(info->name), text(info->uuid), text(info->model),
        text(erg_scope_name(info->scope)), text(info->host_id), text(info->wired_to),
        whole(info->shared),
    };
    return put_row(store, PUT_DEVICE, cells, err) ? (int)store->device_count++ : -1;
}

bool erg_store_put_channel(erg_store *store, const erg_channel_info *info, erg_error *err)
{
    const cell cells[] = {
        whole(store->first_channel + (int64_t)store->channel_count),
        whole(store->first_device + info->device), text(info->name),
        text(info->unit), text(erg_quantity_name(info->quantity)),
        text(erg_kind_name(info->kind)), text(erg_method_name(info->method)),
        text(erg_scope_name(info->scope)), duration(info->update_s),
        duration(info->window_s), duration(info->delay_s), real(info->gain),
        real(info->offset), real(info->gain_u), real(info->offset_u), real(info->range_j),
        real(info->resolution), real(info->max_w), text(info->calibration),
    };
    return put_row(store, PUT_CHANNEL, cells, err);
}

bool erg_store_put_block(erg_store *store, const erg_store_block *block, erg_error *err)
{
    const cell cells[] = {
        whole(block->id), whole(store->first_channel + block->channel),
        whole(block->first_ns),
        whole((int64_t)block->count),
        { .type = CELL_BYTES, .integer = (int64_t)block->size, .data = block->bytes },
    };
    return put_row(store, PUT_BLOCK, cells, err);
}

bool erg_store_region(erg_store *store, const erg_region *region, erg_error *err)
{
    const cell cells[] = {
        whole(store->first_region + region->id),
        whole(region->parent ? store->first_region + region->parent : 0),
        whole(region->thread), text(region->name),
        whole(region->begin_ns), whole(region->end_ns), real(region->runs),
    };
    return put_row(store, PUT_REGION, cells, err);
}

bool erg_store_mark(erg_store *store, const erg_mark_row *mark, erg_error *err)
{
    const cell cells[] = { whole(mark->t_ns), text(mark->name), real(mark->value) };
    return put_row(store, PUT_MARK, cells, err);
}

bool erg_store_setting(erg_store *store, const erg_setting *setting, erg_error *err)
{
    const cell cells[] = {
        whole(setting->t_ns),
        whole(setting->device < 0 ? -1 : store->first_device + setting->device),
        text(setting->key),
        text(setting->value),
    };
    return put_row(store, PUT_SETTING, cells, err);
}

bool erg_store_anchor(erg_store *store, const erg_anchor *anchor, erg_error *err)
{
    const cell cells[] = {
        whole(anchor->mono_ns), whole(anchor->boot_ns), whole(anchor->utc_ns),
        whole(anchor->half_width_ns),
    };
    return put_row(store, PUT_ANCHOR, cells, err);
}

bool erg_store_flag(erg_store *store, const erg_flag *flag, erg_error *err)
{
    const erg_flag_info *info = erg_flag_describe(flag->code);
    const cell cells[] = {
        text(info ? info->name : NULL),
        whole(flag->channel < 0 ? -1 : store->first_channel + flag->channel),
        whole(flag->span.begin_ns),
        whole(flag->span.end_ns), text(flag->text),
    };
    return put_row(store, PUT_FLAG, cells, err);
}

bool erg_store_meta(erg_store *store, const char *key, const char *value, erg_error *err)
{
    return put_row(store, PUT_META, (const cell[]){ text(key), text(value) }, err);
}

/* ---- sweeps ------------------------------------------------------------------------ */

bool erg_store_application(erg_store *store, size_t id, int device,
                           const erg_application *app, erg_error *err)
{
    const cell cells[] = {
        whole((int64_t)id), text(app->name), text(app->profile), text(app->settings),
        whole(store->first_device + device), text(erg_activity_name(app->definition)),
        text(app->node), whole(app->is_simulated), real(app->retention),
        real(app->retention_low),
    };
    return put_row(store, PUT_APPLICATION, cells, err);
}

bool erg_store_point(erg_store *store, size_t id, size_t application,
                     const erg_knob_setting *setting, erg_error *err)
{
    const cell cells[] = {
        whole((int64_t)id), whole((int64_t)application), real(setting->at[ERG_SM_CLOCK]),
        real(setting->at[ERG_MEM_CLOCK]), real(setting->at[ERG_POWER_LIMIT]),
        real(setting->at[ERG_CPU_CLOCK]), real(setting->at[ERG_OTHER_SETTING]),
    };
    return put_row(store, PUT_POINT, cells, err);
}

bool erg_store_visit(erg_store *store, size_t id, size_t point, const erg_visit *visit,
                     erg_error *err)
{
    const cell cells[] = {
        whole((int64_t)id), whole((int64_t)point), whole(visit->block), whole(visit->place),
        visit->start_ns == INT64_MIN ? real(NAN) : whole(visit->start_ns),
        real(visit->time_s), real(visit->energy_j), real(visit->mean_w),
        real(visit->peak_w), real(visit->temp_c), real(visit->sm_clock_seen_hz),
        real(visit->fp_active), real(visit->dram_active),
        text(erg_visit_state_name(visit->state)), whole(visit->exit_status),
        real(visit->time_half_s),
    };
    return put_row(store, PUT_VISIT, cells, err);
}

bool erg_store_work(erg_store *store, size_t id, const erg_visit *visit, const char *unit,
                    erg_error *err)
{
    const cell cells[] = {
        whole((int64_t)id), real(visit->units > 0 ? visit->units : NAN), text(unit),
        text(*visit->output_hash ? visit->output_hash : NULL),
    };
    return put_row(store, PUT_WORK, cells, err);
}

bool erg_store_cache(erg_store *store, size_t id, const erg_visit *visit, erg_error *err)
{
    return put_row(store, PUT_CACHE,
                   (const cell[]){ whole((int64_t)id), real(visit->llc_misses) }, err);
}

/* ---- events ------------------------------------------------------------------------ */

bool erg_store_put_event_name(erg_store *store, int32_t id, const char *name,
                              erg_error *err)
{
    return put_row(store, PUT_EVENT_NAME, (const cell[]){ whole(id), text(name) }, err);
}

bool erg_store_put_track(erg_store *store, int32_t id, const erg_track *track,
                         erg_error *err)
{
    const cell cells[] = {
        whole(id), text(track->name), whole(track->device), whole(track->stream),
        whole(track->is_communication),
    };
    return put_row(store, PUT_TRACK, cells, err);
}

bool erg_store_put_event_block(erg_store *store, const erg_store_block *block,
                               erg_error *err)
{
    const cell cells[] = {
        whole(block->id), whole(block->first_ns), whole((int64_t)block->count),
        { .type = CELL_BYTES, .integer = (int64_t)block->size, .data = block->bytes },
    };
    return put_row(store, PUT_EVENT_BLOCK, cells, err);
}
