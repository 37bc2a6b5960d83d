/* SPDX-License-Identifier: Apache-2.0 */
/* A line a model for a person: mean error on applications it has not seen, with bounds. */
#include <math.h>
#include <string.h>
#include "cli.h"

static const char *const targets[] = { "power", "time", "energy" };
static const char *const ways[] = { "leave_one_application_out", "test" };
static const char *const titles[] = { "mean error on applications left out",
                                      "mean error on the tested applications" };

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

static bool is_row(const erg_table *models, size_t row, const char *model,
                   const char *target, const char *way)
{
    return strcmp(text(models, row, "model"), model) == 0
        && strcmp(text(models, row, "target"), target) == 0
        && strcmp(text(models, row, "validation"), way) == 0;
}

/* "5.3 % (3.6..7.4) *": the star is the chosen one. */
static void put_cell(const erg_table *models, const char *model, const char *target,
                     const char *way, FILE *out)
{
    char cell[64] = "-";

    for (size_t i = 0; i < erg_table_row_count(models); i++) {
        double error = 100 * erg_table_find(models, i, "mape").real;
        double low = 100 * erg_table_find(models, i, "mape_low").real;
        double high = 100 * erg_table_find(models, i, "mape_high").real;
        const char *star = erg_table_find(models, i, "chosen").integer == 1 ? " *" : "";
        if (!is_row(models, i, model, target, way))
            continue;
        if (isnan(error))
            snprintf(cell, sizeof(cell), "n/a");
        else if (error > 999)
            snprintf(cell, sizeof(cell), "> 999 %%");
        else if (isnan(low))
            snprintf(cell, sizeof(cell), "%.1f %%%s", error, star);
        else
            snprintf(cell, sizeof(cell), "%.1f %% (%.1f..%.1f)%s", error, low,
                     fmin(high, 999), star);
    }
    bool is_last = strcmp(target, targets[CLI_COUNT(targets) - 1]) == 0;
    fprintf(out, "  %-*s", is_last ? 0 : 22, cell);
}

static bool is_first(const erg_table *models, size_t row, const char *way)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(text(models, i, "model"), text(models, row, "model")) == 0
            && strcmp(text(models, i, "validation"), way) == 0)
            return false;
    return strcmp(text(models, row, "validation"), way) == 0;
}

static void put_way(const erg_table *models, const char *way, const char *title, FILE *out)
{
    bool any = false;

    for (size_t i = 0; i < erg_table_row_count(models); i++) {
        if (!is_first(models, i, way))
            continue;
        if (!any)
            fprintf(out, "%s (95 %% of draws of applications), * chosen\n  %-14s  "
                    "%-22s  %-22s  %s\n",
                    title, "model", targets[0], targets[1], targets[2]);
        any = true;
        fprintf(out, "  %-14s", text(models, i, "model"));
        for (size_t t = 0; t < CLI_COUNT(targets); t++)
            put_cell(models, text(models, i, "model"), targets[t], way, out);
        fputc('\n', out);
    }
    if (any)
        fputc('\n', out);
}

bool cli_fit_brief(const void *what, const void *how, FILE *out, erg_error *err)
{
    const erg_result *result = what;
    const erg_table *models = erg_result_find(result, "models");

    (void)how;
    for (size_t i = 0; i < CLI_COUNT(ways); i++)
        put_way(models, ways[i], titles[i], out);
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        fprintf(out, "* %s\n", erg_result_note_at(result, i));
    return !ferror(out) || erg_fail(err, ERG_IO, "cannot write");
}
