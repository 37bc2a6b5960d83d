/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a policy: its wave and its spectrum, the base behind them in grey. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page_shape.h"

enum { PERIODS = 4, POINTS_MOST = 600 };

static const double high = 9, band_low_hz = 0.1, band_high_hz = 20;

static void drop(erg_chart_series *series) { free((void *)(uintptr_t)series->x); }

static const char *name_of(const erg_shape_page *page, size_t row)
{
    return erg_page_text(page->policies, row, "policy");
}

/* ---- scales -------------------------------------------------------------------------- */

static double top_of(const erg_table *table, size_t column)
{
    double top = 0;

    for (size_t i = 0; i < erg_table_row_count(table); i++)
        top = fmax(top, erg_table_cell(table, i, column).real);
    return top;
}

static double last_s(const erg_table *wave)
{
    size_t rows = erg_page_rows(wave);
    return rows ? erg_page_real(wave, rows - 1, "time_s") : 0;
}

void erg_shape_scales(erg_shape_page *page)
{
    double line_hz = erg_page_real(page->policies, 0, "line_hz"),
           end_s = last_s(page->wave);

    page->until_s = line_hz > 0 ? fmin(end_s, PERIODS / line_hz) : end_s;
    page->top_w = page->line_w = 0;
    for (size_t c = 1; page->wave && c < erg_table_column_count(page->wave); c++)
        if (erg_table_column(page->wave, c)->type == ERG_REAL)
            page->top_w = fmax(page->top_w, top_of(page->wave, c));
    for (size_t i = 0; i < erg_page_rows(page->spectrum); i++)
        page->line_w = fmax(page->line_w, erg_page_real(page->spectrum, i, "amplitude_w"));
}

/* ---- wave ---------------------------------------------------------------------------- */

/* Of each bin of rows its least and its greatest, in their order: no peak is lost. */
static void thin(erg_chart_series *series)
{
    double *x = (double *)(uintptr_t)series->x, *y = (double *)(uintptr_t)series->y;
    size_t bin = 2 * series->count / POINTS_MOST + 1, kept = 0;

    if (series->count <= POINTS_MOST)
        return;
    for (size_t from = 0; from < series->count; from += bin) {
        size_t end = from + bin < series->count ? from + bin : series->count;
        size_t low = from, top = from;
        for (size_t i = from; i < end; i++) {
            low = y[i] < y[low] ? i : low;
            top = y[i] > y[top] ? i : top;
        }
        const size_t both[] = { low < top ? low : top, low < top ? top : low };
        for (size_t i = 0; i < ERG_COUNT(both) && (i == 0 || both[1] != both[0]); i++) {
            x[kept] = x[both[i]];
            y[kept++] = y[both[i]];
        }
    }
    series->count = kept;
}

static bool take_wave(const erg_shape_page *page, size_t row, erg_chart_series *out)
{
    char column[160];
    const erg_page_pick pick = { .table = page->wave, .x = "time_s", .y = column };

    snprintf(column, sizeof(column), "%s_power_w", name_of(page, row));
    if (!erg_page_take(&pick, out, page->err))
        return false;
    while (out->count && out->x[out->count - 1] > page->until_s)
        out->count--;
    thin(out);
    return true;
}

static bool take_spectrum(const erg_shape_page *page, size_t row, erg_chart_series *out)
{
    const erg_page_pick pick = { page->spectrum, "frequency_hz", "amplitude_w",
                                 { { "policy", name_of(page, row) } } };
    size_t below = 0;

    if (!erg_page_take(&pick, out, page->err))
        return false;
    while (below < out->count && out->x[below] < band_low_hz * (1 - 1e-9))
        below++;
    out->count -= below;
    memmove((void *)(uintptr_t)out->x, out->x + below, out->count * sizeof(double));
    memmove((void *)(uintptr_t)out->y, out->y + below, out->count * sizeof(double));
    return true;
}

/* ---- both ---------------------------------------------------------------------------- */

typedef struct kilo { double factor; const char *unit; } kilo;

static kilo kilo_of(double top_w)
{
    return top_w >= 1e6 ? (kilo){ 1e-6, "MW" } : top_w >= 1e3 ? (kilo){ 1e-3, "kW" }
                                                              : (kilo){ 1, "W" };
}

static void scale(erg_chart_series *series, double factor)
{
    double *y = (double *)(uintptr_t)series->y;

    for (size_t i = 0; i < series->count; i++)
        y[i] *= factor;
}

/* The lowest y is 0, so that what is half as high is half as much. */
static void settle(erg_chart *chart, double top)
{
    chart->y_low = 0;
    chart->y_high = top;
    erg_chart_settle(chart);
}

static void draw_wave(const erg_shape_page *page, erg_chart_series series[2], bool is_base)
{
    kilo is = kilo_of(page->top_w);
    erg_chart chart = erg_chart_empty(page->out, "s", is.unit);
    const erg_chart_series *const named[] = { &series[1], &series[0] };

    scale(&series[0], is.factor);
    scale(&series[1], is.factor);
    erg_chart_see(&chart, &series[0]);
    erg_chart_see(&chart, &series[1]);
    settle(&chart, page->top_w * is.factor);
    erg_chart_begin(&chart, "Power", "of all units together", high);
    if (!is_base)
        erg_chart_line(&chart, &series[0]);
    erg_chart_line(&chart, &series[1]);
    erg_chart_end(&chart, "time_s", named, is_base ? 1 : 2);
}

static void draw_spectrum(const erg_shape_page *page, erg_chart_series series[2],
                          bool is_base)
{
    kilo is = kilo_of(page->line_w);
    erg_chart chart = erg_chart_empty(page->out, "Hz", is.unit);
    const erg_chart_series *const named[] = { &series[1], &series[0] };

    scale(&series[0], is.factor);
    scale(&series[1], is.factor);
    erg_chart_see(&chart, &series[0]);
    erg_chart_see(&chart, &series[1]);
    settle(&chart, page->line_w * is.factor);
    chart.log_x = true;
    erg_chart_begin(&chart, "Spectrum", "amplitude of swings; shaded: 0.1 to 20 Hz", high);
    erg_chart_strip(&chart, band_low_hz, band_high_hz, "s1");
    if (!is_base)
        erg_chart_line(&chart, &series[0]);
    erg_chart_line(&chart, &series[1]);
    erg_chart_end(&chart, "frequency_hz", named, is_base ? 1 : 2);
}

typedef struct picture {
    bool (*take)(const erg_shape_page *page, size_t row, erg_chart_series *out);
    void (*draw)(const erg_shape_page *page, erg_chart_series series[2], bool is_base);
} picture;

static const picture pictures[] = { { take_wave, draw_wave },
                                    { take_spectrum, draw_spectrum } };

bool erg_shape_pictures(const erg_shape_page *page, size_t row)
{
    bool ok = true;

    fputs("<div class=\"pairs\">\n", page->out);
    for (size_t i = 0; ok && i < ERG_COUNT(pictures); i++) {
        erg_chart_series series[2] = {
            { .colour = "s4", .name = name_of(page, 0) },
            { .colour = row ? "s0" : "s4", .name = name_of(page, row) },
        };
        ok = pictures[i].take(page, 0, &series[0])
            && pictures[i].take(page, row, &series[1]);
        if (ok && series[1].count > 1)
            pictures[i].draw(page, series, row == 0);
        drop(&series[0]);
        drop(&series[1]);
    }
    fputs("</div>\n", page->out);
    return ok;
}
