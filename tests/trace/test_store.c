/* SPDX-License-Identifier: Apache-2.0 */
/* The .erg file: whole, killed, moved into a read-only folder, foreign, damaged. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "stored.h"

static bool exists(const char *path, const char *ending)
{
    char name[700];
    snprintf(name, sizeof(name), "%s%s", path, ending);
    return access(name, F_OK) == 0;
}

static void add_channels(erg_store *store)
{
    erg_channel_info late = power;
    CHECK(erg_store_device(store, &gpu, NULL) == 0);
    CHECK(erg_store_channel(store, &late, NULL) == 0);
    CHECK(erg_store_channel(store, &energy, NULL) == 1);
}

static void check_same_number(double a, double b)
{
    CHECK(a == b || (isnan(a) && isnan(b)));
}

static void check_same_channel(const erg_channel_info *a, const erg_channel_info *b)
{
    const double left[] = { a->update_s, a->window_s, a->delay_s, a->gain, a->offset,
                            a->gain_u, a->offset_u, a->range_j, a->resolution, a->max_w };
    const double right[] = { b->update_s, b->window_s, b->delay_s, b->gain, b->offset,
                             b->gain_u, b->offset_u, b->range_j, b->resolution, b->max_w };
    for (size_t i = 0; i < ERG_COUNT(left); i++)
        check_same_number(left[i], right[i]);
    CHECK(a->device == b->device && a->quantity == b->quantity && a->kind == b->kind);
    CHECK(a->method == b->method && a->scope == b->scope);
    CHECK_TEXT(a->name, b->name);
    CHECK_TEXT(a->unit, b->unit);
    CHECK_TEXT(a->calibration, b->calibration);
}

static void check_same_rows(const erg_trace *a, const erg_trace *b)
{
    CHECK(memcmp(erg_trace_device(a, 0), erg_trace_device(b, 0), sizeof(gpu)) == 0);
    CHECK(erg_trace_region_count(a) == 2 && erg_trace_region_count(b) == 2);
    for (size_t i = 0; i < 2; i++) {
        const erg_region *left = erg_trace_region(a, i), *right = erg_trace_region(b, i);
        CHECK(left->id == right->id && left->parent == right->parent);
        CHECK(left->thread == right->thread);
        CHECK(left->begin_ns == right->begin_ns && left->end_ns == right->end_ns);
        CHECK_TEXT(left->name, right->name);
        check_same_number(left->runs, right->runs);
    }
    CHECK(erg_trace_mark(b, 0)->value == 0.1 + 0.2);
    CHECK_TEXT(erg_trace_mark(b, 0)->name, "loss");
    CHECK_TEXT(erg_trace_setting(b, 0)->value, "1410");
    CHECK(memcmp(erg_trace_anchor(a, 0), erg_trace_anchor(b, 0), sizeof(erg_anchor)) == 0);
    CHECK(erg_trace_flag_count(b) == 1 && erg_trace_flag(b, 0)->code == ERG_FLAG_ALIASED);
    CHECK_TEXT(erg_trace_flag(b, 0)->text, "beats");
    CHECK(erg_trace_meta_count(b) == 1);
    CHECK_TEXT(erg_trace_meta(b, "command"), "python3 infer.py");
}

static void what_is_saved_is_what_is_loaded(void)
{
    erg_error err = { 0 };
    const char *path = path_in(test_folder(), "a b?#%.erg");
    erg_trace *trace = build_trace();
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    CHECK(exists(path, "") && !exists(path, "-wal") && !exists(path, "-shm"));

    erg_trace *back = erg_trace_load(path, &err);
    CHECK_OK(back != NULL, err);
    check_same_channel(erg_trace_channel(trace, 0), erg_trace_channel(back, 0));
    check_same_channel(erg_trace_channel(trace, 1), erg_trace_channel(back, 1));
    check_same_rows(trace, back);

    size_t count;
    const erg_sample *samples = erg_trace_samples(back, 0, &count);
    CHECK(count == 5000);
    for (size_t i = 0; i < count; i++) {
        erg_sample want = sample_at((int64_t)i);
        CHECK(memcmp(&samples[i], &want, sizeof(want)) == 0);
    }
    samples = erg_trace_samples(back, 1, &count);
    CHECK(count == 1 && isnan(samples[0].value) && samples[0].half_width_ns == 20);
    erg_trace_free(trace);
    erg_trace_free(back);
}

/* A writer that dies without a word after some commits; 100 samples each. */
static void write_and_die(const char *path, int commits)
{
    pid_t child = fork();
    if (child == 0) {
        erg_store *store = erg_store_create(path, NULL);
        add_channels(store);
        for (int64_t i = 0; i < commits * 100; i++) {
            erg_sample one = sample_at(i);
            erg_store_samples(store, 0, &one, 1, NULL);
            if (i % 100 == 99)
                erg_store_commit(store, NULL);
        }
        erg_sample lost = sample_at(commits * 100);
        erg_store_samples(store, 0, &lost, 1, NULL);
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_interrupted(const char *path, size_t samples)
{
    erg_error err = { 0 };
    size_t count;
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_samples(trace, 0, &count) && count == samples);
    CHECK(erg_trace_flag_count(trace) == 1);
    CHECK(erg_trace_flag(trace, 0)->code == ERG_FLAG_INTERRUPTED);
    erg_trace_free(trace);
}

static void a_killed_writer_leaves_all_that_it_committed(void)
{
    const char *path = path_in(test_folder(), "killed.erg");
    write_and_die(path, 45);
    CHECK(exists(path, "-wal"));
    check_interrupted(path, 4500);
    CHECK(!exists(path, "-wal") && !exists(path, "-shm"));
    check_interrupted(path, 4500);
}

static void reading_a_recording_that_goes_on_takes_nothing_from_it(void)
{
    erg_error err = { 0 };
    const char *path = path_in(test_folder(), "goes-on.erg");
    erg_store *store = erg_store_create(path, &err);
    CHECK_OK(store != NULL, err);
    add_channels(store);
    for (int64_t i = 0; i < 300; i++) {
        erg_sample one = sample_at(i);
        CHECK_OK(erg_store_samples(store, 0, &one, 1, &err), err);
        if (i % 100 == 99) {
            CHECK_OK(erg_store_commit(store, &err), err);
            check_interrupted(path, (size_t)i + 1);
            CHECK(exists(path, "-wal"));
        }
    }
    CHECK_OK(erg_store_close(store, true, &err), err);

    size_t count;
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    erg_trace_samples(trace, 0, &count);
    CHECK(count == 300 && erg_trace_flag_count(trace) == 0 && !exists(path, "-wal"));
    erg_trace_free(trace);
}

/* As an ordinary user, for root may write everywhere. */
static int in_read_only_folder(const char *folder, void (*check)(const char *),
                               const char *path)
{
    CHECK(chmod(folder, 0555) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        check(path);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(chmod(folder, 0755) == 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void check_4500(const char *path)
{
    erg_trace *trace = erg_trace_load(path, NULL);
    size_t count = 0;
    if (trace)
        erg_trace_samples(trace, 0, &count);
    if (count != 4500 || exists(path, "-shm"))
        _exit(1);
    erg_trace_free(trace);
}

static void a_killed_file_opens_from_a_read_only_folder(void)
{
    const char *folder = test_folder();
    const char *path = path_in(folder, "killed.erg");
    write_and_die(path, 45);
    unlink(path_in(folder, "killed.erg-shm"));
    CHECK(chmod(path, 0444) == 0);
    CHECK(in_read_only_folder(folder, check_4500, path) == 0);
}

static void check_complete(const char *path)
{
    erg_trace *trace = erg_trace_load(path, NULL);
    if (!trace || erg_trace_flag_count(trace) != 1)
        _exit(1);
    erg_trace_free(trace);
}

static void a_finished_file_opens_from_a_read_only_folder(void)
{
    const char *folder = test_folder();
    const char *path = path_in(folder, "done.erg");
    erg_trace *trace = build_trace();
    CHECK(erg_trace_save(trace, path, NULL));
    erg_trace_free(trace);
    CHECK(in_read_only_folder(folder, check_complete, path) == 0);
}

static void a_new_recording_replaces_a_killed_one_and_its_log(void)
{
    erg_error err = { 0 };
    const char *path = path_in(test_folder(), "killed.erg");
    write_and_die(path, 3);
    erg_store *store = erg_store_create(path, &err);
    CHECK_OK(store != NULL, err);
    add_channels(store);
    CHECK_OK(erg_store_close(store, true, &err), err);
    CHECK(!exists(path, "-wal"));

    size_t count;
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    erg_trace_samples(trace, 0, &count);
    CHECK(count == 0 && erg_trace_flag_count(trace) == 0);
    erg_trace_free(trace);
}

/* Nothing was committed, and nothing lies beside the file yet. */
static void a_writer_killed_at_once_leaves_a_file_that_opens(void)
{
    const char *path = path_in(test_folder(), "new.erg");
    pid_t child = fork();
    if (child == 0) {
        if (erg_store_create(path, NULL))
            kill(getpid(), SIGKILL);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));

    erg_error err = { 0 };
    erg_store_drop_log(path);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_flag_count(trace) == 1);
    CHECK(erg_trace_flag(trace, 0)->code == ERG_FLAG_INTERRUPTED);
    erg_trace_free(trace);
}

static void a_file_that_is_being_recorded_is_not_replaced(void)
{
    erg_error err = { 0 };
    const char *path = path_in(test_folder(), "busy.erg");
    erg_store *first = erg_store_create(path, &err);
    CHECK_OK(first != NULL, err);
    add_channels(first);
    CHECK(!erg_store_create(path, &err));
    CHECK(strstr(err.text, "busy.erg") && strstr(err.text, "another"));
    CHECK_OK(erg_store_close(first, true, NULL), err);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    erg_trace_free(trace);
}

static void a_region_is_updated_by_its_id(void)
{
    erg_error err = { 0 };
    const char *path = path_in(test_folder(), "regions.erg");
    erg_store *store = erg_store_create(path, &err);
    erg_region region = { .id = 1, .name = "run", .begin_ns = 5, .end_ns = INT64_MAX };
    CHECK(erg_store_region(store, &region, &err) && erg_store_commit(store, &err));
    region.end_ns = 50;
    CHECK(erg_store_region(store, &region, &err));
    CHECK_OK(erg_store_close(store, false, &err), err);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_region_count(trace) == 1 && erg_trace_region(trace, 0)->end_ns == 50);
    CHECK(erg_trace_flag(trace, 0)->code == ERG_FLAG_INTERRUPTED);
    erg_trace_free(trace);
}

static int first_number(void *self, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    *(long *)self = values[0] ? strtol(values[0], NULL, 10) : -1;
    return 0;
}

static long asked(const char *path, const char *sql)
{
    sqlite3 *db;
    long number = -1;
    CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, first_number, &number, NULL) == SQLITE_OK);
    sqlite3_close(db);
    return number;
}

static void an_empty_run_file_is_a_sound_database(void)
{
    const char *path = path_in(test_folder(), "empty.erg");
    CHECK(erg_store_close(erg_store_create(path, NULL), false, NULL));
    CHECK(asked(path, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'") == 9);
    CHECK(asked(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
}

/* Commits of so many samples each; all of them come back. */
static void record_commits(const char *path, int commits, int64_t each)
{
    erg_error err = { 0 };
    size_t count;
    erg_store *store = erg_store_create(path, &err);
    CHECK_OK(store != NULL, err);
    add_channels(store);
    for (int64_t i = 0; i < commits * each; i++) {
        erg_sample one = sample_at(i);
        CHECK_OK(erg_store_samples(store, 0, &one, 1, &err), err);
        if (i % each == each - 1)
            CHECK_OK(erg_store_commit(store, &err), err);
    }
    CHECK_OK(erg_store_close(store, true, &err), err);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    const erg_sample *samples = erg_trace_samples(trace, 0, &count);
    CHECK(count == (size_t)(commits * each));
    for (size_t i = 0; i < count; i++) {
        erg_sample want = sample_at((int64_t)i);
        CHECK(memcmp(&samples[i], &want, sizeof(want)) == 0);
    }
    erg_trace_free(trace);
}

static void a_slow_channel_is_coded_anew_at_most_so_often(void)
{
    const char *path = path_in(test_folder(), "slow.erg");
    record_commits(path, 500, 1);
    CHECK(asked(path, "SELECT max(count) FROM block") == 128);
    CHECK(asked(path, "SELECT count(*) FROM block") == 4);
}

static void a_fast_channel_is_coded_twice_at_most(void)
{
    const char *path = path_in(test_folder(), "fast.erg");
    record_commits(path, 10, 850);
    CHECK(asked(path, "SELECT min(count) FROM block") == 1700);
    CHECK(asked(path, "SELECT count(*) FROM block") == 5);
}

/* What a commit writes in haste is packed when the block is closed. */
static void a_recording_that_ended_takes_no_more_than_one_that_was_saved(void)
{
    const char *path = path_in(test_folder(), "packed.erg");
    record_commits(path, 10, 100);
    long recorded = asked(path, "SELECT sum(length(data)) FROM block");
    record_commits(path, 1, 1000);
    CHECK(recorded == asked(path, "SELECT sum(length(data)) FROM block"));
}

static void a_failed_save_leaves_the_old_file(void)
{
    erg_error err = { 0 };
    erg_trace *trace = build_trace();
    CHECK(!erg_trace_save(trace, "/nonexistent/folder/a.erg", &err));
    CHECK(strstr(err.text, "/nonexistent/folder/a.erg"));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_saved_is_what_is_loaded),
        TEST(a_killed_writer_leaves_all_that_it_committed),
        TEST(reading_a_recording_that_goes_on_takes_nothing_from_it),
        TEST(a_killed_file_opens_from_a_read_only_folder),
        TEST(a_finished_file_opens_from_a_read_only_folder),
        TEST(a_new_recording_replaces_a_killed_one_and_its_log),
        TEST(a_writer_killed_at_once_leaves_a_file_that_opens),
        TEST(a_file_that_is_being_recorded_is_not_replaced),
        TEST(a_region_is_updated_by_its_id),
        TEST(an_empty_run_file_is_a_sound_database),
        TEST(a_slow_channel_is_coded_anew_at_most_so_often),
        TEST(a_fast_channel_is_coded_twice_at_most),
        TEST(a_recording_that_ended_takes_no_more_than_one_that_was_saved),
        TEST(a_failed_save_leaves_the_old_file),
    };
    return test_run(tests, ERG_COUNT(tests));
}
