/* SPDX-License-Identifier: Apache-2.0 */
/* The page's words and bars: sensors to scale, energy by region, flags, method. */
#include <math.h>
#include <string.h>
#include "report/page.h"
#include "trace/summary.h"

/* Five updates wide; the filled part is what the sensor averages over. */
static void put_comb(const erg_page *page, double update_s, double window_s)
{
    enum { TEETH = 5 };
    double total_s = fmax(TEETH * update_s, 1.1 * window_s), share = window_s / update_s;

    fputs("<div class=\"comb\" role=\"img\" aria-label=\"the sensor's window to scale\">",
          page->out);
    bool wider = share > 1.1;
    double tooth_s = fmin(window_s, 0.98 * update_s);   /* teeth stay apart */
    if (wider)
        fprintf(page->out, "<i style=\"left:0;width:%.4g%%\"></i>",
                100 * window_s / total_s);
    for (int tooth = 0; !wider && tooth < TEETH; tooth++)
        fprintf(page->out, "<i style=\"left:%.4g%%;width:%.4g%%\"></i>",
                100 * (((double)tooth + 1) * update_s - tooth_s) / total_s,
                100 * tooth_s / total_s);
    fputs("</div>\n<p class=\"soft\">It gives a new value every ", page->out);
    erg_page_quantity(page->out, update_s, "s");
    fputs(" and each is the mean of ", page->out);
    erg_page_quantity(page->out, window_s, "s");
    if (share < 0.99)
        fprintf(page->out, ": it sees %.0f\xc2\xa0%% of the time. The bar is ",
                100 * share);
    else
        fputs(": it sees all of the time. The bar is ", page->out);
    erg_page_quantity(page->out, total_s, "s");
    fputs(" long.</p>\n", page->out);
}

void erg_page_sensors(const erg_page *page)
{
    bool any = false;
    for (int c = 0; c < (int)erg_trace_channel_count(page->trace); c++) {
        const erg_channel_info *info = erg_trace_channel(page->trace, c);
        bool known =
            info->update_s > 0 && (info->window_s > 0 || info->kind == ERG_COUNTER);
        if (!known || (info->quantity != ERG_POWER && info->quantity != ERG_ENERGY))
            continue;
        if (!any)
            fputs("<section aria-label=\"Sensors\">\n<h2>How the sensors look</h2>\n",
                  page->out);
        any = true;
        fputs("<h3>", page->out);
        erg_html_text(page->out, erg_trace_device(page->trace, info->device)->name);
        fputs("/", page->out);
        erg_html_text(page->out, info->name);
        fputs("</h3>\n", page->out);
        if (info->kind != ERG_COUNTER) {
            put_comb(page, info->update_s, info->window_s);
            continue;
        }
        fputs("<p class=\"soft\">A counter of joules: it misses nothing, and moves every ",
              page->out);
        erg_page_quantity(page->out, info->update_s, "s");
        fputs(".</p>\n", page->out);
    }
    fputs(any ? "</section>\n" : "", page->out);
}

static void put_bar(const erg_page *page, const erg_table *regions, size_t row,
                    double most_j)
{
    const char *region = erg_page_text(regions, row, "region"),
               *method = erg_page_text(regions, row, "method");
    double energy_j = erg_page_real(regions, row, "energy_j");
    double low_j = erg_page_real(regions, row, "energy_low_j");
    double high_j = erg_page_real(regions, row, "energy_high_j");
    bool made = erg_page_is_made(method);

    fputs("<div class=\"bar\"><b>", page->out);
    erg_html_text(page->out, region);
    fputs(" <span class=\"soft\">", page->out);
    erg_html_text(page->out, erg_page_text(regions, row, "track"));
    fprintf(page->out, ", %s%s%s</span></b><span class=\"room\" aria-hidden=\"true\">",
            made ? "" : method, made ? "" : ", ", erg_page_text(regions, row, "quality"));
    if (isfinite(energy_j)) {
        fprintf(page->out, "<span class=\"fill c%d%s\" style=\"width:%.4g%%\"></span>",
                erg_page_colour(page, region), made ? " made" : "",
                100 * fmax(0, energy_j) / most_j);
        if (isfinite(low_j) && isfinite(high_j))
            fprintf(page->out, "<span class=\"whisker\" style=\"left:%.4g%%;width:%.4g%%\">"
                    "</span>", 100 * fmax(0, low_j) / most_j,
                    100 * (high_j - fmax(0, low_j)) / most_j);
    }
    bool is_short = erg_page_is_flagged(regions, row, "TOO_SHORT");
    fprintf(page->out, "</span><span class=\"num\">%s", is_short ? "(" : "");
    erg_page_interval(page->out, low_j, energy_j, high_j, "J");
    fprintf(page->out, "%s</span></div>\n", is_short ? ")" : "");
}

enum { BARS_SHOWN = 40 };

void erg_page_bars(const erg_page *page)
{
    const erg_table *regions = erg_result_find(page->result, "regions");
    size_t count = erg_table_row_count(regions);
    double most_j = 0;

    for (size_t i = 0; i < count; i++) {
        most_j = fmax(most_j, erg_page_real(regions, i, "energy_j"));
        most_j = fmax(most_j, erg_page_real(regions, i, "energy_high_j"));
    }
    if (count == 0)
        return;
    fputs(
        "<section aria-label=\"Energy by region\">\n<h2>Energy by region and device</h2>\n"
        "<p class=\"soft\">Whiskers span the 95\xc2\xa0% interval. Nested regions share "
        "joules, so bars are not to be added.</p>\n",
        page->out);
    for (size_t i = 0; i < count && i < BARS_SHOWN; i++)
        put_bar(page, regions, i, most_j > 0 ? most_j : 1);
    if (count > BARS_SHOWN)
        fprintf(page->out, "<p class=\"soft\">%zu more are in the table below.</p>\n",
                count - BARS_SHOWN);
    fputs("</section>\n", page->out);
}

static void put_flag(const erg_page *page, int code)
{
    const erg_flag_info *info = erg_flag_describe((erg_flag_code)code);
    int shown = 0;

    fprintf(page->out, "<dt>%s%s</dt><dd>", info->name,
            info->refuses ? " <span class=\"soft\">(no figure is given)</span>" : "");
    for (size_t i = 0; i < erg_trace_flag_count(page->trace) && shown < 3; i++) {
        const erg_flag *flag = erg_trace_flag(page->trace, i);
        if ((int)flag->code != code || !*flag->text)
            continue;
        erg_html_text(page->out, flag->text);
        fputs("<br>", page->out);
        shown++;
    }
    fputs("<span class=\"soft\">", page->out);
    erg_html_text(page->out, info->about);
    fputs("</span></dd>\n", page->out);
}

static bool is_raised(const erg_page *page, int code)
{
    static const char *const tables[] = { "summary", "devices", "regions" };
    const char *name = erg_flag_describe((erg_flag_code)code)->name;

    for (size_t i = 0; i < erg_trace_flag_count(page->trace); i++)
        if ((int)erg_trace_flag(page->trace, i)->code == code)
            return true;
    for (size_t t = 0; t < ERG_COUNT(tables); t++) {
        const erg_table *table = erg_result_find(page->result, tables[t]);
        for (size_t i = 0; i < erg_table_row_count(table); i++)
            if (erg_page_is_flagged(table, i, name))
                return true;
    }
    return false;
}

void erg_page_flags(const erg_page *page)
{
    bool any = false;
    for (int code = 0; code < ERG_FLAG_COUNT_OF; code++) {
        if (!is_raised(page, code))
            continue;
        if (!any)
            fputs("<section aria-label=\"Doubts\">\n<h2>Doubts, and what to do</h2>\n"
                  "<dl class=\"flags\">\n", page->out);
        any = true;
        put_flag(page, code);
    }
    fputs(any ? "</dl>\n</section>\n" : "", page->out);
}

static bool has_gain(const erg_channel_info *info)
{
    return info->gain_u > 0
        && (info->quantity == ERG_POWER || info->quantity == ERG_ENERGY);
}

static void put_channel(const erg_page *page, const erg_channel_info *info)
{
    erg_html_text(page->out, erg_trace_device(page->trace, info->device)->name);
    fputs("/", page->out);
    erg_html_text(page->out, info->name);
    fprintf(page->out, " %.3g\xc2\xa0%%", 100 * info->gain_u);
}

/* A line for each channel that was calibrated, one for all that were not. */
static void put_gains(const erg_page *page)
{
    int count = (int)erg_trace_channel_count(page->trace), plain = 0;
    for (int c = 0; c < count; c++) {
        const erg_channel_info *info = erg_trace_channel(page->trace, c);
        plain += has_gain(info) && !*info->calibration;
        if (!has_gain(info) || !*info->calibration)
            continue;
        fputs("<li>Calibrated: ", page->out);
        put_channel(page, info);
        fputs(", ", page->out);
        erg_html_text(page->out, info->calibration);
        fputs(".</li>\n", page->out);
    }
    if (!plain)
        return;
    fputs("<li>Not calibrated, so the gain may be off by (one standard uncertainty): ",
          page->out);
    for (int c = 0, told = 0; c < count; c++) {
        const erg_channel_info *info = erg_trace_channel(page->trace, c);
        if (!has_gain(info) || *info->calibration)
            continue;
        fputs(told++ ? ", " : "", page->out);
        put_channel(page, info);
    }
    fputs(".</li>\n", page->out);
}

/* Flags have a section of their own, and the lead has told the quality. */
static bool is_told(const char *note)
{
    if (strncmp(note, "Quality ", 8) == 0)
        return true;
    for (int code = 0; code < ERG_FLAG_COUNT_OF; code++) {
        const char *name = erg_flag_describe((erg_flag_code)code)->name;
        size_t size = strlen(name);
        if (strncmp(note, name, size) == 0 && (note[size] == ':' || note[size] == ','))
            return true;
    }
    return false;
}

static void put_notes(const erg_page *page)
{
    for (size_t i = 0; i < erg_result_note_count(page->result); i++) {
        const char *note = erg_result_note_at(page->result, i);
        if (is_told(note))
            continue;
        fputs("<li>", page->out);
        erg_html_text(page->out, note);
        fputs("</li>\n", page->out);
    }
}

/* Where a model stands in for sensors; without it the notes say so. */
static void put_absent(const erg_page *page, const char *method)
{
    const char *driver, *why;
    size_t at = 0;

    while (strcmp(method, erg_method_name(ERG_METHOD_MODEL)) == 0
           && erg_summary_absent(page->trace, &at, &driver, &why)) {
        fputs("<li>Not read: ", page->out);
        erg_html_text(page->out, driver);
        fputs(": ", page->out);
        erg_html_text(page->out, why);
        fputs("</li>\n", page->out);
    }
}

void erg_page_how(const erg_page *page)
{
    const erg_table *whole = erg_result_find(page->result, "summary");
    const char *idle = erg_page_text(whole, 0, "idle_policy");

    fputs("<section aria-label=\"How it was computed\">\n<h2>How it was "
          "computed</h2>\n<ul>\n",
          page->out);
    fputs("<li>Energy is the difference of a counter where the device has one, otherwise "
          "power "
          "integrated over time by the sensor's kind. Gaps are not bridged.</li>\n",
          page->out);
    fputs(
        "<li>The interval is twice the standard uncertainty: steps and stamps at the ends, "
        "time not seen, a part-time sensor's phase, and the sensor's gain.</li>\n",
        page->out);
    if (*idle)
        fprintf(page->out, "<li>Idle policy: <b>%s</b>, %s.</li>\n", idle,
                strcmp(idle, "gross") == 0
                ? "all joules count and nothing is subtracted"
                : "the median power of the idle record is subtracted in the net figure");
    put_gains(page);
    put_notes(page);
    put_absent(page, erg_page_text(whole, 0, "method"));
    fputs("</ul>\n</section>\n", page->out);
}
