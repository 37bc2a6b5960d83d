/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as it is found: byte order marks, CRLF, torn ends, NUL bytes, open quotes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test.h"
#include "format/csv.h"

typedef struct seen { char text[512]; size_t rows, line, nuls; } seen;

static bool note(void *self, const erg_csv_row *row, erg_error *err)
{
    seen *all = self;
    (void)err;
    for (size_t i = 0; i < row->count; i++) {
        size_t used = strlen(all->text);
        snprintf(all->text + used, sizeof(all->text) - used, "[%.*s]",
                 (int)row->fields[i].count, row->fields[i].text);
    }
    all->rows++;
    all->line = row->line;
    all->nuls += row->has_nul;
    return true;
}

static bool read_all(const char *bytes, size_t size, seen *all, bool *torn, erg_error *err)
{
    erg_csv csv = { .name = "t.csv", .row = note, .self = all };
    *all = (seen){ 0 };
    return erg_csv_read(&csv, bytes, size, torn, err);
}

static void marks_line_ends_and_quotes_are_taken_off(void)
{
    static const char text[] = "\xef\xbb\xbf" "a, b\r\n\"1,\"\"5\",2\r\n\r\n3,4\r\n";
    erg_error err = { 0 };
    seen all;
    bool torn;
    CHECK_OK(read_all(text, sizeof(text) - 1, &all, &torn, &err), err);
    CHECK_TEXT(all.text, "[a][b][1,\"5][2][3][4]");
    CHECK(all.line == 4 && !torn);
}

static void a_last_line_without_an_end_is_not_believed(void)
{
    erg_error err = { 0 };
    seen all;
    bool torn;
    CHECK_OK(read_all("a,b\n1,2\n3,4", 11, &all, &torn, &err), err);
    CHECK(torn && all.rows == 2);
}

static void nul_bytes_stay_in_their_row(void)
{
    erg_error err = { 0 };
    seen all;
    bool torn;
    CHECK_OK(read_all("a\n1\0\0,2\n3\n", 10, &all, &torn, &err), err);
    CHECK(all.rows == 3 && all.nuls == 1);
}

static void an_open_quote_names_its_line(void)
{
    erg_error err = { 0 };
    seen all;
    bool torn;
    CHECK(!read_all("a,b\n\"1,2\n3,4\n", 13, &all, &torn, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "t.csv:2:"));
    CHECK(!read_all("\xff\xfe" "a\0", 4, &all, &torn, &err));
    CHECK(strstr(err.text, "UTF-16"));
}

/* Rows of all lengths, so that they lie across the ends of pieces; a mark, CRLF, quotes. */
static char *long_text(size_t size, const char *end)
{
    erg_text text = { 0 };
    test_random random = { 5 };

    erg_text_add(&text, "\xef\xbb\xbf" "n;text;n\r\n");
    for (int i = 0; text.count < size; i++) {
        int length = (int)(3000 * test_uniform(&random) * test_uniform(&random));
        erg_text_add(&text, "%d;\"%*s;\n\"\"\";%d%s", i, length, "x", i,
                     i % 2 ? "\n" : "\r\n");
    }
    erg_text_add(&text, "%s", end);
    return erg_text_take(&text);
}

/* Its path; free() it. */
static char *in_file(const char *name, const char *text)
{
    erg_text path = { 0 };

    erg_text_add(&path, "%s/%s", test_folder(), name);
    test_write(path.data, text);
    return erg_text_take(&path);
}

/* Rows, and a sum over every byte of them. */
typedef struct digest { size_t rows, sum, line; } digest;

static bool add_up(void *self, const erg_csv_row *row, erg_error *err)
{
    digest *all = self;

    (void)err;
    for (size_t i = 0; i < row->count; i++)
        for (size_t k = 0; k < row->fields[i].count; k++)
            all->sum = all->sum * 31 + (unsigned char)row->fields[i].text[k] + i;
    all->rows++;
    all->line += row->line;
    return true;
}

static void a_file_read_by_the_piece_gives_the_rows_of_its_bytes(void)
{
    static const char *const ends[] = { "", "1;2", "1;2;3\n" };

    for (size_t i = 0; i < ERG_COUNT(ends); i++) {
        char *text = long_text(5 << 20, ends[i]), *path = in_file("rows.csv", text);
        digest whole = { 0 }, pieces = { 0 };
        bool torn_whole, torn;
        erg_error err = { 0 };
        erg_csv csv = { .name = path, .row = add_up, .self = &whole };
        CHECK_OK(erg_csv_read(&csv, text, strlen(text), &torn_whole, &err), err);
        csv.self = &pieces;
        CHECK_OK(erg_csv_read_file(&csv, path, &torn, &err), err);
        CHECK(whole.rows > 1000 && whole.rows == pieces.rows && whole.sum == pieces.sum
              && whole.line == pieces.line && torn == torn_whole && torn == (i == 1));
        free(text);
        free(path);
    }
}

static void a_file_without_rows_is_refused_by_the_piece_too(void)
{
    char *line = malloc(3 << 20);
    erg_error err = { 0 };
    digest all = { 0 };
    erg_csv csv = { .row = add_up, .self = &all };

    memset(line, 'x', (3 << 20) - 1);
    line[(3 << 20) - 1] = '\0';
    char *path = in_file("line.csv", line), *wide = in_file("wide.csv", "\xff\xfe" "a");
    csv.name = path;
    CHECK(!erg_csv_read_file(&csv, path, NULL, &err) && strstr(err.text, "longer"));
    csv.name = wide;
    CHECK(!erg_csv_read_file(&csv, wide, NULL, &err) && strstr(err.text, "UTF-16"));
    CHECK(!erg_csv_read_file(&csv, "/nowhere/at.csv", NULL, &err) && err.code == ERG_IO);
    free(line);
    free(path);
    free(wide);
}

static void a_header_names_its_columns_the_first_of_a_name_counts(void)
{
    const erg_field fields[] = { { "time", 4 }, { " power ", 7 }, { "time", 4 } };
    const erg_csv_row header = { .fields = fields, .count = 3, .line = 1 };

    CHECK(erg_csv_column(&header, "time") == 0);
    CHECK(erg_csv_column(&header, "power") == 1);
    CHECK(erg_csv_column(&header, "tim") == -1);
    CHECK(erg_csv_column(&(erg_csv_row){ 0 }, "time") == -1);
}

int main(void)
{
    static const test tests[] = {
        TEST(marks_line_ends_and_quotes_are_taken_off),
        TEST(a_last_line_without_an_end_is_not_believed),
        TEST(nul_bytes_stay_in_their_row),
        TEST(an_open_quote_names_its_line),
        TEST(a_file_read_by_the_piece_gives_the_rows_of_its_bytes),
        TEST(a_file_without_rows_is_refused_by_the_piece_too),
        TEST(a_header_names_its_columns_the_first_of_a_name_counts),
    };
    return test_run(tests, ERG_COUNT(tests));
}
