/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "govern/journal_writer.h"

enum { MODE = 0640, HELD_MOST = 1 << 20 };

/* ---- the file ------------------------------------------------------------------ */

static bool open_file(erg_journal_file *file, erg_error *err)
{
    struct stat facts;

    file->fd = open(file->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, MODE);
    if (file->fd < 0 || fstat(file->fd, &facts) != 0)
        return erg_fail(err, errno == EACCES ? ERG_NO_ACCESS : ERG_IO,
                        "cannot write the journal %s: %s", file->path, strerror(errno));
    file->bytes = (double)facts.st_size;
    return S_ISREG(facts.st_mode)
        || erg_fail(err, ERG_BAD_INPUT, "the journal %s is no file", file->path);
}

static bool rotate(erg_journal_file *file, erg_error *err)
{
    char old[ERG_PATH_MOST + 4];

    snprintf(old, sizeof(old), "%s.1", file->path);
    erg_journal_file_close(file);
    if (rename(file->path, old) != 0)
        return erg_fail(err, ERG_IO, "cannot rename %s: %s", file->path, strerror(errno));
    return open_file(file, err);
}

bool erg_journal_file_open(erg_journal_file *file, const char *path, double most_bytes,
                           erg_error *err)
{
    *file = (erg_journal_file){ .fd = -1, .most_bytes = most_bytes };
    erg_text_put(file->path, sizeof(file->path), path);
    return open_file(file, err);
}

bool erg_journal_file_add(erg_journal_file *file, const char *lines, size_t count,
                          erg_error *err)
{
    if (file->fd < 0 ? !open_file(file, err)
                     : file->bytes + (double)count > file->most_bytes && !rotate(file, err))
        return false;
    file->is_dirty = true;
    file->bytes += (double)count;
    if (write(file->fd, lines, count) == (ssize_t)count)
        return true;
    return erg_fail(err, ERG_IO, "cannot write %s: %s", file->path, strerror(errno));
}

bool erg_journal_file_sync(erg_journal_file *file, erg_error *err)
{
    if (!file->is_dirty || file->fd < 0)
        return true;
    file->is_dirty = false;
    return fdatasync(file->fd) == 0
        || erg_fail(err, ERG_IO, "cannot write %s: %s", file->path, strerror(errno));
}

void erg_journal_file_close(erg_journal_file *file)
{
    if (file->fd < 0)
        return;
    fsync(file->fd);
    close(file->fd);
    file->fd = -1;
}

/* ---- the thread ---------------------------------------------------------------- */

struct erg_journal_writer {
    erg_journal_file *file;             /* the thread's own */
    pthread_t thread;
    pthread_mutex_t lock;               /* of all that follows */
    pthread_cond_t woken;
    erg_text held;
    size_t lost;
    erg_error fault;
    bool is_over;
};

/* All that is held, or nothing where it is over. */
static erg_text wait_for_lines(erg_journal_writer *is)
{
    pthread_mutex_lock(&is->lock);
    while (!is->held.count && !is->is_over)
        pthread_cond_wait(&is->woken, &is->lock);
    erg_text lines = is->held;
    is->held = (erg_text){ 0 };
    pthread_mutex_unlock(&is->lock);
    return lines;
}

static void *work(void *self)
{
    erg_journal_writer *is = self;

    for (erg_text lines; (lines = wait_for_lines(is)).count; erg_text_free(&lines)) {
        erg_error fault = { 0 };
        if (erg_journal_file_add(is->file, lines.data, lines.count, &fault)
            && erg_journal_file_sync(is->file, &fault))
            continue;
        pthread_mutex_lock(&is->lock);
        is->fault = fault;
        pthread_mutex_unlock(&is->lock);
    }
    return NULL;
}

erg_journal_writer *erg_journal_writer_start(erg_journal_file *file, erg_error *err)
{
    erg_journal_writer *is = calloc(1, sizeof(*is));
    sigset_t all, before;

    if (!is) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for the journal");
        return NULL;
    }
    is->file = file;
    pthread_mutex_init(&is->lock, NULL);
    pthread_cond_init(&is->woken, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&is->thread, NULL, work, is);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault == 0)
        return is;
    erg_fail(err, ERG_IO, "cannot start a thread: %s", strerror(fault));
    pthread_cond_destroy(&is->woken);
    pthread_mutex_destroy(&is->lock);
    free(is);
    return NULL;
}

void erg_journal_writer_take(erg_journal_writer *is, const char *line, size_t count)
{
    pthread_mutex_lock(&is->lock);
    bool fits = is->held.count + count <= HELD_MOST;
    if (fits)
        erg_text_add_bytes(&is->held, line, count);
    if (!fits || is->held.failed)
        is->lost++;
    is->held.failed = false;            /* the next one may find memory again */
    pthread_cond_signal(&is->woken);
    pthread_mutex_unlock(&is->lock);
}

bool erg_journal_writer_ask(erg_journal_writer *is, erg_error *err)
{
    pthread_mutex_lock(&is->lock);
    erg_error fault = is->fault;
    size_t lost = is->lost;
    is->fault = (erg_error){ 0 };
    is->lost = 0;
    pthread_mutex_unlock(&is->lock);
    if (lost)
        return erg_fail(err, ERG_IO, "the disk is too slow for %s: %zu lines are lost",
                        is->file->path, lost);
    return fault.code == ERG_OK || erg_fail(err, fault.code, "%s", fault.text);
}

void erg_journal_writer_end(erg_journal_writer *is)
{
    if (!is)
        return;
    pthread_mutex_lock(&is->lock);
    is->is_over = true;
    pthread_cond_signal(&is->woken);
    pthread_mutex_unlock(&is->lock);
    pthread_join(is->thread, NULL);
    pthread_cond_destroy(&is->woken);
    pthread_mutex_destroy(&is->lock);
    erg_text_free(&is->held);
    free(is);
}
