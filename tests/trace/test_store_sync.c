/* SPDX-License-Identifier: Apache-2.0 */
/* How often a recording waits for the disk, counted beneath SQLite. */
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "test.h"
#include "trace/store.h"

static int sync_count;
static int (*real_sync)(sqlite3_file *, int);
static sqlite3_vfs *real_vfs;

static int count_sync(sqlite3_file *file, int flags)
{
    sync_count++;
    return real_sync(file, flags);
}

static int open_counted(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
                        int flags, int *opened)
{
    /* Databases and logs differ in their locks. */
    static sqlite3_io_methods methods[2];
    sqlite3_io_methods *counted = &methods[flags & SQLITE_OPEN_MAIN_DB ? 1 : 0];
    (void)vfs;
    int status = real_vfs->xOpen(real_vfs, name, file, flags, opened);
    if (status == SQLITE_OK) {
        *counted = *file->pMethods;
        real_sync = counted->xSync;
        counted->xSync = count_sync;
        file->pMethods = counted;
    }
    return status;
}

/* How often a recording with so many commits waits for the disk. */
static int syncs_of(const char *path, int commits)
{
    erg_device_info device = { .name = "gpu" };
    erg_channel_info channel = { .name = "power", .unit = "W" };

    sync_count = 0;
    erg_store *store = erg_store_create(path, NULL);
    CHECK(store != NULL);
    CHECK(erg_store_device(store, &device, NULL) == 0);
    CHECK(erg_store_channel(store, &channel, NULL) == 0);
    for (int64_t i = 0; i < commits; i++) {
        erg_sample one = { .t_ns = i * ERG_NS_PER_S, .value = 100 };
        CHECK(erg_store_samples(store, 0, &one, 1, NULL));
        CHECK(erg_store_commit(store, NULL));
    }
    CHECK(erg_store_close(store, true, NULL));
    return sync_count;
}

/* kill -9 takes nothing that the kernel has; a power cut may, so what lasts is synced,
 * but once, at the end: a commit a second must not wait for a slow disk. */
static void only_the_end_of_a_recording_that_lasts_waits_for_the_disk(void)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/synced.erg", test_folder());
    real_vfs = sqlite3_vfs_find(NULL);
    sqlite3_vfs counting = *real_vfs;
    counting.zName = "counting";
    counting.xOpen = open_counted;
    CHECK(sqlite3_vfs_register(&counting, 1) == SQLITE_OK);
    int of_a_moment = syncs_of(path, 0);
    int of_two = syncs_of(path, 2), of_twenty = syncs_of(path, 20);
    sqlite3_vfs_unregister(&counting);
    CHECK(of_a_moment == 0);
    CHECK(of_two > 0);
    CHECK(of_twenty == of_two);
}

/* Killed while it laid the schema: what is left is gone
 * at the next start, and only that. */
static void what_a_killed_process_left_beside_the_file_is_cleaned(void)
{
    char path[300], left[400], log[400], alive[400], other[400];
    erg_error err = { 0 };
    const char *const files[] = { left, log, alive, other };
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    CHECK(waitpid(dead, NULL, 0) == dead);
    snprintf(path, sizeof(path), "%s/run.erg", test_folder());
    snprintf(left, sizeof(left), "%s.new-%ld", path, (long)dead);
    snprintf(log, sizeof(log), "%s.new-%ld-journal", path, (long)dead);
    snprintf(alive, sizeof(alive), "%s.new-%ld", path, (long)getppid());
    snprintf(other, sizeof(other), "%s.new-words", path);
    for (size_t i = 0; i < ERG_COUNT(files); i++)
        fclose(fopen(files[i], "w"));
    erg_store *store = erg_store_create(path, &err);
    CHECK_OK(store, err);
    CHECK(erg_store_close(store, true, &err));
    CHECK(access(left, F_OK) != 0 && access(log, F_OK) != 0);
    CHECK(access(alive, F_OK) == 0 && access(other, F_OK) == 0);
}

/* An import that was killed while it wrote: the next one to the same file cleans up. */
static void what_a_killed_saving_left_goes_with_the_next(void)
{
    char path[300], aside[ERG_STORE_ASIDE];
    erg_error err = { 0 };
    const char *folder = test_folder();
    snprintf(path, sizeof(path), "%s/a.erg", folder);
    pid_t child = fork();
    if (child == 0) {
        erg_store *store = erg_store_begin_aside(path, aside, NULL);
        erg_store_commit(store, NULL);
        raise(SIGKILL);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(test_files_in(folder) >= 1 && access(path, F_OK) != 0);
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    CHECK(test_files_in(folder) == 1 && access(path, F_OK) == 0);
    erg_trace_free(trace);
}

static bool is_pipe(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && S_ISFIFO(there.st_mode);
}

/* As root, a file renamed over /dev/null would be in its place. */
static void a_pipe_or_a_device_is_not_replaced_by_a_run_file(void)
{
    char fifo[300], alias[300];
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    snprintf(fifo, sizeof(fifo), "%s/pipe", test_folder());
    snprintf(alias, sizeof(alias), "%s/link", test_folder());
    CHECK(mkfifo(fifo, 0600) == 0 && symlink(fifo, alias) == 0);
    const char *const paths[] = { fifo, alias };
    for (size_t i = 0; i < ERG_COUNT(paths); i++) {
        CHECK(!erg_store_create(paths[i], &err) && err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, paths[i]) && strstr(err.text, "name a file"));
        CHECK(!erg_trace_save(trace, paths[i], &err) && err.code == ERG_BAD_INPUT);
        CHECK(is_pipe(paths[i]));
    }
    CHECK(!erg_store_create("-", &err) && strstr(err.text, "stdout"));
    CHECK(!erg_trace_save(trace, "-", &err) && access("-", F_OK) != 0);
    CHECK(!erg_store_create(test_folder(), &err) && strstr(err.text, "it is a folder"));
    erg_trace_free(trace);
}

/* 0: it was said as it should be. */
static int told_of_a_full_disk(const char *path)
{
    const struct rlimit limit = { 4096, 4096 };
    erg_error err = { 0 };

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || erg_store_create(path, &err))
        return 1;
    return err.code == ERG_IO && strstr(err.text, "no space") && access(path, F_OK) != 0
        ? 0 : 2;
}

/* As an ordinary user, for root may write everywhere. */
static int told_of_a_closed_folder(const char *path)
{
    erg_error err = { 0 };

    if ((geteuid() == 0 && setuid(65534) != 0) || erg_store_create(path, &err))
        return 1;
    return err.code == ERG_NO_ACCESS
        && strstr(err.text, "Permission denied: name a file in") ? 0 : 2;
}

static int in_a_child(int (*told)(const char *path), const char *path)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(told(path));
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void a_file_that_cannot_be_laid_is_told_with_its_cure(void)
{
    char path[300];
    erg_error err = { 0 };
    const char *folder = test_folder();
    snprintf(path, sizeof(path), "%s/run.erg", folder);
    CHECK(in_a_child(told_of_a_full_disk, path) == 0);
    CHECK(chmod(folder, 0555) == 0);
    CHECK(in_a_child(told_of_a_closed_folder, path) == 0);
    CHECK(chmod(folder, 0755) == 0 && access(path, F_OK) != 0);
    CHECK(!erg_store_create("/nobody/has/this.erg", &err) && err.code == ERG_NO_ACCESS);
    CHECK(strstr(err.text, "No such file or directory: name a file in a folder"));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_file_that_cannot_be_laid_is_told_with_its_cure),
        TEST(a_pipe_or_a_device_is_not_replaced_by_a_run_file),
        TEST(what_a_killed_process_left_beside_the_file_is_cleaned),
        TEST(what_a_killed_saving_left_goes_with_the_next),
        TEST(only_the_end_of_a_recording_that_lasts_waits_for_the_disk),
    };
    return test_run(tests, ERG_COUNT(tests));
}
