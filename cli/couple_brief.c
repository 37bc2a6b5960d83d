/* SPDX-License-Identifier: Apache-2.0 */
/* A coupling study for a person: a line a pair, what refuses it, and the data sheet in four
 * blocks. */
#include <math.h>
#include <string.h>
#include "couple.h"

enum { TIMES = 12, COLUMNS_MOST = 12, VALUE = 12 };

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

static double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

static size_t rows_of(const erg_table *table)
{
    return table ? erg_table_row_count(table) : 0;
}

static void put(FILE *out, const char *before, double value, const char *after)
{
    if (isfinite(value))
        fprintf(out, "%s%.2g%s", before, value, after);
}

/* ", r -0.32 (-0.57 .. -0.02), p 0.02, q 0.09" */
static void put_figures(const erg_table *table, size_t row, FILE *out)
{
    double low = real(table, row, "r_low"), high = real(table, row, "r_high");

    if (isfinite(real(table, row, "lag_s")))
        fprintf(out, " %+.1f s", real(table, row, "lag_s"));
    put(out, ", r ", real(table, row, "r"), "");
    if (isfinite(low) && isfinite(high))
        fprintf(out, " (%.2f .. %.2f)", low, high);
    put(out, ", p ", real(table, row, "p_value"), "");
    put(out, ", q ", real(table, row, "q_value"), "");
}

static void put_verdicts(const erg_table *verdict, FILE *out)
{
    for (size_t i = 0; i < rows_of(verdict); i++) {
        fprintf(out, "%s %s %s", text(verdict, i, "device"), text(verdict, i, "x"),
                text(verdict, i, "y"));
        put_figures(verdict, i, out);
        int64_t n = erg_table_find(verdict, i, "n").integer;
        if (n != ERG_NONE)
            fprintf(out, ", n %lld", (long long)n);
        fprintf(out, ": %s\n", text(verdict, i, "verdict"));
    }
    fputs(rows_of(verdict) ? "\n" : "", out);
}

static bool is_raised(const erg_table *checks, size_t row)
{
    const char *state = text(checks, row, "state");
    return strcmp(state, "refused") == 0 || strcmp(state, "flag") == 0;
}

/* Said once for all pairs that a device's check is about. */
static bool is_same(const erg_table *checks, size_t row, size_t other)
{
    static const char *const columns[] = { "check", "device", "what", "advice", "state" };
    bool same = text(checks, row, "pair")[0] && text(checks, other, "pair")[0];

    for (size_t i = 0; same && i < CLI_COUNT(columns); i++)
        same = strcmp(text(checks, row, columns[i]), text(checks, other, columns[i])) == 0;
    return same;
}

static bool was_said(const erg_table *checks, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (is_same(checks, i, row))
            return true;
    return false;
}

/* "NOT_WHITE gpu grad_norm:power, power:temp: record >= 300 s" */
static void put_check(const erg_table *checks, size_t row, FILE *out)
{
    const char *what = text(checks, row, "what"), *device = text(checks, row, "device");
    const char *pair = text(checks, row, "pair"), *advice = text(checks, row, "advice");

    fprintf(out, "%-16s", text(checks, row, "check"));
    fprintf(out, "%s%s%s%s", device[0] ? " " : "", device, pair[0] ? " " : "", pair);
    for (size_t i = row + 1; i < rows_of(checks); i++)
        if (is_same(checks, row, i))
            fprintf(out, ", %s", text(checks, i, "pair"));
    if (what[0])
        fprintf(out, "%s %s", device[0] || pair[0] ? "," : "", what);
    fprintf(out, "%s%s\n", device[0] || pair[0] || what[0] ? ": " : " ", advice);
}

static void put_checks(const erg_table *checks, FILE *out)
{
    bool any = false;

    for (size_t i = 0; i < rows_of(checks); i++) {
        if (!is_raised(checks, i) || was_said(checks, i))
            continue;
        any = true;
        put_check(checks, i, out);
    }
    fputs(any ? "\n" : "", out);
}

static void put_sessions(const erg_result *result, FILE *out)
{
    const erg_table *whole = erg_result_find(result, "reproducibility");
    const erg_table *each = erg_result_find(result, "sessions");

    for (size_t i = 0; i < rows_of(whole); i++) {
        fprintf(out, "%s %s %s", text(whole, i, "device"), text(whole, i, "x"),
                text(whole, i, "y"));
        put_figures(whole, i, out);
        const char *reason = text(whole, i, "reason");
        fprintf(out, ", %lld runs, worth %lld: %s%s%s%s\n",
                (long long)erg_table_find(whole, i, "runs").integer,
                (long long)erg_table_find(whole, i, "effective_runs").integer,
                text(whole, i, "verdict"), reason[0] ? " (" : "", reason,
                reason[0] ? ")" : "");
    }
    fputs(rows_of(whole) ? "\n" : "", out);
    for (size_t i = 0; i < rows_of(each); i++) {
        fprintf(out, "%s %s: %s %s %s", text(each, i, "session"), text(each, i, "key"),
                text(each, i, "device"), text(each, i, "x"), text(each, i, "y"));
        put_figures(each, i, out);
        fputc('\n', out);
    }
    fputs(rows_of(each) ? "\n" : "", out);
}

/* ---- the data sheet ------------------------------------------------------------------ */

static void put_list(const erg_table *sheet, const char *section, FILE *out)
{
    for (size_t i = 0; i < rows_of(sheet); i++) {
        double low = real(sheet, i, "low"), high = real(sheet, i, "high");
        if (strcmp(text(sheet, i, "section"), section) != 0)
            continue;
        fprintf(out, "  %-16s", text(sheet, i, "name"));
        if (isfinite(real(sheet, i, "value")))
            fprintf(out, " %.5g %s", real(sheet, i, "value"), text(sheet, i, "unit"));
        if (isfinite(low) && isfinite(high))
            fprintf(out, " (%.5g .. %.5g)", low, high);
        if (text(sheet, i, "note")[0])
            fprintf(out, "  %s", text(sheet, i, "note"));
        if (text(sheet, i, "convention")[0])
            fprintf(out, "  [%s]", text(sheet, i, "convention"));
        fputc('\n', out);
    }
}

typedef struct block {
    const erg_table *sheet;
    const char *section;
    const char *names[COLUMNS_MOST];
    size_t names_count;
    double times[TIMES];
    size_t times_count, all_times;
} block;

static void name_column(block *of, const char *name)
{
    for (size_t i = 0; i < of->names_count; i++)
        if (strcmp(of->names[i], name) == 0)
            return;
    if (of->names_count < COLUMNS_MOST)
        of->names[of->names_count++] = name;
}

static bool is_of(const block *of, size_t row)
{
    return strcmp(text(of->sheet, row, "section"), of->section) == 0;
}

static bool is_first(const block *of, size_t row)
{
    return of->names_count > 0 && strcmp(text(of->sheet, row, "name"), of->names[0]) == 0;
}

/* Names in the order they come, and some times of the first spread over all. */
static void look(block *of)
{
    size_t at = 0;

    for (size_t i = 0; i < rows_of(of->sheet); i++)
        if (is_of(of, i)) {
            name_column(of, text(of->sheet, i, "name"));
            of->all_times += isfinite(real(of->sheet, i, "time_s")) && is_first(of, i);
        }
    size_t step = of->all_times / TIMES + 1;
    for (size_t i = 0; i < rows_of(of->sheet); i++)
        if (is_of(of, i) && is_first(of, i) && isfinite(real(of->sheet, i, "time_s"))
            && at++ % step == 0 && of->times_count < TIMES)
            of->times[of->times_count++] = real(of->sheet, i, "time_s");
}

/* Of that time; of the nearest within a line's time, for what is known less often. */
static double value_at(const block *of, double time_s, const char *name)
{
    double near_s = of->times_count > 1 ? (of->times[1] - of->times[0]) / 2 : 0,
           value = NAN;

    for (size_t i = 0; i < rows_of(of->sheet); i++) {
        double off_s = fabs(real(of->sheet, i, "time_s") - time_s);
        if (!is_of(of, i) || off_s > near_s
            || strcmp(text(of->sheet, i, "name"), name) != 0)
            continue;
        near_s = off_s;
        value = real(of->sheet, i, "value");
    }
    return value;
}

static void put_grid(const erg_table *sheet, const char *section, FILE *out)
{
    block of = { .sheet = sheet, .section = section };

    look(&of);
    fprintf(out, "  %*s", VALUE, "time_s");
    for (size_t c = 0; c < of.names_count; c++)
        fprintf(out, " %*s", VALUE, of.names[c]);
    fputc('\n', out);
    for (size_t t = 0; t < of.times_count; t++) {
        fprintf(out, "  %*.5g", VALUE, of.times[t]);
        for (size_t c = 0; c < of.names_count; c++) {
            double value = value_at(&of, of.times[t], of.names[c]);
            if (isfinite(value))
                fprintf(out, " %*.5g", VALUE, value);
            else
                fprintf(out, " %*s", VALUE, "");
        }
        fputc('\n', out);
    }
    if (of.times_count && of.all_times > of.times_count)
        fprintf(out, "  (%zu of %zu times; all: --table sheet)\n", of.times_count,
                of.all_times);
}

typedef struct part {
    const char *section, *title;
    bool is_long;       /* a line a time: left to --table where a verdict is the answer */
    void (*put)(const erg_table *sheet, const char *section, FILE *out);
} part;

static const part parts[] = {
    { "session", "Session", false, put_list },
    { "thermal", "Thermal", true, put_grid },
    { "optimisation", "Optimisation", true, put_grid },
    { "results", "Results", false, put_list },
};

static void put_sheet(const erg_table *sheet, bool is_study, FILE *out)
{
    for (size_t i = 0; sheet && i < CLI_COUNT(parts); i++) {
        if (is_study && parts[i].is_long)
            continue;
        fprintf(out, "%s\n", parts[i].title);
        parts[i].put(sheet, parts[i].section, out);
        fputc('\n', out);
    }
}

static bool put_whole(const erg_result *result, const char *name, FILE *out, erg_error *err)
{
    const erg_table *table = erg_result_find(result, name);
    const erg_write_options how = { .table = name, .no_notes = true };

    if (rows_of(table) == 0)
        return true;
    bool ok = erg_write(result, "text", &how, out, err);
    fputc('\n', out);
    return ok;
}

/* "* more by --table NAME: ccf (70 rows), ..." */
static void put_more(const erg_result *result, FILE *out)
{
    bool any = false;

    for (size_t i = 0; i < erg_result_table_count(result); i++) {
        const erg_table *table = erg_result_table(result, i);
        if (rows_of(table) == 0)
            continue;
        fprintf(out, "%s%s (%zu)",
                any ? ", " : "* rows by --table NAME, or all by --verbose: ",
                erg_table_name(table), rows_of(table));
        any = true;
    }
    fputs(any ? "; --format html draws them\n" : "", out);
}

bool cli_couple_brief(const void *what, const void *how, FILE *out, erg_error *err)
{
    static const char *const wholes[] = { "figures", "throttle", "score" };
    const erg_result *result = what;
    bool is_study = erg_result_find(result, "verdict") != NULL;

    (void)how;
    put_verdicts(erg_result_find(result, "verdict"), out);
    put_sessions(result, out);
    put_checks(erg_result_find(result, "checks"), out);
    for (size_t i = 0; i < CLI_COUNT(wholes); i++)
        if (!put_whole(result, wholes[i], out, err))
            return false;
    put_sheet(erg_result_find(result, "sheet"), is_study, out);
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        fprintf(out, "* %s\n", erg_result_note_at(result, i));
    if (is_study)
        put_more(result, out);
    return !ferror(out) || erg_fail(err, ERG_IO, "cannot write");
}
