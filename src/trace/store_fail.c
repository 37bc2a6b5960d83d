/* SPDX-License-Identifier: Apache-2.0 */
/* Why a run file could not be written, in the system's words rather than SQLite's. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "trace/store_inside.h"

static bool fail_full(const erg_store *store, erg_error *err)
{
    return erg_fail(err, ERG_IO, "cannot write %s: no space is left for it: free some "
                    "and record again", store->path);
}

/* SQLite's own words hide what the kernel said, and it tries again in other ways: the
 * folder's reason comes before what is known of the file. */
static bool fail_shut(const erg_store *store, const char *otherwise, erg_error *err)
{
    char folder[ERG_PATH_MOST] = ".";
    const char *slash = strrchr(store->path, '/');

    if (slash)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - store->path + 1),
                 store->path);
    return erg_fail(err, ERG_NO_ACCESS, "cannot write %s: %s: name a file in a folder "
                    "that you may write", store->path,
                    access(folder, W_OK | X_OK) != 0 ? strerror(errno) : otherwise);
}

bool erg_store_fail(const erg_store *store, erg_error *err)
{
    int code = store->db ? sqlite3_errcode(store->db) & 0xff : SQLITE_NOMEM;
    int number = store->db ? sqlite3_system_errno(store->db) : 0;
    bool shut = code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM;
    bool full = code == SQLITE_FULL
             || (code == SQLITE_IOERR && (number == EFBIG || number == EDQUOT));

    if (code == SQLITE_NOMEM)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while writing %s", store->path);
    if (full)
        return fail_full(store, err);
    if (shut)
        return fail_shut(store, sqlite3_errmsg(store->db), err);
    return erg_fail(err, ERG_IO, "cannot write %s: %s", store->path,
                    number && code == SQLITE_IOERR ? strerror(number)
                                                   : sqlite3_errmsg(store->db));
}

bool erg_store_fail_file(const erg_store *store, int number, erg_error *err)
{
    if (number == ENOSPC || number == EFBIG || number == EDQUOT)
        return fail_full(store, err);
    if (number == EIO)
        return erg_fail(err, ERG_IO, "cannot write %s: %s", store->path, strerror(number));
    return fail_shut(store, strerror(number), err);
}

bool erg_store_execute(erg_store *store, const char *sql, erg_error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
        || erg_store_fail(store, err);
}
