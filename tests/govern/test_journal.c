/* SPDX-License-Identifier: Apache-2.0 */
/* A journal as a file, and the thread that writes it while a disk stands still. */
#include <fcntl.h>
#include <pthread.h>
#include "base/base.h"
#include "govern/journal.h"
#include "govern/journal_writer.h"
#include "test.h"

static void a_journal_grows_no_longer_than_allowed_and_is_read_again(void)
{
    char path[ERG_PATH_MOST], old[ERG_PATH_MOST + 4];
    erg_error err = { 0 };
    size_t count;
    snprintf(path, sizeof(path), "%s/journal", test_folder());
    snprintf(old, sizeof(old), "%s.1", path);
    erg_journal *journal = erg_journal_open(path, 4096, &err);
    CHECK_OK(journal, err);
    for (int i = 0; i < 100; i++) {
        erg_journal_entry entry = { .t_ns = i, .utc_ns = 1, .old_w = NAN, .requested_w = i,
                                    .clamped_w = i, .enforced_w = NAN };
        snprintf(entry.who, sizeof(entry.who), "\"\\\n");
        CHECK_OK(erg_journal_add(journal, &entry, &err) && erg_journal_sync(journal, &err),
                 err);
    }
    erg_journal_free(journal);
    free(erg_file_read(path, 4096, &count, &err));
    CHECK_OK(count > 0 && err.code == ERG_OK, err);
    CHECK(access(old, F_OK) == 0);

    FILE *file = fopen(path, "a");
    CHECK(file && fputs("{\"t_ns\": 7, torn", file) >= 0 && fclose(file) == 0);
    journal = erg_journal_open(path, 1e6, &err);
    CHECK_OK(journal, err);
    const erg_journal_entry *last = erg_journal_at(journal, erg_journal_count(journal) - 1);
    CHECK(last->t_ns == 99 && last->requested_w == 99 && isnan(last->enforced_w));
    CHECK_TEXT(last->who, "\"\\\n");
    erg_journal_free(journal);
}

static erg_journal_entry entry_at(int64_t t_ns)
{
    return (erg_journal_entry){ .t_ns = t_ns, .utc_ns = 1, .old_w = NAN,
                                .requested_w = (double)t_ns, .clamped_w = NAN,
                                .enforced_w = NAN };
}

static void a_journal_that_a_thread_writes_is_whole_once_it_is_freed(void)
{
    char path[ERG_PATH_MOST];
    erg_error err = { 0 };
    snprintf(path, sizeof(path), "%s/apart", test_folder());
    erg_journal *journal = erg_journal_open(path, 1e6, &err);
    CHECK_OK(journal && erg_journal_write_apart(journal, &err), err);
    CHECK_OK(erg_journal_write_apart(journal, &err), err);      /* it is already */
    for (int64_t i = 0; i < 1000; i++) {
        erg_journal_entry entry = entry_at(i);
        CHECK_OK(erg_journal_add(journal, &entry, &err) && erg_journal_sync(journal, &err),
                 err);
    }
    erg_journal_free(journal);

    FILE *file = fopen(path, "r");
    char line[2 * ERG_JOURNAL_LINE];
    int64_t count = 0;
    erg_journal_entry read;
    for (; file && fgets(line, sizeof(line), file); count++)
        CHECK(erg_journal_parse(line, strlen(line), &read) && read.t_ns == count);
    CHECK(file && fclose(file) == 0 && count == 1000);
}

/* ---- a disk that stands still: a pipe that nobody reads ---------------------------- */

enum { LINES_MOST = 3 << 14, LINE = 64 };     /* 3 MiB: one is held, one under way */

typedef struct slow {
    int ends[2];
    erg_journal_file file;
    erg_journal_writer *writer;
} slow;

static void begin(slow *is)
{
    erg_error err = { 0 };
    CHECK(pipe(is->ends) == 0);
    is->file = (erg_journal_file){ .fd = is->ends[1], .most_bytes = INFINITY };
    is->writer = erg_journal_writer_start(&is->file, &err);
    CHECK_OK(is->writer, err);
}

static void take(slow *is, int number)
{
    char line[LINE + 1];
    snprintf(line, sizeof(line), "%0*d\n", LINE - 1, number);
    erg_journal_writer_take(is->writer, line, LINE);
}

static void *drain(void *self)
{
    slow *is = self;
    static char bytes[LINES_MOST * LINE];
    size_t count = 0;
    for (ssize_t got; (got = read(is->ends[0], bytes + count, sizeof(bytes) - count)) > 0;)
        count += (size_t)got;
    return fmemopen(bytes, count, "r");
}

static int count_lines(FILE *file)
{
    char line[2 * LINE];
    int count = 0, last = -1;
    for (; fgets(line, sizeof(line), file); count++) {
        CHECK(strlen(line) == LINE && atoi(line) > last);
        last = atoi(line);
    }
    return count;
}

static void a_disk_that_stands_still_holds_nobody_up_and_loses_only_what_is_too_much(void)
{
    slow is;
    erg_error err = { 0 };
    pthread_t reader;
    void *file = NULL;
    begin(&is);
    for (int i = 0; i < LINES_MOST; i++)
        take(&is, i);
    CHECK(!erg_journal_writer_ask(is.writer, &err) && strstr(err.text, "lines are lost"));
    int lost = atoi(strstr(err.text, ": ") + 2);
    CHECK(lost > LINES_MOST / 4 && lost < LINES_MOST);

    CHECK(pthread_create(&reader, NULL, drain, &is) == 0);
    erg_journal_writer_end(is.writer);
    erg_journal_file_close(&is.file);
    CHECK(pthread_join(reader, &file) == 0 && file);
    CHECK(count_lines(file) == LINES_MOST - lost);
    fclose(file);
    close(is.ends[0]);
}

static void a_full_disk_is_told_once_by_who_asks(void)
{
    slow is = { .file = { .fd = open("/dev/full", O_WRONLY), .most_bytes = INFINITY } };
    erg_error err = { 0 };
    bool is_good = true;
    CHECK(is.file.fd >= 0);
    is.writer = erg_journal_writer_start(&is.file, &err);
    CHECK_OK(is.writer, err);
    take(&is, 0);
    for (int i = 0; i < 10000 && is_good; i++) {
        is_good = erg_journal_writer_ask(is.writer, &err);
        usleep(1000);
    }
    CHECK(!is_good && strstr(err.text, "No space left"));
    CHECK(erg_journal_writer_ask(is.writer, &err));
    erg_journal_writer_end(is.writer);
    erg_journal_file_close(&is.file);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_journal_grows_no_longer_than_allowed_and_is_read_again),
        TEST(a_journal_that_a_thread_writes_is_whole_once_it_is_freed),
        TEST(a_disk_that_stands_still_holds_nobody_up_and_loses_only_what_is_too_much),
        TEST(a_full_disk_is_told_once_by_who_asks),
    };
    return test_run(tests, ERG_COUNT(tests));
}
