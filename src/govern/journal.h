/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was changed, when, by which rule and for whom: one JSON line each, on the disk at
 * the next sync, or a moment later where a thread writes. A file that has grown too long
 * becomes FILE.1.
 */
#ifndef ERG_GOVERN_JOURNAL_H
#define ERG_GOVERN_JOURNAL_H

#include "base/base.h"

enum { ERG_JOURNAL_TAIL = 64, ERG_JOURNAL_LINE = 512 };

typedef struct erg_journal_entry {
    int64_t t_ns, utc_ns;
    char device[32], rule[24], who[64], text[96];
    double old_w, requested_w, clamped_w, enforced_w;
    double old_hz, requested_hz, clamped_hz, enforced_hz;   /* of a clock; 0 or NAN: of
                                                             * none */
} erg_journal_entry;

typedef struct erg_journal erg_journal;

/* path NULL: kept in memory alone. Begins with the tail of the file that is there. */
erg_journal *erg_journal_open(const char *path, double most_bytes, erg_error *err);
/* From now on a thread of its own writes and syncs, and nothing here waits for a disk. */
bool erg_journal_write_apart(erg_journal *journal, erg_error *err);
/* All that was added is on the disk then. */
void erg_journal_free(erg_journal *journal);

/* False and a sentence if the disk did not take it; in memory it is all the same. */
bool erg_journal_add(erg_journal *journal, const erg_journal_entry *entry, erg_error *err);

/* What happened in words, without watts; each is cut to its room. */
typedef struct erg_journal_words {
    const char *device, *rule, *who, *text;
} erg_journal_words;

/* As erg_journal_add, stamped by env's clocks. */
bool erg_journal_say(erg_journal *journal, const erg_env *env,
                     const erg_journal_words *words, erg_error *err);
/* Where a thread writes: false and a sentence if it could not, since it was last asked. */
bool erg_journal_sync(erg_journal *journal, erg_error *err);

/* Ever added by this process. */
uint64_t erg_journal_total(const erg_journal *journal);
/* The last ones, oldest first. */
size_t erg_journal_count(const erg_journal *journal);
const erg_journal_entry *erg_journal_at(const erg_journal *journal, size_t index);

bool erg_journal_parse(const char *line, size_t size, erg_journal_entry *out);

#endif
