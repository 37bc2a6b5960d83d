/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of an estimate, from its tables alone: energy per
 * inference against latency, the three terms as stacked bars, the roofline, then
 * every figure. Axes of both plots are logarithmic.
 */
#include <math.h>
#include <string.h>
#include "report/page.h"
#include "report/page_spots.h"

enum { WIDE = 500, HIGH = 280, LEFT = 90, BELOW = 30, TICKS_MOST = 6 };

typedef struct axis { double least, most; const char *unit, *title; } axis;

/* What the energy of a row is shared out to. */
typedef struct shared_out { const char *of, *energy; } shared_out;

static const shared_out inference = { "inference", "energy per inference" };
static const shared_out token = { "token", "energy per token" };

typedef struct picture {
    const erg_result *result;
    const erg_table *summary;
    FILE *out;
    const shared_out *per;
    axis x, y;
} picture;

static double number(const erg_table *table, size_t row, const char *column)
{
    erg_cell cell = erg_table_find(table, row, column);
    return isfinite(cell.real) || cell.integer == ERG_NONE
        ? cell.real : (double)cell.integer;
}

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "n/a";
}

static void put_name(const picture *p, size_t row)
{
    erg_html_text(p->out, text(p->summary, row, "hardware"));
    fputs(" ", p->out);
    erg_html_text(p->out, text(p->summary, row, "precision"));
    fprintf(p->out, ", batch %.0f", number(p->summary, row, "batch"));
}

/* ---- plots on logarithmic axes ----------------------------------------------------- */

static void widen(axis *of, double value)
{
    if (!(value > 0) || !isfinite(value))
        return;
    of->least = of->least > 0 ? fmin(of->least, value) : value;
    of->most = fmax(of->most, value);
}

/* Room around the points, and never an empty axis. */
static bool is_drawn(picture *p)
{
    if (!(p->x.least > 0) || !(p->y.least > 0))
        return false;
    p->x.least /= 1.3, p->x.most *= 1.3;
    p->y.least /= 1.3, p->y.most *= 1.3;
    return true;
}

static double at_x(const picture *p, double value)
{
    return LEFT + (WIDE - LEFT) * log(value / p->x.least) / log(p->x.most / p->x.least);
}

static double at_y(const picture *p, double value)
{
    return (HIGH - BELOW) * (1 - log(value / p->y.least) / log(p->y.most / p->y.least));
}

static void put_label(const picture *p, double x, double y, const char *anchor,
                      double value, const char *unit)
{
    fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    erg_page_quantity(p->out, value, unit);
    fputs("</text>\n", p->out);
}

/* Ticks of every so many decades; how many there would be. */
static int put_ticks(const axis *of, const double steps[3], int every,
                     double ticks[TICKS_MOST])
{
    int last = (int)floor(log10(of->most)), count = 0;

    for (int decade = (int)floor(log10(of->least)); decade <= last; decade += every)
        for (int i = 0; i < 3; i++) {
            double at = steps[i] * pow(10, decade);
            if (at >= of->least && at <= of->most && count++ < TICKS_MOST)
                ticks[count - 1] = at;
        }
    return count;
}

/* 1, 2 and 5 of each decade, thinned out until there are few. */
static int find_ticks(const axis *of, double ticks[TICKS_MOST])
{
    static const double steps[][3] = { { 1, 2, 5 }, { 1, 3, 0 }, { 1, 0, 0 } };
    int every = 1, count = TICKS_MOST + 1;

    for (size_t i = 0; i < ERG_COUNT(steps) && count > TICKS_MOST; i++)
        count = put_ticks(of, steps[i], every, ticks);
    while (count > TICKS_MOST)
        count = put_ticks(of, steps[ERG_COUNT(steps) - 1], ++every, ticks);
    return count;
}

static void begin_plot(const picture *p, const char *caption)
{
    double ticks[TICKS_MOST];

    fprintf(p->out, "<figure><figcaption>%s <span>%s over %s, both logarithmic</span>"
            "</figcaption>\n<div class=\"scroll\"><svg viewBox=\"0 -12 %d %d\" "
            "role=\"img\" style=\"width:100%%;min-width:27rem;max-width:48rem;"
            "font-size:11px;fill:var(--soft)\">\n<path d=\"M%d 0V%dH%d\" fill=\"none\" "
            "stroke=\"var(--line)\"/>\n", caption, p->y.title, p->x.title, WIDE + 40,
            HIGH + 12, LEFT, HIGH - BELOW, WIDE);
    for (int i = 0, count = find_ticks(&p->x, ticks); i < count; i++) {
        fprintf(p->out, "<path d=\"M%.1f 0V%d\" stroke=\"var(--line)\"/>\n",
                at_x(p, ticks[i]), HIGH - BELOW);
        put_label(p, at_x(p, ticks[i]), HIGH - BELOW + 16, "middle", ticks[i], p->x.unit);
    }
    for (int i = 0, count = find_ticks(&p->y, ticks); i < count; i++) {
        fprintf(p->out, "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/>\n", LEFT,
                at_y(p, ticks[i]), WIDE);
        put_label(p, LEFT - 6, at_y(p, ticks[i]) + 4, "end", ticks[i], p->y.unit);
    }
}

/* Where a row lies; false: it has no estimate. */
static bool find_dot(const picture *p, size_t row, double *x, double *y)
{
    double latency_s = number(p->summary, row, "latency_s");
    double energy_j = number(p->summary, row, "energy_per_inference_j");

    if (!(latency_s > 0) || !(energy_j > 0))
        return false;
    *x = at_x(p, latency_s);
    *y = at_y(p, energy_j);
    return true;
}

/* Rows that take as long as the host launches stand one above the other. A row whose
 * number finds no room has its name under the pointer alone. */
static void put_numbers(const picture *p)
{
    erg_page_spots spots = { 0 };
    erg_page_spot at;
    double x, y;

    for (size_t row = 0; row < erg_table_row_count(p->summary); row++)
        if (find_dot(p, row, &x, &y))
            erg_page_spots_take_dot(&spots, x, y);
    for (size_t row = 0; row < erg_table_row_count(p->summary); row++) {
        int digits = (int)log10((double)row + 1) + 1;
        if (!find_dot(p, row, &x, &y) || !erg_page_spots_find(&spots, x, y, digits, &at))
            continue;
        if (at.is_far)
            fprintf(p->out, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"var(--soft)\" "
                    "stroke-width=\".5\"/>\n", x, y, at.x, at.y);
        fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" dx=\"%.1f\">%zu</text>\n", at.x,
                at.y + 4, -3.5 * digits, row + 1);
    }
}

static void put_scatter(picture *p)
{
    double x, y;

    p->x = (axis){ .unit = "s", .title = "latency" };
    p->y = (axis){ .unit = "J", .title = p->per->energy };
    for (size_t row = 0; row < erg_table_row_count(p->summary); row++) {
        widen(&p->x, number(p->summary, row, "latency_s"));
        widen(&p->y, number(p->summary, row, "energy_per_inference_j"));
    }
    if (!is_drawn(p))
        return;
    begin_plot(p, "Energy against time");
    put_numbers(p);
    for (size_t row = 0; row < erg_table_row_count(p->summary); row++) {
        if (!find_dot(p, row, &x, &y))
            continue;
        fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"var(--power)\">"
                "<title>", x, y);
        put_name(p, row);
        fputs("</title></circle>\n", p->out);
    }
    fputs("</svg></div></figure>\n", p->out);
}

/* ---- the roofline of the first row --------------------------------------------------- */

static bool is_of_first(const picture *p, const erg_table *table, size_t row)
{
    return strcmp(text(table, row, "hardware"), text(p->summary, 0, "hardware")) == 0
        && strcmp(text(table, row, "precision"), text(p->summary, 0, "precision")) == 0
        && number(table, row, "batch") == number(p->summary, 0, "batch");
}

static void put_dot(const picture *p, const erg_table *table, size_t row,
                    const char *column, const char *style)
{
    double x = number(table, row, "intensity_flop_per_byte"),
           y = number(table, row, column);

    if (!(x > 0) || !(y > 0))
        return;
    fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" %s><title>", at_x(p, x),
            at_y(p, y), style);
    erg_html_text(p->out, text(table, row, "subgraph"));
    fputs("</title></circle>\n", p->out);
}

static void put_roofline(picture *p)
{
    const erg_table *table = erg_result_find(p->result, "roofline");

    p->x = (axis){ .unit = "FLOP/B", .title = "intensity" };
    p->y = (axis){ .unit = "FLOP/s", .title = "attained" };
    for (size_t row = 0; table && row < erg_table_row_count(table); row++) {
        if (!is_of_first(p, table, row) || !(number(table, row, "attained_flop_per_s") > 0))
            continue;
        widen(&p->x, number(table, row, "intensity_flop_per_byte"));
        widen(&p->y, number(table, row, "attained_flop_per_s"));
        widen(&p->y, number(table, row, "roof_flop_per_s"));
    }
    if (!is_drawn(p))
        return;
    begin_plot(p, "Roofline of row 1");
    for (size_t row = 0; row < erg_table_row_count(table); row++) {
        if (!is_of_first(p, table, row))
            continue;
        put_dot(p, table, row, "roof_flop_per_s",
                "r=\"2\" fill=\"none\" stroke=\"#e69f00\"");
        put_dot(p, table, row, "attained_flop_per_s", "r=\"3.5\" fill=\"var(--power)\"");
    }
    fputs("</svg></div><p class=\"soft\">Filled: a subgraph. Open: the roof above it.</p>"
          "</figure>\n", p->out);
}

/* ---- stacked bars -------------------------------------------------------------------- */

typedef struct part { const char *column, *colour, *name; } part;

static const part parts[] = {
    { "compute_j", "#d55e00", "compute" }, { "memory_j", "#56b4e9", "memory" },
    { "static_j", "#999", "static" },
};

/* As a picture, for backgrounds are not printed. Lengths are energy per inference, so
 * that rows can be compared; whole: of the longest. */
static void put_bar(const picture *p, size_t row, double whole)
{
    double total_j = number(p->summary, row, "energy_j"), at = 0;
    double wide = 100 * number(p->summary, row, "energy_per_inference_j") / whole;

    fputs("<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" "
          "style=\"display:block;width:100%;min-width:8rem;height:1.2rem\">", p->out);
    for (size_t i = 0; i < ERG_COUNT(parts) && total_j > 0; i++) {
        double share = number(p->summary, row, parts[i].column) / total_j;
        if (!isfinite(share) || !isfinite(wide))
            continue;
        fprintf(p->out, "<rect x=\"%.2f\" width=\"%.2f\" height=\"10\" fill=\"%s\"><title>"
                "%s %.1f %%</title></rect>", at, wide * share, parts[i].colour,
                parts[i].name, 100 * share);
        at += wide * share;
    }
    fputs("</svg>", p->out);
}

static void put_shares(const picture *p, size_t row)
{
    double total_j = number(p->summary, row, "energy_j");

    for (size_t i = 0; i < ERG_COUNT(parts); i++) {
        double share = number(p->summary, row, parts[i].column) / total_j;
        fprintf(p->out, isfinite(share) ? "%s%.0f" : "%sn/a", i ? " / " : "", 100 * share);
    }
}

static void put_stack(const picture *p, size_t row, double whole)
{
    fprintf(p->out, "<tr><td>%zu</td><td>", row + 1);
    put_name(p, row);
    fputs("</td><td style=\"width:30%\">", p->out);
    put_bar(p, row, whole);
    fputs("</td><td>", p->out);
    erg_page_interval(p->out, number(p->summary, row, "energy_low_j"),
                      number(p->summary, row, "energy_j"),
                      number(p->summary, row, "energy_high_j"), "J");
    fputs("</td><td>", p->out);
    erg_page_interval(p->out, number(p->summary, row, "latency_low_s"),
                      number(p->summary, row, "latency_s"),
                      number(p->summary, row, "latency_high_s"), "s");
    fputs("</td><td>", p->out);
    erg_page_quantity(p->out, number(p->summary, row, "energy_per_inference_j"), "J");
    fputs("</td><td>", p->out);
    put_shares(p, row);
    fputs("</td></tr>\n", p->out);
}

static void put_rows(const picture *p)
{
    double whole = 0;

    for (size_t row = 0; row < erg_table_row_count(p->summary); row++)
        whole = fmax(whole, number(p->summary, row, "energy_per_inference_j"));
    fprintf(p->out, "<section><h2>Rows</h2><p class=\"soft\">"
            "Bars are joules per %s: compute (red), memory (blue), static (grey); "
            "shares in %% in that order.</p>\n"
            "<div class=\"scroll\"><table><thead><tr><th>row</th><th>setting</th>"
            "<th>parts</th><th>energy of the batch</th><th>latency</th><th>per %s</th>"
            "<th>shares</th></tr></thead><tbody>\n", p->per->of, p->per->of);
    for (size_t row = 0; row < erg_table_row_count(p->summary); row++)
        put_stack(p, row, whole);
    fputs("</tbody></table></div></section>\n", p->out);
}

/* ---- the page ------------------------------------------------------------------------ */

/* A table that goes with the size of the network is folded away, and one too long to
 * be read is left to the file: a page is mailed. */
static void put_figures(FILE *out, const erg_table *table)
{
    static const char *const long_ones[] = { "subgraphs", "roofline", "timeline" };
    enum { ROWS_MOST = 1000 };
    size_t rows = erg_table_row_count(table);
    bool is_long = false;

    for (size_t i = 0; i < ERG_COUNT(long_ones); i++)
        is_long = is_long || strcmp(erg_table_name(table), long_ones[i]) == 0;
    if (rows > ROWS_MOST) {
        fprintf(out, "<p class=\"soft\">%s: %zu rows, in the estimate itself.</p>\n",
                erg_table_name(table), rows);
        return;
    }
    if (!is_long) {
        erg_html_table_turned(out, table);
        return;
    }
    erg_page_folded(out, table);
}

static void put_all(picture *p, const char *title)
{
    erg_page head = { .out = p->out };

    erg_page_head(&head, title);
    fputs("<p class=\"big\">", p->out);
    erg_page_quantity(p->out, number(p->summary, 0, "energy_per_inference_j"), "J");
    fprintf(p->out, " <small>per %s, estimated: ", p->per->of);
    erg_html_text(p->out, text(p->summary, 0, "grade"));
    fputs("</small></p>\n<p class=\"lead\">", p->out);
    erg_html_text(p->out, text(p->summary, 0, "model"));
    fputs(" on ", p->out);
    put_name(p, 0);
    fputs(". Nothing here was measured.</p>\n", p->out);
    put_rows(p);
    put_scatter(p);
    put_roofline(p);
    erg_page_asides(p->out, p->result);
    fputs("<section><h2>All figures</h2>\n", p->out);
    for (size_t i = 0; i < erg_result_table_count(p->result); i++)
        put_figures(p->out, erg_result_table(p->result, i));
    fputs("</section>\n", p->out);
    erg_page_foot(p->out);
}

bool erg_report_estimate(const erg_result *estimate, const char *title, FILE *out,
                         erg_error *err)
{
    picture p = { .result = estimate, .summary = erg_result_find(estimate, "summary"),
                  .out = out };
    if (!p.summary || !erg_table_row_count(p.summary))
        return erg_fail(err, ERG_BAD_INPUT,
                        "this result is no estimate: it has no summary");
    p.per = strcmp(text(p.summary, 0, "phase"), "decode") == 0 ? &token : &inference;
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    put_all(&p, title ? title : "An estimate");
    return erg_page_numbers_end(&plain, out, true, err);
}
