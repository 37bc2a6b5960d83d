/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a fit, from its tables alone: what each kind of model is off
 * by on applications it has not seen, then the chosen one by application.
 */
#include <math.h>
#include <string.h>
#include "report/page.h"

/* Errors beyond it are drawn as if they were it: one bad model must not hide the rest. */
static const double drawn_most = 0.6;

typedef struct fit_page {
    const erg_table *models, *errors;
    const erg_result *result;
    FILE *out;
} fit_page;

static const struct { const char *name, *title; int colour; } targets[] = {
    { "power", "Power", 1 }, { "time", "Time", 0 }, { "energy", "Energy", 2 },
};

static const struct { const char *name, *title; } ways[] = {
    { "leave_one_application_out", "on applications left out" },
    { "test", "on the tested applications" },
};

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

static double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

static double percent_of(double value, double most)
{
    return 100 * fmin(fmax(value, 0), most) / most;
}

/* The axis of a picture: the greatest bound in it, at most drawn_most. */
static double widest(const erg_table *table, const char *column)
{
    double most = 0.01;

    for (size_t i = 0; i < erg_table_row_count(table); i++)
        most = fmax(most, real(table, i, column));
    return fmin(most, drawn_most);
}

static void put_whisker(FILE *out, double low, double high, double most)
{
    if (isnan(low) || isnan(high))
        return;
    fprintf(out, "<i class=\"whisker\" style=\"left:%.2f%%;width:%.2f%%\"></i>",
            percent_of(low, most), percent_of(high, most) - percent_of(low, most));
}

typedef struct bar {
    const char *name;
    bool is_chosen;
    double error, most;
    int colour;
} bar;

static void begin_bar(FILE *out, bar of)
{
    fputs("<div class=\"bar\"><b>", out);
    erg_html_text(out, of.name);
    fprintf(out, "%s</b><div class=\"room\"><div class=\"fill c%d\" style=\"width:%.2f%%\">"
            "</div>", of.is_chosen ? " (chosen)" : "", of.colour,
            percent_of(of.error, of.most));
}

static void end_bar(FILE *out, double error, double low, double high)
{
    fputs("</div><span class=\"num\">", out);
    if (error > 10)
        fputs("&gt; 1000 %", out);
    else
        fprintf(out, "%.1f %%", 100 * error);
    if (!isnan(low) && !isnan(high) && high < 10)
        fprintf(out, " <small class=\"soft\">%.1f to %.1f</small>", 100 * low, 100 * high);
    fputs("</span></div>\n", out);
}

static bool is_of(const erg_table *table, size_t row, const char *target, const char *way)
{
    return strcmp(text(table, row, "target"), target) == 0
        && strcmp(text(table, row, "validation"), way) == 0;
}

static void put_models(const fit_page *page, size_t target, size_t way, double most)
{
    const erg_table *t = page->models;

    fprintf(page->out, "<h3>%s</h3>\n", targets[target].title);
    for (size_t i = 0; i < erg_table_row_count(t); i++) {
        double error = real(t, i, "mape"), low = real(t, i, "mape_low");
        double high = real(t, i, "mape_high");
        if (!is_of(t, i, targets[target].name, ways[way].name))
            continue;
        begin_bar(page->out, (bar){ text(t, i, "model"),
                                    erg_table_find(t, i, "chosen").integer == 1,
                                    error, most, targets[target].colour });
        put_whisker(page->out, low, high, most);
        end_bar(page->out, error, low, high);
    }
}

static bool has_way(const fit_page *page, size_t way)
{
    for (size_t i = 0; i < erg_table_row_count(page->models); i++)
        if (strcmp(text(page->models, i, "validation"), ways[way].name) == 0)
            return true;
    return false;
}

static void put_comparison(const fit_page *page, size_t way)
{
    double most = widest(page->models, "mape_high");

    fprintf(page->out, "<section><h2>Mean error %s</h2>\n<p class=\"soft\">"
            "Of predicted watts, seconds and joules; the whisker holds 95 %% of draws of "
            "applications.</p>\n", ways[way].title);
    for (size_t i = 0; i < ERG_COUNT(targets); i++)
        put_models(page, i, way, most);
    fputs("</section>\n", page->out);
}

/* ---- by application ------------------------------------------------------------------ */

static const char *chosen_for(const fit_page *page, const char *target)
{
    for (size_t i = 0; i < erg_table_row_count(page->models); i++)
        if (erg_table_find(page->models, i, "chosen").integer == 1
            && strcmp(text(page->models, i, "target"), target) == 0)
            return text(page->models, i, "model");
    return NULL;
}

static void put_applications(const fit_page *page, size_t target, size_t way)
{
    const erg_table *t = page->errors;
    const char *model = chosen_for(page, targets[target].name);
    bool any = false;

    for (size_t i = 0; model && i < erg_table_row_count(t); i++) {
        double error = real(t, i, "ape");
        if (!is_of(t, i, targets[target].name, ways[way].name)
            || strcmp(text(t, i, "model"), model) != 0)
            continue;
        if (!any)
            fprintf(page->out, "<h3>%s, by %s</h3>\n", targets[target].title, model);
        any = true;
        begin_bar(page->out, (bar){ text(t, i, "application"), false, error, drawn_most,
                                    targets[target].colour });
        end_bar(page->out, error, NAN, NAN);
    }
}

static void put_by_application(const fit_page *page, size_t way)
{
    fprintf(page->out, "<section><h2>"
            "The chosen model, application by application, %s</h2>\n", ways[way].title);
    for (size_t i = 0; i < ERG_COUNT(targets); i++)
        put_applications(page, i, way);
    fputs("</section>\n", page->out);
}

/* ---- the page ------------------------------------------------------------------------ */

static void put_notes(const fit_page *page)
{
    fputs("<section><h2>What they are not for, and what was seen in the data</h2>\n",
          page->out);
    erg_html_notes(page->out, page->result);
    fputs("</section>\n", page->out);
}

static void put_all(const fit_page *page, const char *title)
{
    erg_page head = { .out = page->out };

    erg_page_head(&head, title);
    fputs("<p class=\"lead\">Power and time against the clock, learned from "
          "some applications and judged on others.</p>\n", page->out);
    for (size_t way = 0; way < ERG_COUNT(ways); way++)
        if (has_way(page, way)) {
            put_comparison(page, way);
            put_by_application(page, way);
        }
    put_notes(page);
    erg_page_all_folded(page->out, page->result);
    erg_page_foot(page->out);
}

bool erg_report_fit(const erg_result *fit, const char *title, FILE *out, erg_error *err)
{
    fit_page page = { .models = erg_result_find(fit, "models"),
                      .errors = erg_result_find(fit, "errors"), .result = fit, .out = out };

    if (!page.models || !page.errors)
        return erg_fail(err, ERG_BAD_INPUT, "this result is no fit: it has no models");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    put_all(&page, title ? title : "A fit");
    return erg_page_numbers_end(&plain, out, true, err);
}
