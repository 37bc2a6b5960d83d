/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be read once only, as a pipe, or begins with a byte order mark, lies in a file
 * without a name while it is read: readers look at its head first, some read it twice, and
 * it may be larger than memory.
 *
 *   Head     Only the first ERG_SPOOL_HEAD bytes are taken at first: of what nobody knows,
 *            or never ends, no more is wanted.
 *   Disk     All that comes, ERG_SPOOL_MOST at most, in /var/tmp, else /tmp.
 *   Owning   erg_spool_close it, whatever failed. The path lasts until then.
 */
#ifndef ERG_IMPORT_SPOOL_H
#define ERG_IMPORT_SPOOL_H

#include "base/base.h"

enum { ERG_SPOOL_HEAD = 1 << 16 };
#define ERG_SPOOL_MOST ((int64_t)16 << 30)
#define ERG_SPOOL_STDIN "standard input"

/* All zero is none. */
typedef struct erg_spool {
    const char *name;           /* as a person knows it */
    int from, file;             /* 0: none */
    bool is_pipe;
    char path[32];              /* of the copy */
} erg_spool;

/* *path becomes that of the copy where one is needed; "-" is standard input. marks: a file
 * behind a byte order mark is copied too, without it. What cannot be opened, or is a
 * folder, is left to its reader. */
bool erg_spool_begin(erg_spool *spool, const char **path, bool marks, erg_error *err);
/* All that is behind the head. ERG_BAD_INPUT where a pipe gives more than most bytes. */
bool erg_spool_rest(erg_spool *spool, int64_t most, erg_error *err);
void erg_spool_close(erg_spool *spool);
bool erg_is_spooled(const char *path);
/* False, and *err as *why, with the name of the spool where why has its path. */
bool erg_spool_fail(const erg_spool *spool, const erg_error *why, erg_error *err);

#endif
