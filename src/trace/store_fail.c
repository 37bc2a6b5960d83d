/* SPDX-License-Identifier: Apache-2.0 */
/* Why a run file could not be written, in the system's words rather than SQLite's. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "trace/store_inside.h"

/* SQLite's own words hide what the kernel said, and it tries again in other ways. */
static const char *why_shut(const erg_store *store)
{
    char folder[ERG_PATH_MOST] = ".";
    const char *slash = strrchr(store->path, '/');

    if (slash)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - store->path + 1),
                 store->path);
    return access(folder, W_OK | X_OK) != 0 ? strerror(errno) : sqlite3_errmsg(store->db);
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
        return erg_fail(err, ERG_IO, "cannot write %s: no space is left for it: free some "
                        "and record again", store->path);
    if (shut)
        return erg_fail(err, ERG_NO_ACCESS, "cannot write %s: %s: name a file in a folder "
                        "that you may write", store->path, why_shut(store));
    return erg_fail(err, ERG_IO, "cannot write %s: %s", store->path,
                    number && code == SQLITE_IOERR ? strerror(number)
                                                   : sqlite3_errmsg(store->db));
}

bool erg_store_execute(erg_store *store, const char *sql, erg_error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
        || erg_store_fail(store, err);
}
