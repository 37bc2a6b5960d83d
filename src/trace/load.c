/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening .erg files. A file may come from anywhere: nothing in it is believed, and
 * the work that it can ask for is bounded by its size.
 *
 * Where the log of a killed writer (-wal) lies beside a file, a whole reading folds it
 * into the file: whoever then copies the file copies all of it. A log that is in use,
 * or in a folder that we may not write, stays, and the file is opened without locks.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "trace/load_inside.h"
#include "trace/schema.h"

/* SQLite's own steps that a file may cost, beside some for each of its bytes. */
enum { STEPS_BEFORE_ASKING = 1 << 16, ROUNDS_LEAST = 256, BYTES_PER_ROUND = 1 << 14 };

static bool fail_sqlite(const erg_reader *from, erg_error *err)
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
                        code == SQLITE_INTERRUPT ? "it never ends"
                                                 : sqlite3_errmsg(from->db));
    }
}

/* ---- opening ----------------------------------------------------------------------- */

static int ask_to_go_on(void *self)
{
    erg_reader *from = self;
    return from->rounds_left-- <= 0;
}

static void bound(erg_reader *from, int64_t bytes)
{
    from->rounds_left = ROUNDS_LEAST + bytes / BYTES_PER_ROUND;
    sqlite3_progress_handler(from->db, STEPS_BEFORE_ASKING, ask_to_go_on, from);
    sqlite3_limit(from->db, SQLITE_LIMIT_LENGTH, 1 << 24);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(from->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
}

static bool number_of(erg_reader *from, const char *sql, int64_t *out, erg_error *err)
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

static bool check_kind(erg_reader *from, erg_error *err)
{
    int64_t application, version, strange;

    if (!number_of(from, "PRAGMA application_id", &application, err)
        || !number_of(from, "PRAGMA user_version", &version, err))
        return false;
    if (application != ERG_APPLICATION_ID)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s is an SQLite file, but not a recording of erg", from->path);
    if (version > ERG_FILE_VERSION)
        return erg_fail(err, ERG_BAD_INPUT, "%s was written by a newer erg (file version "
                        "%" PRId64 ", this one reads up to %d): update erg", from->path,
                        version, ERG_FILE_VERSION);
    if (!number_of(from, "SELECT count(*) FROM sqlite_schema WHERE type <> 'table'"
                         " AND type <> 'index' OR sql LIKE '%VIRTUAL%'", &strange, err))
        return false;
    return strange == 0
        || erg_load_fail_row(from, "sqlite_schema", "more than tables", err);
}

static bool opens(erg_reader *from, const char *name, int flags, const char *vfs)
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
    bool whole = file && fstat(fileno(file), &there) == 0
              && fread(head, 1, 100, file) == 100;

    *size = (size_t)there.st_size;
    if (file)
        fclose(file);
    return whole;
}

static bool fail_cut(const char *path, size_t size, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s is cut off after %zu bytes: copy it again",
                    path, size);
}

static bool fail_other(const char *path, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s is not a recording of erg (no SQLite header): "
                    "`erg import` reads other formats", path);
}

/* As a URI, where ? # % have a meaning, and never looking for a log. */
static bool opens_fixed(erg_reader *from)
{
    char name[3 * ERG_PATH_MOST + 32];
    size_t count = (size_t)snprintf(name, sizeof(name), "file:");

    for (const char *at = from->path; *at; at++)
        count += (size_t)snprintf(name + count, sizeof(name) - count,
                                  strchr("?#%", *at) ? "%%%02x" : "%c", *at);
    snprintf(name + count, sizeof(name) - count, "?immutable=1");
    return opens(from, name, SQLITE_OPEN_URI, NULL);
}

/* The size of the log beside it; -1: none, 0: nothing in it yet. */
static int64_t log_size(const char *path)
{
    char log[ERG_PATH_MOST + 8];
    struct stat beside;
    snprintf(log, sizeof(log), "%s-wal", path);
    return stat(log, &beside) == 0 ? (int64_t)beside.st_size : -1;
}

/* SQLite refuses a log (-wal) where it may not put its index (-shm); alone and
 * without locks it needs none. A file with no log beside it is complete. */
static bool open_file(erg_reader *from, erg_error *err)
{
    char magic[16];
    unsigned char head[100];
    struct stat there;
    size_t size;

    if (strlen(from->path) >= ERG_PATH_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", from->path);
    if (stat(from->path, &there) == 0 && !S_ISREG(there.st_mode))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s is not a file but a folder, a pipe or a device: "
                        "name a run file", from->path);
    if (!erg_file_line(from->path, magic, sizeof(magic), err))
        return false;
    if (strcmp(magic, "SQLite format 3") != 0)
        return fail_other(from->path, err);

    int64_t logged = log_size(from->path);
    bool has_log = logged > 0;
    if (!read_head(from->path, head, &size) || (!has_log && is_cut(head, size)))
        return fail_cut(from->path, size, err);
    bool good = has_log
        ? opens(from, from->path, 0, NULL) || opens(from, from->path, 0, "unix-none")
        : opens_fixed(from);
    if (!good)
        return fail_sqlite(from, err);
    bound(from, (int64_t)size + (has_log ? logged : 0));
    return true;
}

/* ---- loading ------------------------------------------------------------------------ */

static bool read_table(erg_reader *from, const erg_load_table *table, erg_error *err)
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

static bool flag_interrupted(erg_reader *from, erg_error *err)
{
    erg_flag flag = { .code = ERG_FLAG_INTERRUPTED, .channel = -1,
                      .span = erg_trace_span(from->trace) };
    snprintf(flag.text, sizeof(flag.text), "the recording has no end: it was killed or "
             "still goes on, and at most its last second is missing");
    return erg_trace_add_flag(from->trace, &flag, err);
}

static bool read_events(erg_reader *from, erg_error *err)
{
    int64_t tables;
    bool good = number_of(from, "SELECT count(*) FROM sqlite_schema WHERE name IN"
                                " ('event_name', 'track', 'event_block')", &tables, err);

    for (size_t i = 0; good && tables == 3 && i < erg_load_event_table_count; i++)
        good = read_table(from, &erg_load_event_tables[i], err);
    return good;
}

/* Takes the open database; its sentences begin with path. */
static erg_trace *read_all(erg_reader *from, erg_error *err)
{
    from->trace = erg_trace_new(err);
    from->codec = erg_block_new(err);
    from->samples = malloc(ERG_BLOCK_MOST * sizeof(*from->samples));
    bool good = from->trace && from->codec
             && (!from->is_aside || erg_trace_put_events_aside(from->trace, err))
             && (from->samples || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
             && check_kind(from, err);

    for (size_t i = 0; good && i < erg_load_table_count; i++)
        good = read_table(from, &erg_load_tables[i], err);
    good = good && read_events(from, err) && (from->ended || flag_interrupted(from, err));

    erg_block_free(from->codec);
    free(from->samples);
    if (good)
        return from->trace;
    erg_trace_free(from->trace);
    return NULL;
}

/* A failure inside erg_trace_add_* does not know the file: say it. */
static erg_trace *read_named(erg_reader *from, erg_error *err)
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

/* Nothing is lost where it fails. A writer that lives holds the file, and SQLite
 * then refuses. */
static void fold(const char *path)
{
    sqlite3 *db = NULL;
    if (log_size(path) >= 0
        && sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    sqlite3_close(db);
}

static erg_trace *load_path(const char *path, bool is_aside, erg_error *err)
{
    erg_reader from = { .path = path, .is_aside = is_aside };

    if (!open_file(&from, err)) {
        sqlite3_close(from.db);
        return NULL;
    }
    erg_trace *trace = read_named(&from, err);
    if (trace)
        fold(path);
    return trace;
}

erg_trace *erg_trace_load(const char *path, erg_error *err)
{
    return load_path(path, false, err);
}

erg_trace *erg_trace_load_aside(const char *path, erg_error *err)
{
    return load_path(path, true, err);
}

static bool read_sweep(erg_reader *from, erg_error *err)
{
    int64_t tables, works, caches;

    if (!check_kind(from, err)
        || !number_of(from, "SELECT count(*) FROM sqlite_schema WHERE name IN"
                            " ('application', 'point', 'visit')", &tables, err))
        return false;
    if (!number_of(from, "SELECT count(*) FROM sqlite_schema WHERE name = 'work'",
                   &works, err)
        || !number_of(from, "SELECT count(*) FROM sqlite_schema WHERE name = 'cache'",
                      &caches, err))
        return false;
    if (tables != 3)
        return erg_fail(err, ERG_NO_DATA, "%s is a recording, but holds no sweep: "
                        "`erg show` reads it", from->path);
    size_t count = from->taker->visit ? erg_load_sweep_table_count - (works > 0) : 1;
    for (size_t i = 0; i < count; i++)
        if (!read_table(from, &erg_load_sweep_tables[i], err))
            return false;
    return !from->taker->visit || works == 0
        || read_table(from, works && caches ? &erg_load_counted_visits
                                            : &erg_load_worked_visits, err);
}

bool erg_trace_load_visits(const char *path, const erg_visit_taker *taker, erg_error *err)
{
    erg_reader from = { .path = path, .taker = taker };
    bool good = open_file(&from, err) && read_sweep(&from, err);

    sqlite3_close(from.db);
    if (good)
        fold(path);
    return good;
}

erg_trace *erg_trace_load_bytes(const char *name, const char *bytes, size_t size,
                                erg_error *err)
{
    erg_reader from = { .path = name };
    if (size < 16 || memcmp(bytes, "SQLite format 3", 16) != 0) {
        fail_other(name, err);
        return NULL;
    }
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
