/* SPDX-License-Identifier: Apache-2.0 */
/* A replay for a person: the whole beside its kernels alone,
 * and those that take longest. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate.h"
#include "replay.h"

enum { LISTED = 20, SHAPE = 96, TIMED = 64 };

/* One kernel; rows of the table, -1: was not measured in that state. */
typedef struct line {
    const char *id;
    long hot, cold;
    double pass_s;          /* all its launches of a pass: hot, else cold */
} line;

static const char *text(const erg_table *table, long row, const char *column)
{
    const char *found = erg_table_find(table, (size_t)row, column).text;
    return found ? found : "";
}

static double real(const erg_table *table, long row, const char *column)
{
    return row < 0 ? NAN : erg_table_find(table, (size_t)row, column).real;
}

static bool truth(const erg_table *table, long row, const char *column)
{
    return row >= 0 && erg_table_find(table, (size_t)row, column).integer == 1;
}

/* "1.54 ms +- 1 %" */
static void say_time(const erg_table *kernels, long row, char to[TIMED])
{
    double time_s = real(kernels, row, "time_s");
    double half_s =
        (real(kernels, row, "time_high_s") - real(kernels, row, "time_low_s")) / 2;
    char bare[CLI_QUANTITY_MOST];

    cli_quantity(time_s, "s", bare);
    if (half_s >= 0 && time_s > 0)
        snprintf(to, TIMED, "%s +- %.1f %%", bare, 100 * half_s / time_s);
    else
        snprintf(to, TIMED, "%s", bare);
}

/* The layouts that an engine asked for are of its rows, not of the work: ":aBcd8b" goes. */
static void say_shape(const char *signature, char to[SHAPE])
{
    size_t count = 0;

    for (const char *at = signature; *at && count + 1 < SHAPE; at++) {
        if (*at == ':' && at > signature && isdigit((unsigned char)at[-1]))
            while (isalnum((unsigned char)at[1]))
                at++;
        else
            to[count++] = *at;
    }
    to[count] = '\0';
}

static int by_time(const void *a, const void *b)
{
    const line *x = a, *y = b;
    return x->pass_s != y->pass_s ? (x->pass_s < y->pass_s ? 1 : -1) : strcmp(x->id, y->id);
}

static size_t gather(const erg_table *kernels, line lines[])
{
    size_t count = 0;

    for (long row = 0; row < (long)erg_table_row_count(kernels); row++) {
        const char *id = text(kernels, row, "id");
        size_t at = 0;
        while (at < count && strcmp(lines[at].id, id) != 0)
            at++;
        if (at == count)
            lines[count++] = (line){ id, -1, -1, NAN };
        *(strcmp(text(kernels, row, "state"), "cold") == 0 ? &lines[at].cold
                                                           : &lines[at].hot) = row;
    }
    for (size_t i = 0; i < count; i++) {
        long row = lines[i].hot >= 0 ? lines[i].hot : lines[i].cold;
        lines[i].pass_s = real(kernels, row, "time_s")
            * real(kernels, row, "count_per_step");
    }
    qsort(lines, count, sizeof(*lines), by_time);
    return count;
}

static void put_line(const erg_table *kernels, const line *of, double sum_s, FILE *out)
{
    long row = of->hot >= 0 ? of->hot : of->cold;
    char hot[TIMED], cold[TIMED], energy[CLI_QUANTITY_MOST], shape[SHAPE];

    say_time(kernels, of->hot, hot);
    say_time(kernels, of->cold, cold);
    cli_quantity(real(kernels, row, "energy_j"), "J", energy);
    say_shape(text(kernels, row, "signature"), shape);
    fprintf(out, "  %4.1f %%  %5.4g  %-18s  %-18s  %-8s  %s %s%s%s\n",
            100 * of->pass_s / sum_s, real(kernels, row, "count_per_step"), hot,
            cold, energy, text(kernels, row, "kind"), shape,
            truth(kernels, row, "launch_bound") ? " (launch-bound)" : "",
            truth(kernels, row, "noisy") ? " (noisy)" : "");
}

static bool put_kernels(const erg_table *kernels, FILE *out, erg_error *err)
{
    line *lines = calloc(erg_table_row_count(kernels) + 1, sizeof(*lines));
    double sum_s = 0;

    if (!lines)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a list of kernels");
    size_t count = gather(kernels, lines);
    for (size_t i = 0; i < count; i++)
        sum_s += isnan(lines[i].pass_s) ? 0 : lines[i].pass_s;
    if (count)
        fprintf(out, "\n  %6s  %5s  %-18s  %-18s  %-8s  %s\n", "share", "count",
                "hot", "cold", "energy", "kernel");
    for (size_t i = 0; i < count && i < LISTED; i++)
        put_line(kernels, &lines[i], sum_s, out);
    if (count > LISTED)
        fprintf(out, "  and %zu more: --table kernels\n", count - LISTED);
    free(lines);
    return true;
}

/* "zoo:resnet18  73 ms a pass (71 .. 74 ms, 100 passes);
 * kernels alone 68 ms hot, 75 ms cold" */
static void put_whole(const erg_table *whole, FILE *out)
{
    char time[CLI_QUANTITY_MOST], low[CLI_QUANTITY_MOST], high[CLI_QUANTITY_MOST];
    char hot[CLI_QUANTITY_MOST], cold[CLI_QUANTITY_MOST];

    cli_quantity(real(whole, 0, "time_s"), "s", time);
    cli_quantity(real(whole, 0, "time_low_s"), "s", low);
    cli_quantity(real(whole, 0, "time_high_s"), "s", high);
    cli_quantity(real(whole, 0, "hot_s"), "s", hot);
    cli_quantity(real(whole, 0, "cold_s"), "s", cold);
    fprintf(out, "%s  ", text(whole, 0, "workload"));
    if (real(whole, 0, "runs") > 0)
        fprintf(out, "%s a pass (%s .. %s, %.0f passes); ", time, low, high,
                real(whole, 0, "runs"));
    fprintf(out, "kernels alone %s hot, %s cold\n", hot, cold);
}

bool replay_brief(const void *what, const void *how, FILE *out, erg_error *err)
{
    const erg_result *result = what;
    const erg_table *whole = erg_result_find(result, "whole");
    const erg_table *kernels = erg_result_find(result, "kernels");

    (void)how;
    if (whole && erg_table_row_count(whole))
        put_whole(whole, out);
    if (kernels && !put_kernels(kernels, out, err))
        return false;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        fprintf(out, "\n* %s\n", erg_result_note_at(result, i));
    return !ferror(out) || erg_fail(err, ERG_IO, "cannot write");
}
