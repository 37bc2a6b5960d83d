/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of the RLE index over a log, from its tables alone: for each
 * device the index with its collapses marked, and under it what it is made of.
 */
#include <stdlib.h>
#include <string.h>
#include "report/page.h"
#include "report/page_chart.h"

enum { LINES_MOST = 3 };

typedef struct rle_page {
    const erg_result *result;
    const erg_table *rle, *summary;
    FILE *out;
    erg_error *err;
} rle_page;

typedef struct line { const char *column, *name, *colour; bool dots; } line;

static const struct picture {
    const char *title, *about, *unit;
    double high;
    line lines[LINES_MOST];
} pictures[] = {
    { "RLE index",
      "dots: raw; blue: smoothed; green: what the detector compares with; orange strips: "
      "marked as collapse", "", 13,
      { { "rle_raw", "raw", "s4", true }, { "rle_smoothed", "smoothed", "s0", false },
        { "rolling_peak", "peak or median", "s2", false } } },
    { "Use and load", "use: share of time; load: power over rated power, or what the "
      "dialect takes for it", "", 8,
      { { "util", "use", "s4", false }, { "load", "load", "s1", false } } },
    { "Temperature", "as logged", "C", 8, { { "temp_c", "temperature", "s5", false } } },
    { "Power", "as logged: low power alone lifts the index", "W", 8,
      { { "power_w", "power", "s0", false } } },
    { "Time to the limit", "as the dialect reckons it", "s", 8,
      { { "t_sustain_s", "tau", "s3", false } } },
};

static void drop(erg_chart_series *series) { free((void *)(uintptr_t)series->x); }

static bool take(const rle_page *page, const char *device, const char *column,
                 erg_chart_series *out)
{
    const erg_page_pick pick = { page->rle, "time_s", column, { { "device", device } } };
    return erg_page_take(&pick, out, page->err);
}

/* Rows of one device that the detector marked, each half way to its neighbours. */
static void put_marks(const rle_page *page, const erg_chart *chart, const char *device,
                      const erg_chart_series *times)
{
    size_t at = 0, rows = erg_page_rows(page->rle), begin = SIZE_MAX;

    for (size_t i = 0; i < rows && at < times->count; i++) {
        if (strcmp(erg_page_text(page->rle, i, "device"), device) != 0)
            continue;
        bool is_marked = erg_table_find(page->rle, i, "collapse").integer == 1;
        bool is_last = at + 1 == times->count;
        if (is_marked && begin == SIZE_MAX)
            begin = at;
        if (begin != SIZE_MAX && (!is_marked || is_last)) {
            size_t end = is_marked ? at : at - 1;
            double from = times->x[begin > 0 ? begin - 1 : begin] + times->x[begin];
            double to = times->x[end] + times->x[end + 1 < times->count ? end + 1 : end];
            erg_chart_strip(chart, from / 2, to / 2, "s5");
            begin = SIZE_MAX;
        }
        at++;
    }
}

static void draw(const rle_page *page, const struct picture *of, const char *device,
                 const erg_chart_series series[LINES_MOST])
{
    erg_chart chart = erg_chart_empty(page->out, "s", of->unit);
    const erg_chart_series *named[LINES_MOST];
    size_t count = 0;

    for (size_t i = 0; i < LINES_MOST && of->lines[i].column; i++)
        erg_chart_see(&chart, &series[i]);
    if (!erg_chart_settle(&chart))
        return;
    erg_chart_begin(&chart, of->title, of->about, of->high);
    if (of == &pictures[0])
        put_marks(page, &chart, device, &series[0]);
    for (size_t i = 0; i < LINES_MOST && of->lines[i].column; i++) {
        if (of->lines[i].dots)
            erg_chart_dots(&chart, &series[i]);
        else
            erg_chart_line(&chart, &series[i]);
        named[count++] = &series[i];
    }
    erg_chart_end(&chart, "time_s", named, count);
}

static bool put_device(const rle_page *page, size_t row)
{
    const char *device = erg_page_text(page->summary, row, "device");
    double marked = erg_page_real(page->summary, row, "collapses");
    double events = erg_page_real(page->summary, row, "events");
    bool ok = true;

    fputs("<section><h2>", page->out);
    erg_html_text(page->out, device);
    fputs("</h2>\n<p class=\"lead\">", page->out);
    fprintf(page->out, "%.0f collapses in %.0f of %.0f rows, by the detector ", events,
            marked, erg_page_real(page->summary, row, "rows"));
    erg_html_text(page->out, erg_page_text(page->summary, row, "detector"));
    fputs("; dialect ", page->out);
    erg_html_text(page->out, erg_page_text(page->summary, row, "dialect"));
    fputs("</p>\n", page->out);
    for (size_t i = 0; ok && i < ERG_COUNT(pictures); i++) {
        erg_chart_series series[LINES_MOST] = { { 0 } };
        for (size_t j = 0; ok && j < LINES_MOST && pictures[i].lines[j].column; j++) {
            const line *of = &pictures[i].lines[j];
            series[j] = (erg_chart_series){ .colour = of->colour, .name = of->name };
            ok = take(page, device, of->column, &series[j]);
        }
        if (ok && series[0].count > 1)
            draw(page, &pictures[i], device, series);
        for (size_t j = 0; j < LINES_MOST; j++)
            drop(&series[j]);
    }
    fputs("</section>\n", page->out);
    return ok;
}

static bool put_all(const rle_page *page, const char *title)
{
    erg_page head = { .out = page->out };
    bool ok = true;

    erg_page_head(&head, title);
    fputs(erg_chart_style, page->out);
    fputs("<p class=\"lead\">An index, not an efficiency: it is highest where little is "
          "done. Compare joules per step.</p>\n", page->out);
    for (size_t i = 0; ok && i < erg_table_row_count(page->summary); i++)
        ok = put_device(page, i);
    fputs("<section><h2>All figures</h2>\n", page->out);
    erg_page_tables(page->out, page->result, page->rle);
    erg_html_notes(page->out, page->result);
    fputs("</section>\n", page->out);
    erg_page_foot(page->out);
    return ok;
}

bool erg_report_rle(const erg_result *rle, const char *title, FILE *out, erg_error *err)
{
    const rle_page page = { .result = rle, .rle = erg_result_find(rle, "rle"),
                            .summary = erg_result_find(rle, "summary"), .out = out,
                            .err = err };

    if (!page.rle || !page.summary)
        return erg_fail(err, ERG_BAD_INPUT, "this result has no index of a log: erg rle "
                        "FILE --format json writes it");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    bool ok = put_all(&page, title ? title : "The RLE index");
    return erg_page_numbers_end(&plain, out, ok, err);
}
