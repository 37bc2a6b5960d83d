/* SPDX-License-Identifier: Apache-2.0 */
/* How pages of results begin and end, around what each of them draws. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "report/page.h"

/* Whole numbers come back from JSON as integers. */
double erg_page_real(const erg_table *table, size_t row, const char *column)
{
    for (size_t c = 0; table && c < erg_table_column_count(table); c++) {
        const erg_column *at = erg_table_column(table, c);
        if (strcmp(at->name, column) != 0)
            continue;
        erg_cell cell = erg_table_cell(table, row, c);
        return at->type == ERG_REAL ? cell.real
             : at->type == ERG_INTEGER
            && cell.integer != ERG_NONE ? (double)cell.integer : NAN;
    }
    return NAN;
}

const char *erg_page_text(const erg_table *table, size_t row, const char *column)
{
    const char *text = table ? erg_table_find(table, row, column).text : NULL;
    return text ? text : "";
}

void erg_page_tables(FILE *out, const erg_result *result, const erg_table *charted)
{
    enum { FEW = 12 };

    for (size_t i = 0; i < erg_result_table_count(result); i++) {
        const erg_table *table = erg_result_table(result, i);
        size_t rows = erg_table_row_count(table);
        if (table == charted || rows == 0)
            continue;
        if (rows <= FEW)
            erg_html_table_turned(out, table);
        else
            erg_html_table(out, table);
    }
}

void erg_page_folded(FILE *out, const erg_table *table)
{
    fprintf(out, "<details><summary>%s</summary>\n", erg_table_name(table));
    erg_html_table(out, table);
    fputs("</details>\n", out);
}

void erg_page_all_folded(FILE *out, const erg_result *result)
{
    fputs("<section><h2>All figures</h2>\n", out);
    for (size_t i = 0; i < erg_result_table_count(result); i++)
        erg_page_folded(out, erg_result_table(result, i));
    fputs("</section>\n", out);
}

void erg_page_asides(FILE *out, const erg_result *result)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++) {
        fputs("<p class=\"soft\">", out);
        erg_html_text(out, erg_result_note_at(result, i));
        fputs("</p>\n", out);
    }
}

void erg_page_foot(FILE *out)
{
    fputs("<footer>erg " ERG_VERSION ". This page loads nothing from anywhere.</footer>\n"
          "</main>\n</body>\n</html>\n", out);
}

bool erg_page_numbers_begin(erg_page_numbers *numbers, erg_error *err)
{
    numbers->plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!numbers->plain)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    numbers->before = uselocale(numbers->plain);
    return true;
}

bool erg_page_numbers_end(erg_page_numbers *numbers, FILE *out, bool ok, erg_error *err)
{
    uselocale(numbers->before);
    freelocale(numbers->plain);
    if (ok && (fflush(out) != 0 || ferror(out)))
        return erg_fail(err, ERG_IO, "cannot write the page: %s", strerror(errno));
    return ok;
}

size_t erg_page_rows(const erg_table *table)
{
    return table ? erg_table_row_count(table) : 0;
}

static bool has_word(const char *text, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + size, word))
        if ((at == text || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
            return true;
    return false;
}

bool erg_page_is_flagged(const erg_table *table, size_t row, const char *flag)
{
    return has_word(erg_page_text(table, row, "flags"), flag);
}
