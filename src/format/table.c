/* SPDX-License-Identifier: Apache-2.0 */
/* Results as tables: one arena holds all of it, cells are set by column name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "erg/table.h"

/* A cell by the type of its column: tables may have a million rows. */
typedef union held { const char *text; double real; int64_t integer; } held;

struct erg_table {
    erg_result *result;
    const char *name;
    const erg_column *columns;
    size_t column_count;
    held *cells;
    size_t cell_count, cell_capacity;
    size_t row_count;
    /* Rows are mostly filled in one order: where the n-th cell of the last row went. */
    size_t *guesses;
    size_t set_count;       /* cells set in the last row */
};

struct erg_result {
    erg_arena *arena;
    const char *name;
    erg_table **tables;
    size_t table_count, table_capacity;
    const char **notes;
    size_t note_count, note_capacity;
};

static const erg_cell nothing = { .text = NULL, .real = NAN, .integer = ERG_NONE };

erg_result *erg_result_new(const char *name, erg_error *err)
{
    erg_result *result = calloc(1, sizeof(*result));
    if (!result) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    result->arena = erg_arena_new(err);
    result->name = result->arena ? erg_arena_text(result->arena, name, err) : NULL;
    if (!result->name) {
        erg_result_free(result);
        return NULL;
    }
    return result;
}

void erg_result_free(erg_result *result)
{
    if (!result)
        return;
    for (size_t i = 0; i < result->table_count; i++) {
        free(result->tables[i]->cells);
        free(result->tables[i]);
    }
    free(result->tables);
    free(result->notes);
    erg_arena_free(result->arena);
    free(result);
}

erg_table *erg_result_add(erg_result *result, const char *name, const erg_column *columns,
                          size_t column_count, erg_error *err)
{
    if (!erg_grow((void **)&result->tables, &result->table_capacity, result->table_count,
                  sizeof(erg_table *), err))
        return NULL;
    erg_table *table = calloc(1, sizeof(*table));
    const char *copy = table ? erg_arena_text(result->arena, name, err) : NULL;
    size_t *guesses = copy ? erg_arena_take(result->arena,
                                            (column_count + 1) * sizeof(*guesses),
                                            err) : NULL;
    if (!guesses) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        free(table);
        return NULL;
    }
    *table = (erg_table){ .result = result, .name = copy, .columns = columns,
                          .column_count = column_count, .guesses = guesses };
    result->tables[result->table_count++] = table;
    return table;
}

const erg_column *erg_result_keep(erg_result *result, const erg_column *columns,
                                  size_t column_count, erg_error *err)
{
    erg_column *kept =
        erg_arena_take(result->arena, (column_count + 1) * sizeof(*kept), err);

    for (size_t i = 0; i < column_count && kept; i++) {
        kept[i] = (erg_column){ .type = columns[i].type,
            .name = erg_arena_text(result->arena, columns[i].name, err),
            .about = erg_arena_text(result->arena, columns[i].about, err) };
        if (!kept[i].name || !kept[i].about)
            return NULL;
    }
    return kept;
}

bool erg_result_note(erg_result *result, erg_error *err, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    for (size_t i = 0; i < result->note_count; i++)
        if (strcmp(result->notes[i], text) == 0)
            return true;
    if (!erg_grow((void **)&result->notes, &result->note_capacity, result->note_count,
                  sizeof(*result->notes), err))
        return false;
    const char *copy = erg_arena_text(result->arena, text, err);
    if (!copy)
        return false;
    result->notes[result->note_count++] = copy;
    return true;
}

const char *erg_result_name(const erg_result *result) { return result->name; }
size_t erg_result_table_count(const erg_result *result) { return result->table_count; }
size_t erg_result_note_count(const erg_result *result) { return result->note_count; }

const erg_table *erg_result_table(const erg_result *result, size_t index)
{
    return index < result->table_count ? result->tables[index] : NULL;
}

const erg_table *erg_result_find(const erg_result *result, const char *name)
{
    for (size_t i = 0; i < result->table_count; i++)
        if (strcmp(result->tables[i]->name, name) == 0)
            return result->tables[i];
    return NULL;
}

const char *erg_result_note_at(const erg_result *result, size_t index)
{
    return index < result->note_count ? result->notes[index] : NULL;
}

/* One that holds nothing. */
static held held_of(erg_type type)
{
    return type == ERG_TEXT   ? (held){ .text = NULL }
           : type == ERG_REAL ? (held){ .real = NAN }
                              : (held){ .integer = ERG_NONE };
}

bool erg_table_row(erg_table *table, erg_error *err)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!erg_grow((void **)&table->cells, &table->cell_capacity, table->cell_count,
                      sizeof(*table->cells), err)) {
            table->cell_count = table->row_count * table->column_count;
            return false;
        }
        table->cells[table->cell_count++] = held_of(table->columns[i].type);
    }
    table->row_count++;
    table->set_count = 0;
    return true;
}

/* Column count: there is none of that name. */
static size_t find_column(erg_table *table, const char *column)
{
    size_t nth = table->set_count < table->column_count ? table->set_count++ : 0;
    size_t at = table->guesses[nth];

    if (at < table->column_count && strcmp(table->columns[at].name, column) == 0)
        return at;
    for (at = 0; at < table->column_count; at++)
        if (strcmp(table->columns[at].name, column) == 0)
            break;
    return table->guesses[nth] = at;
}

static held *find_cell(erg_table *table, const char *column, erg_type type, erg_error *err)
{
    size_t at = table->row_count ? find_column(table, column) : table->column_count;

    if (at < table->column_count && table->columns[at].type == type)
        return &table->cells[(table->row_count - 1) * table->column_count + at];
    erg_fail(err, ERG_BAD_INPUT, "table %s has no column %s of this type",
             table->name, column);
    return NULL;
}

bool erg_table_text(erg_table *table, const char *column, const char *value, erg_error *err)
{
    held *cell = find_cell(table, column, ERG_TEXT, err);
    if (!cell)
        return false;
    const char *above = table->row_count > 1 ? (cell - table->column_count)->text : NULL;
    bool is_again = value && above && strcmp(value, above) == 0;
    cell->text = is_again ? above
               : value ? erg_arena_text(table->result->arena, value, err) : NULL;
    return !value || cell->text;
}

bool erg_table_real(erg_table *table, const char *column, double value, erg_error *err)
{
    held *cell = find_cell(table, column, ERG_REAL, err);
    if (cell)
        cell->real = isfinite(value) ? value : NAN;
    return cell;
}

bool erg_table_integer(erg_table *table, const char *column, int64_t value, erg_error *err)
{
    held *cell = find_cell(table, column, ERG_INTEGER, err);
    if (cell)
        cell->integer = value;
    return cell;
}

bool erg_table_truth(erg_table *table, const char *column, bool value, erg_error *err)
{
    held *cell = find_cell(table, column, ERG_TRUTH, err);
    if (cell)
        cell->integer = value;
    return cell;
}

const char *erg_table_name(const erg_table *table) { return table->name; }
size_t erg_table_column_count(const erg_table *table) { return table->column_count; }
size_t erg_table_row_count(const erg_table *table) { return table->row_count; }

const erg_column *erg_table_column(const erg_table *table, size_t index)
{
    return index < table->column_count ? &table->columns[index] : NULL;
}

erg_cell erg_table_cell(const erg_table *table, size_t row, size_t column)
{
    erg_cell cell = nothing;

    if (row >= table->row_count || column >= table->column_count)
        return cell;
    held at = table->cells[row * table->column_count + column];
    switch (table->columns[column].type) {
    case ERG_TEXT: cell.text = at.text; break;
    case ERG_REAL: cell.real = at.real; break;
    case ERG_INTEGER:
    case ERG_TRUTH: cell.integer = at.integer; break;
    }
    return cell;
}

erg_cell erg_table_find(const erg_table *table, size_t row, const char *column)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, column) == 0)
            return erg_table_cell(table, row, i);
    return nothing;
}
