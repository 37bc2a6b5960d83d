/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .erg file being written. The schema is laid in a file aside that is then
 * renamed, so whoever kills us at whatever moment leaves no file or a whole one.
 *
 * Each channel keeps its last samples in memory. A commit writes them as a block
 * and later commits rewrite that block until it is full: slow channels would
 * otherwise cost one row a second for a single sample.
 */
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trace/block.h"
#include "trace/schema.h"
#include "trace/store.h"

/* Rows larger than a page waste half of their last one: small pages. */
static const char schema[] =
    "PRAGMA page_size=1024; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE anchor(mono_ns INTEGER, boot_ns INTEGER, utc_ns INTEGER,"
    " half_width_ns INTEGER);"
    "CREATE TABLE device(id INTEGER PRIMARY KEY, driver TEXT, name TEXT, uuid TEXT,"
    " model TEXT, scope TEXT, host_id TEXT, wired_to TEXT, shared INTEGER);"
    "CREATE TABLE channel(id INTEGER PRIMARY KEY, device_id INTEGER, name TEXT, unit TEXT,"
    " quantity TEXT, kind TEXT, method TEXT, scope TEXT, update_ns INTEGER,"
    " window_ns INTEGER, delay_ns INTEGER, gain REAL, offset REAL, gain_u REAL,"
    " offset_u REAL, range_j REAL, resolution REAL, max_w REAL, calibration TEXT);"
    "CREATE TABLE block(id INTEGER PRIMARY KEY, channel_id INTEGER, first_ns INTEGER,"
    " count INTEGER, data BLOB);"
    "CREATE TABLE region(id INTEGER PRIMARY KEY, parent INTEGER, thread INTEGER, name TEXT,"
    " begin_ns INTEGER, end_ns INTEGER, runs REAL);"
    "CREATE TABLE mark(ns INTEGER, name TEXT, value REAL);"
    "CREATE TABLE setting(ns INTEGER, device_id INTEGER, key TEXT, value TEXT);"
    "CREATE TABLE flag(code TEXT, channel_id INTEGER, begin_ns INTEGER, end_ns INTEGER,"
    " text TEXT);"
    "PRAGMA application_id=0x45524731; PRAGMA user_version=1; COMMIT;";

typedef enum statement {
    PUT_META, PUT_ANCHOR, PUT_DEVICE, PUT_CHANNEL, PUT_BLOCK, PUT_REGION, PUT_MARK,
    PUT_SETTING, PUT_FLAG, STATEMENT_COUNT
} statement;

static const char *const statements[] = {
    [PUT_META]    = "REPLACE INTO meta VALUES(?,?)",
    [PUT_ANCHOR]  = "INSERT INTO anchor VALUES(?,?,?,?)",
    [PUT_DEVICE]  = "INSERT INTO device VALUES(?,?,?,?,?,?,?,?,?)",
    [PUT_CHANNEL] = "INSERT INTO channel VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_BLOCK]   = "REPLACE INTO block VALUES(?,?,?,?,?)",
    [PUT_REGION]  = "REPLACE INTO region VALUES(?,?,?,?,?,?,?)",
    [PUT_MARK]    = "INSERT INTO mark VALUES(?,?,?)",
    [PUT_SETTING] = "INSERT INTO setting VALUES(?,?,?,?)",
    [PUT_FLAG]    = "INSERT INTO flag VALUES(?,?,?,?,?)",
};

/* The samples that are not in a full block yet. */
typedef struct tail {
    erg_sample *samples;    /* ERG_BLOCK_MOST */
    size_t count, written;
    int64_t block_id;       /* its row; 0: none yet */
} tail;

struct erg_store {
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENT_COUNT];
    erg_block *codec;
    tail *tails;
    size_t device_count, channel_count, channel_capacity;
    int64_t block_count;
    bool in_transaction, was_committed;
    char path[ERG_PATH_MOST];
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

/* ---- sqlite ------------------------------------------------------------------ */

static bool fail_sqlite(const erg_store *store, erg_error *err)
{
    int code = store->db ? sqlite3_errcode(store->db) & 0xff : SQLITE_NOMEM;
    const char *why = store->db ? sqlite3_errmsg(store->db) : "out of memory";
    bool access = code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM;

    return erg_fail(err, code == SQLITE_NOMEM ? ERG_NO_MEMORY : access ? ERG_NO_ACCESS : ERG_IO,
                    "cannot write %s: %s%s", store->path, why,
                    code == SQLITE_FULL ? ": free some space and record again" : "");
}

static bool execute(erg_store *store, const char *sql, erg_error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
        || fail_sqlite(store, err);
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

static bool put_row(erg_store *store, statement which, const cell cells[], erg_error *err)
{
    sqlite3_stmt *row = store->prepared[which];

    if (!store->in_transaction) {
        if (!execute(store, "BEGIN", err))
            return false;
        store->in_transaction = true;
    }
    int count = sqlite3_bind_parameter_count(row);
    for (int i = 0; i < count; i++)
        if (bind_cell(row, i + 1, &cells[i]) != SQLITE_OK)
            return fail_sqlite(store, err);

    bool good = sqlite3_step(row) == SQLITE_DONE || fail_sqlite(store, err);
    sqlite3_reset(row);
    return good;
}

/* ---- opening -------------------------------------------------------------------- */

void erg_store_drop_log(const char *path)
{
    static const char *const endings[] = { "-wal", "-shm", "-journal" };
    char beside[ERG_PATH_MOST + 40];

    for (size_t i = 0; i < ERG_COUNT(endings); i++) {
        snprintf(beside, sizeof(beside), "%s%s", path, endings[i]);
        unlink(beside);
    }
}

static bool open_database(erg_store *store, const char *path, erg_error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    return sqlite3_open_v2(path, &store->db, flags, NULL) == SQLITE_OK
        || fail_sqlite(store, err);
}

/* An old file's log must be gone before the new file bears its name, or SQLite
 * would play the old log into it. */
static bool lay_schema(erg_store *store, erg_error *err)
{
    char aside[ERG_PATH_MOST + 24];
    snprintf(aside, sizeof(aside), "%s.new-%ld", store->path, (long)getpid());
    unlink(aside);

    bool good = open_database(store, aside, err) && execute(store, schema, err);
    sqlite3_close(store->db);
    store->db = NULL;
    if (good) {
        erg_store_drop_log(store->path);
        good = rename(aside, store->path) == 0
            || erg_fail(err, ERG_IO, "cannot write %s: it cannot be replaced", store->path);
    }
    if (!good)
        unlink(aside);
    return good;
}

static bool begin_recording(erg_store *store, erg_error *err)
{
    if (!open_database(store, store->path, err))
        return false;
    sqlite3_busy_timeout(store->db, 2000);
    /* Against kill -9 no sync is needed; the first commit of a recording that
     * lasts turns it on, against power cuts. */
    if (!execute(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
                        "PRAGMA cache_size=-256", err))
        return false;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->prepared[i], NULL) != SQLITE_OK)
            return fail_sqlite(store, err);
    return true;
}

static void free_store(erg_store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->prepared[i]);
    sqlite3_close(store->db);
    for (size_t i = 0; i < store->channel_count; i++)
        free(store->tails[i].samples);
    free(store->tails);
    erg_block_free(store->codec);
    free(store);
}

erg_store *erg_store_create(const char *path, erg_error *err)
{
    if (strlen(path) >= ERG_PATH_MOST) {
        erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", path);
        return NULL;
    }
    erg_store *store = calloc(1, sizeof(*store));
    if (!store) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    erg_text_put(store->path, sizeof(store->path), path);
    store->codec = erg_block_new(err);
    if (store->codec && lay_schema(store, err) && begin_recording(store, err))
        return store;
    free_store(store);
    return NULL;
}

/* ---- samples -------------------------------------------------------------------- */

static bool write_tail(erg_store *store, int channel, erg_error *err)
{
    tail *last = &store->tails[channel];
    const unsigned char *bytes;
    size_t size;

    if (last->count == last->written)
        return true;
    if (!erg_block_encode(store->codec, last->samples, last->count, &bytes, &size))
        return erg_fail(err, ERG_BAD_INPUT, "%s: samples are out of order", store->path);
    if (last->block_id == 0)
        last->block_id = ++store->block_count;

    const cell cells[] = {
        whole(last->block_id), whole(channel), whole(last->samples[0].t_ns),
        whole((int64_t)last->count),
        { .type = CELL_BYTES, .integer = (int64_t)size, .data = bytes },
    };
    if (!put_row(store, PUT_BLOCK, cells, err))
        return false;
    last->written = last->count;
    if (last->count == ERG_BLOCK_MOST)
        last->count = last->written = 0, last->block_id = 0;
    return true;
}

bool erg_store_samples(erg_store *store, int channel, const erg_sample *samples, size_t count,
                       erg_error *err)
{
    if (channel < 0 || (size_t)channel >= store->channel_count)
        return erg_fail(err, ERG_NOT_FOUND, "%s has no channel %d", store->path, channel);

    tail *last = &store->tails[channel];
    while (count) {
        size_t room = ERG_BLOCK_MOST - last->count;
        size_t some = count < room ? count : room;
        memcpy(last->samples + last->count, samples, some * sizeof(*samples));
        last->count += some;
        samples += some;
        count -= some;
        if (last->count == ERG_BLOCK_MOST && !write_tail(store, channel, err))
            return false;
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------ */

int erg_store_device(erg_store *store, const erg_device_info *info, erg_error *err)
{
    const cell cells[] = {
        whole((int64_t)store->device_count), text(info->driver), text(info->name),
        text(info->uuid), text(info->model), text(erg_scope_name(info->scope)),
        text(info->host_id), text(info->wired_to), whole(info->shared),
    };
    return put_row(store, PUT_DEVICE, cells, err) ? (int)store->device_count++ : -1;
}

static bool put_channel(erg_store *store, const erg_channel_info *info, erg_error *err)
{
    const cell cells[] = {
        whole((int64_t)store->channel_count), whole(info->device), text(info->name),
        text(info->unit), text(erg_quantity_name(info->quantity)),
        text(erg_kind_name(info->kind)), text(erg_method_name(info->method)),
        text(erg_scope_name(info->scope)), duration(info->update_s),
        duration(info->window_s), duration(info->delay_s), real(info->gain),
        real(info->offset), real(info->gain_u), real(info->offset_u), real(info->range_j),
        real(info->resolution), real(info->max_w), text(info->calibration),
    };
    return put_row(store, PUT_CHANNEL, cells, err);
}

int erg_store_channel(erg_store *store, const erg_channel_info *info, erg_error *err)
{
    void *tails = store->tails;
    bool room = erg_grow(&tails, &store->channel_capacity, store->channel_count,
                         sizeof(tail), err);
    store->tails = tails;
    if (!room)
        return -1;

    erg_sample *samples = malloc(ERG_BLOCK_MOST * sizeof(*samples));
    if (!samples) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return -1;
    }
    if (!put_channel(store, info, err)) {
        free(samples);
        return -1;
    }
    store->tails[store->channel_count] = (tail){ .samples = samples };
    return (int)store->channel_count++;
}

bool erg_store_region(erg_store *store, const erg_region *region, erg_error *err)
{
    const cell cells[] = {
        whole(region->id), whole(region->parent), whole(region->thread), text(region->name),
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
        whole(setting->t_ns), whole(setting->device), text(setting->key), text(setting->value),
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
        text(info ? info->name : NULL), whole(flag->channel), whole(flag->span.begin_ns),
        whole(flag->span.end_ns), text(flag->text),
    };
    return put_row(store, PUT_FLAG, cells, err);
}

bool erg_store_meta(erg_store *store, const char *key, const char *value, erg_error *err)
{
    return put_row(store, PUT_META, (const cell[]){ text(key), text(value) }, err);
}

/* ---- making it last -------------------------------------------------------------- */

static bool commit(erg_store *store, erg_error *err)
{
    for (size_t i = 0; i < store->channel_count; i++)
        if (!write_tail(store, (int)i, err))
            return false;
    if (!store->in_transaction)
        return true;
    store->in_transaction = false;
    return execute(store, "COMMIT", err);
}

bool erg_store_commit(erg_store *store, erg_error *err)
{
    if (!commit(store, err))
        return false;
    if (!store->was_committed) {
        store->was_committed = true;
        return execute(store, "PRAGMA synchronous=NORMAL", err);
    }
    return true;
}

bool erg_store_close(erg_store *store, bool end, erg_error *err)
{
    if (!store)
        return true;
    bool good = (!end || erg_store_meta(store, ERG_META_ENDED, "1", err)) && commit(store, err);
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->prepared[i]);
        store->prepared[i] = NULL;
    }
    if (good && !execute(store, "PRAGMA journal_mode=DELETE", NULL))
        good = erg_fail(err, ERG_IO, "%s is complete, but another program holds it open: "
                        "keep %s-wal beside it", store->path, store->path);
    free_store(store);
    return good;
}
