/* SPDX-License-Identifier: Apache-2.0 */
/* What a logger was told, beside its log: read for the sheet, believed for nothing. */
#include "erg/sheet.h"
#include "couple/made_session.h"

static const char told[] =
    "{\"session_start\": \"2025-10-28T19:54:12\", \"model_name\": \"resnet18\","
    " \"training_mode\": \"fp16\", \"ambient_temp_guess\": 21.5, \"notes\": \"two\\n"
    "lines\", \"monitoring\": {\"sample_hz\": 0.001}, \"summary\": {\"max_temp\": NaN}}";

/* Logs in a folder of their own, with text beside them as name. */
static erg_result *sheet_beside(const char *name, const char *text)
{
    erg_error err = { 0 };
    char folder[ERG_PATH_MOST], log[ERG_PATH_MOST + 32], steps[ERG_PATH_MOST + 32];

    erg_session_free(made_session(&(made_one){ .seed = 3 }));
    snprintf(folder, sizeof(folder), "%s", made_folder);
    snprintf(log, sizeof(log), "%s/rle_data_1.csv", folder);
    snprintf(steps, sizeof(steps), "%s/training_log_1.json", folder);
    FILE *beside = begin_file(folder, name);
    CHECK(fputs(text, beside) >= 0 && fclose(beside) == 0);
    erg_session *session = erg_session_join(log, steps, NULL, &err);
    CHECK_OK(session != NULL, err);
    erg_result *result = erg_result_new("couple", &err);
    const erg_data_sheet_input input = {
        .monitor = erg_session_monitor(session), .training = erg_session_training(session),
        .facts = erg_session_facts_of(session), .name = erg_session_name(session),
    };
    CHECK_OK(erg_data_sheet_add(result, &input, &err), err);
    erg_session_free(session);
    return result;
}

static size_t row_of(const erg_table *sheet, const char *name)
{
    size_t i = 0;

    while (i < erg_table_row_count(sheet)
           && strcmp(erg_table_find(sheet, i, "name").text, name) != 0)
        i++;
    return i;
}

static const char *note_of(const erg_table *sheet, const char *name)
{
    const char *note = erg_table_find(sheet, row_of(sheet, name), "note").text;
    return note ? note : "";
}

static void what_a_logger_was_told_stands_on_the_sheet(void)
{
    static const char *const names[] = { "rle_data_1_metadata.json",
                                         "rle_data_1.csv_metadata.json" };
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        erg_result *result = sheet_beside(names[i], told);
        const erg_table *sheet = erg_result_find(result, "sheet");
        CHECK_TEXT(note_of(sheet, "model"), "resnet18");
        CHECK_TEXT(note_of(sheet, "mode"), "fp16");
        CHECK_TEXT(note_of(sheet, "notes"), "two lines");
        CHECK_NEAR(erg_table_find(sheet, row_of(sheet, "sample rate"), "value").real,
                   1, 1e-12);
        CHECK(strstr(note_of(sheet, "sample rate"), "a thousandth"));
        erg_result_free(result);
    }
}

static void a_guessed_room_is_never_the_ambient(void)
{
    erg_result *result = sheet_beside("rle_data_1_metadata.json", told);
    const erg_table *sheet = erg_result_find(result, "sheet");

    CHECK(isnan(erg_table_find(sheet, row_of(sheet, "ambient"), "value").real));
    CHECK(strstr(note_of(sheet, "ambient"), "NO_AMBIENT"));
    CHECK_NEAR(erg_table_find(sheet, row_of(sheet, "ambient guess"), "value").real,
               21.5, 1e-9);
    CHECK(strstr(note_of(sheet, "ambient guess"), "nobody measured it"));
    erg_result_free(result);
}

static void a_torn_sidecar_is_named_and_stops_nothing(void)
{
    static const char *const torn[] = { "{\"model_name\": \"res", "[1, 2]", "" };
    for (size_t i = 0; i < ERG_COUNT(torn); i++) {
        erg_result *result = sheet_beside("rle_data_1_metadata.json", torn[i]);
        const erg_table *sheet = erg_result_find(result, "sheet");
        CHECK(strstr(note_of(sheet, "sidecar"), "rle_data_1_metadata.json"));
        CHECK(row_of(sheet, "mode") == erg_table_row_count(sheet));
        erg_result_free(result);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(what_a_logger_was_told_stands_on_the_sheet),
        TEST(a_guessed_room_is_never_the_ambient),
        TEST(a_torn_sidecar_is_named_and_stops_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
