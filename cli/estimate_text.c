/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An estimate for a person. Drawn from its tables alone, so it can say nothing
 * that they do not.
 */
#include <math.h>
#include <string.h>
#include "estimate.h"

enum { WORDS = 80, ROWS_COLUMNS = 10, BAR_CELLS = 50, HINTS_SHOWN = 5 };
#define SAVING_LEAST 0.05        /* of energy; a hint below it is told for its memory */

static const erg_column row_columns[ROWS_COLUMNS] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "latency", ERG_TEXT, "of the batch, with its interval" },
    { "energy", ERG_TEXT, "of the batch, with its interval" },
    { "per inference", ERG_TEXT, "energy over batch" },
    { "per second", ERG_REAL, "inferences" },
    { "mean", ERG_TEXT, "power" },
    { "memory", ERG_TEXT, "peak" },
    { "grade", ERG_TEXT, "how far to trust it" },
};

static double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "n/a";
}

/* As a file has it. */
static void put_name(const erg_table *table, size_t row, const char *column, FILE *out)
{
    const char *name = text(table, row, column);
    cli_put_plain(out, name, strlen(name));
}

static void interval_of(const erg_table *table, size_t row, const char *const columns[3],
                        const char *unit, char to[WORDS])
{
    const double at[3] = { real(table, row, columns[0]), real(table, row, columns[1]),
                           real(table, row, columns[2]) };
    cli_interval(at, unit, to, WORDS);
}

static const char *const latency_names[] = { "latency_s", "latency_low_s",
                                             "latency_high_s" };
static const char *const energy_names[] = { "energy_j", "energy_low_j", "energy_high_j" };

/* ---- the rows ---------------------------------------------------------------------- */

static bool put_row(erg_table *to, const erg_table *summary, size_t row, erg_error *err)
{
    char latency[WORDS], energy[WORDS], per[CLI_QUANTITY_MOST], mean[CLI_QUANTITY_MOST];
    char memory[CLI_QUANTITY_MOST];

    interval_of(summary, row, latency_names, "s", latency);
    interval_of(summary, row, energy_names, "J", energy);
    cli_quantity(real(summary, row, "energy_per_inference_j"), "J", per);
    cli_quantity(real(summary, row, "mean_w"), "W", mean);
    cli_bytes(erg_table_find(summary, row, "peak_memory_bytes").integer, memory);
    return erg_table_row(to, err)
        && erg_table_text(to, "hardware", text(summary, row, "hardware"), err)
        && erg_table_text(to, "precision", text(summary, row, "precision"), err)
        && erg_table_integer(to, "batch", erg_table_find(summary, row, "batch").integer,
                             err)
        && erg_table_text(to, "latency", latency, err)
        && erg_table_text(to, "energy", energy, err)
        && erg_table_text(to, "per inference", per, err)
        && erg_table_real(to, "per second", real(summary, row, "throughput"), err)
        && erg_table_text(to, "mean", mean, err)
        && erg_table_text(to, "memory", memory, err)
        && erg_table_text(to, "grade", text(summary, row, "grade"), err);
}

static bool put_rows(const erg_table *summary, const erg_write_options *write, FILE *out,
                     erg_error *err)
{
    erg_result *short_result = erg_result_new("estimate", err);
    erg_table *to = short_result ? erg_result_add(short_result, "summary", row_columns,
                                                  ROWS_COLUMNS, err) : NULL;
    bool ok = to != NULL;

    for (size_t row = 0; row < erg_table_row_count(summary) && ok; row++)
        ok = put_row(to, summary, row, err);
    ok = ok && erg_write(short_result, "text", write, out, err);
    erg_result_free(short_result);
    return ok;
}

/* ---- the picture of one row ---------------------------------------------------------- */

/* A runtime says how it cuts, unless it was told otherwise. */
static bool is_usual_fusion(const erg_table *summary, size_t row)
{
    const char *fusion = erg_table_find(summary, row, "fusion").text;
    bool is_eager = strcmp(text(summary, row, "runtime"), "eager") == 0;

    return !fusion || strcmp(fusion, is_eager ? "none" : "runtime") == 0;
}

static void put_head(const erg_table *summary, size_t row, FILE *out)
{
    char energy[WORDS], latency[WORDS], per[CLI_QUANTITY_MOST], mean[CLI_QUANTITY_MOST];
    double clock_hz = real(summary, row, "clock_hz");
    bool is_token = strcmp(text(summary, row, "phase"), "decode") == 0;

    fputs("workload ", out);
    put_name(summary, row, "model", out);
    fprintf(out, "  %s  %s  batch %lld", text(summary, row, "hardware"),
            text(summary, row, "precision"),
            (long long)erg_table_find(summary, row, "batch").integer);
    if (isfinite(clock_hz))
        fprintf(out, "  %.0f MHz%s", clock_hz * 1e-6,
                erg_table_find(summary, row, "capped").integer == 1 ? " (capped)" : "");
    fprintf(out, "  runtime %s", text(summary, row, "runtime"));
    if (!is_usual_fusion(summary, row))
        fprintf(out, "  fusion %s", text(summary, row, "fusion"));
    fprintf(out, "%s\n",
            strcmp(text(summary, row, "mode"), "compat") == 0
                ? "  compat mode: not physical"
                : "");
    interval_of(summary, row, energy_names, "J", energy);
    interval_of(summary, row, latency_names, "s", latency);
    cli_quantity(real(summary, row, "energy_per_inference_j"), "J", per);
    cli_quantity(real(summary, row, "mean_w"), "W", mean);
    fprintf(out, "energy %s  per %s %s  latency %s  mean %s  boundary: %s  grade: %s\n",
            energy, is_token ? "token" : "inference", per, latency, mean,
            text(summary, row, "boundary"), text(summary, row, "grade"));
}

static void put_bar(const char *name, double share, FILE *out)
{
    int cells = (int)lround(share * BAR_CELLS);

    fprintf(out, "%-8s %3.0f %%  ", name, 100 * share);
    for (int i = 0; i < cells; i++)
        fputs("█", out);
    fputc('\n', out);
}

static void put_bars(const erg_table *summary, size_t row, FILE *out)
{
    static const struct { const char *name, *column; } parts[] = {
        { "compute", "compute_j" }, { "memory", "memory_j" }, { "static", "static_j" },
    };
    double total_j = real(summary, row, "energy_j");

    for (size_t i = 0; i < CLI_COUNT(parts); i++) {
        double share = real(summary, row, parts[i].column) / total_j;
        if (isfinite(share))
            put_bar(parts[i].name, share, out);
    }
}

static void put_consumers(const erg_result *result, size_t of, FILE *out)
{
    const erg_table *table = erg_result_find(result, "consumers");
    bool first = true;

    for (size_t row = 0; table && row < erg_table_row_count(table); row++) {
        char energy[CLI_QUANTITY_MOST];
        if (!cli_estimate_is_of(result, table, row, of))
            continue;
        cli_quantity(real(table, row, "energy_j"), "J", energy);
        fputs(first ? "most     " : ", ", out);
        put_name(table, row, "subgraph", out);
        fprintf(out, " %s (%.1f %%)", energy, 100 * real(table, row, "share"));
        first = false;
    }
    if (!first)
        fputc('\n', out);
}

static const char *sign_of(double change)
{
    return change < 0 ? "-" : "+";
}

/* What it saves is memory; energy is told beside it, mostly as its price. */
static void put_memory_hint(const erg_table *table, size_t row, FILE *out)
{
    char bytes[CLI_QUANTITY_MOST], energy[CLI_QUANTITY_MOST], time[CLI_QUANTITY_MOST];
    double energy_j = -real(table, row, "energy_saving_j");
    double time_s = real(table, row, "latency_change_s");

    cli_quantity(-real(table, row, "memory_change_bytes"), "B", bytes);
    cli_quantity(fabs(energy_j), "J", energy);
    cli_quantity(fabs(time_s), "s", time);
    fprintf(out, "  %s, %s: saves %s of memory, energy %s%s, latency %s%s; needs: %s\n",
            text(table, row, "hint"), text(table, row, "change"), bytes, sign_of(energy_j),
            energy, sign_of(time_s), time, text(table, row, "condition"));
}

/* Hints of compat mode are sentences: nothing was computed anew. */
static void put_hint(const erg_table *table, size_t row, FILE *out)
{
    char saving[CLI_QUANTITY_MOST], time[CLI_QUANTITY_MOST];

    if (!erg_table_find(table, row, "change").text) {
        fprintf(out, "  %s\n", text(table, row, "hint"));
        return;
    }
    cli_quantity(real(table, row, "energy_saving_j"), "J", saving);
    cli_quantity(fabs(real(table, row, "latency_change_s")), "s", time);
    if (!(real(table, row, "saving") >= SAVING_LEAST)) {
        put_memory_hint(table, row, out);
        return;
    }
    fprintf(out, "  %s, %s: saves %s (%.0f %%), latency %s%s; needs: %s\n",
            text(table, row, "hint"), text(table, row, "change"), saving,
            100 * real(table, row, "saving"),
            sign_of(real(table, row, "latency_change_s")), time,
            text(table, row, "condition"));
}

static void put_hints(const erg_result *result, size_t of, FILE *out)
{
    const erg_table *table = erg_result_find(result, "hints");
    int shown = 0;

    for (size_t row = 0; table && row < erg_table_row_count(table); row++) {
        if (!cli_estimate_is_of(result, table, row, of) || shown == HINTS_SHOWN)
            continue;
        if (!shown++)
            fputs(erg_table_find(table, row, "change").text
                      ? "\nhints, each one computed by itself\n"
                      : "\nhints, in the words of compat mode: not physical\n", out);
        put_hint(table, row, out);
    }
}

static size_t first_known(const erg_table *summary)
{
    size_t row = 0;

    while (row + 1 < erg_table_row_count(summary) && isnan(real(summary, row, "latency_s")))
        row++;
    return row;
}

/* ---- the whole ----------------------------------------------------------------------- */

/* Shown in full whenever the result has them. */
static const char *const asked[] = { "comparison", "strategies", "batches", "front",
                                     "explain", "differences", "validation",
                                     "validation_groups",
                                     "reconciliation", "checks", NULL };
/* Shown with --detail only. */
static const char *const details[] = { "summary", "subgraphs", "consumers",
                                       "roofline", "memory", "timeline", "concurrency",
                                       "hints", "parts", "fusion", NULL };

/* One after the other; names ends with NULL. */
static bool put_tables(const erg_result *result, const char *const names[],
                       const erg_write_options *write, FILE *out, erg_error *err)
{
    erg_write_options one = *write;
    bool ok = true;

    one.no_notes = true;
    for (size_t i = 0; names[i] && ok; i++) {
        const erg_table *table = erg_result_find(result, names[i]);
        if (!table || !erg_table_row_count(table))
            continue;
        one.table = names[i];
        ok = erg_write(result, "text", &one, out, err) && fputc('\n', out) >= 0;
    }
    return ok;
}

static void put_notes(const erg_result *result, FILE *out)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        fprintf(out, "%s* %s\n", i ? "" : "\n", erg_result_note_at(result, i));
}

bool cli_estimate_text(const erg_result *result, bool detail,
                       const erg_write_options *write, FILE *out, erg_error *err)
{
    const erg_table *summary = erg_result_find(result, "summary");
    size_t row = first_known(summary);
    bool ok = !detail || put_tables(result, details, write, out, err);

    if (ok && !detail && erg_table_row_count(summary) > 1)
        ok = put_rows(summary, write, out, err) && fputc('\n', out) >= 0;
    ok = ok && put_tables(result, asked, write, out, err);
    if (!ok)
        return false;
    put_head(summary, row, out);
    put_bars(summary, row, out);
    put_consumers(result, row, out);
    cli_estimate_roofline(result, row, out);
    if (detail)
        cli_estimate_timeline(result, row, out);
    put_hints(result, row, out);
    put_notes(result, out);
    return true;
}
