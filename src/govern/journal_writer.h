/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's file, and a thread that writes it: a disk may take seconds for a sync, and
 * a governor that waited for it would not lower a limit meanwhile.
 */
#ifndef ERG_GOVERN_JOURNAL_WRITER_H
#define ERG_GOVERN_JOURNAL_WRITER_H

#include "base/base.h"

typedef struct erg_journal_file {
    char path[ERG_PATH_MOST];
    int fd;                             /* -1: none is open */
    double most_bytes, bytes;
    bool is_dirty;
} erg_journal_file;

bool erg_journal_file_open(erg_journal_file *file, const char *path, double most_bytes,
                           erg_error *err);
/* Whole lines, with one write; a file that would grow too long becomes FILE.1 first. */
bool erg_journal_file_add(erg_journal_file *file, const char *lines, size_t count,
                          erg_error *err);
bool erg_journal_file_sync(erg_journal_file *file, erg_error *err);
void erg_journal_file_close(erg_journal_file *file);

typedef struct erg_journal_writer erg_journal_writer;

/* From now on the file is the thread's alone, until the end. */
erg_journal_writer *erg_journal_writer_start(erg_journal_file *file, erg_error *err);
/* Never waits: what a disk that stands still has not taken is held up to a bound. */
void erg_journal_writer_take(erg_journal_writer *writer, const char *line, size_t count);
/* False and a sentence: lines were lost, or not written, since it was last asked. */
bool erg_journal_writer_ask(erg_journal_writer *writer, erg_error *err);
/* Once all that was taken is on the disk. NULL is no writer. */
void erg_journal_writer_end(erg_journal_writer *writer);

#endif
