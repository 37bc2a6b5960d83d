/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a choice, from its tables alone: for each application time
 * against energy with the front, the chosen point and the reference; power, time, energy
 * and their product against the setting, with intervals; what was refused, and why.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <string.h>
#include "report/page.h"

enum { WIDE = 640, HIGH = 320, LEFT = 90, BELOW = 40, APPLICATIONS_MOST = 24 };
enum { SMALL_WIDE = 420, SMALL_HIGH = 220 };

typedef struct axis { double least, most; const char *unit, *title; } axis;

typedef struct plot {
    const erg_result *result;
    const erg_table *options;
    const char *application;
    FILE *out;
    int wide, high;
    axis x, y;
} plot;

/* What is drawn against the setting: a column, with its interval where there is one. */
typedef struct curve { const char *title, *column, *low, *high, *unit; } curve;

static const curve curves[] = {
    { "Power", "mean_w", NULL, NULL, "W" },
    { "Time", "time_s", "time_low_s", "time_high_s", "s" },
    { "Energy", "energy_j", "energy_low_j", "energy_high_j", "J" },
    { "Energy times time", NULL, NULL, NULL, "J s" },
};

typedef struct knob { const char *column, *unit, *title; double per_unit; } knob;

static const knob knobs[] = {
    { "sm_clock_mhz", "Hz", "clock of the cores", 1e6 },
    { "power_cap_w", "W", "power limit", 1 },
    { "cpu_clock_mhz", "Hz", "clock of the CPU", 1e6 },
    { "mem_clock_mhz", "Hz", "clock of the memory", 1e6 },
};

/* ---- cells ---------------------------------------------------------------------- */

static double number(const erg_table *table, size_t row, const char *column)
{
    return column ? erg_table_find(table, row, column).real : NAN;
}

static bool is_true(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).integer == 1;
}

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

static bool is_own(const plot *p, size_t row)
{
    return strcmp(text(p->options, row, "application"), p->application) == 0;
}

static double value_of(const plot *p, size_t row, const curve *of)
{
    return of->column
               ? number(p->options, row, of->column)
               : number(p->options, row, "time_s") * number(p->options, row, "energy_j");
}

/* The knob that this application's rows differ in; NULL: none does. */
static const knob *knob_of(const plot *p)
{
    for (size_t k = 0; k < ERG_COUNT(knobs); k++) {
        double least = NAN, most = NAN;
        for (size_t row = 0; row < erg_table_row_count(p->options); row++)
            if (is_own(p, row)) {
                least = fmin(least, number(p->options, row, knobs[k].column));
                most = fmax(most, number(p->options, row, knobs[k].column));
            }
        if (most > least)
            return &knobs[k];
    }
    return NULL;
}

/* ---- axes ----------------------------------------------------------------------- */

static void widen(axis *of, double value)
{
    if (!isfinite(value))
        return;
    of->least = fmin(of->least, value);
    of->most = fmax(of->most, value);
}

/* Room around the points. False: nothing to draw. */
static bool make_room(axis *of)
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

static double at_x(const plot *p, double value)
{
    return LEFT + (p->wide - LEFT) * (value - p->x.least) / (p->x.most - p->x.least);
}

static double at_y(const plot *p, double value)
{
    return (p->high - BELOW) * (1 - (value - p->y.least) / (p->y.most - p->y.least));
}

static void put_label(const plot *p, double x, double y, const char *anchor, double value,
                      const char *unit)
{
    fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    erg_page_quantity(p->out, value, unit);
    fputs("</text>\n", p->out);
}

static void begin(const plot *p, const char *caption)
{
    fprintf(p->out, "<figure><figcaption>%s <span>%s over %s</span></figcaption>\n"
            "<svg viewBox=\"0 -12 %d %d\" role=\"img\" style=\"width:100%%;max-width:%drem;"
            "font-size:11px;fill:var(--soft)\">\n", caption, p->y.title, p->x.title,
            p->wide + 60, p->high + 12, p->wide == WIDE ? 48 : 34);
    for (int i = 0; i <= 3; i++) {
        double x = p->x.least + (p->x.most - p->x.least) * i / 3;
        double y = p->y.least + (p->y.most - p->y.least) * i / 3;
        fprintf(p->out, "<path d=\"M%.1f 0V%d M%d %.1fH%d\" fill=\"none\" "
                "stroke=\"var(--line)\"/>\n", at_x(p, x), p->high - BELOW, LEFT, at_y(p, y),
                p->wide);
        put_label(p, at_x(p, x), p->high - BELOW + 16, "middle", x, p->x.unit);
        put_label(p, LEFT - 6, at_y(p, y) + 4, "end", y, p->y.unit);
    }
}

/* ---- points --------------------------------------------------------------------- */

static const char *style_of(const plot *p, size_t row)
{
    if (is_true(p->options, row, "chosen"))
        return "r=\"7\" fill=\"#d55e00\"";
    if (is_true(p->options, row, "front"))
        return "r=\"4\" fill=\"var(--power)\"";
    return is_true(p->options, row, "allowed")
               ? "r=\"3\" fill=\"var(--soft)\""
               : "r=\"3\" fill=\"none\" stroke=\"var(--soft)\"";
}

static void put_setting(const plot *p, size_t row)
{
    bool any = false;
    for (size_t k = 0; k < ERG_COUNT(knobs); k++) {
        double value = number(p->options, row, knobs[k].column);
        if (isnan(value))
            continue;
        fputs(any ? ", " : "", p->out);
        erg_page_quantity(p->out, value * knobs[k].per_unit, knobs[k].unit);
        any = true;
    }
}

static void put_dot(const plot *p, size_t row, double x, double y)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" %s><title>", at_x(p, x), at_y(p, y),
            style_of(p, row));
    put_setting(p, row);
    fputs("</title></circle>\n", p->out);
}

/* The row of the choice table that speaks of this application; rows for none. */
static size_t choice_row(const plot *p, const erg_table *choice)
{
    size_t row = 0;
    while (row < erg_table_row_count(choice)
           && strcmp(text(choice, row, "application"), p->application))
        row++;
    return row;
}

static void put_reference(const plot *p)
{
    const erg_table *choice = erg_result_find(p->result, "choice");
    size_t row = choice_row(p, choice);
    if (row == erg_table_row_count(choice))
        return;
    double x = number(choice, row, "reference_time_s");
    double y = number(choice, row, "reference_energy_j");
    if (isfinite(x) && isfinite(y))
        fprintf(p->out,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\" fill=\"none\" stroke=\"#009e73\" "
                "stroke-width=\"2\"><title>reference</title></circle>\n",
                at_x(p, x), at_y(p, y));
}

/* The front as a staircase: what lies above and right of it is beaten. */
static void put_staircase(const plot *p)
{
    double last_x = -INFINITY;

    fputs("<path fill=\"none\" stroke=\"var(--power)\" stroke-width=\"1.5\" d=\"", p->out);
    for (bool any = false;; any = true) {
        size_t next = SIZE_MAX;
        for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
            double x = number(p->options, row, "time_s");
            if (is_own(p, row) && is_true(p->options, row, "front") && x > last_x
                && (next == SIZE_MAX || x < number(p->options, next, "time_s")))
                next = row;
        }
        if (next == SIZE_MAX)
            break;
        last_x = number(p->options, next, "time_s");
        double x = at_x(p, last_x), y = at_y(p, number(p->options, next, "energy_j"));
        fprintf(p->out, any ? "H%.1fV%.1f" : "M%.1f %.1f", x, y);
    }
    fputs("\"/>\n", p->out);
}

static void put_energy_over_time(plot *p)
{
    p->wide = WIDE;
    p->high = HIGH;
    p->x = (axis){ INFINITY, -INFINITY, "s", "time" };
    p->y = (axis){ INFINITY, -INFINITY, "J", "energy" };
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (is_own(p, row)) {
            widen(&p->x, number(p->options, row, "time_s"));
            widen(&p->y, number(p->options, row, "energy_j"));
        }
    if (!make_room(&p->x) || !make_room(&p->y))
        return;
    begin(p, "The front");
    put_staircase(p);
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (is_own(p, row))
            put_dot(p, row, number(p->options, row, "time_s"),
                    number(p->options, row, "energy_j"));
    put_reference(p);
    fputs("</svg><p class=\"soft\">Orange: chosen. Green ring: the reference. Blue: on the "
          "front. "
          "Open: not allowed.</p></figure>\n",
          p->out);
}

/* ---- against the setting -------------------------------------------------------- */

static void put_bar(const plot *p, double x, double low, double high)
{
    if (isfinite(low) && isfinite(high))
        fprintf(p->out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"var(--power)\"/>\n",
                at_x(p, x), at_y(p, low), at_y(p, high));
}

static void put_curve(plot *p, const knob *by, const curve *of)
{
    p->wide = SMALL_WIDE;
    p->high = SMALL_HIGH;
    p->x = (axis){ INFINITY, -INFINITY, by->unit, by->title };
    p->y = (axis){ INFINITY, -INFINITY, of->unit, of->title };
    for (size_t row = 0; row < erg_table_row_count(p->options); row++)
        if (is_own(p, row)) {
            widen(&p->x, number(p->options, row, by->column) * by->per_unit);
            widen(&p->y, value_of(p, row, of));
            widen(&p->y, number(p->options, row, of->low));
            widen(&p->y, number(p->options, row, of->high));
        }
    if (!make_room(&p->x) || !make_room(&p->y))
        return;
    begin(p, of->title);
    for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
        double x = number(p->options, row, by->column) * by->per_unit;
        if (!is_own(p, row) || isnan(x))
            continue;
        put_bar(p, x, number(p->options, row, of->low), number(p->options, row, of->high));
        put_dot(p, row, x, value_of(p, row, of));
    }
    fputs("</svg></figure>\n", p->out);
}

/* ---- the page ------------------------------------------------------------------- */

static void put_percent(FILE *out, double share, const char *more, const char *less)
{
    if (isfinite(share))
        fprintf(out, "%.1f\xc2\xa0%% %s", 100 * fabs(share), share >= 0 ? more : less);
    else
        fputs("n/a", out);
}

static void put_verdict(const plot *p)
{
    const erg_table *choice = erg_result_find(p->result, "choice");
    size_t row = choice_row(p, choice);
    if (row == erg_table_row_count(choice))
        return;
    if (isnan(number(choice, row, "time_s"))) {
        fputs("<p class=\"alarm\" role=\"note\">No setting keeps all limits.</p>\n",
              p->out);
        return;
    }
    fputs("<p class=\"lead\">", p->out);
    plot chosen = *p;
    chosen.options = choice;
    put_setting(&chosen, row);
    fputs(": ", p->out);
    put_percent(p->out, number(choice, row, "energy_saving"), "less energy", "more energy");
    fputs(", ", p->out);
    put_percent(p->out, number(choice, row, "slowdown"), "slower", "faster");
    double sure = number(choice, row, "confidence");
    if (isfinite(sure))
        fprintf(p->out, "; %.0f\xc2\xa0%% of the draws choose it", 100 * sure);
    fputs(".</p>\n", p->out);
    if (*text(choice, row, "note")) {
        fputs("<p class=\"alarm\" role=\"note\">", p->out);
        erg_html_text(p->out, text(choice, row, "note"));
        fputs("</p>\n", p->out);
    }
}

static void put_application(plot *p)
{
    const knob *by = knob_of(p);

    fputs("<section><h2>", p->out);
    erg_html_text(p->out, p->application);
    fputs("</h2>\n", p->out);
    put_verdict(p);
    put_energy_over_time(p);
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
        if (strcmp(text(options, row, "method"), method) == 0)
            return true;
    return false;
}

static void put_applications(plot *p)
{
    size_t drawn = 0;
    for (size_t row = 0; row < erg_table_row_count(p->options); row++) {
        const char *name = text(p->options, row, "application");
        if (row > 0 && strcmp(name, text(p->options, row - 1, "application")) == 0)
            continue;
        if (drawn++ == APPLICATIONS_MOST)
            fputs("<p class=\"soft\">Further applications are in the tables.</p>\n",
                  p->out);
        p->application = name;
        if (drawn <= APPLICATIONS_MOST)
            put_application(p);
    }
}

static void put_tables(const plot *p)
{
    for (size_t i = 0; i < erg_result_note_count(p->result); i++) {
        fputs("<p class=\"soft\">", p->out);
        erg_html_text(p->out, erg_result_note_at(p->result, i));
        fputs("</p>\n", p->out);
    }
    fputs("<section><h2>All figures</h2>\n", p->out);
    for (size_t i = 0; i < erg_result_table_count(p->result); i++) {
        const erg_table *table = erg_result_table(p->result, i);
        bool is_long = erg_table_row_count(table) > 40;
        fprintf(p->out,
                "<details%s><summary>%s, %zu rows</summary>\n"
                "<div style=\"overflow-x:auto\">",
                is_long ? "" : " open", erg_table_name(table), erg_table_row_count(table));
        erg_html_table(p->out, table);
        fputs("</div></details>\n", p->out);
    }
    fputs("</section>\n<footer>erg " ERG_VERSION ". This page loads nothing from anywhere."
          "</footer>\n</main>\n</body>\n</html>\n", p->out);
}

bool erg_report_choice(const erg_result *choice, const char *title, FILE *out,
                       erg_error *err)
{
    plot p = { .result = choice,
               .options = erg_result_find(choice, "options"),
               .out = out };
    erg_page head = { .out = out };

    if (!p.options || !erg_result_find(choice, "choice"))
        return erg_fail(err, ERG_BAD_INPUT, "this result is no choice: it has no options");
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c_locale)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    locale_t before = uselocale(c_locale);
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
    put_tables(&p);
    uselocale(before);
    freelocale(c_locale);
    return (fflush(out) == 0 && !ferror(out))
        || erg_fail(err, ERG_IO, "cannot write the page: %s", strerror(errno));
}
