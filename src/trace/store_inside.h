/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of writing .erg files, for store*.c only. */
#ifndef ERG_TRACE_STORE_INSIDE_H
#define ERG_TRACE_STORE_INSIDE_H

#include <sqlite3.h>
#include "trace/block.h"
#include "trace/block_tail.h"
#include "trace/store.h"

enum { ERG_STATEMENT_COUNT = 19 };

/* The samples of a channel that are not in a closed block yet. */
typedef struct erg_store_tail {
    erg_tail waiting;
    size_t written;         /* of them, in the file */
    int64_t block_id;       /* their row; 0: none yet */
    int writes;             /* of that row */
} erg_store_tail;

struct erg_store {
    sqlite3 *db;
    sqlite3_stmt *prepared[ERG_STATEMENT_COUNT];
    erg_block *codec;
    erg_store_tail *tails;
    erg_sample unpacked[ERG_BLOCK_MOST];    /* of one tail, on its way to the codec */
    size_t device_count, channel_count, channel_capacity;
    int64_t block_count;
    int64_t first_device, first_channel, first_region;  /* ids before are another
                                                         * session's */
    bool in_transaction, was_committed;
    char path[ERG_PATH_MOST];
};

typedef struct erg_store_block {
    int64_t id, channel, first_ns;
    size_t count, size;
    const unsigned char *bytes;
} erg_store_block;

/* ---- store_fail.c --------------------------------------------------------------- */

bool erg_store_fail(const erg_store *store, erg_error *err);
/* The same of what the system said, without SQLite. */
bool erg_store_fail_file(const erg_store *store, int number, erg_error *err);
bool erg_store_execute(erg_store *store, const char *sql, erg_error *err);

/* ---- store_samples.c ----------------------------------------------------------- */

/* What has come to a channel since its last block was closed, in the row of the block that
 * is still open. closes: nothing follows in it. */
bool erg_store_put_waiting(erg_store *store, int channel, bool closes, erg_error *err);

/* ---- store_rows.c -------------------------------------------------------------- */

void erg_store_finalize(erg_store *store);
/* Ends the transaction that the first row began; none: nothing to do. */
bool erg_store_commit_rows(erg_store *store, erg_error *err);
bool erg_store_put_channel(erg_store *store, const erg_channel_info *info, erg_error *err);
bool erg_store_put_block(erg_store *store, const erg_store_block *block, erg_error *err);
bool erg_store_begin_events(erg_store *store, erg_error *err);
bool erg_store_put_event_name(erg_store *store, int32_t id, const char *name,
                              erg_error *err);
bool erg_store_put_track(erg_store *store, int32_t id, const erg_track *track,
                         erg_error *err);
bool erg_store_put_event_block(erg_store *store, const erg_store_block *block,
                               erg_error *err);

#endif
