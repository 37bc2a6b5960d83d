/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are foreign, newer, cut or damaged. */
#include <sqlite3.h>
#include "stored.h"

static void check_refused(const char *path, erg_code code, const char *word)
{
    erg_error err = { 0 };
    CHECK(erg_trace_load(path, &err) == NULL);
    CHECK(err.code == code);
    if (!strstr(err.text, word) || strchr(err.text, '\n'))
        print_message("%s\n", err.text);
    CHECK(strstr(err.text, word) && !strchr(err.text, '\n'));
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void foreign_files_are_refused_in_one_sentence(void)
{
    const char *folder = test_folder();
    const char *path = path_in(folder, "x.erg");
    check_refused(path, ERG_NOT_FOUND, "x.erg");

    test_write(path, "timestamp,power\n");
    check_refused(path, ERG_BAD_INPUT, "erg import");
    unlink(path);
    run_sql(path, "CREATE TABLE t(x)");
    check_refused(path, ERG_BAD_INPUT, "not a recording of erg");
}

static const char *saved(const char *name)
{
    const char *path = path_in(test_folder(), name);
    erg_trace *trace = build_trace();
    CHECK(erg_trace_save(trace, path, NULL));
    erg_trace_free(trace);
    return path;
}

static void a_newer_file_names_the_cure(void)
{
    const char *path = saved("newer.erg");
    run_sql(path, "PRAGMA user_version=2");
    check_refused(path, ERG_BAD_INPUT, "update erg");
}

static void damaged_tables_are_refused(void)
{
    static const struct { const char *sql, *word; } cases[] = {
        { "DROP TABLE block", "damaged" },
        { "UPDATE block SET data=substr(data,1,20)", "decoded" },
        { "UPDATE block SET channel_id=99", "no channel" },
        { "UPDATE block SET count=3", "decoded" },
        { "UPDATE channel SET kind='spicy'", "unknown word" },
        { "UPDATE channel SET device_id=5", "device" },
        { "UPDATE flag SET code='SUNSPOT'", "unknown code" },
        { "CREATE VIEW v AS SELECT 1", "more than tables" },
        { "UPDATE block SET id=100-id", "damaged.erg" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        const char *path = saved("damaged.erg");
        run_sql(path, cases[i].sql);
        check_refused(path, ERG_BAD_INPUT, cases[i].word);
    }
}

static void a_file_cut_anywhere_never_passes_for_a_whole_one(void)
{
    const char *path = saved("cut.erg");
    size_t size;
    char *bytes = erg_file_read(path, 1 << 24, &size, NULL);

    for (size_t kept = 0; kept < size; kept += size / 37) {
        erg_error err = { 0 };
        CHECK(erg_trace_load_bytes("cut.erg", bytes, kept, &err) == NULL);
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "cut.erg"));
    }
    erg_trace *whole = erg_trace_load_bytes("cut.erg", bytes, size, NULL);
    CHECK(whole && erg_trace_region_count(whole) == 2);
    erg_trace_free(whole);
    free(bytes);
}

static void flipped_bytes_neither_crash_nor_hang(void)
{
    const char *path = saved("flipped.erg");
    test_random random = { 17 };
    size_t size;
    char *bytes = erg_file_read(path, 1 << 24, &size, NULL);

    for (int round = 0; round < 300; round++) {
        size_t at = (size_t)(test_uniform(&random) * (double)size);
        char kept = bytes[at];
        bytes[at] = (char)(256 * test_uniform(&random));
        erg_error err = { 0 };
        erg_trace *trace = erg_trace_load_bytes("flipped.erg", bytes, size, &err);
        CHECK(trace || err.text[0]);
        erg_trace_free(trace);
        bytes[at] = kept;
    }
    free(bytes);
}

int main(void)
{
    static const test tests[] = {
        TEST(foreign_files_are_refused_in_one_sentence),
        TEST(a_newer_file_names_the_cure),
        TEST(damaged_tables_are_refused),
        TEST(a_file_cut_anywhere_never_passes_for_a_whole_one),
        TEST(flipped_bytes_neither_crash_nor_hang),
    };
    return test_run(tests, ERG_COUNT(tests));
}
