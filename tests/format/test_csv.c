/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as it is found: byte order marks, CRLF, torn ends, NUL bytes, open quotes. */
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
        TEST(a_header_names_its_columns_the_first_of_a_name_counts),
    };
    return test_run(tests, ERG_COUNT(tests));
}
