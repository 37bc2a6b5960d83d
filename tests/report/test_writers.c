/* SPDX-License-Identifier: Apache-2.0 */
/* One result in every format, read back by an independent reader. */
#include <csv.h>
#include <jansson.h>
#include <locale.h>
#include "erg/report.h"
#include "test.h"

static const erg_column columns[] = {
    { "region", ERG_TEXT, "a stretch of the run" },
    { "count", ERG_INTEGER, "how many" },
    { "energy_j", ERG_REAL, "joules" },
    { "source", ERG_TEXT, "where it comes from" },
    { "quality", ERG_TEXT, "how good it is" },
    { "shared", ERG_TRUTH, "others are in it" },
};

static const erg_column one_row[] = {
    { "command", ERG_TEXT, "" },   { "exit_status", ERG_INTEGER, "" },
    { "energy_j", ERG_REAL, "" },  { "net_energy_j", ERG_REAL, "" },
    { "mean_w", ERG_REAL, "" },    { "quality", ERG_TEXT, "" },
    { "source", ERG_TEXT, "" },
};

static void add_row(erg_table *table, const char *region, double energy_j)
{
    erg_error err = { 0 };
    CHECK_OK(erg_table_row(table, &err), err);
    CHECK_OK(erg_table_text(table, "region", region, &err), err);
    CHECK_OK(erg_table_real(table, "energy_j", energy_j, &err), err);
    CHECK_OK(erg_table_text(table, "source", "nvml:0/energy", &err), err);
    CHECK_OK(erg_table_text(table, "quality", "simulated", &err), err);
}

static erg_result *example(void)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_new("run", &err);
    erg_table *summary = erg_result_add(result, "summary", one_row,
                                        ERG_COUNT(one_row), &err);
    CHECK_OK(erg_table_row(summary, &err), err);
    CHECK_OK(erg_table_text(summary, "command", "python3 \"infer\".py, twice", &err), err);
    CHECK_OK(erg_table_integer(summary, "exit_status", 0, &err), err);
    CHECK_OK(erg_table_real(summary, "energy_j", 2424.561478937, &err), err);
    CHECK_OK(erg_table_real(summary, "mean_w", 200.5, &err), err);
    CHECK_OK(erg_table_text(summary, "quality", "fair", &err), err);
    CHECK_OK(erg_table_text(summary, "source", "rapl:0", &err), err);

    erg_table *regions = erg_result_add(result, "regions", columns,
                                        ERG_COUNT(columns), &err);
    add_row(regions, "pr\xc3\xa9" "fill", 0.1 + 0.2);
    CHECK_OK(erg_table_integer(regions, "count", 20, &err), err);
    CHECK_OK(erg_table_truth(regions, "shared", false, &err), err);
    add_row(regions, "<de\"code>\x1b[2J\xff", NAN);
    CHECK_OK(erg_result_note(result, &err,
                             "simulated: nothing was measured & all is made up"), err);
    return result;
}

/* free() what comes back. */
static char *write_as(const char *format, const erg_write_options *options)
{
    erg_error err = { 0 };
    erg_result *result = example();
    char *bytes = NULL;
    size_t count = 0;
    FILE *out = open_memstream(&bytes, &count);
    CHECK_OK(erg_write(result, format, options, out, &err), err);
    fclose(out);
    erg_result_free(result);
    return bytes;
}

static json_t *row_of(json_t *root, const char *table, size_t row)
{
    return json_array_get(json_object_get(json_object_get(root, "tables"), table), row);
}

static void json_reads_back_as_the_same_numbers_and_null(void)
{
    char *bytes = write_as("json", NULL);
    json_t *root = json_loads(bytes, 0, NULL);
    CHECK(root);
    CHECK_TEXT(json_string_value(json_object_get(root, "erg")), "run");
    CHECK(json_integer_value(json_object_get(root, "format")) == 1);
    json_t *first = row_of(root, "regions", 0), *second = row_of(root, "regions", 1);
    CHECK(json_real_value(json_object_get(first, "energy_j")) == 0.1 + 0.2);
    CHECK(json_integer_value(json_object_get(first, "count")) == 20);
    CHECK(json_is_false(json_object_get(first, "shared")));
    CHECK(json_is_null(json_object_get(second, "energy_j")));
    CHECK(json_is_null(json_object_get(second, "shared")));
    CHECK(json_object_size(second) == ERG_COUNT(columns));
    CHECK_TEXT(json_string_value(json_object_get(second, "quality")), "simulated");
    CHECK(json_array_size(json_object_get(root, "notes")) == 1);
    json_decref(root);
    free(bytes);
}

static void json_with_a_table_named_holds_only_that(void)
{
    char *bytes = write_as("json", &(erg_write_options){ .table = "regions" });
    json_t *root = json_loads(bytes, 0, NULL);
    CHECK(root && json_object_size(json_object_get(root, "tables")) == 1);
    CHECK(row_of(root, "regions", 0));
    json_decref(root);
    free(bytes);
}

typedef struct csv_seen { char cells[64][80]; size_t count, rows; } csv_seen;

static void seen_cell(void *bytes, size_t count, void *data)
{
    csv_seen *seen = data;
    CHECK(count < sizeof(seen->cells[0]) && seen->count < ERG_COUNT(seen->cells));
    memcpy(seen->cells[seen->count], bytes, count);
    seen->cells[seen->count++][count] = '\0';
}

static void seen_row(int end, void *data)
{
    (void)end;
    ((csv_seen *)data)->rows++;
}

static void read_csv(const char *bytes, csv_seen *seen)
{
    struct csv_parser parser;
    CHECK(csv_init(&parser, CSV_STRICT) == 0);
    CHECK(csv_parse(&parser, bytes, strlen(bytes), seen_cell, seen_row, seen)
          == strlen(bytes));
    csv_fini(&parser, seen_cell, seen_row, seen);
    csv_free(&parser);
}

static void csv_is_the_first_table_with_quotes_where_needed(void)
{
    char *bytes = write_as("csv", NULL);
    csv_seen seen = { 0 };
    read_csv(bytes, &seen);
    CHECK(seen.rows == 2 && seen.count == 2 * ERG_COUNT(one_row));
    CHECK_TEXT(seen.cells[0], "command");
    CHECK_TEXT(seen.cells[7], "python3 \"infer\".py, twice");
    CHECK(strtod(seen.cells[9], NULL) == 2424.561478937);
    CHECK_TEXT(seen.cells[10], "");
    free(bytes);
}

static void csv_of_a_named_table_round_trips(void)
{
    char *bytes = write_as("csv", &(erg_write_options){ .table = "regions" });
    csv_seen seen = { 0 };
    read_csv(bytes, &seen);
    CHECK(seen.rows == 3);
    CHECK_TEXT(seen.cells[6], "pr\xc3\xa9" "fill");
    CHECK(strtod(seen.cells[8], NULL) == 0.1 + 0.2);
    CHECK_TEXT(seen.cells[13], "");
    free(bytes);
}

static void text_shows_na_and_no_escape_code_of_the_data(void)
{
    char *bytes = write_as("text", NULL);
    CHECK(strstr(bytes, "n/a"));
    CHECK(strstr(bytes, "2424.6"));
    CHECK(strstr(bytes, "simulated"));
    CHECK(strstr(bytes, "nothing was measured"));
    CHECK(!strchr(bytes, '\x1b'));
    free(bytes);
    bytes = write_as("text", &(erg_write_options){ .color = true });
    CHECK(strstr(bytes, "\x1b[35msimulated\x1b[0m"));
    CHECK(!strstr(bytes, "\x1b[2J"));
    free(bytes);
}

static size_t widest_line(const char *bytes)
{
    size_t widest = 0, now = 0;
    for (; *bytes; bytes++) {
        now = *bytes == '\n' ? 0 : now + (((unsigned char)*bytes & 0xc0) != 0x80);
        widest = now > widest ? now : widest;
    }
    return widest;
}

static void text_keeps_to_the_width_and_leaves_nothing_out(void)
{
    char *bytes = write_as("text", &(erg_write_options){ .width = 50 });
    CHECK(widest_line(bytes) <= 50);
    for (size_t i = 0; i < ERG_COUNT(columns); i++)
        CHECK(strstr(bytes, columns[i].name));
    CHECK(strstr(bytes, "nvml:0/energy"));
    free(bytes);
}

static void one_row_that_fits_is_a_table(void)
{
    char *bytes = write_as("text", &(erg_write_options){ .table = "summary" });
    CHECK(strstr(bytes, "command") && strstr(strstr(bytes, "command"), "energy_j"));
    CHECK(strchr(strstr(bytes, "command"), '\n') > strstr(bytes, "energy_j"));
    CHECK(strstr(bytes, "\n  (n/a: net_energy_j)\n"));
    free(bytes);
}

static void one_wide_row_is_lines_of_name_and_value(void)
{
    char *bytes = write_as("text", &(erg_write_options){ .table = "summary", .width = 40 });
    CHECK(strstr(bytes, "\n  energy_j     2424.6\n"));
    CHECK(strstr(bytes, "\n  (n/a: net_energy_j)\n"));
    free(bytes);
}

static void columns_without_a_value_are_named_once(void)
{
    static const erg_column made[] = {
        { "x", ERG_REAL, "" }, { "never", ERG_REAL, "" }, { "once", ERG_INTEGER, "" },
    };
    erg_error err = { 0 };
    char *bytes = NULL;
    size_t count = 0;
    FILE *out = open_memstream(&bytes, &count);
    erg_result *result = erg_result_new("made", &err);
    erg_table *table = erg_result_add(result, "made", made, ERG_COUNT(made), &err);

    for (int i = 0; i < 2; i++)
        CHECK_OK(erg_table_row(table, &err), err);
    CHECK_OK(erg_table_integer(table, "once", 7, &err), err);
    CHECK_OK(erg_write(result, "text", NULL, out, &err), err);
    fclose(out);
    CHECK_TEXT(bytes, "made\n    x  once\n  n/a   n/a\n  n/a     7\n  (n/a: never)\n");
    erg_result_free(result);
    free(bytes);
}

static void html_escapes_what_it_shows(void)
{
    char *bytes = write_as("html", NULL);
    CHECK(strstr(bytes, "<!doctype html>") == bytes);
    CHECK(strstr(bytes, "default-src 'none'"));
    CHECK(strstr(bytes, "&lt;de&quot;code&gt;"));
    CHECK(!strstr(bytes, "<de"));
    CHECK(strstr(bytes, "made up") && strstr(bytes, "&amp;"));
    CHECK(strstr(bytes, "n/a") && strstr(bytes, "simulated"));
    free(bytes);
}

static void a_comma_locale_changes_no_number(void)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8" };
    bool set = false;
    for (size_t i = 0; i < ERG_COUNT(names) && !set; i++)
        set = setlocale(LC_ALL, names[i]) != NULL;
    if (!set)
        SKIP("no locale with a decimal comma is installed");
    char *csv = write_as("csv", NULL), *text = write_as("text", NULL);
    setlocale(LC_ALL, "C");
    CHECK(strstr(csv, "2424.561478937") && strstr(text, "2424.6"));
    free(csv);
    free(text);
}

static void an_unknown_format_or_table_names_what_there_is(void)
{
    erg_error err = { 0 };
    erg_result *result = example();
    CHECK(!erg_write(result, "xml", NULL, stderr, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "json"));
    CHECK(!erg_write(result, "json", &(erg_write_options){ .table = "x" }, stderr, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "summary, regions"));
    erg_result_free(result);
}

static void a_full_disk_is_an_error(void)
{
    erg_error err = { 0 };
    erg_result *result = example();
    FILE *full = fopen("/dev/full", "w");
    CHECK(full);
    CHECK(!erg_write(result, "text", NULL, full, &err));
    CHECK(err.code == ERG_IO);
    fclose(full);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(json_reads_back_as_the_same_numbers_and_null),
        TEST(json_with_a_table_named_holds_only_that),
        TEST(csv_is_the_first_table_with_quotes_where_needed),
        TEST(csv_of_a_named_table_round_trips),
        TEST(text_shows_na_and_no_escape_code_of_the_data),
        TEST(text_keeps_to_the_width_and_leaves_nothing_out),
        TEST(one_row_that_fits_is_a_table),
        TEST(one_wide_row_is_lines_of_name_and_value),
        TEST(columns_without_a_value_are_named_once),
        TEST(html_escapes_what_it_shows),
        TEST(a_comma_locale_changes_no_number),
        TEST(an_unknown_format_or_table_names_what_there_is),
        TEST(a_full_disk_is_an_error),
    };
    return test_run(tests, ERG_COUNT(tests));
}
