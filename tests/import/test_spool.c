/* SPDX-License-Identifier: Apache-2.0 */
/* What comes through a pipe: its head first, then all of it, to a limit. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "import/spool.h"
#include "test.h"

enum { MANY = 3 * ERG_SPOOL_HEAD + 7 };

static pid_t writer;

/* A pipe that another process fills with a mark, if it is wanted, and count bytes. */
static void give_stdin(bool marked, size_t count)
{
    int ends[2];

    CHECK(pipe(ends) == 0);
    writer = fork();
    CHECK(writer >= 0);
    if (writer == 0) {
        char block[1000];
        close(ends[0]);         /* who reads no more ends this one */
        memset(block, 'x', sizeof(block));
        bool good = !marked || write(ends[1], "\xef\xbb\xbf", 3) == 3;
        for (size_t some; good && count > 0; count -= some) {
            some = count < sizeof(block) ? count : sizeof(block);
            good = write(ends[1], block, some) == (ssize_t)some;
        }
        _exit(0);
    }
    close(ends[1]);
    CHECK(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
}

/* Nobody reads what is left of it. */
static void end_stdin(void)
{
    int null = open("/dev/null", O_RDONLY);

    CHECK(null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO);
    close(null);
    CHECK(waitpid(writer, NULL, 0) == writer);
}

static size_t size_of(const char *path)
{
    int file = open(path, O_RDONLY);
    CHECK(file >= 0);
    off_t size = lseek(file, 0, SEEK_END);
    close(file);
    return (size_t)size;
}

static void its_head_is_taken_first_and_then_the_rest(void)
{
    for (int marked = 0; marked < 2; marked++) {
        erg_spool spool;
        erg_error err = { 0 };
        const char *path = "-";

        give_stdin(marked, MANY);
        CHECK_OK(erg_spool_begin(&spool, &path, false, &err), err);
        CHECK_TEXT(spool.name, "standard input");
        CHECK(erg_is_spooled(path));
        CHECK(size_of(path) == ERG_SPOOL_HEAD - (marked ? 3 : 0));
        CHECK_OK(erg_spool_rest(&spool, ERG_SPOOL_MOST, &err), err);
        CHECK(size_of(path) == MANY);
        erg_spool_close(&spool);
    }
}

static void more_than_the_limit_is_refused_with_the_cure(void)
{
    erg_spool spool;
    erg_error err = { 0 };
    const char *path = "-";

    give_stdin(false, 40 * ERG_SPOOL_HEAD);
    CHECK_OK(erg_spool_begin(&spool, &path, false, &err), err);
    CHECK(!erg_spool_rest(&spool, 1 << 20, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK_TEXT(err.text, "standard input gives more than 1 MiB: write it to a file "
                         "and name that");
    CHECK(size_of(path) <= 1 << 20);
    erg_spool_close(&spool);
    end_stdin();
}

static void a_file_is_read_where_it_lies_unless_its_mark_is_not_wanted(void)
{
    char name[300];
    erg_error err = { 0 };

    snprintf(name, sizeof(name), "%s/marked", test_folder());
    FILE *out = fopen(name, "w");
    CHECK(out && fputs("\xef\xbb\xbf" "hello", out) >= 0 && fclose(out) == 0);
    for (int marks = 0; marks < 2; marks++) {
        erg_spool spool;
        const char *path = name;
        CHECK_OK(erg_spool_begin(&spool, &path, marks, &err), err);
        CHECK_OK(erg_spool_rest(&spool, 1, &err), err);
        CHECK(marks ? erg_is_spooled(path) && size_of(path) == 5 : path == name);
        erg_spool_close(&spool);
    }
}

static void a_sentence_about_the_copy_names_what_was_given(void)
{
    erg_spool spool;
    erg_error err = { 0 }, why;
    const char *path = "-";

    give_stdin(false, 9);
    CHECK_OK(erg_spool_begin(&spool, &path, false, &err), err);
    erg_fail(&why, ERG_BAD_INPUT, "%s:3: no number", path);
    CHECK(!erg_spool_fail(&spool, &why, &why));
    CHECK_TEXT(why.text, "standard input:3: no number");
    erg_spool_close(&spool);
}

int main(void)
{
    static const test tests[] = {
        TEST(its_head_is_taken_first_and_then_the_rest),
        TEST(more_than_the_limit_is_refused_with_the_cure),
        TEST(a_file_is_read_where_it_lies_unless_its_mark_is_not_wanted),
        TEST(a_sentence_about_the_copy_names_what_was_given),
    };
    return test_run(tests, ERG_COUNT(tests));
}
