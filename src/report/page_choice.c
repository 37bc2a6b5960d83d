/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a choice, from its tables alone: for each application time
 * against energy with the front, the chosen point and the reference; power, time, energy
 * and their product against the setting, with intervals; what was refused, and why.
 */
#include <math.h>
#include <string.h>
#include "report/page_choice.h"

enum { APPLICATIONS_MOST = 24 };

/* What is drawn against the setting: a column, with its interval where there is one. */
typedef struct curve {
    const char *title, *column, *low, *high, *unit;
    const char *band_low, *band_high;   /* of the table fitted */
} curve;

static const curve curves[] = {
    { "Power", "mean_w", NULL, NULL, "W", "mean_low_w", "mean_high_w" },
    { "Time", "time_s", "time_low_s", "time_high_s", "s", "time_low_s", "time_high_s" },
    { "Energy", "energy_j", "energy_low_j", "energy_high_j", "J", "energy_low_j",
      "energy_high_j" },
    { "Energy times time", NULL, NULL, NULL, "J s", NULL, NULL },
};

static double value_of(const erg_plot *p, size_t row, const curve *of)
{
    return of->column
               ? erg_plot_number(p->options, row, of->column)
               : erg_plot_number(p->options, row, "time_s")
        * erg_plot_number(p->options, row, "energy_j");
}

/* ---- points --------------------------------------------------------------------- */

/* The row of the choice table that speaks of this application; rows for none. */
static size_t choice_row(const erg_plot *p, const erg_table *choice)
{
    size_t row = 0;
    while (row < erg_table_row_count(choice)
           && strcmp(erg_plot_text(choice, row, "application"), p->application))
        row++;
    return row;
}

static void put_reference(const erg_plot *p)
{
    const erg_table *choice = erg_result_find(p->result, "choice");
    size_t row = choice_row(p, choice);
    if (row == erg_table_row_count(choice))
        return;
    double x = erg_plot_number(choice, row, "reference_time_s");
    double y = erg_plot_number(choice, row, "reference_energy_j");
    if (isfinite(x) && isfinite(y))
        fprintf(p->out,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\" fill=\"none\" stroke=\"#009e73\" "
                "stroke-width=\"2\"><title>reference</title></circle>\n",
                erg_plot_x(p, x), erg_plot_y(p, y));
}

/* The front as a staircase: what lies above and right of it is beaten. */
static void put_staircase(const erg_plot *p)
{
    double last_x = -INFINITY;

    fputs("<path fill=\"none\" stroke=\"var(--power)\" stroke-width=\"1.5\" d=\"", p->out);
    for (bool any = false;; any = true) {
        size_t next = SIZE_MAX;
        for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
            double x = erg_plot_number(p->options, row, "time_s");
            if (erg_plot_is_own(p, row) && erg_plot_truth(p->options, row, "front")
                && x > last_x
                && (next == SIZE_MAX || x < erg_plot_number(p->options, next, "time_s")))
                next = row;
        }
        if (next == SIZE_MAX)
            break;
        last_x = erg_plot_number(p->options, next, "time_s");
        double x = erg_plot_x(p, last_x),
               y = erg_plot_y(p, erg_plot_number(p->options, next, "energy_j"));
        fprintf(p->out, any ? "H%.1fV%.1f" : "M%.1f %.1f", x, y);
    }
    fputs("\"/>\n", p->out);
}

static void put_energy_over_time(erg_plot *p)
{
    p->wide = ERG_PLOT_WIDE;
    p->high = ERG_PLOT_HIGH;
    p->x = erg_plot_axis_empty("s", "time");
    p->y = erg_plot_axis_empty("J", "energy");
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (erg_plot_is_own(p, row)) {
            erg_plot_widen(&p->x, erg_plot_number(p->options, row, "time_s"));
            erg_plot_widen(&p->y, erg_plot_number(p->options, row, "energy_j"));
        }
    if (!erg_plot_make_room(&p->x) || !erg_plot_make_room(&p->y))
        return;
    erg_plot_begin(p, "The front");
    put_staircase(p);
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (erg_plot_is_own(p, row))
            erg_plot_dot(p, row, erg_plot_number(p->options, row, "time_s"),
                    erg_plot_number(p->options, row, "energy_j"));
    put_reference(p);
    erg_plot_end(p, "Orange: chosen. Green ring: the reference. Blue: on the front. Open: "
                    "not allowed.");
}

/* ---- against the setting -------------------------------------------------------- */

static void put_bar(const erg_plot *p, double x, double low, double high)
{
    if (isfinite(low) && isfinite(high))
        fprintf(p->out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"var(--power)\"/>\n",
                erg_plot_x(p, x), erg_plot_y(p, low), erg_plot_y(p, high));
}

/* One line of the table fitted, from the lowest clock up, or back from the highest. */
static void put_fitted_line(const erg_plot *p, const erg_table *fitted, const char *column,
                            bool is_back)
{
    size_t count = erg_table_row_count(fitted);

    for (size_t i = 0; i < count; i++) {
        size_t row = is_back ? count - 1 - i : i;
        double value = erg_plot_number(fitted, row, column);
        if (strcmp(erg_plot_text(fitted, row, "application"), p->application) == 0
            && isfinite(value))
            fprintf(p->out, "%.1f %.1f ",
                    erg_plot_x(p, 1e6 * erg_plot_number(fitted, row, "sm_clock_mhz")),
                    erg_plot_y(p, value));
    }
}

/* What the physical model makes of the clocks between, with its band. */
static void put_fitted(const erg_plot *p, const erg_plot_knob *by, const curve *of)
{
    const erg_table *fitted = erg_result_find(p->result, "fitted");

    if (!fitted || !of->column || strcmp(by->column, "sm_clock_mhz") != 0)
        return;
    fputs("<polygon fill=\"var(--power)\" fill-opacity=\"0.15\" points=\"", p->out);
    put_fitted_line(p, fitted, of->band_low, false);
    put_fitted_line(p, fitted, of->band_high, true);
    fputs("\"/>\n<polyline fill=\"none\" stroke=\"var(--power)\" stroke-opacity=\"0.6\" "
          "points=\"", p->out);
    put_fitted_line(p, fitted, of->column, false);
    fputs("\"/>\n", p->out);
}

/* The band of a model that knows little must not push the points together. */
static void see_fitted(erg_plot *p, const curve *of)
{
    const erg_table *fitted = erg_result_find(p->result, "fitted");
    double most = 1.5 * p->y.most, least = 0.5 * p->y.least;

    for (size_t row = 0; fitted && of->column && row < erg_table_row_count(fitted); row++)
        if (strcmp(erg_plot_text(fitted, row, "application"), p->application) == 0) {
            erg_plot_widen(&p->y, fmax(least, erg_plot_number(fitted, row, of->band_low)));
            erg_plot_widen(&p->y, fmin(most, erg_plot_number(fitted, row, of->band_high)));
        }
}

static void put_curve(erg_plot *p, const erg_plot_knob *by, const curve *of)
{
    p->wide = ERG_PLOT_SMALL_WIDE;
    p->high = ERG_PLOT_SMALL_HIGH;
    p->x = erg_plot_axis_empty(by->unit, by->title);
    p->y = erg_plot_axis_empty(of->unit, of->title);
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (erg_plot_is_own(p, row)) {
            erg_plot_widen(&p->x,
                           erg_plot_number(p->options, row, by->column) * by->per_unit);
            erg_plot_widen(&p->y, value_of(p, row, of));
            erg_plot_widen(&p->y, erg_plot_number(p->options, row, of->low));
            erg_plot_widen(&p->y, erg_plot_number(p->options, row, of->high));
        }
    see_fitted(p, of);
    if (!erg_plot_make_room(&p->x) || !erg_plot_make_room(&p->y))
        return;
    erg_plot_begin(p, of->title);
    put_fitted(p, by, of);
    for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
        double x = erg_plot_number(p->options, row, by->column) * by->per_unit;
        if (!erg_plot_is_own(p, row) || isnan(x))
            continue;
        put_bar(p, x, erg_plot_number(p->options, row, of->low),
                erg_plot_number(p->options, row, of->high));
        erg_plot_dot(p, row, x, value_of(p, row, of));
    }
    erg_plot_end(p, NULL);
}

/* ---- the page ------------------------------------------------------------------- */

static void put_percent(FILE *out, double share, const char *more, const char *less)
{
    if (isfinite(share))
        fprintf(out, "%.1f\xc2\xa0%% %s", 100 * fabs(share), share >= 0 ? more : less);
    else
        fputs("n/a", out);
}

static void put_verdict(const erg_plot *p)
{
    const erg_table *choice = erg_result_find(p->result, "choice");
    size_t row = choice_row(p, choice);
    if (row == erg_table_row_count(choice))
        return;
    if (isnan(erg_plot_number(choice, row, "time_s"))) {
        fputs("<p class=\"alarm\" role=\"note\">No setting keeps all limits.</p>\n",
              p->out);
        return;
    }
    fputs("<p class=\"lead\">", p->out);
    erg_plot chosen = *p;
    chosen.options = choice;
    erg_plot_setting(&chosen, row);
    fputs(": ", p->out);
    put_percent(p->out, erg_plot_number(choice, row, "energy_saving"), "less energy",
                "more energy");
    fputs(", ", p->out);
    put_percent(p->out, erg_plot_number(choice, row, "slowdown"), "slower", "faster");
    double sure = erg_plot_number(choice, row, "confidence");
    if (isfinite(sure))
        fprintf(p->out, "; %.0f\xc2\xa0%% of the draws choose it", 100 * sure);
    fputs(".</p>\n", p->out);
    if (*erg_plot_text(choice, row, "note")) {
        fputs("<p class=\"alarm\" role=\"note\">", p->out);
        erg_html_text(p->out, erg_plot_text(choice, row, "note"));
        fputs("</p>\n", p->out);
    }
}

static void put_application(erg_plot *p)
{
    const erg_plot_knob *by = erg_plot_knob_of(p, 0);

    fputs("<section><h2>", p->out);
    erg_html_text(p->out, p->application);
    fputs("</h2>\n", p->out);
    put_verdict(p);
    put_energy_over_time(p);
    erg_page_heat_map(p);
    fputs("<div "
          "style=\"display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr))\">"
          "\n",
          p->out);
    for (size_t i = 0; by && i < ERG_COUNT(curves); i++)
        put_curve(p, by, &curves[i]);
    fputs("</div></section>\n", p->out);
}

static bool any_of(const erg_table *options, const char *method)
{
    for (size_t row = 0; row < erg_table_row_count(options); row++)
        if (strcmp(erg_plot_text(options, row, "method"), method) == 0)
            return true;
    return false;
}

static void put_applications(erg_plot *p)
{
    size_t drawn = 0;
    for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
        const char *name = erg_plot_text(p->options, row, "application");
        if (row > 0 && strcmp(name, erg_plot_text(p->options, row - 1, "application")) == 0)
            continue;
        if (drawn++ == APPLICATIONS_MOST)
            fputs("<p class=\"soft\">Further applications are in the tables.</p>\n",
                  p->out);
        p->application = name;
        if (drawn <= APPLICATIONS_MOST)
            put_application(p);
    }
}

static void put_tables(const erg_plot *p)
{
    erg_page_asides(p->out, p->result);
    fputs("<section><h2>All figures</h2>\n", p->out);
    for (size_t i = 0; i < erg_result_table_count(p->result); i++) {
        const erg_table *table = erg_result_table(p->result, i);
        bool is_long = erg_table_row_count(table) > 40;
        fprintf(p->out,
                "<details%s><summary>%s, %zu row%s</summary>\n"
                "<div style=\"overflow-x:auto\">",
                is_long ? "" : " open", erg_table_name(table), erg_table_row_count(table),
                erg_table_row_count(table) == 1 ? "" : "s");
        erg_html_table(p->out, table);
        fputs("</div></details>\n", p->out);
    }
    fputs("</section>\n", p->out);
    erg_page_foot(p->out);
}

bool erg_report_choice(const erg_result *choice, const char *title, FILE *out,
                       erg_error *err)
{
    erg_plot p = { .result = choice,
               .options = erg_result_find(choice, "options"),
               .out = out };
    erg_page head = { .out = out };

    if (!p.options || !erg_result_find(choice, "choice"))
        return erg_fail(err, ERG_BAD_INPUT, "this result is no choice: it has no options");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    erg_page_head(&head, title ? title : "A choice");
    if (any_of(p.options, "simulated"))
        fputs(
            "<p class=\"alarm\" role=\"note\">SIMULATED: figures on this page come from a "
            "simulated device.</p>\n",
            out);
    if (any_of(p.options, "model"))
        fputs(
            "<p class=\"alarm\" role=\"note\">Some settings were foreseen by a model, not "
            "measured.</p>\n",
            out);
    put_applications(&p);
    erg_page_quality(&p);
    put_tables(&p);
    return erg_page_numbers_end(&plain, out, true, err);
}
