/* SPDX-License-Identifier: Apache-2.0 */
/* Axes and dots of the pictures of a choice. */
#include <math.h>
#include <string.h>
#include "report/page_choice.h"

static const erg_plot_knob knobs[] = {
    { "sm_clock_mhz", "Hz", "clock of the cores", 1e6 },
    { "power_cap_w", "W", "power limit", 1 },
    { "cpu_clock_mhz", "Hz", "clock of the CPU", 1e6 },
    { "mem_clock_mhz", "Hz", "clock of the memory", 1e6 },
};

/* ---- cells ---------------------------------------------------------------------- */

double erg_plot_number(const erg_table *table, size_t row, const char *column)
{
    return column ? erg_table_find(table, row, column).real : NAN;
}

bool erg_plot_truth(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).integer == 1;
}

const char *erg_plot_text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

bool erg_plot_is_own(const erg_plot *p, size_t row)
{
    return strcmp(erg_plot_text(p->options, row, "application"), p->application) == 0;
}

const erg_plot_knob *erg_plot_knob_of(const erg_plot *p, size_t number)
{
    for (size_t k = 0; k < ERG_COUNT(knobs); k++) {
        double least = NAN, most = NAN;
        for (size_t row = 0; row < erg_table_row_count(p->options); row++)
            if (erg_plot_is_own(p, row)) {
                least = fmin(least, erg_plot_number(p->options, row, knobs[k].column));
                most = fmax(most, erg_plot_number(p->options, row, knobs[k].column));
            }
        if (most > least && number-- == 0)
            return &knobs[k];
    }
    return NULL;
}

/* ---- axes ----------------------------------------------------------------------- */

erg_plot_axis erg_plot_axis_empty(const char *unit, const char *title)
{
    return (erg_plot_axis){ INFINITY, -INFINITY, unit, title };
}

void erg_plot_widen(erg_plot_axis *of, double value)
{
    if (!isfinite(value))
        return;
    of->least = fmin(of->least, value);
    of->most = fmax(of->most, value);
}

/* Room around the points. False: nothing to draw. */
bool erg_plot_make_room(erg_plot_axis *of)
{
    double room = 0.06 * (of->most - of->least);

    if (!(of->most >= of->least))
        return false;
    if (!(room > 0))
        room = fmax(fabs(of->most) * 0.1, 1e-12);
    of->least -= room;
    of->most += room;
    return true;
}

double erg_plot_x(const erg_plot *p, double value)
{
    return ERG_PLOT_LEFT
        + (p->wide - ERG_PLOT_LEFT) * (value - p->x.least) / (p->x.most - p->x.least);
}

double erg_plot_y(const erg_plot *p, double value)
{
    return (p->high - ERG_PLOT_BELOW)
        * (1 - (value - p->y.least) / (p->y.most - p->y.least));
}

static void put_label(const erg_plot *p, double x, double y, const char *anchor,
                      double value, const char *unit)
{
    fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    if (strcmp(unit, "%") == 0)
        fprintf(p->out, "%.4g\xc2\xa0%%", value);
    else
        erg_page_quantity(p->out, value, unit);
    fputs("</text>\n", p->out);
}

/* 1, 2 or 5 times a power of ten, so that about four fit. */
static double step_of(const erg_plot_axis *axis)
{
    double rough = (axis->most - axis->least) / 4, power = pow(10, floor(log10(rough)));
    double share = rough / power;

    return power * (share > 7 ? 10 : share > 3 ? 5 : share > 1.5 ? 2 : 1);
}

static void put_ticks_x(const erg_plot *p)
{
    double step = step_of(&p->x);

    for (double at = ceil(p->x.least / step); at * step <= p->x.most; at++) {
        double x = erg_plot_x(p, at * step);
        fprintf(p->out, "<path d=\"M%.1f 0V%d\" stroke=\"var(--line)\"/>\n", x,
                p->high - ERG_PLOT_BELOW);
        put_label(p, x, p->high - ERG_PLOT_BELOW + 16, "middle", at * step, p->x.unit);
    }
}

static void put_ticks_y(const erg_plot *p)
{
    double step = step_of(&p->y);

    for (double at = ceil(p->y.least / step); at * step <= p->y.most; at++) {
        double y = erg_plot_y(p, at * step);
        fprintf(p->out, "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/>\n",
                ERG_PLOT_LEFT, y, p->wide);
        put_label(p, ERG_PLOT_LEFT - 6, y + 4, "end", at * step, p->y.unit);
    }
}

void erg_plot_begin(const erg_plot *p, const char *caption)
{
    bool is_told = strcmp(caption, p->y.title) == 0;

    fprintf(p->out, "<figure><figcaption>%s <span>%s%sover %s</span></figcaption>\n"
            "<svg viewBox=\"0 -12 %d %d\" role=\"img\" style=\"width:100%%;max-width:%drem;"
            "font-size:11px;fill:var(--soft)\">\n", caption,
            is_told ? "" : p->y.title, is_told ? "" : " ", p->x.title,
            p->wide + 60, p->high + 12, p->wide == ERG_PLOT_WIDE ? 48 : 34);
    put_ticks_x(p);
    put_ticks_y(p);
}

void erg_plot_end(const erg_plot *p, const char *words)
{
    fputs("</svg>", p->out);
    if (words)
        fprintf(p->out, "<p class=\"soft\">%s</p>", words);
    fputs("</figure>\n", p->out);
}

static const char *style_of(const erg_plot *p, size_t row)
{
    if (erg_plot_truth(p->options, row, "chosen"))
        return "r=\"7\" fill=\"#d55e00\"";
    if (erg_plot_truth(p->options, row, "front"))
        return "r=\"4\" fill=\"var(--power)\"";
    return erg_plot_truth(p->options, row, "allowed")
               ? "r=\"3\" fill=\"var(--soft)\""
               : "r=\"3\" fill=\"none\" stroke=\"var(--soft)\"";
}

void erg_plot_setting(const erg_plot *p, size_t row)
{
    bool any = false;
    for (size_t k = 0; k < ERG_COUNT(knobs); k++) {
        double value = erg_plot_number(p->options, row, knobs[k].column);
        if (isnan(value))
            continue;
        fputs(any ? ", " : "", p->out);
        erg_page_quantity(p->out, value * knobs[k].per_unit, knobs[k].unit);
        any = true;
    }
}

void erg_plot_dot(const erg_plot *p, size_t row, double x, double y)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" %s><title>", erg_plot_x(p, x),
            erg_plot_y(p, y), style_of(p, row));
    erg_plot_setting(p, row);
    fputs("</title></circle>\n", p->out);
}
