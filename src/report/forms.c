/* SPDX-License-Identifier: Apache-2.0 */
/* The shared forms of numbers, cells and texts. */
#include <math.h>
#include <stdlib.h>
#include "report/writer.h"

void erg_number_short(double value, char to[ERG_NUMBER_MOST])
{
    double size = fabs(value);
    if (size >= 99999.5 && size < 1e15)
        snprintf(to, ERG_NUMBER_MOST, "%.0f", value);
    else
        snprintf(to, ERG_NUMBER_MOST, "%.5g", value);
}

void erg_number_exact(double value, char to[ERG_NUMBER_MOST])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(to, ERG_NUMBER_MOST, "%.*g", digits, value);
        if (strtod(to, NULL) == value)
            return;
    }
}

bool erg_cell_is_missing(erg_type type, const erg_cell *cell)
{
    switch (type) {
    case ERG_TEXT:    return !cell->text;
    case ERG_REAL:    return !isfinite(cell->real);
    case ERG_INTEGER:
    case ERG_TRUTH:   return cell->integer == ERG_NONE;
    }
    return true;
}

bool erg_cell_show(const erg_table *table, size_t row, size_t column,
                   char to[ERG_NUMBER_MOST], const char **text)
{
    erg_type type = erg_table_column(table, column)->type;
    erg_cell cell = erg_table_cell(table, row, column);

    *text = to;
    if (erg_cell_is_missing(type, &cell)) {
        *text = "n/a";
        return false;
    }
    switch (type) {
    case ERG_TEXT:    *text = cell.text; break;
    case ERG_REAL:    erg_number_short(cell.real, to); break;
    case ERG_INTEGER: snprintf(to, ERG_NUMBER_MOST, "%lld", (long long)cell.integer); break;
    case ERG_TRUTH:   *text = cell.integer ? "yes" : "no"; break;
    }
    return true;
}

/* Bytes of the valid UTF-8 character at text, 0 if there is none (RFC 3629). */
static size_t letter_bytes(const unsigned char *text)
{
    size_t count = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                 : text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < count; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong =
        (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool outside =
        (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf4 && text[1] > 0x8f);
    return overlong || outside ? 0 : count;
}

static bool is_control(const unsigned char *text, size_t bytes)
{
    return (bytes == 1 && (text[0] < 0x20 || text[0] == 0x7f))
        || (bytes == 2 && text[0] == 0xc2 && text[1] < 0xa0);
}

char *erg_text_clean(const char *text, bool keep_lines, erg_error *err)
{
    erg_text clean = { 0 };
    const unsigned char *at = (const unsigned char *)text;

    while (*at) {
        size_t bytes = letter_bytes(at);
        bool line = *at == '\n' || *at == '\t';
        if (bytes == 0)
            erg_text_add_bytes(&clean, "\xef\xbf\xbd", 3);
        else if (line && !keep_lines)
            erg_text_add_bytes(&clean, " ", 1);
        else if (!line && is_control(at, bytes))
            erg_text_add_bytes(&clean, "?", 1);
        else
            erg_text_add_bytes(&clean, (const char *)at, bytes);
        at += bytes ? bytes : 1;
    }
    char *copy = erg_text_take(&clean);
    if (!copy)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return copy;
}
