/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page.h"
#include "report/page_chart.h"

/* Beyond this share of the width, in %, a label would stick out. */
static const double edge = 96;

/* Colours of Okabe and Ito that stand out on white and on black. */
const char erg_chart_style[] =
"<style>\n"
".chart{position:relative;margin:0 .5rem 0 4.2rem}\n"
".chart svg{display:block;width:100%;overflow:visible}\n"
".chart .grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}\n"
".chart path,.chart line{vector-effect:non-scaling-stroke}\n"
".chart .line{fill:none;stroke-width:1.6;stroke-linejoin:round}\n"
".chart .dots{fill:none;stroke-width:5;stroke-linecap:round}\n"
".chart .level{stroke-width:1.4;stroke-dasharray:5 4}\n"
".chart .strip{opacity:.22}\n"
".s0{stroke:var(--power);fill:var(--power);background:var(--power)}\n"
".s1{stroke:#e69f00;fill:#e69f00;background:#e69f00}\n"
".s2{stroke:#009e73;fill:#009e73;background:#009e73}\n"
".s3{stroke:#cc79a7;fill:#cc79a7;background:#cc79a7}\n"
".s4{stroke:var(--soft);fill:var(--soft);background:var(--soft)}\n"
".s5{stroke:#d55e00;fill:#d55e00;background:#d55e00}\n"
".chart .line,.chart .dots{fill:none;background:none}\n"
".keys{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.6rem 0 .2rem;padding:0;"
"font-size:.85rem;color:var(--soft)}\n"
".keys i{display:inline-block;width:.9rem;height:.28rem;border-radius:2px;"
"margin-right:.4rem;vertical-align:middle}\n"
".pairs{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:0 2rem}\n"
".bar.r{grid-template-columns:13rem 1fr 15rem}\n"
".heat{display:grid;gap:2px;font-size:.8rem;font-variant-numeric:tabular-nums;"
"max-width:48rem;overflow-x:auto}\n"
".heat span{padding:.35rem .3rem;text-align:center;border-radius:3px;white-space:nowrap}\n"
".heat b{font-weight:500;padding:.35rem .4rem .35rem 0;overflow-wrap:anywhere}\n"
"@media(max-width:40rem){.bar.r{grid-template-columns:1fr auto}"
".pairs{grid-template-columns:1fr}.chart{margin-left:3.6rem}}\n"
"</style>\n";

erg_chart erg_chart_empty(FILE *out, const char *x_unit, const char *y_unit)
{
    return (erg_chart){ .out = out, .x_low = INFINITY, .x_high = -INFINITY,
                        .y_low = INFINITY,
                        .y_high = -INFINITY, .x_unit = x_unit, .y_unit = y_unit };
}

void erg_chart_see(erg_chart *chart, const erg_chart_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        if (!isfinite(series->x[i]) || !isfinite(series->y[i]))
            continue;
        chart->x_low = fmin(chart->x_low, series->x[i]);
        chart->x_high = fmax(chart->x_high, series->x[i]);
        chart->y_low = fmin(chart->y_low, series->y[i]);
        chart->y_high = fmax(chart->y_high, series->y[i]);
    }
}

/* 1, 2 or 5 times a power of ten, so that about four fit. */
static double step_of(double range)
{
    double power = pow(10, floor(log10(range / 4))), share = range / 4 / power;
    return power * (share > 5 ? 10 : share > 2 ? 5 : share > 1 ? 2 : 1);
}

int erg_chart_settle(erg_chart *chart)
{
    if (!(chart->y_high >= chart->y_low) || !(chart->x_high >= chart->x_low))
        return 0;
    if (!(chart->x_high > chart->x_low)) {
        chart->x_low -= 0.5;
        chart->x_high += 0.5;
    }
    if (chart->y_high == 0 && chart->y_low == 0)
        chart->y_high = 1;      /* a fan that stands still has no millionths */
    if (!(chart->y_high > chart->y_low)) {
        double room = 0.05 * fabs(chart->y_low);
        chart->y_low -= room;
        chart->y_high += room;
    }
    double step = step_of(chart->y_high - chart->y_low);
    chart->y_low = step * floor(chart->y_low / step);
    chart->y_high = step * ceil(chart->y_high / step);
    return 1;
}

static double x_at(const erg_chart *chart, double x)
{
    if (chart->log_x)
        return 100 * log(x / chart->x_low) / log(chart->x_high / chart->x_low);
    return 100 * (x - chart->x_low) / (chart->x_high - chart->x_low);
}

static double y_at(const erg_chart *chart, double y)
{
    double at = 100 - 100 * (y - chart->y_low) / (chart->y_high - chart->y_low);
    return fmax(-2, fmin(102, at));
}

void erg_chart_begin(const erg_chart *chart, const char *title, const char *about,
                     double high)
{
    double step = step_of(chart->y_high - chart->y_low);
    int lines = (int)floor((chart->y_high - chart->y_low) / step + 0.5);

    fputs("<figure><figcaption>", chart->out);
    erg_html_text(chart->out, title);
    fputs(" <span>", chart->out);
    erg_html_text(chart->out, about);
    fputs("</span></figcaption>\n<div class=\"chart\">", chart->out);
    for (int i = 0; i <= lines; i++) {
        double y = chart->y_low + i * step;
        fprintf(chart->out, "<span class=\"y\" style=\"top:%.2f%%\">%.4g%s%s</span>",
                y_at(chart, y), fabs(y) < step / 1e6 ? 0 : y, chart->y_unit[0] ? " " : "",
                chart->y_unit);
    }
    fprintf(chart->out,
            "<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" "
            "style=\"height:%.1frem\" aria-label=\"", high);
    erg_html_text(chart->out, title);
    fputs("\">\n", chart->out);
    for (int i = 0; i <= lines; i++) {
        double at = y_at(chart, chart->y_low + i * step);
        fprintf(chart->out,
                "<line class=\"grid\" x1=\"0\" x2=\"100\" y1=\"%.2f\" y2=\"%.2f\"/>", at,
                at);
    }
    fputc('\n', chart->out);
}

void erg_chart_strip(const erg_chart *chart, double from, double to, const char *colour)
{
    double left = fmax(0, x_at(chart, from)), right = fmin(100, x_at(chart, to));

    if (right > left)
        fprintf(chart->out, "<rect class=\"strip %s\" x=\"%.2f\" width=\"%.2f\" y=\"0\" "
                "height=\"100\" style=\"stroke:none\"/>\n", colour, left, right - left);
}

void erg_chart_level(const erg_chart *chart, double y, const char *colour)
{
    if (isfinite(y) && y >= chart->y_low && y <= chart->y_high)
        fprintf(chart->out, "<line class=\"level %s\" x1=\"0\" x2=\"100\" y1=\"%.2f\" "
                "y2=\"%.2f\"/>\n", colour, y_at(chart, y), y_at(chart, y));
}

void erg_chart_line(const erg_chart *chart, const erg_chart_series *series)
{
    const char *letter = "M";
    double before = -INFINITY;

    /* Where x goes back another curve begins, as of another pole. */
    fprintf(chart->out, "<path class=\"line %s\" d=\"", series->colour);
    for (size_t i = 0; i < series->count; i++) {
        if (series->x[i] < before)
            letter = "M";
        before = series->x[i];
        if (!isfinite(series->x[i]) || !isfinite(series->y[i])) {
            letter = "M";
            continue;
        }
        fprintf(chart->out, "%s%.2f %.2f", letter, x_at(chart, series->x[i]),
                y_at(chart, series->y[i]));
        letter = "L";
    }
    fputs("\"/>\n", chart->out);
}

/* Strokes without length have round ends: dots that do not stretch. */
void erg_chart_dots(const erg_chart *chart, const erg_chart_series *series)
{
    fprintf(chart->out, "<path class=\"dots %s\" d=\"", series->colour);
    for (size_t i = 0; i < series->count; i++)
        if (isfinite(series->x[i]) && isfinite(series->y[i]))
            fprintf(chart->out, "M%.2f %.2fh0", x_at(chart, series->x[i]),
                    y_at(chart, series->y[i]));
    fputs("\"/>\n", chart->out);
}

static void put_cell(FILE *out, double value)
{
    char text[ERG_NUMBER_MOST];

    if (!isfinite(value)) {
        fputs("<td class=\"n none\">n/a</td>", out);
        return;
    }
    erg_number_short(value, text);
    fprintf(out, "<td class=\"n\">%s</td>", text);
}

static void put_data(const erg_chart *chart, const char *x_name,
                     const erg_chart_series *const series[], size_t count)
{
    FILE *out = chart->out;

    fputs("<details><summary>The data</summary>\n<div class=\"scroll\" tabindex=\"0\">"
          "<table><thead><tr><th class=\"n\">", out);
    erg_html_text(out, x_name);
    for (size_t s = 0; s < count; s++) {
        fputs("</th><th class=\"n\">", out);
        erg_html_text(out, series[s]->name);
    }
    fputs("</th></tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; count && i < series[0]->count; i++) {
        fputs("<tr>", out);
        put_cell(out, series[0]->x[i]);
        for (size_t s = 0; s < count; s++)
            put_cell(out, i < series[s]->count ? series[s]->y[i] : NAN);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div></details>\n", out);
}

/* One at the right edge ends there. */
static void put_tick(const erg_chart *chart, double x, const char *unit)
{
    double at = x_at(chart, x);

    fprintf(chart->out, "<span style=\"left:%.2f%%%s\">%.4g%s%s</span>", at,
            at > edge ? ";transform:translateX(-100%)" : "", x, unit[0] ? " " : "", unit);
}

/* About seven labels have room on a telephone. */
static void put_log_ticks(const erg_chart *chart)
{
    static const double ones[] = { 1, 2, 5 };
    double decades = log10(chart->x_high / chart->x_low);
    size_t marks = decades > 2.4 ? 1 : ERG_COUNT(ones);
    int low = (int)floor(log10(chart->x_low)), high = (int)ceil(log10(chart->x_high));
    int by = decades > 6 ? 2 : 1;

    for (int power = low; power <= high; power++)
        for (size_t i = 0; i < marks && power % by == 0; i++) {
            double x = ones[i] * pow(10, power);
            if (x >= chart->x_low * (1 - 1e-9) && x <= chart->x_high * (1 + 1e-9))
                put_tick(chart, x, i ? "" : chart->x_unit);    /* room for all */
        }
}

static void put_ticks(const erg_chart *chart)
{
    double step = step_of(chart->x_high - chart->x_low), first = ceil(chart->x_low / step);

    if (chart->log_x) {
        put_log_ticks(chart);
        return;
    }
    for (int i = 0; (first + i) * step <= chart->x_high; i++)
        put_tick(chart, (first + i) * step, chart->x_unit);
}

void erg_chart_end(const erg_chart *chart, const char *x_name,
                   const erg_chart_series *const series[], size_t count)
{
    fputs("</svg></div>\n<div class=\"chart xs\">", chart->out);
    put_ticks(chart);
    fputs("</div>\n<div class=\"keys\">", chart->out);
    for (size_t s = 0; count > 1 && s < count; s++) {
        fprintf(chart->out, "<span><i class=\"%s\"></i>", series[s]->colour);
        erg_html_text(chart->out, series[s]->name);
        fputs("</span>", chart->out);
    }
    fputs("</div>\n", chart->out);
    put_data(chart, x_name, series, count);
    fputs("</figure>\n", chart->out);
}

/* ---- from tables --------------------------------------------------------------------- */

static bool is_wanted(const erg_page_pick *pick, size_t row)
{
    for (size_t i = 0; i < ERG_COUNT(pick->where) && pick->where[i].column; i++)
        if (strcmp(erg_page_text(pick->table, row, pick->where[i].column),
                   pick->where[i].text) != 0)
            return false;
    return true;
}

bool erg_page_take(const erg_page_pick *pick, erg_chart_series *out, erg_error *err)
{
    size_t rows = erg_page_rows(pick->table);
    double *x = malloc((2 * rows + 1) * sizeof(*x)), *y = x ? x + rows : NULL;

    out->x = x;
    out->y = y;
    out->count = 0;
    if (!x)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < rows; i++)
        if (is_wanted(pick, i)) {
            x[out->count] = erg_page_real(pick->table, i, pick->x);
            y[out->count++] = erg_page_real(pick->table, i, pick->y);
        }
    return true;
}
