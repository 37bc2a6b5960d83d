/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any result as metrics that Prometheus scrapes: a column a family, a row a sample, in base
 * units. The text columns in front of a table are labels; those behind go to a family
 * _info, so that a sentence never multiplies series. A column X_total_UNIT is a counter.
 *
 * The older text format (what node_exporter reads from a file) types the sample foo_total,
 * the OpenMetrics format the family foo; what is valid in one is not in the other,
 * so there are two.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/writer.h"

/* Suffix of a column, the unit of its family, and how many of that it counts. */
typedef struct base_unit { const char *suffix, *unit; double factor; } base_unit;

static const base_unit units[] = {
    { "_w_per_s", "watts_per_second", 1 }, { "_w_per_k", "watts_per_kelvin", 1 },
    { "_k_per_w", "kelvin_per_watt", 1 }, { "_per_s", "per_second", 1 },
    { "_w_s", "joules", 1 }, { "_wh", "joules", 3600 }, { "_j", "joules", 1 },
    { "_w", "watts", 1 }, { "_ns", "seconds", 1e-9 }, { "_us", "seconds", 1e-6 },
    { "_ms", "seconds", 1e-3 }, { "_s", "seconds", 1 }, { "_mhz", "hertz", 1e6 },
    { "_hz", "hertz", 1 }, { "_c", "celsius", 1 }, { "_k", "kelvin", 1 },
    { "_bytes", "bytes", 1 }, { "_g", "grams", 1 }, { "_v", "volts", 1 },
    { "_a", "amperes", 1 }, { "_pct", "ratio", 0.01 },
};

/* Ends of names that mean something of their own to a scraper. */
static const struct { const char *taken, *instead; } endings[] = {
    { "_count", "_number" }, { "_sum", "_whole" }, { "_bucket", "_bin" },
    { "_info", "_about" }, { "_created", "_made" },
};

typedef struct family {
    char name[160];             /* with its unit, without _total or _info */
    const char *suffix;         /* of samples: "", "_total", "_info" */
    const char *type, *unit;    /* unit: "" where there is none */
    double factor;
} family;

typedef struct page {
    const erg_result *result;
    FILE *out;
    bool is_open;               /* OpenMetrics */
} page;

/* ---- names --------------------------------------------------------------------------- */

static bool strip(char *name, const char *suffix)
{
    size_t size = strlen(name), tail = strlen(suffix);
    bool has = size > tail && strcmp(name + size - tail, suffix) == 0;

    if (has)
        name[size - tail] = '\0';
    return has;
}

/* "stagger=4_power_w" is a name of a column, not of a family. */
static void make_valid(char *name)
{
    for (char *c = name; *c; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9'))
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : '_';
}

/* A table "summary" is the result itself; promtool also refuses types inside names. */
static void name_table(const page *of, const erg_table *table, char *to, size_t size)
{
    const char *result = erg_result_name(of->result), *name = erg_table_name(table);
    bool same = strcmp(name, "summary") == 0 || strcmp(name, result) == 0;

    snprintf(to, size, "erg_%s%s%s", result, same ? "" : "_", same ? "" : name);
    make_valid(to);
}

static family family_of(const page *of, const erg_table *table, const erg_column *column)
{
    family out = { .suffix = "", .type = "gauge", .unit = "", .factor = 1 };
    char base[64], stem[80];

    name_table(of, table, base, sizeof(base));
    snprintf(stem, sizeof(stem), "%s", column->name);
    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (strip(stem, units[i].suffix)) {
            out.unit = units[i].unit;
            out.factor = units[i].factor;
            break;
        }
    if (strip(stem, "_total")) {
        out.type = "counter";
        out.suffix = "_total";
    }
    make_valid(stem);
    snprintf(out.name, sizeof(out.name), "%s_%s", base, stem);
    const char *end = *out.unit ? "_" : "";
    for (size_t i = 0; !*out.unit && i < ERG_COUNT(endings); i++)
        if (strip(out.name, endings[i].taken))
            end = endings[i].instead;
    size_t size = strlen(out.name);
    snprintf(out.name + size, sizeof(out.name) - size, "%s%s", end, out.unit);
    return out;
}

/* ---- text ---------------------------------------------------------------------------- */

static bool put_escaped(FILE *out, const char *text)
{
    char *clean = erg_text_clean(text ? text : "", true, NULL);

    for (const char *c = clean; c && *c; c++)
        if (*c == '\n')
            fputs("\\n", out);
        else if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else
            fputc(*c, out);
    free(clean);
    return clean != NULL;
}

/* In the older format a quote in a help text stands as it is, and escaped is shown so. */
static bool put_help(const page *of, const char *text)
{
    char *clean = erg_text_clean(text && *text ? text : "of erg", false, NULL);

    for (const char *c = clean; c && *c; c++)
        fprintf(of->out, *c == '\\' || (of->is_open && *c == '"') ? "\\%c" : "%c", *c);
    free(clean);
    return clean != NULL;
}

static bool put_head(const page *of, const family *is, const char *about)
{
    const char *suffix = of->is_open ? "" : is->suffix;
    const char *type = !of->is_open && strcmp(is->type, "info") == 0 ? "gauge" : is->type;

    fprintf(of->out, "# HELP %s%s ", is->name, suffix);
    bool ok = put_help(of, about);
    fprintf(of->out, "\n# TYPE %s%s %s\n", is->name, suffix, type);
    if (of->is_open && *is->unit)
        fprintf(of->out, "# UNIT %s %s\n", is->name, is->unit);
    return ok;
}

/* ---- labels -------------------------------------------------------------------------- */

/* Text columns up to the first that is none. */
static size_t key_count(const erg_table *table)
{
    size_t count = 0;

    while (count < erg_table_column_count(table)
           && erg_table_column(table, count)->type == ERG_TEXT)
        count++;
    return count;
}

static bool is_same_key(const erg_table *table, size_t keys, size_t a, size_t b)
{
    for (size_t c = 0; c < keys; c++) {
        const char *one = erg_table_cell(table, a, c).text,
                   *two = erg_table_cell(table, b, c).text;
        if (strcmp(one ? one : "", two ? two : "") != 0)
            return false;
    }
    return true;
}

/* Rows that their labels do not tell apart are numbered; so is a table too long to look. */
static bool needs_number(const erg_table *table, size_t keys)
{
    enum { LOOK_MOST = 1000 };
    size_t rows = erg_table_row_count(table);

    if (rows > LOOK_MOST || (keys == 0 && rows > 1))
        return true;
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < a; b++)
            if (is_same_key(table, keys, a, b))
                return true;
    return false;
}

static bool put_label(const page *of, size_t *count, const char *name, const char *value)
{
    char label[80];

    if (!value || !*value)
        return true;
    snprintf(label, sizeof(label), "%s", name);
    make_valid(label);
    fprintf(of->out, "%s%s=\"", (*count)++ ? "," : "{", label);
    bool ok = put_escaped(of->out, value);
    fputc('"', of->out);
    return ok;
}

typedef struct rows { const erg_table *table; size_t keys; bool is_numbered; } rows;

/* end: one past the last column whose text is a label. */
static bool put_labels(const page *of, const rows *in, size_t row, size_t end)
{
    char number[24];
    size_t count = 0;
    bool ok = true;

    for (size_t c = 0; ok && c < end; c++)
        if (erg_table_column(in->table, c)->type == ERG_TEXT)
            ok = put_label(of, &count, erg_table_column(in->table, c)->name,
                           erg_table_cell(in->table, row, c).text);
    snprintf(number, sizeof(number), "%zu", row);
    if (ok && in->is_numbered)
        ok = put_label(of, &count, "row", number);
    fputs(count ? "} " : " ", of->out);
    return ok;
}

/* ---- families ------------------------------------------------------------------------ */

static double value_of(erg_type type, const erg_cell *cell)
{
    return type == ERG_REAL ? cell->real : (double)cell->integer;
}

static bool put_column(const page *of, const rows *in, size_t column)
{
    const erg_column *at = erg_table_column(in->table, column);
    family is = family_of(of, in->table, at);
    char number[ERG_NUMBER_MOST];
    bool ok = true, begun = false;

    for (size_t r = 0; ok && r < erg_table_row_count(in->table); r++) {
        erg_cell cell = erg_table_cell(in->table, r, column);
        if (erg_cell_is_missing(at->type, &cell))
            continue;
        ok = begun || put_head(of, &is, at->about);
        begun = true;
        fprintf(of->out, "%s%s", is.name, is.suffix);
        ok = ok && put_labels(of, in, r, in->keys);
        erg_number_exact(value_of(at->type, &cell) * is.factor, number);
        fprintf(of->out, "%s\n", number);
    }
    return ok;
}

/* energy_wh is energy_j once more. */
static bool is_repeated(const page *of, const erg_table *table, size_t column)
{
    family is = family_of(of, table, erg_table_column(table, column));

    for (size_t c = 0; c < column; c++) {
        family before = family_of(of, table, erg_table_column(table, c));
        if (erg_table_column(table, c)->type != ERG_TEXT
            && strcmp(before.name, is.name) == 0)
            return true;
    }
    return false;
}

static family info_of(const char *name)
{
    family is = { .suffix = "_info", .type = "info", .unit = "", .factor = 1 };

    snprintf(is.name, sizeof(is.name), "%s", name);
    return is;
}

/* The words of every row. */
static bool put_words(const page *of, const rows *in)
{
    char name[64];
    size_t columns = erg_table_column_count(in->table);
    bool any = in->keys == columns, ok = true;

    for (size_t c = in->keys; c < columns; c++)
        any |= erg_table_column(in->table, c)->type == ERG_TEXT;
    if (!any || !erg_table_row_count(in->table))
        return true;
    name_table(of, in->table, name, sizeof(name));
    family is = info_of(name);
    ok = put_head(of, &is, "Words of each row");
    for (size_t r = 0; ok && r < erg_table_row_count(in->table); r++) {
        fprintf(of->out, "%s%s", is.name, is.suffix);
        ok = put_labels(of, in, r, columns);
        fputs("1\n", of->out);
    }
    return ok;
}

static bool put_table(const page *of, const erg_table *table)
{
    const size_t keys = key_count(table);
    const rows in = { table, keys, needs_number(table, keys) };
    bool ok = put_words(of, &in);

    for (size_t c = keys; ok && c < erg_table_column_count(table); c++)
        if (erg_table_column(table, c)->type != ERG_TEXT && !is_repeated(of, table, c))
            ok = put_column(of, &in, c);
    return ok;
}

static bool put_notes(const page *of)
{
    char name[80];
    size_t notes = erg_result_note_count(of->result);

    snprintf(name, sizeof(name), "erg_%s_note", erg_result_name(of->result));
    make_valid(name);
    family is = info_of(name);
    bool ok = !notes || put_head(of, &is, "Sentences under the tables");
    for (size_t i = 0; ok && i < notes; i++) {
        size_t count = 0;
        fprintf(of->out, "%s%s", is.name, is.suffix);
        ok = put_label(of, &count, "note", erg_result_note_at(of->result, i));
        fputs("} 1\n", of->out);
    }
    return ok;
}

static bool put_all(const page *of, const erg_table *only, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < erg_result_table_count(of->result); i++)
        if (!only || only == erg_result_table(of->result, i))
            ok = put_table(of, erg_result_table(of->result, i));
    ok = ok && put_notes(of);
    if (of->is_open)
        fputs("# EOF\n", of->out);
    return ok || erg_fail(err, ERG_NO_MEMORY, "out of memory for metrics");
}

static bool prometheus_write(const erg_result *result, const erg_table *only,
                             const erg_write_options *options, FILE *out, erg_error *err)
{
    (void)options;
    return put_all(&(page){ .result = result, .out = out }, only, err);
}

static bool openmetrics_write(const erg_result *result, const erg_table *only,
                              const erg_write_options *options, FILE *out, erg_error *err)
{
    (void)options;
    return put_all(&(page){ .result = result, .out = out, .is_open = true }, only, err);
}

const erg_writer erg_writer_prometheus = { .name = "prometheus",
                                           .write = prometheus_write };
const erg_writer erg_writer_openmetrics = { .name = "openmetrics",
                                            .write = openmetrics_write };
