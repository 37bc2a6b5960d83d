/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person wants first: one line a region, intervals beside their figures.
 * Drawn from the table regions, so it can say nothing that the table does not.
 */
#include <math.h>
#include <string.h>
#include "cli.h"

static const erg_column columns[] = {
    { "region",   ERG_TEXT, "a named stretch of time" },
    { "runs",     ERG_TEXT, "equal runs" },
    { "time/run", ERG_TEXT, "mean (least .. most)" },
    { "energy/run", ERG_TEXT, "with its 95 % interval" },
    { "net",      ERG_TEXT, "above the named idle level" },
    { "per unit", ERG_TEXT, "energy per mark of --per" },
    { "mean",     ERG_TEXT, "mean power" },
    { "peak",     ERG_TEXT, "highest power" },
    { "source",   ERG_TEXT, "device, channel and method" },
    { "quality",  ERG_TEXT, "how far to trust it" },
};

typedef struct prefix { double factor; const char *name; } prefix;

/* Largest first; three digits before the point at most. */
static const prefix prefixes[] = {
    { 1e6, "M" }, { 1e3, "k" }, { 1, "" }, { 1e-3, "m" }, { 1e-6, "u" },
};

static const prefix *prefix_of(double size)
{
    for (size_t i = 0; i < CLI_COUNT(prefixes); i++)
        if (fabs(size) >= prefixes[i].factor)
            return &prefixes[i];
    return &prefixes[size == 0 ? 2 : CLI_COUNT(prefixes) - 1];
}

typedef struct words { char text[96]; } words;

static words quantity(double value, const char *unit)
{
    words out = { "n/a" };
    const prefix *scale = prefix_of(value);
    if (!isnan(value))
        snprintf(out.text, sizeof(out.text), "%.4g %s%s", value / scale->factor, scale->name, unit);
    return out;
}

/* "1.204 kJ +- 0.012"; lopsided intervals stand as "4.2 J (1.9 .. 9.2)". */
static words with_interval(double value, double low, double high, const char *unit)
{
    words out = quantity(value, unit);
    if (isnan(value) || isnan(low) || isnan(high))
        return out;
    const prefix *scale = prefix_of(value);
    double below = (value - low) / scale->factor, above = (high - value) / scale->factor;
    size_t used = strlen(out.text);
    if (fabs(above - below) <= 0.02 * (above + below))
        snprintf(out.text + used, sizeof(out.text) - used, " \302\261 %.2g", (above + below) / 2);
    else
        snprintf(out.text + used, sizeof(out.text) - used, " (%.3g .. %.3g)",
                 low / scale->factor, high / scale->factor);
    return out;
}

static words times(const erg_table *from, size_t row)
{
    double mean_s = erg_table_find(from, row, "time_mean_s").real;
    double least_s = erg_table_find(from, row, "time_min_s").real;
    double most_s = erg_table_find(from, row, "time_max_s").real;
    words out = quantity(mean_s, "s");
    size_t used = strlen(out.text);
    if (most_s > least_s)
        snprintf(out.text + used, sizeof(out.text) - used, " (%.4g .. %.4g s)", least_s, most_s);
    return out;
}

static double scaled(const erg_table *from, size_t row, const char *column, double runs)
{
    return erg_table_find(from, row, column).real / runs;
}

static bool add_region(erg_table *to, const erg_table *from, size_t row, erg_error *err)
{
    double runs = erg_table_find(from, row, "runs").real;
    const char *name = erg_table_find(from, row, "region").text;
    const char *source = erg_table_find(from, row, "source").text;
    const char *method = erg_table_find(from, row, "method").text;
    const char *policy = erg_table_find(from, row, "idle_policy").text;
    double net_j = erg_table_find(from, row, "net_energy_j").real;
    char count[24], origin[96], net[160];

    int64_t times_ran = erg_table_find(from, row, "count").integer;
    if (!(runs >= 1))
        runs = times_ran >= 1 ? (double)times_ran : 1;
    snprintf(count, sizeof(count), "%.6g", runs);
    snprintf(origin, sizeof(origin), "%s %s", source ? source : "n/a", method ? method : "");
    words below = with_interval(net_j / runs, scaled(from, row, "net_energy_low_j", runs),
                                scaled(from, row, "net_energy_high_j", runs), "J");
    snprintf(net, sizeof(net), "%s%s%s", below.text, isnan(net_j) ? "" : " of ",
             isnan(net_j) || !policy ? "" : policy);
    return erg_table_row(to, err)
        && erg_table_text(to, "region", name ? name : "(all)", err)
        && erg_table_text(to, "runs", count, err)
        && erg_table_text(to, "time/run", times(from, row).text, err)
        && erg_table_text(to, "energy/run",
                          with_interval(scaled(from, row, "energy_j", runs),
                                        scaled(from, row, "energy_low_j", runs),
                                        scaled(from, row, "energy_high_j", runs), "J").text, err)
        && erg_table_text(to, "net", net, err)
        && erg_table_text(to, "per unit",
                          with_interval(scaled(from, row, "energy_per_unit_j", 1),
                                        scaled(from, row, "energy_per_unit_low_j", 1),
                                        scaled(from, row, "energy_per_unit_high_j", 1), "J").text,
                          err)
        && erg_table_text(to, "mean", quantity(scaled(from, row, "mean_w", 1), "W").text, err)
        && erg_table_text(to, "peak", quantity(scaled(from, row, "peak_w", 1), "W").text, err)
        && erg_table_text(to, "source", origin, err)
        && erg_table_text(to, "quality", erg_table_find(from, row, "quality").text, err);
}

erg_result *cli_brief(const erg_result *full, erg_error *err)
{
    const erg_table *regions = erg_result_find(full, "regions");
    erg_result *brief = erg_result_new(erg_result_name(full), err);
    erg_table *table = brief && regions
        ? erg_result_add(brief, "regions", columns, CLI_COUNT(columns), err) : NULL;
    bool ok = table != NULL;

    /* Nothing was marked: then each device's whole recording is a line. */
    const erg_table *rows = regions && erg_table_row_count(regions)
        ? regions : erg_result_find(full, "devices");
    for (size_t i = 0; ok && rows && i < erg_table_row_count(rows); i++)
        ok = add_region(table, rows, i, err);
    for (size_t i = 0; ok && i < erg_result_note_count(full); i++)
        ok = erg_result_note(brief, err, "%s", erg_result_note_at(full, i));
    if (ok)
        return brief;
    erg_result_free(brief);
    return NULL;
}
