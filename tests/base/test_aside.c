/* SPDX-License-Identifier: Apache-2.0 */
/* Files written aside: killed at any moment they leave the old one, and nothing else. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "test.h"

static const char *in(const char *folder, const char *name)
{
    static char paths[4][ERG_PATH_MOST];
    static size_t next;
    char *path = paths[next++ % ERG_COUNT(paths)];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static bool holds(const char *path, const char *text)
{
    erg_error err = { 0 };
    size_t count;
    char *found = erg_file_read(path, 1000, &count, &err);
    CHECK_OK(found, err);
    bool same = strcmp(found, text) == 0;
    free(found);
    return same;
}

static void write_text(const char *path, const char *text, bool keep)
{
    erg_error err = { 0 };
    erg_aside aside;
    CHECK_OK(erg_aside_begin(&aside, path, &err), err);
    fputs(text, aside.stream);
    CHECK_OK(erg_aside_end(&aside, keep, &err), err);
}

static void a_file_is_there_when_it_is_complete_and_not_before(void)
{
    const char *folder = test_folder();
    erg_error err = { 0 };
    erg_aside aside;
    CHECK_OK(erg_aside_begin(&aside, in(folder, "a"), &err), err);
    fputs("new", aside.stream);
    CHECK(access(in(folder, "a"), F_OK) != 0);
    CHECK_OK(erg_aside_end(&aside, true, &err), err);
    CHECK(holds(in(folder, "a"), "new") && test_files_in(folder) == 1);
    write_text(in(folder, "a"), "newer", true);
    CHECK(holds(in(folder, "a"), "newer"));
    write_text(in(folder, "a"), "worse", false);
    CHECK(holds(in(folder, "a"), "newer") && test_files_in(folder) == 1);
}

static void it_has_the_rights_that_any_new_file_has(void)
{
    struct stat there;
    const char *folder = test_folder();
    mode_t before = umask(027);
    write_text(in(folder, "a"), "x", true);
    umask(before);
    CHECK(stat(in(folder, "a"), &there) == 0 && (there.st_mode & 0777) == 0640);
}

/* What a process leaves that is killed while it writes; its number. */
static pid_t killed_while_it_writes(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        erg_aside aside;
        if (erg_aside_begin(&aside, path, NULL)) {
            fputs("half", aside.stream);
            fflush(aside.stream);
        }
        raise(SIGKILL);
    }
    CHECK(child > 0 && waitpid(child, NULL, 0) == child);
    return child;
}

static void a_killed_writer_leaves_the_old_file_and_nothing_else(void)
{
    const char *folder = test_folder();
    write_text(in(folder, "a"), "old", true);
    killed_while_it_writes(in(folder, "a"));
    CHECK(holds(in(folder, "a"), "old"));
    int nameless = open(folder, O_TMPFILE | O_WRONLY, 0600);
    CHECK(nameless < 0 || test_files_in(folder) == 1);
    if (nameless >= 0)
        close(nameless);
}

static void what_the_dead_have_left_is_removed_and_nothing_else(void)
{
    static const struct { const char *before, *after; bool stays; } rows[] = {
        { "a.erg.erg-part-", "", false }, { "a.erg.erg-part-", "-wal", false },
        { "a.erg.erg-part-", ".new-7", false }, { "a.erg.new-", "-journal", false },
        { "a.erg.part-", "", true }, { "b.erg.erg-part-", "", true },
        { "a.erg.erg-part-", "x", true }, { "a.erg.erg-part-x", "", true },
    };
    char path[ERG_PATH_MOST], name[100];
    const char *folder = test_folder();
    pid_t dead = killed_while_it_writes(in(folder, "c"));

    for (int ours = 0; ours < 2; ours++) {
        long pid = ours ? (long)getpid() : (long)dead;
        for (size_t i = 0; i < ERG_COUNT(rows); i++) {
            snprintf(name, sizeof(name), "%s%ld%s", rows[i].before, pid, rows[i].after);
            test_write(in(folder, name), "");
        }
        snprintf(path, sizeof(path), "%s", in(folder, "a.erg"));
        erg_drop_abandoned(path);
        for (size_t i = 0; i < ERG_COUNT(rows); i++) {
            snprintf(name, sizeof(name), "%s%ld%s", rows[i].before, pid, rows[i].after);
            CHECK((access(in(folder, name), F_OK) == 0) == (rows[i].stays || ours));
        }
    }
}

static void a_folder_is_no_file_and_a_device_is_not_replaced(void)
{
    erg_error err = { 0 };
    erg_aside aside;
    const char *folder = test_folder();
    CHECK(!erg_aside_begin(&aside, folder, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "name a file in it"));
    CHECK(!erg_may_be_replaced(folder, &err) && err.code == ERG_BAD_INPUT);
    CHECK(!erg_may_be_replaced("/dev/null", &err) && strstr(err.text, "a device"));
    CHECK(erg_may_be_replaced(in(folder, "not there"), &err));
    CHECK(!erg_aside_begin(&aside, in(folder, "none/a"), &err));
    CHECK(err.code == ERG_NOT_FOUND);
    write_text("/dev/null", "x", true);
    struct stat there;
    CHECK(stat("/dev/null", &there) == 0 && S_ISCHR(there.st_mode));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_file_is_there_when_it_is_complete_and_not_before),
        TEST(it_has_the_rights_that_any_new_file_has),
        TEST(a_killed_writer_leaves_the_old_file_and_nothing_else),
        TEST(what_the_dead_have_left_is_removed_and_nothing_else),
        TEST(a_folder_is_no_file_and_a_device_is_not_replaced),
    };
    return test_run(tests, ERG_COUNT(tests));
}
