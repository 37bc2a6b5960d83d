/* SPDX-License-Identifier: Apache-2.0 */
/* Roofline and memory of one row, drawn with characters. */
#include <math.h>
#include <string.h>
#include "estimate.h"

enum { WIDE = 60, HIGH = 12, STEPS_MOST = 60, STEP_CELLS = 40 };

typedef struct range { double least, most; } range;

bool cli_estimate_is_of(const erg_result *result, const erg_table *table, size_t row,
                        size_t of)
{
    static const char *const words[] = { "hardware", "precision" };
    const erg_table *summary = erg_result_find(result, "summary");

    if (erg_table_row_count(summary) == 1)
        return true;
    for (size_t i = 0; i < CLI_COUNT(words); i++) {
        const char *a = erg_table_find(table, row, words[i]).text;
        const char *b = erg_table_find(summary, of, words[i]).text;
        if (!a || !b || strcmp(a, b) != 0)
            return false;
    }
    return erg_table_find(table, row, "batch").integer
        == erg_table_find(summary, of, "batch").integer;
}

/* ---- roofline -------------------------------------------------------------------- */

static void widen(range *of, double value)
{
    if (!(value > 0) || !isfinite(value))
        return;
    of->least = of->least > 0 ? fmin(of->least, value) : value;
    of->most = fmax(of->most, value);
}

static int place(range of, double value, int cells)
{
    double share = (log(value) - log(of.least)) / (log(of.most) - log(of.least));
    int at = (int)floor(share * (cells - 1) + 0.5);

    return at < 0 ? 0 : at >= cells ? cells - 1 : at;
}

typedef struct plot { range x, y; char cells[HIGH][WIDE + 1]; } plot;

static void put_mark(plot *to, double x, double y, char mark)
{
    if (!(x > 0) || !(y > 0) || !isfinite(x) || !isfinite(y))
        return;
    char *cell = &to->cells[HIGH - 1 - place(to->y, y, HIGH)][place(to->x, x, WIDE)];
    if (mark == '*' || *cell == ' ')
        *cell = mark;
}

static void put_plot(const plot *of, FILE *out)
{
    char top[CLI_QUANTITY_MOST], bottom[CLI_QUANTITY_MOST];

    cli_quantity(of->y.most, "FLOP/s", top);
    cli_quantity(of->y.least, "FLOP/s", bottom);
    fputs("\nroofline: * a subgraph, . its roof\n", out);
    for (int line = 0; line < HIGH; line++) {
        int last = (int)strlen(of->cells[line]);
        while (last > 0 && of->cells[line][last - 1] == ' ')
            last--;
        fprintf(out, "%14s |%.*s\n", line == 0 ? top : line == HIGH - 1 ? bottom : "", last,
                of->cells[line]);
    }
    fprintf(out, "%14s +", "");
    for (int i = 0; i < WIDE; i++)
        fputc('-', out);
    fprintf(out, "\n%16s%-8.3g%*s%.3g FLOP/B\n", "", of->x.least, WIDE - 16, "",
            of->x.most);
}

void cli_estimate_roofline(const erg_result *result, size_t row, FILE *out)
{
    const erg_table *table = erg_result_find(result, "roofline");
    plot all = { .x = { 0 } };

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        if (!cli_estimate_is_of(result, table, i, row)
            || !(erg_table_find(table, i, "attained_flop_per_s").real > 0))
            continue;
        widen(&all.x, erg_table_find(table, i, "intensity_flop_per_byte").real);
        widen(&all.y, erg_table_find(table, i, "attained_flop_per_s").real);
        widen(&all.y, erg_table_find(table, i, "roof_flop_per_s").real);
    }
    if (!(all.x.most > all.x.least) || !(all.y.most > all.y.least))
        return;
    for (int line = 0; line < HIGH; line++)
        memset(all.cells[line], ' ', WIDE);
    for (size_t i = 0; i < erg_table_row_count(table); i++) {
        if (!cli_estimate_is_of(result, table, i, row))
            continue;
        double x = erg_table_find(table, i, "intensity_flop_per_byte").real;
        put_mark(&all, x, erg_table_find(table, i, "attained_flop_per_s").real, '*');
        put_mark(&all, x, erg_table_find(table, i, "roof_flop_per_s").real, '.');
    }
    put_plot(&all, out);
}

/* ---- memory ----------------------------------------------------------------------- */

static int64_t most_bytes(const erg_result *result, const erg_table *table, size_t row,
                          int64_t *steps)
{
    int64_t most = 0;

    *steps = 0;
    for (size_t i = 0; i < erg_table_row_count(table); i++) {
        if (!cli_estimate_is_of(result, table, i, row))
            continue;
        int64_t bytes = erg_table_find(table, i, "total_bytes").integer;
        most = bytes > most ? bytes : most;
        ++*steps;
    }
    return most;
}

void cli_estimate_timeline(const erg_result *result, size_t row, FILE *out)
{
    const erg_table *table = erg_result_find(result, "timeline");
    int64_t steps, most = table ? most_bytes(result, table, row, &steps) : 0, step = 0,
            held = 0;

    if (most <= 0)
        return;
    /* Neighbours share a bar where there are more: it shows the largest of them. */
    int64_t per_bar = (steps + STEPS_MOST - 1) / STEPS_MOST;
    fprintf(out, "\nmemory over %lld steps\n", (long long)steps);
    for (size_t i = 0; i < erg_table_row_count(table); i++) {
        if (!cli_estimate_is_of(result, table, i, row))
            continue;
        int64_t bytes = erg_table_find(table, i, "total_bytes").integer;
        held = bytes > held ? bytes : held;
        if (++step % per_bar && step != steps)
            continue;
        fprintf(out, "%5lld %8.1f MiB  ", (long long)step - 1, (double)held / 1048576);
        for (int64_t cell = 0; cell < held * STEP_CELLS / most; cell++)
            fputs("█", out);
        fputc('\n', out);
        held = 0;
    }
}
