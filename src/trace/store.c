/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .erg file being written. An empty one is laid aside and then renamed, so whoever
 * kills us at whatever moment leaves no file or a whole one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trace/empty_file.h"
#include "trace/schema.h"
#include "trace/store_inside.h"

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

static bool may_be_written(const char *path, erg_error *err)
{
    if (strcmp(path, "-") == 0)
        return erg_fail(err, ERG_BAD_INPUT, "a run file cannot go to stdout: name a file");
    return erg_may_be_replaced(path, err);
}

static bool put_in_place(const char *aside, const char *path, erg_error *err)
{
    erg_store_drop_log(path);
    return rename(aside, path) == 0
        || erg_fail(err, ERG_IO, "cannot write %s: %s", path, strerror(errno));
}

static bool open_database(erg_store *store, const char *path, erg_error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    return sqlite3_open_v2(path, &store->db, flags, NULL) == SQLITE_OK
        || erg_store_fail(store, err);
}

/* While a recorder holds its file open, SQLite refuses to leave WAL mode.
 * What is no database at all is nobody's recording. */
static bool is_being_recorded(const char *path)
{
    sqlite3 *db = NULL;
    bool busy = access(path, F_OK) == 0
        && sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
        && sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) == SQLITE_BUSY;
    sqlite3_close(db);
    return busy;
}

/* As a recording has it from its start to its end, and keeps it if it is killed: without
 * one SQLite need not be asked. */
static bool has_log(const char *path)
{
    char log[ERG_PATH_MOST + 8];

    snprintf(log, sizeof(log), "%s-wal", path);
    return access(log, F_OK) == 0;
}

/* Its room is taken first: ext4 sends to the disk at once what is renamed over another file
 * and has none yet. */
static bool write_empty(const erg_store *store, const char *aside, erg_error *err)
{
    const size_t size = sizeof(erg_empty_file);
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0)
        return erg_store_fail_file(store, errno, err);
    fallocate(fd, 0, 0, (off_t)size);   /* what cannot is as good, and slower */
    errno = ENOSPC;                     /* of a part that is written */
    bool good = write(fd, erg_empty_file, size) == (ssize_t)size
        || erg_store_fail_file(store, errno, err);
    close(fd);
    return good;
}

/* An old file's log must be gone before the new file bears its name, or SQLite
 * would play the old log into it. */
static bool lay_empty(const erg_store *store, erg_error *err)
{
    char aside[ERG_PATH_MOST + 24];
    if (has_log(store->path) && is_being_recorded(store->path))
        return erg_fail(err, ERG_NO_ACCESS,
                        "cannot write %s: another program holds it open "
                        "or records into it: wait for its end, or name another file",
                        store->path);
    snprintf(aside, sizeof(aside), "%s.new-%ld", store->path, (long)getpid());
    unlink(aside);
    erg_drop_abandoned(store->path);

    bool good = write_empty(store, aside, err) && put_in_place(aside, store->path, err);
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
    return erg_store_execute(store, "PRAGMA synchronous=OFF; PRAGMA cache_size=-64", err);
}

static void free_store(erg_store *store)
{
    erg_store_finalize(store);
    sqlite3_close(store->db);
    for (size_t i = 0; i < store->channel_count; i++)
        erg_tail_free(&store->tails[i].waiting);
    free(store->tails);
    erg_block_free(store->codec);
    free(store);
}

static erg_store *new_store(const char *path, erg_error *err)
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
    if (store->codec)
        return store;
    free_store(store);
    return NULL;
}

erg_store *erg_store_create(const char *path, erg_error *err)
{
    erg_store *store = may_be_written(path, err) ? new_store(path, err) : NULL;

    if (!store || (lay_empty(store, err) && begin_recording(store, err)))
        return store;
    free_store(store);
    return NULL;
}

/* ---- going on with one ------------------------------------------------------------ */

static int take_number(void *to, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    *(int64_t *)to = values[0] ? strtoll(values[0], NULL, 10) : 0;
    return 0;
}

static bool ask(erg_store *store, const char *sql, int64_t *out, erg_error *err)
{
    return sqlite3_exec(store->db, sql, take_number, out, NULL) == SQLITE_OK
        || erg_store_fail(store, err);
}

static bool find_ends(erg_store *store, erg_error *err)
{
    return ask(store, "SELECT max(id) + 1 FROM device", &store->first_device, err)
        && ask(store, "SELECT max(id) + 1 FROM channel", &store->first_channel, err)
        && ask(store, "SELECT max(id) FROM region", &store->first_region, err)
        && ask(store, "SELECT max(id) FROM block", &store->block_count, err);
}

erg_store *erg_store_append(const char *path, erg_error *err)
{
    erg_store *store = new_store(path, err);

    if (!store)
        return NULL;
    if (is_being_recorded(path))
        erg_fail(err, ERG_NO_ACCESS,
                 "cannot write %s: another program holds it open or records into it", path);
    else if (begin_recording(store, err)
             && erg_store_execute(store, "PRAGMA journal_mode=WAL;"
                                  "DELETE FROM meta WHERE key='" ERG_META_ENDED "'", err)
             && find_ends(store, err))
        return store;
    free_store(store);
    return NULL;
}

/* ---- making it last -------------------------------------------------------------- */

static bool commit(erg_store *store, bool is_last, erg_error *err)
{
    for (size_t i = 0; i < store->channel_count; i++)
        if (!erg_store_put_waiting(store, (int)i, is_last, err))
            return false;
    return erg_store_commit_rows(store, err);
}

bool erg_store_commit(erg_store *store, erg_error *err)
{
    if (!commit(store, false, err))
        return false;
    if (!store->was_committed) {
        store->was_committed = true;
        return erg_store_execute(store, "PRAGMA synchronous=NORMAL", err);
    }
    return true;
}

bool erg_store_close(erg_store *store, bool end, erg_error *err)
{
    if (!store)
        return true;
    bool good = (!end || erg_store_meta(store, ERG_META_ENDED, "1", err))
             && commit(store, true, err);
    erg_store_finalize(store);
    if (good && !erg_store_execute(store, "PRAGMA journal_mode=MEMORY", NULL))
        good = erg_fail(err, ERG_IO, "%s is complete, but another program holds it open: "
                        "keep %s-wal beside it", store->path, store->path);
    free_store(store);
    return good;
}

/* ---- a file that is whole -------------------------------------------------------- */

erg_store *erg_store_begin_aside(const char *path, char aside[ERG_STORE_ASIDE],
                                 erg_error *err)
{
    int length = snprintf(aside, ERG_STORE_ASIDE, "%s" ERG_ASIDE_MARK "%ld", path,
                          (long)getpid());

    if (!may_be_written(path, err))
        return NULL;
    if (length >= ERG_PATH_MOST) {
        erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", path);
        return NULL;
    }
    erg_drop_abandoned(path);
    return erg_store_create(aside, err);
}

bool erg_store_end_aside(erg_store *store, const char *aside, const char *path, bool good,
                         erg_error *err)
{
    if (!store)
        return false;
    good = erg_store_close(store, good, good ? err : NULL) && good;
    good = good && put_in_place(aside, path, err);
    if (!good)
        unlink(aside);
    return good;
}
