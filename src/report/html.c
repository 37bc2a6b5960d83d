/* SPDX-License-Identifier: Apache-2.0 */
/* One plain page with the tables: no network, no script. */
#include <string.h>
#include "report/writer.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 "
    "1rem}\n"
    ".scroll{overflow-x:auto;margin:1rem 0 2rem}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:600;font-size:1.1rem;padding:.3rem 0}\n"
    "th,td{padding:.3rem .7rem;border-bottom:1px solid #8884;text-align:left;"
    "vertical-align:top;white-space:nowrap}\n"
    ".n{text-align:right}\n.none{opacity:.6}\n"
    "</style>\n";

void erg_html_text(FILE *out, const char *text)
{
    for (const char *at = text ? text : ""; *at; at++)
        switch (*at) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        case '\'': fputs("&#39;", out); break;
        default: fputc(*at, out);
        }
}

static bool is_number(const erg_column *column)
{
    return column->type == ERG_REAL || column->type == ERG_INTEGER;
}

static void put_heads(FILE *out, const erg_table *table)
{
    fputs("<thead><tr>", out);
    for (size_t c = 0; c < erg_table_column_count(table); c++) {
        const erg_column *column = erg_table_column(table, c);
        fprintf(out, "<th scope=\"col\"%s title=\"",
                is_number(column) ? " class=\"n\"" : "");
        erg_html_text(out, column->about);
        fputs("\">", out);
        erg_html_text(out, column->name);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n", out);
}

static void put_row(FILE *out, const erg_table *table, size_t row)
{
    char number[ERG_NUMBER_MOST];
    const char *text;

    fputs("<tr>", out);
    for (size_t c = 0; c < erg_table_column_count(table); c++) {
        bool there = erg_cell_show(table, row, c, number, &text);
        bool right = is_number(erg_table_column(table, c));
        fprintf(out, "<td class=\"%s%s\">", right ? "n" : "t", there ? "" : " none");
        erg_html_text(out, text);
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

void erg_html_table(FILE *out, const erg_table *table)
{
    fputs("<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>", out);
    erg_html_text(out, erg_table_name(table));
    fputs("</caption>\n", out);
    put_heads(out, table);
    fputs("<tbody>\n", out);
    for (size_t r = 0; r < erg_table_row_count(table); r++)
        put_row(out, table, r);
    fputs("</tbody></table></div>\n", out);
}

static void put_turned(FILE *out, const erg_table *table, size_t first, size_t end)
{
    char number[ERG_NUMBER_MOST];
    const char *text;

    fputs("<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>", out);
    erg_html_text(out, erg_table_name(table));
    fputs("</caption>\n<tbody>\n", out);
    for (size_t c = 0; c < erg_table_column_count(table); c++) {
        const erg_column *column = erg_table_column(table, c);
        fputs("<tr><th scope=\"row\" title=\"", out);
        erg_html_text(out, column->about);
        fputs("\">", out);
        erg_html_text(out, column->name);
        fputs("</th>", out);
        for (size_t r = first; r < end; r++) {
            bool there = erg_cell_show(table, r, c, number, &text);
            fprintf(out, "<td class=\"t%s\">", there ? "" : " none");
            erg_html_text(out, text);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

void erg_html_table_turned(FILE *out, const erg_table *table)
{
    enum { ABREAST = 4, WIDE = 12 };
    size_t rows = erg_table_row_count(table);

    if (erg_table_column_count(table) <= WIDE)
        erg_html_table(out, table);
    else
        for (size_t first = 0; first < rows; first += ABREAST)
            put_turned(out, table, first, first + ABREAST < rows ? first + ABREAST : rows);
}

void erg_html_notes(FILE *out, const erg_result *result)
{
    fputs("<ul>\n", out);
    for (size_t i = 0; i < erg_result_note_count(result); i++) {
        fputs("<li>", out);
        erg_html_text(out, erg_result_note_at(result, i));
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static bool html_write(const erg_result *result, const erg_table *only,
                       const erg_write_options *options, FILE *out, erg_error *err)
{
    (void)options;
    (void)err;
    fprintf(out, "%s<title>erg ", head);
    erg_html_text(out, erg_result_name(result));
    fputs("</title>\n</head>\n<body>\n<main>\n<h1>erg ", out);
    erg_html_text(out, erg_result_name(result));
    fputs("</h1>\n", out);

    for (size_t i = 0; i < erg_result_table_count(result); i++)
        if (!only || only == erg_result_table(result, i))
            erg_html_table(out, erg_result_table(result, i));

    if (erg_result_note_count(result)) {
        fputs("<h2>Notes</h2>\n", out);
        erg_html_notes(out, result);
    }
    fputs("</main>\n</body>\n</html>\n", out);
    return true;
}

const erg_writer erg_writer_html = { .name = "html", .write = html_write };
