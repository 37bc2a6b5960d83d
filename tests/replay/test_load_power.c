/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of power beside timings, and files that are larger than is held. */
#include <unistd.h>
#include "replay/files.h"
#include "replay/load.h"
#include "replay/plan_read.h"
#include "test.h"

static const char whole_text[] = "{\"full_model_inference_us\": 1000, \"num_runs\": 1000,"
                                 " \"start_timestamp\": \"2026-03-01T10:00:02Z\", "
                                 "\"end_timestamp\": \"2026-03-01T10:00:03Z\"}";

static char folder[64];

static void begin(void) { snprintf(folder, sizeof(folder), "%s", test_folder()); }

static const char *place(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* 10 Hz for 6 s. */
static void put_log(const char *name)
{
    erg_text text = { 0 };

    erg_text_add(&text, "timestamp,gpu,power_w\n");
    for (int i = 0; i < 60; i++)
        erg_text_add(&text, "2026-03-01 10:00:%02d.%d00,0,%d\n", i / 10, i % 10,
                     i >= 20 && i < 30 ? 150 : 50);
    test_write(place(name), text.data);
    erg_text_free(&text);
}

static erg_replay *load(erg_error *err)
{
    return erg_replay_load(&(erg_replay_source){ .folder = folder, .tz = "UTC" },
                           err);
}

static bool is_noted(const erg_replay *replay, const char *words)
{
    for (size_t i = 0; i < replay->note_count; i++)
        if (strstr(replay->notes[i], words))
            return true;
    return false;
}

/* Of two only one is read: whoever names both is told how both can be. */
static void a_second_log_that_is_named_is_refused(void)
{
    char gpu[256], wall[256];
    const char *const files[] = { gpu, wall };
    erg_error err = { 0 };

    begin();
    put_log("gpu.csv");
    put_log("wall.csv");
    snprintf(gpu, sizeof(gpu), "%s", place("gpu.csv"));
    snprintf(wall, sizeof(wall), "%s", place("wall.csv"));
    CHECK(!erg_replay_load(&(erg_replay_source){ .files = files, .file_count = 2 }, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "wall.csv is a second log of power"));
    CHECK(strstr(err.text, "erg import"));
}

static void of_the_logs_of_a_folder_a_note_says_which_is_read(void)
{
    erg_error err = { 0 };

    begin();
    test_write(place("full_model_timing.json"), whole_text);
    put_log("a.csv");
    erg_replay *replay = load(&err);
    CHECK_OK(replay != NULL, err);
    CHECK(replay->note_count == 0);
    erg_replay_free(replay);
    put_log("b.csv");
    replay = load(&err);
    CHECK_OK(replay != NULL, err);
    CHECK(is_noted(replay, "Of 2 logs of power a.csv is read, which saw the run"));
    erg_replay_free(replay);
}

/* A logger that names its columns in a way nobody knows, or that never began. */
static void a_csv_that_is_passed_over_is_named(void)
{
    static const struct { const char *text, *said; } rows[] = {
        { "when,how much\n1,2\n", "log.csv is passed over: it is neither a log of power" },
        { "", "log.csv is empty" },
        { "device,category,kernel_name,count\n0,k,gemm,3\n", NULL },
    };

    begin();
    test_write(place("full_model_timing.json"), whole_text);
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        size_t failed;

        test_write(place("log.csv"), rows[i].text);
        erg_replay *replay = load(&err);
        CHECK_OK(replay != NULL, err);
        CHECK(rows[i].said ? is_noted(replay, rows[i].said) : replay->note_count == 0);
        erg_result *result = erg_replay_audit(replay, NULL, &failed, &err);
        CHECK_OK(result != NULL, err);
        bool is_told = false;
        for (size_t n = 0; rows[i].said && n < erg_result_note_count(result); n++)
            is_told |= strstr(erg_result_note_at(result, n), rows[i].said) != NULL;
        CHECK(is_told == (rows[i].said != NULL));
        erg_result_free(result);
        erg_replay_free(replay);
    }
}

/* A sparse file costs no disk: what is held whole has a bound, and says it. */
static void a_report_that_memory_should_not_hold_is_refused(void)
{
    erg_error err = { 0 };

    begin();
    test_write(place("isolated_kernels_timing.json"), "{\"kernels\": [");
    CHECK(truncate(place("isolated_kernels_timing.json"), ERG_REPLAY_JSON_MOST + 1L) == 0);
    CHECK(!load(&err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "is larger than 64 MiB"));
}

/* And what is read by the line has none: it is known by its first bytes. */
static void lists_of_any_size_are_known_by_their_first_bytes(void)
{
    static const struct { const char *text; bool streams; } rows[] = {
        { "{\"name\": \"k\", \"signature\": {\"grid\": [1, 1, 1]}, \"count\": 1}\n", true },
        { "{\"traceEvents\": [{\"ph\": \"X\", \"ts\": 1, \"dur\": 2, \"name\": \"k\"}]}",
          true },
        { "device,category,kernel_name,count\n0,k,gemm,3\n", true },
        { "{\"summary\": {}, \"kernels\": [{\"name\": \"k\", \"signature\": {}}]}", false },
        { "{\"full_model_inference_us\": 1000}", false },
        { "", false },
    };

    begin();
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        test_write(place("list"), rows[i].text);
        CHECK(erg_plan_is_streamed(place("list")) == rows[i].streams);
    }
    CHECK(!erg_plan_is_streamed(place("nothing")));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_second_log_that_is_named_is_refused),
        TEST(of_the_logs_of_a_folder_a_note_says_which_is_read),
        TEST(a_csv_that_is_passed_over_is_named),
        TEST(a_report_that_memory_should_not_hold_is_refused),
        TEST(lists_of_any_size_are_known_by_their_first_bytes),
    };
    return test_run(tests, ERG_COUNT(tests));
}
