/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person wants first: one line a region, intervals beside their figures.
 * Drawn from the table regions, so it can say nothing that the table does not.
 * The interval decides how many digits a figure shows: two of its half-width.
 */
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <string.h>
#include "cli.h"

enum { REGION, RUNS, TIME, ENERGY, NET, PER, MEAN, PEAK, SOURCE, QUALITY, COLUMNS };

static const erg_column columns[COLUMNS] = {
    [REGION]  = { "region",     ERG_TEXT, "a named stretch of time" },
    [RUNS]    = { "runs",       ERG_REAL, "equal runs" },
    [TIME]    = { "time/run",   ERG_TEXT, "mean (least .. most)" },
    [ENERGY]  = { "energy/run", ERG_TEXT, "with its 95 % interval" },
    [NET]     = { "net",        ERG_TEXT, "above the named idle level" },
    [PER]     = { "per unit",   ERG_TEXT, "energy per mark of --per" },
    [MEAN]    = { "mean",       ERG_TEXT, "mean power" },
    [PEAK]    = { "peak",       ERG_TEXT, "highest power" },
    [SOURCE]  = { "source",     ERG_TEXT, "device and method" },
    [QUALITY] = { "quality",    ERG_TEXT, "how far to trust it" },
};

/* Recorded around the work; a person asks for the work. --verbose shows them. */
static const char *const around[] = { "idle_before", "idle_after", "warmup" };

typedef struct prefix { double factor; const char *name; } prefix;

/* Largest first; four digits before the point at most. */
static const prefix prefixes[] = {
    { 1e6, "M" }, { 1e3, "k" }, { 1, "" }, { 1e-3, "m" }, { 1e-6, "u" },
};

typedef struct words { char text[160]; } words;
typedef struct figure {
    double value, low, high;
    const char *unit;
    bool is_difference;
} figure;

typedef struct row_view {
    const erg_table *from, *summary;
    size_t row;
    double runs;
    const char *plus_minus;
} row_view;

static const prefix *prefix_of(double size)
{
    for (size_t i = 0; i < CLI_COUNT(prefixes); i++)
        if (fabs(size) >= prefixes[i].factor * (prefixes[i].factor > 1 ? 10 : 1))
            return &prefixes[i];
    return &prefixes[size == 0 ? 2 : CLI_COUNT(prefixes) - 1];
}

/* Decimals that leave so many digits of size. */
static int decimals_of(double size, int digits)
{
    int places = size > 0 ? digits - 1 - (int)floor(log10(size)) : 0;
    return places < 0 ? 0 : places > 6 ? 6 : places;
}

/* Three digits: enough to compare by eye, and all that a reading without interval bears. */
static words quantity(double value, const char *unit)
{
    words out = { "n/a" };
    const prefix *scale = prefix_of(value);
    double scaled = value / scale->factor;
    if (!isnan(value))
        snprintf(out.text, sizeof(out.text), "%.*f %s%s", decimals_of(fabs(scaled), 3),
                 scaled, scale->name, unit);
    return out;
}

/* As many as its interval has; but joules that are little beside it are not told as 0 J.
 * A difference may be 0. */
static int figure_places(figure of, double scaled, int places)
{
    bool reads_0 = fabs(scaled) < 0.5 * pow(10, -places);
    return reads_0 && !of.is_difference ? decimals_of(fabs(scaled), 1) : places;
}

/* "1204 J +- 121 J"; lopsided intervals stand as "4.2 J (1.9 .. 9.2 J)". */
static words with_interval(figure of, const char *plus_minus)
{
    words out = quantity(of.value, of.unit);
    double below = of.value - of.low, above = of.high - of.value,
           half = (below + above) / 2;
    if (isnan(of.value) || isnan(half) || !(half > 0))
        return out;
    if (fmax(fabs(of.value), half) < 1e-9)      /* what is left of a difference */
        return quantity(0, of.unit);
    const prefix *scale = prefix_of(fmax(fabs(of.value), half));
    double factor = scale->factor;
    int places = decimals_of(half / factor, 2);
    int own = figure_places(of, of.value / factor, places);
    if (fabs(of.value / factor) < 0.5 * pow(10, -own))
        of.value = 0;       /* and not -0 */
    if (fabs(above - below) <= 0.02 * (above + below))
        snprintf(out.text, sizeof(out.text), "%.*f %s%s %s %.*f %s%s", own,
                 of.value / factor, scale->name, of.unit, plus_minus, places, half / factor,
                 scale->name, of.unit);
    else
        snprintf(out.text, sizeof(out.text), "%.*f %s%s (%.*f .. %.*f %s%s)", own,
                 of.value / factor, scale->name, of.unit, places, of.low / factor, places,
                 of.high / factor, scale->name, of.unit);
    return out;
}

static double real_of(const row_view *view, const char *column)
{
    return erg_table_find(view->from, view->row, column).real;
}

static const char *text_of(const row_view *view, const char *column)
{
    return erg_table_find(view->from, view->row, column).text;
}

/* "6.02 s (5.98 .. 6.11)" */
static words times(const row_view *view)
{
    double mean_s = real_of(view, "time_mean_s");
    if (isnan(mean_s) && view->summary)
        mean_s = erg_table_find(view->summary, 0, "duration_s").real;
    double least_s = real_of(view, "time_min_s"), most_s = real_of(view, "time_max_s");
    words out = quantity(mean_s, "s");
    size_t used = strlen(out.text);
    double factor = prefix_of(mean_s)->factor;
    int places = decimals_of(fabs(mean_s) / factor, 3);
    if (most_s > least_s)
        snprintf(out.text + used, sizeof(out.text) - used, " (%.*f .. %.*f)", places,
                 least_s / factor, places, most_s / factor);
    return out;
}

/* A figure of too few updates stands in brackets. */
static words doubted(const row_view *view, words of)
{
    const char *flags = text_of(view, "flags");
    words out = of;

    if (flags && strstr(flags, "TOO_SHORT") && strcmp(of.text, "n/a") != 0)
        snprintf(out.text, sizeof(out.text), "(%.150s)", of.text);
    return out;
}

static words energy(const row_view *view, const char *name, double runs)
{
    char low[48], middle[48], high[48];
    snprintf(middle, sizeof(middle), "%s_j", name);     /* as the tables name them */
    snprintf(low, sizeof(low), "%s_low_j", name);
    snprintf(high, sizeof(high), "%s_high_j", name);
    figure of = { real_of(view, middle) / runs, real_of(view, low) / runs,
                  real_of(view, high) / runs, "J", strcmp(name, "net_energy") == 0 };
    return doubted(view, with_interval(of, view->plus_minus));
}

/* The scatter of the repeats widens the interval; the table summary holds it. */
static words energy_per_run(const row_view *view)
{
    double run_j = real_of(view, "energy_per_run_j");
    row_view whole = { .from = view->summary, .plus_minus = view->plus_minus };
    const char *region = text_of(view, "region");
    bool is_run = whole.from && region && strcmp(region, "run") == 0;
    double repeat_j = is_run ? real_of(&whole, "energy_per_repeat_j") : NAN;
    bool same = fabs(repeat_j - run_j) <= 1e-9 * fabs(run_j);
    return same && !isnan(real_of(&whole, "energy_per_repeat_low_j"))
        ? energy(&whole, "energy_per_repeat", 1) : energy(view, "energy", view->runs);
}

/* The table says so by leaving it out: the command failed, say. */
static bool is_refused_per_run(const row_view *view)
{
    const char *region = text_of(view, "region");
    bool in_runs = !isnan(real_of(view, "runs")) || (region && strcmp(region, "run") == 0);
    return in_runs && isnan(real_of(view, "energy_per_run_j"));
}

/* No more digits than its energy has. */
static words mean_power(const row_view *view)
{
    double mean_w = real_of(view, "mean_w"), energy_j = real_of(view, "energy_j");
    double share = (real_of(view, "energy_high_j") - real_of(view, "energy_low_j"))
        / energy_j;
    words out = quantity(mean_w, "W");
    const prefix *scale = prefix_of(mean_w);
    double half = share * mean_w / scale->factor / 2;
    int places = decimals_of(half, 2), most = decimals_of(fabs(mean_w) / scale->factor, 3);
    if (half > 0)
        snprintf(out.text, sizeof(out.text), "%.*f %sW", places < most ? places : most,
                 mean_w / scale->factor, scale->name);
    return out;
}

/* A column that was left out takes nothing. */
static bool put(erg_table *to, const char *column, const char *text, erg_error *err)
{
    for (size_t c = 0; c < erg_table_column_count(to); c++)
        if (strcmp(erg_table_column(to, c)->name, column) == 0)
            return erg_table_text(to, column, text, err);
    return true;
}

static bool add_region(erg_table *to, row_view *view, const erg_column heads[],
                       erg_error *err)
{
    const char *name = text_of(view, "region"), *method = text_of(view, "method");
    const char *device = text_of(view, "track"), *source = text_of(view, "source");
    int64_t times_ran = erg_table_find(view->from, view->row, "count").integer;
    words origin;

    double runs = real_of(view, "runs");
    if (!(runs >= 1))
        runs = times_ran >= 1 ? (double)times_ran : 1;
    view->runs = is_refused_per_run(view) ? NAN : runs;
    device = device ? device : text_of(view, "device");
    snprintf(origin.text, sizeof(origin.text), "%s %s",
             device ? device : source ? source : "n/a", method ? method : "");
    return erg_table_row(to, err)
        && put(to, heads[REGION].name, name ? name : "(all)", err)
        && erg_table_real(to, heads[RUNS].name, runs, err)
        && put(to, heads[TIME].name, times(view).text, err)
        && put(to, heads[ENERGY].name, energy_per_run(view).text, err)
        && put(to, heads[NET].name, energy(view, "net_energy", view->runs).text, err)
        && put(to, heads[PER].name, energy(view, "energy_per_unit", 1).text, err)
        && put(to, heads[MEAN].name, mean_power(view).text, err)
        && put(to, heads[PEAK].name, quantity(real_of(view, "peak_w"), "W").text, err)
        && put(to, heads[SOURCE].name, origin.text, err)
        && put(to, heads[QUALITY].name, text_of(view, "quality"), err);
}

static bool is_around(const erg_table *rows, size_t row)
{
    const char *name = erg_table_find(rows, row, "region").text;
    for (size_t i = 0; name && i < CLI_COUNT(around); i++)
        if (strcmp(name, around[i]) == 0)
            return true;
    return false;
}

/* If idle or warm-up is all there is, it was asked for. */
static bool is_shown(const erg_table *rows, size_t row)
{
    bool any_work = false;
    for (size_t i = 0; i < erg_table_row_count(rows) && !any_work; i++)
        any_work = !is_around(rows, i);
    return !any_work || !is_around(rows, row);
}

static bool any_real(const erg_table *rows, const char *column)
{
    for (size_t i = 0; i < erg_table_row_count(rows); i++)
        if (is_shown(rows, i) && !isnan(erg_table_find(rows, i, column).real))
            return true;
    return false;
}

static bool any_spread(const erg_table *rows)
{
    for (size_t i = 0; i < erg_table_row_count(rows); i++)
        if (is_shown(rows, i) && erg_table_find(rows, i, "time_max_s").real
                                     > erg_table_find(rows, i, "time_min_s").real)
            return true;
    return false;
}

/* Heads that say what the rows share. */
static void name_heads(cli_brief *brief, const erg_table *rows, const char *per)
{
    const char *policy = erg_table_row_count(rows)
        ? erg_table_find(rows, 0, "idle_policy").text : NULL;

    memcpy(brief->heads, columns, sizeof(columns));
    if (any_spread(rows))
        brief->heads[TIME].name = "time/run (min .. max)";
    if (policy) {
        snprintf(brief->net, sizeof(brief->net), "net of %s", policy);
        brief->heads[NET].name = brief->net;
    }
    if (per) {
        snprintf(brief->per, sizeof(brief->per), "per unit of %s", per);
        brief->heads[PER].name = brief->per;
    }
}

static const char *plus_minus(void)
{
    locale_t users = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8 = users && strcmp(nl_langinfo_l(CODESET, users), "UTF-8") == 0;
    if (users)
        freelocale(users);
    return utf8 ? "\302\261" : "+-";
}

/* A column that is n/a in every row is left out: the full table says n/a. */
static size_t pick_heads(erg_column picked[], const erg_column heads[],
                         const erg_table *rows)
{
    size_t count = 0;
    for (size_t c = 0; c < COLUMNS; c++) {
        const char *needs = c == NET ? "net_energy_j" : c == PER ? "energy_per_unit_j"
            : NULL;
        if (!needs || any_real(rows, needs))
            picked[count++] = heads[c];
    }
    return count;
}

static bool fill(cli_brief *brief, const erg_result *full, const erg_table *rows,
                 erg_error *err)
{
    size_t count = pick_heads(brief->picked, brief->heads, rows);
    erg_table *table = erg_result_add(brief->result, "regions", brief->picked, count, err);
    row_view view = { .from = rows, .summary = erg_result_find(full, "summary"),
                      .plus_minus = plus_minus() };
    bool ok = table != NULL;

    for (; ok && view.row < erg_table_row_count(rows); view.row++)
        if (is_shown(rows, view.row))
            ok = add_region(table, &view, brief->heads, err);
    return ok;
}

bool cli_brief_make(cli_brief *brief, const erg_result *full, const char *per,
                    erg_error *err)
{
    const erg_table *regions = erg_result_find(full, "regions");
    /* Nothing was marked: then each device's whole recording is a line. */
    const erg_table *rows = regions && erg_table_row_count(regions)
        ? regions : erg_result_find(full, "devices");

    brief->result = erg_result_new(erg_result_name(full), err);
    if (!brief->result || !rows)
        return brief->result != NULL;
    name_heads(brief, rows, per);
    bool ok = fill(brief, full, rows, err);
    for (size_t i = 0; ok && i < erg_result_note_count(full); i++)
        ok = erg_result_note(brief->result, err, "%s", erg_result_note_at(full, i));
    return ok;
}
