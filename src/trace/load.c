/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .erg files to traces and back. A file may come from anywhere: nothing in it is
 * believed, and the work that it can ask for is bounded by its size.
 *
 * Reading never changes the folder. Where the log of a killed writer (-wal) lies
 * beside a file in a folder that we may not write, the file is opened without locks.
 */
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "trace/block.h"
#include "trace/load.h"
#include "trace/schema.h"
#include "trace/store.h"

/* SQLite's own steps that a file may cost, beside some for each of its bytes. */
enum { STEPS_BEFORE_ASKING = 1 << 16, ROUNDS_LEAST = 256, BYTES_PER_ROUND = 1 << 14 };

typedef struct reader {
    sqlite3 *db;
    const char *path;
    erg_trace *trace;
    erg_block *codec;
    erg_sample *samples;    /* ERG_BLOCK_MOST */
    int64_t rounds_left;
    bool ended;
} reader;

static bool fail_sqlite(const reader *from, erg_error *err)
{
    int code = from->db ? sqlite3_errcode(from->db) & 0xff : SQLITE_NOMEM;

    switch (code) {
    case SQLITE_NOMEM:
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", from->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return erg_fail(err, ERG_IO, "%s is in use: try again", from->path);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return erg_fail(err, ERG_NO_ACCESS, "cannot open %s: %s", from->path,
                        sqlite3_errmsg(from->db));
    default:
        return erg_fail(err, ERG_BAD_INPUT, "%s is damaged (%s): take a copy of it from "
                        "elsewhere, or record again", from->path,
                        code == SQLITE_INTERRUPT ? "it never ends" : sqlite3_errmsg(from->db));
    }
}

static bool fail_row(const reader *from, const char *table, const char *what, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s is damaged (table %s: %s): take a copy of it from "
                    "elsewhere, or record again", from->path, table, what);
}

/* ---- cells --------------------------------------------------------------------- */

static void text_of(sqlite3_stmt *row, int column, char *to, size_t size)
{
    erg_text_put(to, size, (const char *)sqlite3_column_text(row, column));
}

static double real_of(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
                                                           : sqlite3_column_double(row, column);
}

static double seconds_of(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
        ? NAN : (double)sqlite3_column_int64(row, column) / 1e9;
}

/* The index of a word among the names that name() gives; -1: unknown. */
static int word_of(sqlite3_stmt *row, int column, const char *(*name)(int index))
{
    const char *word = (const char *)sqlite3_column_text(row, column);
    for (int i = 0; word && name(i); i++)
        if (strcmp(name(i), word) == 0)
            return i;
    return -1;
}

static const char *scope_name(int index) { return erg_scope_name((erg_scope)index); }
static const char *kind_name(int index) { return erg_kind_name((erg_kind)index); }
static const char *method_name(int index) { return erg_method_name((erg_method)index); }
static const char *quantity_name(int index) { return erg_quantity_name((erg_quantity)index); }

static const char *flag_name(int index)
{
    return index < ERG_FLAG_COUNT_OF ? erg_flag_describe((erg_flag_code)index)->name : NULL;
}

/* ---- rows ------------------------------------------------------------------------ */

static bool take_meta(reader *from, sqlite3_stmt *row, erg_error *err)
{
    const char *key = (const char *)sqlite3_column_text(row, 0);
    const char *value = (const char *)sqlite3_column_text(row, 1);

    if (!key || !value)
        return fail_row(from, "meta", "an empty cell", err);
    if (strcmp(key, ERG_META_ENDED) == 0)
        return from->ended = true;
    return erg_trace_set_meta(from->trace, key, value, err);
}

static bool take_anchor(reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_anchor anchor = {
        .mono_ns = sqlite3_column_int64(row, 0),
        .boot_ns = sqlite3_column_int64(row, 1),
        .utc_ns = sqlite3_column_int64(row, 2),
        .half_width_ns = sqlite3_column_int64(row, 3),
    };
    return erg_trace_add_anchor(from->trace, &anchor, err);
}

static bool take_device(reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_device_info info = { .shared = sqlite3_column_int(row, 8) != 0 };
    int scope = word_of(row, 5, scope_name);

    if (scope < 0)
        return fail_row(from, "device", "an unknown scope", err);
    info.scope = (erg_scope)scope;
    text_of(row, 1, info.driver, sizeof(info.driver));
    text_of(row, 2, info.name, sizeof(info.name));
    text_of(row, 3, info.uuid, sizeof(info.uuid));
    text_of(row, 4, info.model, sizeof(info.model));
    text_of(row, 6, info.host_id, sizeof(info.host_id));
    text_of(row, 7, info.wired_to, sizeof(info.wired_to));
    int index = erg_trace_add_device(from->trace, &info, err);
    return index >= 0
        && (index == sqlite3_column_int64(row, 0)
            || fail_row(from, "device", "a row is missing", err));
}

static bool take_channel(reader *from, sqlite3_stmt *row, erg_error *err)
{
    int quantity = word_of(row, 4, quantity_name), kind = word_of(row, 5, kind_name);
    int method = word_of(row, 6, method_name), scope = word_of(row, 7, scope_name);
    if (quantity < 0 || kind < 0 || method < 0 || scope < 0)
        return fail_row(from, "channel", "an unknown word", err);

    erg_channel_info info = {
        .device = sqlite3_column_int(row, 1),
        .quantity = (erg_quantity)quantity, .kind = (erg_kind)kind,
        .method = (erg_method)method, .scope = (erg_scope)scope,
        .update_s = seconds_of(row, 8), .window_s = seconds_of(row, 9),
        .delay_s = seconds_of(row, 10), .gain = real_of(row, 11),
        .offset = real_of(row, 12), .gain_u = real_of(row, 13),
        .offset_u = real_of(row, 14), .range_j = real_of(row, 15),
        .resolution = real_of(row, 16), .max_w = real_of(row, 17),
    };
    text_of(row, 2, info.name, sizeof(info.name));
    text_of(row, 3, info.unit, sizeof(info.unit));
    text_of(row, 18, info.calibration, sizeof(info.calibration));
    int index = erg_trace_add_channel(from->trace, &info, err);
    return index >= 0
        && (index == sqlite3_column_int64(row, 0)
            || fail_row(from, "channel", "a row is missing", err));
}

static bool take_block(reader *from, sqlite3_stmt *row, erg_error *err)
{
    const unsigned char *bytes = sqlite3_column_blob(row, 3);
    size_t size = (size_t)sqlite3_column_bytes(row, 3);
    int64_t channel = sqlite3_column_int64(row, 0);
    size_t count = bytes ? erg_block_decode(from->codec, bytes, size, from->samples) : 0;

    if (channel < 0 || (size_t)channel >= erg_trace_channel_count(from->trace))
        return fail_row(from, "block", "samples of no channel", err);
    if (count == 0 || (int64_t)count != sqlite3_column_int64(row, 2)
        || from->samples[0].t_ns != sqlite3_column_int64(row, 1))
        return fail_row(from, "block", "samples that cannot be decoded", err);
    return erg_trace_add_samples(from->trace, (int)channel, from->samples, count, err);
}

static bool take_region(reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_region region = {
        .id = sqlite3_column_int64(row, 0), .parent = sqlite3_column_int64(row, 1),
        .thread = sqlite3_column_int64(row, 2), .begin_ns = sqlite3_column_int64(row, 4),
        .end_ns = sqlite3_column_int64(row, 5), .runs = real_of(row, 6),
    };
    text_of(row, 3, region.name, sizeof(region.name));
    return erg_trace_add_region(from->trace, &region, err);
}

static bool take_mark(reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_mark_row mark = { .t_ns = sqlite3_column_int64(row, 0), .value = real_of(row, 2) };
    text_of(row, 1, mark.name, sizeof(mark.name));
    return erg_trace_add_mark(from->trace, &mark, err);
}

static bool take_setting(reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_setting setting = {
        .t_ns = sqlite3_column_int64(row, 0), .device = sqlite3_column_int(row, 1),
    };
    text_of(row, 2, setting.key, sizeof(setting.key));
    text_of(row, 3, setting.value, sizeof(setting.value));
    return erg_trace_add_setting(from->trace, &setting, err);
}

static bool take_flag(reader *from, sqlite3_stmt *row, erg_error *err)
{
    int code = word_of(row, 0, flag_name);
    if (code < 0)
        return fail_row(from, "flag", "an unknown code", err);

    erg_flag flag = {
        .code = (erg_flag_code)code, .channel = sqlite3_column_int(row, 1),
        .span = { sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3) },
    };
    text_of(row, 4, flag.text, sizeof(flag.text));
    return erg_trace_add_flag(from->trace, &flag, err);
}

typedef struct table_row {
    const char *sql;
    bool (*take)(reader *from, sqlite3_stmt *row, erg_error *err);
} table_row;

/* Devices before channels before blocks: each names the one before. */
static const table_row tables[] = {
    { "SELECT key, value FROM meta", take_meta },
    { "SELECT mono_ns, boot_ns, utc_ns, half_width_ns FROM anchor", take_anchor },
    { "SELECT id, driver, name, uuid, model, scope, host_id, wired_to, shared FROM device"
      " ORDER BY id", take_device },
    { "SELECT id, device_id, name, unit, quantity, kind, method, scope, update_ns, window_ns,"
      " delay_ns, gain, offset, gain_u, offset_u, range_j, resolution, max_w, calibration"
      " FROM channel ORDER BY id", take_channel },
    { "SELECT channel_id, first_ns, count, data FROM block ORDER BY id", take_block },
    { "SELECT id, parent, thread, name, begin_ns, end_ns, runs FROM region ORDER BY id",
      take_region },
    { "SELECT ns, name, value FROM mark ORDER BY rowid", take_mark },
    { "SELECT ns, device_id, key, value FROM setting ORDER BY rowid", take_setting },
    { "SELECT code, channel_id, begin_ns, end_ns, text FROM flag ORDER BY rowid", take_flag },
};

/* ---- opening ----------------------------------------------------------------------- */

static int ask_to_go_on(void *self)
{
    reader *from = self;
    return from->rounds_left-- <= 0;
}

static void bound(reader *from, int64_t bytes)
{
    from->rounds_left = ROUNDS_LEAST + bytes / BYTES_PER_ROUND;
    sqlite3_progress_handler(from->db, STEPS_BEFORE_ASKING, ask_to_go_on, from);
    sqlite3_limit(from->db, SQLITE_LIMIT_LENGTH, 1 << 24);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
}

static bool number_of(reader *from, const char *sql, int64_t *out, erg_error *err)
{
    sqlite3_stmt *row = NULL;
    bool good = sqlite3_prepare_v2(from->db, sql, -1, &row, NULL) == SQLITE_OK
             && sqlite3_step(row) == SQLITE_ROW;

    if (good)
        *out = sqlite3_column_int64(row, 0);
    else
        fail_sqlite(from, err);
    sqlite3_finalize(row);
    return good;
}

static bool check_kind(reader *from, erg_error *err)
{
    int64_t application, version, strange;

    if (!number_of(from, "PRAGMA application_id", &application, err)
        || !number_of(from, "PRAGMA user_version", &version, err))
        return false;
    if (application != ERG_APPLICATION_ID)
        return erg_fail(err, ERG_BAD_INPUT, "%s is an SQLite file, but not a recording of erg",
                        from->path);
    if (version > ERG_FILE_VERSION)
        return erg_fail(err, ERG_BAD_INPUT, "%s was written by a newer erg (file version "
                        "%" PRId64 ", this one reads up to %d): update erg", from->path,
                        version, ERG_FILE_VERSION);
    if (!number_of(from, "SELECT count(*) FROM sqlite_schema WHERE type <> 'table'"
                         " AND type <> 'index' OR sql LIKE '%VIRTUAL%'", &strange, err))
        return false;
    return strange == 0 || fail_row(from, "sqlite_schema", "more than tables", err);
}

static bool opens(reader *from, const char *name, int flags, const char *vfs)
{
    static const char look[] = "SELECT count(*) FROM sqlite_schema";
    static const char look_alone[] =
        "PRAGMA locking_mode=EXCLUSIVE; SELECT count(*) FROM sqlite_schema";

    sqlite3_close(from->db);
    from->db = NULL;
    if (sqlite3_open_v2(name, &from->db, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                        vfs) != SQLITE_OK)
        return false;
    sqlite3_busy_timeout(from->db, 2000);
    /* Opening alone reads nothing. */
    return sqlite3_exec(from->db, vfs ? look_alone : look, NULL, NULL, NULL) == SQLITE_OK;
}

/* SQLite itself fills what a cut last page lacks with zeros. */
static bool is_cut(const unsigned char head[], size_t size)
{
    uint64_t page = (uint64_t)head[16] << 8 | head[17];
    uint64_t pages = (uint64_t)head[28] << 24 | (uint64_t)head[29] << 16
                   | (uint64_t)head[30] << 8 | head[31];
    return size < pages * (page == 1 ? 65536 : page);
}

/* The first 100 bytes and the size of a file; false if it is shorter. */
static bool read_head(const char *path, unsigned char head[100], size_t *size)
{
    struct stat there = { 0 };
    FILE *file = fopen(path, "rbe");
    bool whole = file && fstat(fileno(file), &there) == 0 && fread(head, 1, 100, file) == 100;

    *size = (size_t)there.st_size;
    if (file)
        fclose(file);
    return whole;
}

static bool fail_cut(const char *path, size_t size, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s is cut off after %zu bytes: copy it again", path,
                    size);
}

/* As a URI, where ? # % have a meaning, and never looking for a log. */
static bool opens_fixed(reader *from)
{
    char name[3 * ERG_PATH_MOST + 32];
    size_t count = (size_t)snprintf(name, sizeof(name), "file:");

    for (const char *at = from->path; *at; at++)
        count += (size_t)snprintf(name + count, sizeof(name) - count,
                                  strchr("?#%", *at) ? "%%%02x" : "%c", *at);
    snprintf(name + count, sizeof(name) - count, "?immutable=1");
    return opens(from, name, SQLITE_OPEN_URI, NULL);
}

/* SQLite refuses a log (-wal) where it may not put its index (-shm); alone and
 * without locks it needs none. A file with no log beside it is complete. */
static bool open_file(reader *from, erg_error *err)
{
    char log[ERG_PATH_MOST + 8], magic[16];
    unsigned char head[100];
    struct stat beside;
    size_t size;

    if (strlen(from->path) >= ERG_PATH_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", from->path);
    if (!erg_file_line(from->path, magic, sizeof(magic), err))
        return false;
    if (strcmp(magic, "SQLite format 3") != 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s is not a recording of erg (no SQLite header): "
                        "`erg import` reads other formats", from->path);

    snprintf(log, sizeof(log), "%s-wal", from->path);
    bool has_log = stat(log, &beside) == 0 && beside.st_size > 0;
    if (!read_head(from->path, head, &size) || (!has_log && is_cut(head, size)))
        return fail_cut(from->path, size, err);
    bool good = has_log
        ? opens(from, from->path, 0, NULL) || opens(from, from->path, 0, "unix-none")
        : opens_fixed(from);
    if (!good)
        return fail_sqlite(from, err);
    bound(from, (int64_t)size + (has_log ? (int64_t)beside.st_size : 0));
    return true;
}

/* ---- loading ------------------------------------------------------------------------ */

static bool read_table(reader *from, const table_row *table, erg_error *err)
{
    sqlite3_stmt *row = NULL;
    bool good = sqlite3_prepare_v2(from->db, table->sql, -1, &row, NULL) == SQLITE_OK;
    int step = SQLITE_ROW;

    if (!good)
        fail_sqlite(from, err);
    while (good && (step = sqlite3_step(row)) == SQLITE_ROW)
        good = table->take(from, row, err);
    if (good && step != SQLITE_DONE)
        good = fail_sqlite(from, err);
    sqlite3_finalize(row);
    return good;
}

static bool flag_interrupted(reader *from, erg_error *err)
{
    erg_flag flag = { .code = ERG_FLAG_INTERRUPTED, .channel = -1,
                      .span = erg_trace_span(from->trace) };
    snprintf(flag.text, sizeof(flag.text), "the recording has no end: it was killed or still "
             "goes on, and at most its last second is missing");
    return erg_trace_add_flag(from->trace, &flag, err);
}

/* Takes the open database; its sentences begin with path. */
static erg_trace *read_all(reader *from, erg_error *err)
{
    from->trace = erg_trace_new(err);
    from->codec = erg_block_new(err);
    from->samples = malloc(ERG_BLOCK_MOST * sizeof(*from->samples));
    bool good = from->trace && from->codec
             && (from->samples || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
             && check_kind(from, err);

    for (size_t i = 0; good && i < ERG_COUNT(tables); i++)
        good = read_table(from, &tables[i], err);
    good = good && (from->ended || flag_interrupted(from, err));

    erg_block_free(from->codec);
    free(from->samples);
    if (good)
        return from->trace;
    erg_trace_free(from->trace);
    return NULL;
}

/* A failure inside erg_trace_add_* does not know the file: say it. */
static erg_trace *read_named(reader *from, erg_error *err)
{
    erg_error inner = { 0 };
    erg_trace *trace = read_all(from, &inner);

    if (!trace && strstr(inner.text, from->path))
        erg_fail(err, inner.code, "%s", inner.text);
    else if (!trace)
        erg_fail(err, inner.code == ERG_NO_MEMORY ? ERG_NO_MEMORY : ERG_BAD_INPUT,
                 "%s is damaged: %.300s", from->path, inner.text);
    sqlite3_close(from->db);
    return trace;
}

erg_trace *erg_trace_load(const char *path, erg_error *err)
{
    reader from = { .path = path };

    if (open_file(&from, err))
        return read_named(&from, err);
    sqlite3_close(from.db);
    return NULL;
}

erg_trace *erg_trace_load_bytes(const char *name, const char *bytes, size_t size, erg_error *err)
{
    reader from = { .path = name };
    if (size < 100 || is_cut((const unsigned char *)bytes, size)) {
        fail_cut(name, size, err);
        return NULL;
    }
    unsigned char *copy = sqlite3_malloc64(size);
    if (!copy || sqlite3_open_v2(":memory:", &from.db, SQLITE_OPEN_READWRITE, NULL)) {
        sqlite3_free(copy);
        sqlite3_close(from.db);
        erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", name);
        return NULL;
    }
    memcpy(copy, bytes, size);
    copy[18] = copy[19] = 1;    /* memory has no log: what was in it is not here */
    if (sqlite3_deserialize(from.db, "main", copy, (int64_t)size, (int64_t)size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY)) {
        fail_sqlite(&from, err);
        sqlite3_close(from.db);
        return NULL;
    }
    bound(&from, (int64_t)size);
    return read_named(&from, err);
}

/* ---- saving ------------------------------------------------------------------------- */

static bool put_channels(const erg_trace *trace, erg_store *store, erg_error *err)
{
    for (size_t i = 0; i < erg_trace_device_count(trace); i++)
        if (erg_store_device(store, erg_trace_device(trace, (int)i), err) < 0)
            return false;
    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, (int)i, &count);
        if (erg_store_channel(store, erg_trace_channel(trace, (int)i), err) < 0
            || !erg_store_samples(store, (int)i, samples, count, err))
            return false;
    }
    return true;
}

static bool put_rows(const erg_trace *trace, erg_store *store, erg_error *err)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++)
        if (!erg_store_region(store, erg_trace_region(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++)
        if (!erg_store_mark(store, erg_trace_mark(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++)
        if (!erg_store_setting(store, erg_trace_setting(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_anchor_count(trace); i++)
        if (!erg_store_anchor(store, erg_trace_anchor(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (!erg_store_flag(store, erg_trace_flag(trace, i), err))
            return false;
    return true;
}

static bool put_meta(const erg_trace *trace, erg_store *store, erg_error *err)
{
    const char *key, *value;
    for (size_t i = 0; erg_trace_meta_at(trace, i, &key, &value); i++)
        if (strcmp(key, ERG_META_ENDED) != 0 && !erg_store_meta(store, key, value, err))
            return false;
    return true;
}

bool erg_trace_save(const erg_trace *trace, const char *path, erg_error *err)
{
    char aside[ERG_PATH_MOST + 24];
    int length = snprintf(aside, sizeof(aside), "%s.part-%ld", path, (long)getpid());
    if (length >= ERG_PATH_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", path);

    erg_store *store = erg_store_create(aside, err);
    if (!store)
        return false;
    bool good = put_meta(trace, store, err) && put_channels(trace, store, err)
             && put_rows(trace, store, err);
    good = erg_store_close(store, good, good ? err : NULL) && good;
    if (good) {
        erg_store_drop_log(path);
        good = rename(aside, path) == 0
            || erg_fail(err, ERG_IO, "cannot write %s: it cannot be replaced", path);
    }
    if (!good)
        unlink(aside);
    return good;
}
