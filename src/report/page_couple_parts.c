/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a coupling study, from its tables; each has its data behind it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page_couple.h"

enum { HEAT_LAGS_MOST = 64, SESSIONS_MOST = 64, PAIRS_MOST = 32 };

static const double tall = 13, low = 8;

static void drop(erg_chart_series *series) { free((void *)(uintptr_t)series->x); }

/* ---- over time ----------------------------------------------------------------------- */

typedef struct track { const char *section, *name, *title, *unit, *colour; } track;

static const track tracks[] = {
    { "thermal", "temp_c", "Temperature", "C", "s5" },
    { "thermal", "power_w", "Power", "W", "s0" },
    { "thermal", "q_out_w", "Heat given off", "W", "s0" },
    { "thermal", "fan_pct", "Fan", "%", "s2" },
    { "thermal", "clock_mhz", "Clock", "MHz", "s3" },
    { "thermal", "util_pct", "Use", "%", "s4" },
    { "thermal", "rle", "RLE index", "", "s1" },
    { "optimisation", "loss", "Loss", "", "s5" },
    { "optimisation", "grad_norm", "Gradient norm", "", "s1" },
    { "optimisation", "step_s", "Time of a step", "s", "s0" },
};

typedef struct shades { erg_chart_series throttle, loss; double begin_s, end_s; } shades;

static bool take_track(const erg_couple_page *page, const char *section, const char *name,
                       erg_chart_series *out)
{
    const erg_page_pick pick = { page->sheet, "time_s", "value",
                                 { { "section", section }, { "name", name } } };
    return erg_page_take(&pick, out, page->err);
}

/* Where a reason was set, half way to the neighbours. */
static void put_throttle(const erg_chart *chart, const erg_chart_series *of)
{
    for (size_t i = 0; i < of->count; i++) {
        double before = of->x[i > 0 ? i - 1 : i],
               after = of->x[i + 1 < of->count ? i + 1 : i];
        if (of->y[i] > 1)
            erg_chart_strip(chart, (before + of->x[i]) / 2, (after + of->x[i]) / 2, "s5");
    }
}

static void put_track(const erg_couple_page *page, const track *of,
                      const erg_chart_series *series, const shades *under)
{
    erg_chart chart = erg_chart_empty(page->out, "s", of->unit);
    const erg_chart_series *const all[] = { series };

    erg_chart_see(&chart, series);
    if (!erg_chart_settle(&chart))
        return;
    /* One axis of time for all tracks, so that they can be read against each other. */
    chart.x_low = under->begin_s;
    chart.x_high = under->end_s;
    erg_chart_begin(&chart, of->title, strcmp(of->section, "thermal") ? "of each record"
                    : under->throttle.count ? "grey: the training ran; orange: throttled"
                    : "grey: the training ran", low);
    if (under->loss.count && strcmp(of->section, "thermal") == 0)
        erg_chart_strip(&chart, under->loss.x[0], under->loss.x[under->loss.count - 1],
                        "s4");
    put_throttle(&chart, &under->throttle);
    erg_chart_line(&chart, series);
    erg_chart_end(&chart, "time_s", all, 1);
}

static void see_times(const erg_couple_page *page, shades *of)
{
    of->begin_s = INFINITY;
    of->end_s = -INFINITY;
    for (size_t i = 0; i < erg_page_rows(page->sheet); i++) {
        double time_s = erg_page_real(page->sheet, i, "time_s");
        of->begin_s = fmin(of->begin_s, time_s);
        of->end_s = fmax(of->end_s, time_s);
    }
}

bool erg_couple_timeline(const erg_couple_page *page)
{
    shades under = { .throttle = { .colour = "s5" }, .loss = { .colour = "s4" } };
    bool ok;

    if (!erg_page_rows(page->sheet))
        return true;
    ok = take_track(page, "thermal", "throttle", &under.throttle)
      && take_track(page, "optimisation", "grad_norm", &under.loss);
    see_times(page, &under);
    fputs("<section><h2>Over time</h2>\n", page->out);
    for (size_t i = 0; ok && i < ERG_COUNT(tracks); i++) {
        erg_chart_series series = { .colour = tracks[i].colour, .name = tracks[i].name };
        ok = take_track(page, tracks[i].section, tracks[i].name, &series);
        if (ok && series.count > 1)
            put_track(page, &tracks[i], &series, &under);
        drop(&series);
    }
    fputs("</section>\n", page->out);
    drop(&under.throttle);
    drop(&under.loss);
    return ok;
}

/* ---- each pair ----------------------------------------------------------------------- */

typedef struct pair { const char *x, *y, *device; char title[160]; } pair;

/* The lines of one pair in a table. */
static bool take_pair(const erg_couple_page *page, const char *table, const pair *of,
                      const char *x, const char *y, erg_chart_series *out)
{
    erg_page_pick pick = { erg_result_find(page->result, table), x, y,
                           { { "x", of->x }, { "y", of->y } } };
    if (of->device[0])
        pick.where[2].column = "device";
    pick.where[2].text = of->device;
    return erg_page_take(&pick, out, page->err);
}

static bool put_ccf(const erg_couple_page *page, const pair *of)
{
    static const struct { const char *column, *colour, *name; } lines[] = {
        { "r", "s4", "r as it is" }, { "r_detrended", "s1", "r detrended" },
        { "r_residual", "s0", "r of residuals (tested)" }, { "band", "s5", "band" },
    };
    erg_chart chart = erg_chart_empty(page->out, "s", "");
    erg_chart_series series[ERG_COUNT(lines)] = { { 0 } };
    const erg_chart_series *all[ERG_COUNT(lines)];
    bool ok = true;

    for (size_t i = 0; i < ERG_COUNT(lines); i++) {
        series[i].colour = lines[i].colour;
        series[i].name = lines[i].name;
        all[i] = &series[i];
        ok = ok && take_pair(page, "ccf", of, "lag_s", lines[i].column, &series[i]);
        if (ok)
            erg_chart_see(&chart, &series[i]);
    }
    chart.y_low = fmin(chart.y_low, -chart.y_high);
    if (ok && series[0].count > 1 && erg_chart_settle(&chart)) {
        double band = series[3].y[0];
        erg_chart_begin(&chart, "Correlation", "against the lag; above 0 the first leads; "
                        "dashed: what noise leaves", tall);
        erg_chart_level(&chart, band, "s5");
        erg_chart_level(&chart, -band, "s5");
        for (size_t i = 0; i < 3; i++)
            erg_chart_line(&chart, &series[i]);
        erg_chart_dots(&chart, &series[2]);
        erg_chart_end(&chart, "lag_s", all, ERG_COUNT(lines));
    }
    for (size_t i = 0; i < ERG_COUNT(lines); i++)
        drop(&series[i]);
    return ok;
}

/* Of the test's greatest |r|; NAN: not tested. */
static double tested_lag_s(const erg_couple_page *page, const pair *of)
{
    for (size_t i = 0; i < erg_page_rows(page->verdict); i++)
        if (strcmp(erg_page_text(page->verdict, i, "x"), of->x) == 0
            && strcmp(erg_page_text(page->verdict, i, "y"), of->y) == 0
            && strcmp(erg_page_text(page->verdict, i, "device"), of->device) == 0)
            return erg_page_real(page->verdict, i, "lag_s");
    return NAN;
}

/* r of the run at the lag of its test, which the check holds against placebos. */
static double run_r(const erg_couple_page *page, const pair *of)
{
    erg_chart_series ccf = { 0 };
    double r = NAN, lag_s = tested_lag_s(page, of);

    if (take_pair(page, "ccf", of, "lag_s", "r", &ccf))
        for (size_t i = 0; i < ccf.count; i++)
            if (fabs(ccf.x[i] - lag_s) < 1e-9)
                r = ccf.y[i];
    drop(&ccf);
    return r;
}

typedef struct dotted {
    const char *table, *x, *y, *x_unit, *title, *what;
    bool is_placebo;
} dotted;

static const dotted dots[] = {
    { "placebo", "shift_s", "r", "s", "Placebos", "r with times in which no coupling is "
      "possible, by their shift; orange: with other sessions; dashed: r of the run at "
      "the lag of its test", true },
    { "scatter", "x_value", "y_value", "", "Side by side",
      "the second against the first, in SI", false },
};

/* y of another session has no shift: its dots lie over the others. */
static void put_others(const erg_chart *chart, const erg_chart_series *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->x[i] == 0)
            erg_chart_dots(chart, &(erg_chart_series){ .colour = "s5", .x = &all->x[i],
                                                       .y = &all->y[i], .count = 1 });
}

static bool put_dots(const erg_couple_page *page, const pair *of, const dotted *kind)
{
    erg_chart chart = erg_chart_empty(page->out, kind->x_unit, "");
    erg_chart_series series = { .colour = "s0", .name = kind->y };
    const erg_chart_series *const all[] = { &series };
    bool ok = take_pair(page, kind->table, of, kind->x, kind->y, &series);

    if (ok) {
        double r = kind->is_placebo ? run_r(page, of) : NAN;
        erg_chart_see(&chart, &series);
        chart.y_low = isfinite(r) ? fmin(chart.y_low, -fabs(r)) : chart.y_low;
        chart.y_high = isfinite(r) ? fmax(chart.y_high, fabs(r)) : chart.y_high;
        if (series.count && erg_chart_settle(&chart)) {
            erg_chart_begin(&chart, kind->title, kind->what, tall);
            erg_chart_level(&chart, r, "s5");
            erg_chart_dots(&chart, &series);
            if (kind->is_placebo)
                put_others(&chart, &series);
            erg_chart_end(&chart, kind->x, all, 1);
        }
    }
    drop(&series);
    return ok;
}

static bool put_acf(const erg_couple_page *page, const pair *of)
{
    erg_chart chart = erg_chart_empty(page->out, "s", "");
    erg_chart_series x = { .colour = "s0", .name = of->x },
                     y = { .colour = "s1", .name = of->y };
    erg_chart_series band = { .colour = "s5", .name = "band" };
    const erg_chart_series *const all[] = { &x, &y, &band };
    bool ok = take_pair(page, "residuals", of, "lag_s", "acf_x", &x)
           && take_pair(page, "residuals", of, "lag_s", "acf_y", &y)
           && take_pair(page, "residuals", of, "lag_s", "band", &band);

    for (size_t i = 0; ok && i < ERG_COUNT(all); i++)
        erg_chart_see(&chart, all[i]);
    chart.y_low = fmin(chart.y_low, -chart.y_high);
    if (ok && x.count > 1 && erg_chart_settle(&chart)) {
        erg_chart_begin(&chart, "What is left",
                        "autocorrelation of the residuals: white where "
                        "it stays inside the dashed lines", tall);
        erg_chart_level(&chart, band.y[0], "s5");
        erg_chart_level(&chart, -band.y[0], "s5");
        erg_chart_line(&chart, &x);
        erg_chart_line(&chart, &y);
        erg_chart_end(&chart, "lag_s", all, ERG_COUNT(all));
    }
    drop(&x);
    drop(&y);
    drop(&band);
    return ok;
}

static bool put_pictures(const erg_couple_page *page, const pair *of)
{
    bool ok = put_ccf(page, of);

    for (size_t i = 0; ok && i < ERG_COUNT(dots); i++)
        ok = put_dots(page, of, &dots[i]);
    return ok && put_acf(page, of);
}

bool erg_couple_pictures(const erg_couple_page *page)
{
    size_t rows = erg_page_rows(page->verdict);
    bool ok = true;

    for (size_t i = 0; ok && i < rows && i < PAIRS_MOST; i++) {
        pair of = { erg_page_text(page->verdict, i, "x"),
                    erg_page_text(page->verdict, i, "y"),
                    erg_page_text(page->verdict, i, "device"), "" };
        snprintf(of.title, sizeof(of.title), "%.60s : %.60s %.30s", of.x, of.y, of.device);
        if (!isfinite(erg_page_real(page->verdict, i, "r")))
            continue;
        fputs("<section><h2>", page->out);
        erg_html_text(page->out, of.title);
        fputs("</h2>\n<div class=\"pairs\">\n", page->out);
        ok = put_pictures(page, &of);
        fputs("</div></section>\n", page->out);
    }
    return ok;
}

/* ---- sessions side by side ----------------------------------------------------------- */

/* The colour of r: blue below 0, orange above; the letters keep the page's own colour. */
static void put_heat_cell(FILE *out, double r)
{
    if (!isfinite(r))
        fputs("<span class=\"soft\">n/a</span>", out);
    else
        fprintf(out, "<span style=\"background:%s%02x\">%+.2f</span>",
                r < 0 ? "#0072b2" : "#d55e00", (unsigned)(fmin(1, fabs(r)) * 170), r);
}

static void put_heat(const erg_couple_page *page, const erg_table *map)
{
    size_t columns = erg_table_column_count(map), rows = erg_table_row_count(map), lags = 0;

    for (size_t c = 0; c < columns; c++)
        lags += strncmp(erg_table_column(map, c)->name, "lag_", 4) == 0;
    fprintf(page->out,
            "<div class=\"heat\" style=\"grid-template-columns:minmax(6rem,14rem) "
            "repeat(%zu,minmax(3rem,1fr))\"><b>session</b>", lags);
    for (size_t c = columns - lags; c < columns; c++)
        fprintf(page->out, "<span class=\"soft\">%s</span>",
                erg_table_column(map, c)->name + 4);
    for (size_t i = 0; i < rows && i < SESSIONS_MOST; i++) {
        fputs("<b>", page->out);
        erg_html_text(page->out, erg_page_text(map, i, "session"));
        fputs(" <small class=\"soft\">", page->out);
        erg_html_text(page->out, erg_page_text(map, i, "x"));
        fputs(" : ", page->out);
        erg_html_text(page->out, erg_page_text(map, i, "y"));
        fputs("</small></b>", page->out);
        for (size_t c = columns - lags; c < columns; c++)
            put_heat_cell(page->out, erg_table_cell(map, i, c).real);
    }
    fputs("</div>\n", page->out);
}

void erg_couple_sessions(const erg_couple_page *page)
{
    const erg_table *sessions = erg_result_find(page->result, "sessions");
    const erg_table *map = erg_result_find(page->result, "lag_map");
    const erg_table *whole = erg_result_find(page->result, "reproducibility");

    if (!sessions)
        return;
    fputs("<section><h2>Sessions side by side</h2>\n", page->out);
    for (size_t i = 0; i < erg_page_rows(whole); i++) {
        fputs("<p class=\"lead\">", page->out);
        erg_html_text(page->out, erg_page_text(whole, i, "x"));
        fputs(" : ", page->out);
        erg_html_text(page->out, erg_page_text(whole, i, "y"));
        fputs(": ", page->out);
        erg_html_text(page->out, erg_page_text(whole, i, "verdict"));
        fprintf(page->out, " <span class=\"soft\">(%g runs, worth %g",
                erg_page_real(whole, i, "runs"), erg_page_real(whole, i, "effective_runs"));
        const char *reason = erg_page_text(whole, i, "reason");
        fputs(reason && reason[0] ? "; " : "", page->out);
        erg_html_text(page->out, reason ? reason : "");
        fputs(")</span></p>\n", page->out);
    }
    erg_html_table(page->out, sessions);
    if (map && erg_table_row_count(map)) {
        fputs("<h3>r of the residuals, session by lag in seconds</h3>\n", page->out);
        put_heat(page, map);
    }
    fputs("</section>\n", page->out);
}
