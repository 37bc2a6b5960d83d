/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for a terminal: aligned columns, numbers to the right.
 *
 * A single row that is too wide for one line is printed as "name  value" lines. A
 * table wider than the terminal is cut into bands of columns, each beginning with
 * the first column again; a long text column at the end of a band is wrapped. Columns
 * without any value are named in a line below instead of filling the screen with n/a.
 * A table may have a million rows: cells are made once to be measured and once to be put,
 * and none is kept.
 */
#include <stdlib.h>
#include <string.h>
#include "report/writer.h"

enum { GAP = 2, WRAP_LEAST = 24, LINES_BELOW = 5, LINES_ABOVE = 12, WIDTH_LEAST = 40 };

typedef struct cell_grid {
    const erg_table *table;
    size_t *at;             /* the table's number of each column that is shown */
    size_t *widths;
    size_t rows, columns;   /* row 0 is the heads, and not counted */
    size_t keys;            /* first columns that every band repeats */
} cell_grid;

typedef struct page_sheet {
    FILE *out;
    const erg_write_options *options;
    size_t width;           /* SIZE_MAX: unlimited */
    erg_error *why;         /* what failed on the way, if anything did */
} page_sheet;

typedef struct paint { const char *column, *value, *code; } paint;

/* Words that must not be overlooked. */
static const paint paints[] = {
    { "quality", "good", "32" },       { "quality", "fair", "32" },
    { "quality", "too_short", "33" },  { "quality", "partial", "33" },
    { "quality", "aliased", "33" },    { "quality", "shared", "33" },
    { "quality", "no_data", "31" },    { "quality", "modelled", "35" },
    { "quality", "simulated", "35" },  { "method", "model", "35" },
    { "method", "simulated", "35" },   { "state", "present", "32" },
    { "state", "absent", "2" },        { "state", "denied", "33" },
    { "state", "broken", "31" },
};

static size_t letters(const char *text, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static const char *paint_of(const page_sheet *sheet, const char *column, const char *value)
{
    for (size_t i = 0; sheet->options->color && i < ERG_COUNT(paints); i++)
        if (strcmp(paints[i].column, column) == 0 && strcmp(paints[i].value, value) == 0)
            return paints[i].code;
    return NULL;
}

static void put_code(const page_sheet *sheet, const char *code)
{
    if (code)
        fprintf(sheet->out, "\033[%sm", code);
}

static void grid_free(cell_grid *grid)
{
    free(grid->widths);
    free(grid->at);
}

static const erg_column *column_of(const cell_grid *grid, size_t column)
{
    return erg_table_column(grid->table, grid->at[column]);
}

static bool is_empty(const erg_table *table, size_t column)
{
    const erg_type type = erg_table_column(table, column)->type;

    for (size_t row = 0; row < erg_table_row_count(table); row++) {
        const erg_cell cell = erg_table_cell(table, row, column);
        if (!erg_cell_is_missing(type, &cell))
            return false;
    }
    return erg_table_row_count(table) > 0;
}

/* The first column says what a row is about, even where nobody knows. */
static void choose_columns(cell_grid *grid)
{
    for (size_t c = 0; c < erg_table_column_count(grid->table); c++)
        if (c == 0 || !is_empty(grid->table, c))
            grid->at[grid->columns++] = c;
}

/* Clean UTF-8, yours; NULL: no memory. */
static char *cell_of(const cell_grid *grid, size_t row, size_t column, erg_error *err)
{
    char number[ERG_NUMBER_MOST];
    const char *text = column_of(grid, column)->name;

    if (row)
        erg_cell_show(grid->table, row - 1, grid->at[column], number, &text);
    return erg_text_clean(text, false, err);
}

static bool measure(cell_grid *grid, size_t column, const char *text)
{
    size_t width = text ? letters(text, strlen(text)) : 0;

    if (width > grid->widths[column])
        grid->widths[column] = width;
    return text != NULL;
}

/* One key, or two where the first column alone does not tell the rows apart. */
static bool grid_fill(cell_grid *grid, erg_error *err)
{
    bool has_second = grid->columns > 2 && column_of(grid, 1)->type == ERG_TEXT, ok = true;
    char *before = NULL;

    grid->keys = 1;
    for (size_t row = 0; ok && row <= grid->rows; row++)
        for (size_t column = 0; ok && column < grid->columns; column++) {
            char *text = cell_of(grid, row, column, err);
            ok = measure(grid, column, text);
            if (column > 0) {
                free(text);
                continue;
            }
            if (ok && row > 1 && has_second && strcmp(before, text) == 0)
                grid->keys = 2;
            free(before);
            before = text;
        }
    free(before);
    return ok;
}

static bool grid_make(cell_grid *grid, const erg_table *table, erg_error *err)
{
    grid->table = table;
    grid->rows = erg_table_row_count(table);
    grid->at = calloc(erg_table_column_count(table) + 1, sizeof(*grid->at));
    if (!grid->at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    choose_columns(grid);
    grid->widths = calloc(grid->columns + 1, sizeof(*grid->widths));
    return grid->widths ? grid_fill(grid, err)
                        : erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* Bytes of the next line of text that fit width, cut at a blank if there is one. */
static size_t line_bytes(const char *text, size_t width)
{
    size_t bytes = 0, seen = 0, blank = 0;
    while (text[bytes]) {
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && seen++ == width)
            return blank ? blank : bytes;
        if (text[bytes] == ' ')
            blank = bytes;
        bytes++;
    }
    return bytes;
}

static void put_wrapped(const page_sheet *sheet, const char *text, size_t indent)
{
    size_t room = sheet->width > indent + 8 ? sheet->width - indent : 8;
    while (true) {
        size_t bytes = sheet->width == SIZE_MAX ? strlen(text) : line_bytes(text, room);
        fwrite(text, 1, bytes, sheet->out);
        fputc('\n', sheet->out);
        text += bytes + strspn(text + bytes, " ");
        if (!*text)
            return;
        fprintf(sheet->out, "%*s", (int)indent, "");
    }
}

/* One row as lines: "name  value". */
static void put_record(const page_sheet *sheet, const cell_grid *grid, size_t row)
{
    size_t widest = 0;
    for (size_t c = 0; c < grid->columns; c++) {
        size_t width = strlen(column_of(grid, c)->name);
        widest = width > widest ? width : widest;
    }
    for (size_t c = 0; c < grid->columns; c++) {
        char *name = cell_of(grid, 0, c, sheet->why);
        char *value = cell_of(grid, row, c, sheet->why);
        const char *code = name && value ? paint_of(sheet, name, value) : NULL;
        fprintf(sheet->out, "  %-*s", (int)(widest + GAP), name ? name : "");
        put_code(sheet, code);
        put_wrapped(sheet, value ? value : "", 2 + widest + GAP);
        put_code(sheet, code ? "0" : NULL);
        free(name);
        free(value);
    }
}

typedef struct column_band { size_t first, end, last_width; } column_band;

static bool is_text(const cell_grid *grid, size_t column)
{
    return column_of(grid, column)->type == ERG_TEXT;
}

/* The columns from first on that fit beside column 0; always at least one. */
static column_band band_from(const page_sheet *sheet, const cell_grid *grid, size_t first)
{
    column_band band = { .first = first, .end = first, .last_width = 0 };
    size_t used = 0;

    for (size_t key = 0; first && key < grid->keys; key++)
        used += GAP + grid->widths[key];

    for (size_t c = first; c < grid->columns; c++) {
        size_t before = used + GAP, need = before + grid->widths[c];
        bool fits = sheet->width == SIZE_MAX || need <= sheet->width;
        bool wraps = !fits && is_text(grid, c) && grid->widths[c] > WRAP_LEAST
                  && sheet->width >= before + WRAP_LEAST;
        if (!fits && !wraps && c > first)
            break;
        band.end = c + 1;
        band.last_width = wraps ? sheet->width - before : grid->widths[c];
        used = need;
        if (!fits)
            break;
    }
    return band;
}

static void put_cell(const page_sheet *sheet, const cell_grid *grid, size_t row,
                     size_t column)
{
    char *text = cell_of(grid, row, column, sheet->why);
    if (!text)
        return;
    const char *code = row ? paint_of(sheet, column_of(grid, column)->name, text) : NULL;
    int space = (int)(grid->widths[column] - letters(text, strlen(text)));
    bool left = is_text(grid, column) || column_of(grid, column)->type == ERG_TRUTH;

    if (row == 0 && sheet->options->color)
        code = "1";
    fprintf(sheet->out, "%*s", left ? 0 : space, "");
    put_code(sheet, code);
    fputs(text, sheet->out);
    put_code(sheet, code ? "0" : NULL);
    fprintf(sheet->out, "%*s", left && column + 1 < grid->columns ? space : 0, "");
    free(text);
}

static void put_band(const page_sheet *sheet, const cell_grid *grid,
                     const column_band *band)
{
    for (size_t row = 0; row <= grid->rows; row++) {
        size_t indent = 2;
        fputs("  ", sheet->out);
        for (size_t key = 0; band->first && key < grid->keys; key++) {
            put_cell(sheet, grid, row, key);
            fprintf(sheet->out, "%*s", GAP, "");
            indent += grid->widths[key] + GAP;
        }
        for (size_t c = band->first; c + 1 < band->end; c++) {
            put_cell(sheet, grid, row, c);
            fprintf(sheet->out, "%*s", GAP, "");
            indent += grid->widths[c] + GAP;
        }
        size_t last = band->end - 1;
        if (band->last_width < grid->widths[last]) {
            char *text = cell_of(grid, row, last, sheet->why);
            put_wrapped(sheet, text ? text : "", indent);
            free(text);
            continue;
        }
        put_cell(sheet, grid, row, last);
        fputc('\n', sheet->out);
    }
}

static void put_bands(const page_sheet *sheet, const cell_grid *grid)
{
    for (size_t first = 0; first < grid->columns;) {
        column_band band = band_from(sheet, grid, first);
        if (first)
            fputc('\n', sheet->out);
        put_band(sheet, grid, &band);
        first = band.end;
    }
}

/* A lone row of many columns, or of some that do not fit: one line a column. */
static bool is_record(const page_sheet *sheet, const cell_grid *grid)
{
    size_t need = 0;
    for (size_t c = 0; c < grid->columns; c++)
        need += GAP + grid->widths[c];
    return grid->rows == 1
        && (grid->columns > LINES_ABOVE
            || (grid->columns > LINES_BELOW && need > sheet->width));
}

/* "  (n/a: temp_c, peak_w)" */
static void put_empty(const page_sheet *sheet, const cell_grid *grid)
{
    erg_text names = { 0 };
    bool any = false;

    for (size_t c = 1; c < erg_table_column_count(grid->table); c++)
        if (is_empty(grid->table, c)) {
            erg_text_add(&names, "%s%s", any ? ", " : "(n/a: ",
                         erg_table_column(grid->table, c)->name);
            any = true;
        }
    erg_text_add(&names, any ? ")" : "");
    char *line = erg_text_take(&names);
    if (any && line) {
        fputs("  ", sheet->out);
        put_wrapped(sheet, line, 2);
    }
    free(line);
}

static bool put_table(const page_sheet *sheet, const erg_table *table, erg_error *err)
{
    cell_grid grid = { 0 };
    bool good = grid_make(&grid, table, err);

    if (good) {
        const char *code = sheet->options->color ? "1" : NULL;
        put_code(sheet, code);
        fputs(erg_table_name(table), sheet->out);
        put_code(sheet, code ? "0" : NULL);
        fputc('\n', sheet->out);
        if (grid.rows == 0)
            fputs("  (none)\n", sheet->out);
        else if (is_record(sheet, &grid))
            put_record(sheet, &grid, 1);
        else
            put_bands(sheet, &grid);
        put_empty(sheet, &grid);
    }
    grid_free(&grid);
    return good && !sheet->why->code;
}

static bool put_notes(const page_sheet *sheet, const erg_result *result, erg_error *err)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++) {
        char *clean = erg_text_clean(erg_result_note_at(result, i), false, err);
        if (!clean)
            return false;
        fputs(i ? "" : "\n", sheet->out);
        fputs("* ", sheet->out);
        put_wrapped(sheet, clean, 2);
        free(clean);
    }
    return true;
}

static bool text_write(const erg_result *result, const erg_table *only,
                       const erg_write_options *options, FILE *out, erg_error *err)
{
    int width =
        options->width > 0 && options->width < WIDTH_LEAST ? WIDTH_LEAST : options->width;
    erg_error why = { 0 };
    page_sheet sheet = { .out = out, .options = options, .why = &why,
                    .width = width > 0 ? (size_t)width : SIZE_MAX };
    bool first = true;

    for (size_t i = 0; i < erg_result_table_count(result); i++) {
        const erg_table *table = erg_result_table(result, i);
        if (only && table != only)
            continue;
        if (!first)
            fputc('\n', out);
        first = false;
        if (!put_table(&sheet, table, &why))
            return erg_fail(err, why.code, "%s", why.text);
    }
    return options->no_notes || put_notes(&sheet, result, err);
}

const erg_writer erg_writer_text = { .name = "text", .write = text_write };
