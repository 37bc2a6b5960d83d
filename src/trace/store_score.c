/* SPDX-License-Identifier: Apache-2.0 */
/* What was retained of quality, written to the applications of a sweep's file. */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/quality.h"

/* Is word one of those between the commas of list? */
static bool holds(const char *list, const char *word, size_t count)
{
    for (size_t length; *list; list += length + (list[length] == ',')) {
        length = strcspn(list, ",");
        if (length == count && strncmp(list, word, count) == 0)
            return true;
    }
    return false;
}

/* Every "name=value" of setting is among the application's. */
static bool is_meant(const char *settings, const char *setting)
{
    for (size_t count; *setting; setting += count + (setting[count] == ',')) {
        count = strcspn(setting, ",");
        if (!holds(settings, setting, count))
            return false;
    }
    return true;
}

static bool cannot(sqlite3 *db, const char *path, erg_error *err)
{
    if (sqlite3_errcode(db) == SQLITE_NOTADB)
        return erg_fail(err, ERG_BAD_INPUT, "%s is not a sweep of erg", path);
    return erg_fail(err, ERG_IO, "cannot write %s: %s", path, sqlite3_errmsg(db));
}

static bool put(sqlite3 *db, const char *path, sqlite3_int64 id,
                const erg_quality_verdict *verdict, erg_error *err)
{
    sqlite3_stmt *row = NULL;
    bool ok = sqlite3_prepare_v2(db,
                                 "UPDATE application SET retention = ?, retention_low = ?"
                                 " WHERE id = ?", -1, &row, NULL) == SQLITE_OK
           && sqlite3_bind_double(row, 1, verdict->retention) == SQLITE_OK
           && (isnan(verdict->retention_low)
               || sqlite3_bind_double(row, 2, verdict->retention_low) == SQLITE_OK)
           && sqlite3_bind_int64(row, 3, id) == SQLITE_OK
        && sqlite3_step(row) == SQLITE_DONE;

    if (!ok)
        cannot(db, path, err);
    sqlite3_finalize(row);
    return ok;
}

static bool put_all(sqlite3 *db, const char *path, const char *setting,
                    const erg_quality_verdict *verdict, size_t *count, erg_error *err)
{
    sqlite3_stmt *row = NULL;
    bool ok = sqlite3_prepare_v2(db, "SELECT id, settings FROM application ORDER BY id", -1,
                                 &row, NULL) == SQLITE_OK
           || erg_fail(err, ERG_BAD_INPUT, "%s is not a sweep of erg", path);

    while (ok && sqlite3_step(row) == SQLITE_ROW) {
        const char *settings = (const char *)sqlite3_column_text(row, 1);
        if (!is_meant(settings ? settings : "", setting))
            continue;
        ok = put(db, path, sqlite3_column_int64(row, 0), verdict, err);
        ++*count;
    }
    sqlite3_finalize(row);
    return ok;
}

bool erg_quality_store(const char *path, const char *setting,
                       const erg_quality_verdict *verdict, size_t *count, erg_error *err)
{
    sqlite3 *db = NULL;
    bool ok = access(path, R_OK) == 0
           || erg_fail(err, ERG_NOT_FOUND, "there is no file %s", path);

    *count = 0;
    if (!verdict->metric)
        return erg_fail(err, ERG_NO_DATA,
                        "no metric here has a retention: nothing is stored");
    if (ok && sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        ok = cannot(db, path, err);
    if (ok)
        sqlite3_busy_timeout(db, 5000);
    ok = ok && (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
                || cannot(db, path, err))
      && put_all(db, path, setting ? setting : "", verdict, count, err)
      && (*count
          || erg_fail(err, ERG_BAD_INPUT, "%s has no application with the setting %s",
                      path, setting ? setting : ""))
      && (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK
          || cannot(db, path, err));
    sqlite3_close(db);
    return ok;
}
