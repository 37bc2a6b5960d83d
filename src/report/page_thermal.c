/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a thermal fit, from its tables alone: each window's record
 * beside the network, with the half that it was not fitted to;
 * time constants, Z_th, residuals.
 */
#include <math.h>
#include <stdlib.h>
#include "report/page.h"
#include "report/page_chart.h"

typedef struct thermal_page {
    const erg_result *result;
    const erg_table *fit, *curves;
    FILE *out;
    erg_error *err;
} thermal_page;

enum { LINES_MOST = 3 };
typedef struct line { const char *curve, *name, *colour; bool dots; } line;

typedef struct picture {
    const char *title, *about, *x_name, *x_unit, *y_unit;
    double high;
    bool log_x;
    line lines[LINES_MOST];
} picture;

static const picture pictures[] = {
    { "Temperature",
      "dots: measured; blue: the network; orange: the network of the first half, "
      "run on the power of the second, which it has not seen", "time_s",
      "s", "C", 13, false,
      { { "temp_c", "measured", "s4", true }, { "model_c", "network", "s0", false },
        { "held_out_c", "held out", "s1", false } } },
    { "Power", "measured", "time_s", "s", "W", 8, false,
      { { "power_w", "power", "s0", false } } },
    { "Time constant",
      "error of the fit with tau held there, on log time: a sharp valley is a "
      "time constant that the record knows", "tau_s", "s", "K", 10, true,
      { { "profile_k", "rms error", "s0", false } } },
    { "Z_th", "rise per watt after a step, on log time", "time_s", "s", "K/W", 10,
      true, { { "zth_k_per_w", "Z_th", "s2", false } } },
    { "Structure function",
      "resistance that heat has passed over the capacity that it has filled, "
      "on log scale, from the die outwards: a step up is an interface",
      "c_j_per_k", "J/K", "K/W", 10, true,
      { { "structure_k_per_w", "cumulative resistance", "s2", false } } },
    { "Residuals",
      "their autocorrelation: outside of the band something is left to explain", "lag",
      "rows", "", 8, false,
      { { "residual_r", "r", "s0", true },
        { "residual_band", "95 % of white noise", "s5", false },
        { "residual_band_low", "", "s5", false } } },
};

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

static void drop(erg_chart_series *series) { free((void *)(uintptr_t)series->x); }

static bool take_lines(const thermal_page *page, const picture *of, size_t row,
                       erg_chart_series series[LINES_MOST])
{
    bool ok = true;

    for (size_t i = 0; ok && i < LINES_MOST && of->lines[i].curve; i++) {
        const erg_page_pick pick = { page->curves, "x", "y",
            { { "device", text(page->fit, row, "device") },
              { "window", text(page->fit, row, "window") },
              { "curve", of->lines[i].curve } } };
        series[i] = (erg_chart_series){ .colour = of->lines[i].colour,
                                        .name = of->lines[i].name };
        ok = erg_page_take(&pick, &series[i], page->err);
    }
    return ok;
}

static void draw(const thermal_page *page, const picture *of,
                 const erg_chart_series series[LINES_MOST])
{
    erg_chart chart = erg_chart_empty(page->out, of->x_unit, of->y_unit);
    const erg_chart_series *named[LINES_MOST];
    size_t count = 0;

    chart.log_x = of->log_x;
    for (size_t i = 0; i < LINES_MOST && of->lines[i].curve; i++)
        erg_chart_see(&chart, &series[i]);
    if (!erg_chart_settle(&chart))
        return;
    erg_chart_begin(&chart, of->title, of->about, of->high);
    for (size_t i = 0; i < LINES_MOST && of->lines[i].curve; i++) {
        if (of->lines[i].dots)
            erg_chart_dots(&chart, &series[i]);
        else
            erg_chart_line(&chart, &series[i]);
        if (series[i].count && of->lines[i].name[0])
            named[count++] = &series[i];
    }
    erg_chart_end(&chart, of->x_name, named, count);
}

static bool put_window(const thermal_page *page, size_t row)
{
    bool ok = true;

    fputs("<section><h2>", page->out);
    erg_html_text(page->out, text(page->fit, row, "device"));
    fputs(", ", page->out);
    erg_html_text(page->out, text(page->fit, row, "window"));
    fputs("</h2>\n<p class=\"lead\">", page->out);
    erg_html_text(page->out, text(page->fit, row, "verdict"));
    fputs("</p>\n", page->out);
    for (size_t i = 0; ok && i < ERG_COUNT(pictures); i++) {
        erg_chart_series series[LINES_MOST] = { { 0 } };
        ok = take_lines(page, &pictures[i], row, series);
        if (ok && series[0].count > 1)
            draw(page, &pictures[i], series);
        for (size_t j = 0; j < LINES_MOST; j++)
            drop(&series[j]);
    }
    fputs("</section>\n", page->out);
    return ok;
}

static bool put_all(const thermal_page *page, const char *title)
{
    erg_page head = { .out = page->out };
    bool ok = true;

    erg_page_head(&head, title);
    fputs(erg_chart_style, page->out);
    fputs("<p class=\"lead\">How fast, and how much, a part warms per watt: "
          "each steady window, fitted, and tried on the half that the "
          "fit did not see.</p>\n", page->out);
    for (size_t i = 0; ok && i < erg_table_row_count(page->fit); i++)
        ok = put_window(page, i);
    fputs("<section><h2>All figures</h2>\n", page->out);
    erg_page_tables(page->out, page->result, page->curves);
    erg_html_notes(page->out, page->result);
    fputs("</section>\n", page->out);
    erg_page_foot(page->out);
    return ok;
}

bool erg_report_thermal(const erg_result *thermal, const char *title, FILE *out,
                        erg_error *err)
{
    const thermal_page page = { .result = thermal, .fit = erg_result_find(thermal, "fit"),
                                .curves = erg_result_find(thermal, "curves"), .out = out,
                                .err = err };

    if (!page.fit || !page.curves)
        return erg_fail(err, ERG_BAD_INPUT,
                        "this result has no curves: erg thermal fit --curves "
                        "--format json writes them");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    bool ok = put_all(&page, title ? title : "A thermal fit");
    return erg_page_numbers_end(&plain, out, ok, err);
}
