/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power over time with regions and marks. The drawing stretches with the page;
 * words are HTML beside it, so that they stay readable on a phone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page.h"

enum { DEEPEST = 6, BARS_MOST = 1500, MARKS_MOST = 200 };

/* 1, 2 or 5 times a power of ten, so that about five fit. */
static double nice_step(double range)
{
    double power = pow(10, floor(log10(range / 5)));
    double share = range / 5 / power;
    return power * (share > 5 ? 10 : share > 2 ? 5 : share > 1 ? 2 : 1);
}

static double nice_top(double peak_w)
{
    double step = peak_w > 0 ? nice_step(peak_w) : 1;
    return step * ceil(fmax(peak_w, step) / step * 1.0001);
}

static double height(double w, double top_w) { return 100 - 100 * fmax(0, w) / top_w; }

/* Lines and envelopes of one unbroken stretch [first, end). */
static void put_stretch(const erg_page *page, const erg_curve *curve, size_t first,
                        size_t end, double top_w)
{
    fputs("<path class=\"band\" d=\"M", page->out);
    for (size_t i = first; i < end; i++)
        fprintf(page->out, "%.4g %.4g ", curve->percent[i],
                height(curve->high_w[i], top_w));
    for (size_t i = end; i-- > first;)
        fprintf(page->out, "%.4g %.4g ", curve->percent[i], height(curve->low_w[i], top_w));
    fputs("Z\"/><path class=\"line\" d=\"M", page->out);
    for (size_t i = first; i < end; i++)
        fprintf(page->out, "%.4g %.4g ", curve->percent[i],
                height(curve->mean_w[i], top_w));
    fputs("\"/>\n", page->out);
}

static void put_curve(const erg_page *page, const erg_curve *curve, double top_w)
{
    for (size_t first = 0; first < curve->count;) {
        size_t end = first;
        while (end < curve->count && !isnan(curve->mean_w[end]))
            end++;
        if (end > first)
            put_stretch(page, curve, first, end, top_w);
        first = end + 1;
    }
}

static void put_marks(const erg_page *page)
{
    size_t count = erg_trace_mark_count(page->trace);
    size_t step = count / MARKS_MOST + 1;

    for (size_t i = 0; i < count; i += step) {
        const erg_mark_row *mark = erg_trace_mark(page->trace, i);
        double x = erg_page_percent(page, mark->t_ns);
        fprintf(page->out,
                "<line class=\"mark\" x1=\"%.5g\" x2=\"%.5g\" y1=\"0\" y2=\"100\">"
                "<title>",
                x, x);
        erg_html_text(page->out, mark->name);
        fprintf(page->out, " %.6g</title></line>\n", mark->value);
    }
}

/* The names of the dashed lines: on paper nothing shows them under a pointer. */
static void put_mark_names(const erg_page *page)
{
    enum { NAMES_MOST = 6 };
    const char *names[NAMES_MOST + 1];
    size_t count = erg_trace_mark_count(page->trace), told = 0;

    for (size_t i = 0; i < count && told <= NAMES_MOST; i++) {
        const char *name = erg_trace_mark(page->trace, i)->name;
        bool seen = false;
        for (size_t k = 0; k < told && !seen; k++)
            seen = strcmp(names[k], name) == 0;
        if (seen)
            continue;
        fputs(told ? ", " : "<p class=\"soft\">Dashed lines are marks: ", page->out);
        erg_html_text(page->out, told < NAMES_MOST ? name : "and others");
        names[told++] = name;
    }
    if (told)
        fputs(".</p>\n", page->out);
}

/* What lies in what. */
typedef struct nesting { int64_t id, parent; } nesting;

static int by_id(const void *a, const void *b)
{
    const nesting *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

/* Of all regions, by their ids, to be sought by halving; free() it. NULL: no memory. */
static nesting *links_of(const erg_trace *trace)
{
    size_t count = erg_trace_region_count(trace);
    nesting *links = calloc(count + 1, sizeof(*links));

    for (size_t i = 0; links && i < count; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        links[i] = (nesting){ region->id, region->parent };
    }
    if (links)
        qsort(links, count, sizeof(*links), by_id);
    return links;
}

static int depth_of(const nesting links[], size_t count, int64_t parent)
{
    int depth = 0;

    for (; parent && depth < DEEPEST; depth++) {
        const nesting *found =
            bsearch(&(nesting){ .id = parent }, links, count, sizeof(*links), by_id);
        parent = found ? found->parent : 0;
    }
    return depth;
}

/* How deep each region lies in others; free() it. */
static unsigned char *depths_of(const erg_trace *trace, erg_error *err)
{
    size_t count = erg_trace_region_count(trace);
    nesting *links = links_of(trace);
    unsigned char *depths = calloc(count + 1, sizeof(*depths));

    for (size_t i = 0; links && depths && i < count; i++)
        depths[i] = (unsigned char)depth_of(links, count,
                                            erg_trace_region(trace, i)->parent);
    if (!links || !depths) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        free(depths);
        depths = NULL;
    }
    free(links);
    return depths;
}

static void put_region(const erg_page *page, const erg_region *region)
{
    int64_t end_ns = region->end_ns == INT64_MAX ? page->span.end_ns : region->end_ns;
    double left = erg_page_percent(page, region->begin_ns);
    double width = erg_page_percent(page, end_ns) - left;

    fprintf(page->out, "<i class=\"c%d\" style=\"left:%.5g%%;width:%.5g%%\" title=\"",
            erg_page_colour(page, region->name), left, width);
    erg_html_text(page->out, region->name);
    fputs(", ", page->out);
    erg_page_quantity(page->out, erg_s_from_ns(end_ns - region->begin_ns), "s");
    fputs("\">", page->out);
    if (width > 4)
        erg_html_text(page->out, region->name);
    fputs("</i>", page->out);
}

/* A lane for each level of nesting; names too narrow for a word are in the legend
 * below the energy bars. */
static bool put_lanes(const erg_page *page, erg_error *err)
{
    size_t count = erg_trace_region_count(page->trace), drawn = 0;
    unsigned char *depths = depths_of(page->trace, err);

    if (!depths)
        return false;
    for (int lane = 0; lane <= DEEPEST; lane++) {
        bool open = false;
        for (size_t i = 0; i < count && drawn < BARS_MOST; i++) {
            if (depths[i] != lane)
                continue;
            if (!open)
                fputs("<div class=\"lane\">", page->out);
            open = true;
            drawn++;
            put_region(page, erg_trace_region(page->trace, i));
        }
        if (open)
            fputs("</div>\n", page->out);
    }
    free(depths);
    if (drawn == BARS_MOST)
        fprintf(page->out, "<p class=\"soft\">The first %d of %zu regions are drawn.</p>\n",
                (int)BARS_MOST, count);
    return true;
}

static void put_axis(const erg_page *page)
{
    double seconds = erg_s_from_ns(page->span.end_ns - page->span.begin_ns);
    double step = seconds > 0 ? nice_step(seconds) : 1;

    fputs("<div class=\"xs\" aria-hidden=\"true\">", page->out);
    for (int i = 0; i * step <= seconds * 1.0001; i++) {
        double at = i * step;
        fprintf(page->out, "<span style=\"left:%.5g%%\">", 100 * at / seconds);
        erg_page_quantity(page->out, at, "s");
        fputs("</span>", page->out);
    }
    fputs("</div>\n", page->out);
}

static void put_points(const erg_page *page, const erg_curve *curve)
{
    bool first = true;
    fprintf(page->out, "<div class=\"plot\" data-seconds=\"%.9g\" data-points=\"",
            erg_s_from_ns(page->span.end_ns - page->span.begin_ns));
    for (size_t i = 0; i < curve->count; i++) {
        if (isnan(curve->mean_w[i]))
            continue;
        fprintf(page->out, "%s%.4g,%.4g", first ? "" : ";", curve->percent[i],
                curve->mean_w[i]);
        first = false;
    }
    fputs("\">\n", page->out);
}

static bool put_plot(const erg_page *page, const erg_curve *curve, const char *name,
                     erg_error *err)
{
    bool has_timeline = erg_page_has_timeline(page, name);
    double top_w = nice_top(curve->peak_w), step_w = nice_step(top_w);

    put_points(page, curve);
    for (int i = 0; i * step_w <= top_w * 1.0001; i++) {
        double w = i * step_w;
        fprintf(page->out, "<span class=\"y\" aria-hidden=\"true\" style=\"top:%.4grem\">",
                13 * height(w, top_w) / 100);
        erg_page_quantity(page->out, w, "W");
        fputs("</span>", page->out);
    }
    fputs("\n<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" "
          "aria-label=\"Power of ", page->out);
    erg_html_text(page->out, name);
    fputs(" over time, up to ", page->out);
    erg_page_quantity(page->out, curve->peak_w, "W");
    fputs("\">\n<title>Power over time</title><desc>Mean power of each moment as a line, "
          "lowest "
          "to highest as a band.</desc>\n",
          page->out);
    for (int i = 0; i * step_w <= top_w * 1.0001; i++)
        fprintf(page->out,
                "<line class=\"grid\" x1=\"0\" x2=\"100\" y1=\"%.4g\" y2=\"%.4g\"/>",
                height(i * step_w, top_w), height(i * step_w, top_w));
    put_curve(page, curve, top_w);
    put_marks(page);
    if (has_timeline)
        erg_page_spikes(page);
    fputs("</svg>\n<div class=\"cursor\"></div><div class=\"tip\"></div>\n", page->out);
    put_axis(page);
    bool ok = put_lanes(page, err);
    if (ok && has_timeline)
        ok = erg_page_streams(page, name, err);
    fputs("</div>\n", page->out);
    return ok;
}

/* Where a device gives both, power is drawn; its counter is the figure. */
static int drawn_channel(const erg_trace *trace, int device)
{
    int counter = -1;
    for (int c = 0; c < (int)erg_trace_channel_count(trace); c++) {
        const erg_channel_info *info = erg_trace_channel(trace, c);
        size_t count;
        erg_trace_samples(trace, c, &count);
        if (info->device != device || count < 2)
            continue;
        if (info->quantity == ERG_POWER)
            return c;
        if (info->quantity == ERG_ENERGY && counter < 0)
            counter = c;
    }
    return counter;
}

static void put_caption(const erg_page *page, const erg_device_info *device,
                        const erg_channel_info *info)
{
    fputs("<figure>\n<figcaption>", page->out);
    erg_html_text(page->out, device->name);
    fputs(" <span>", page->out);
    erg_html_text(page->out, device->model);
    fprintf(page->out, "%s%s%s</span></figcaption>\n", *device->model ? ", " : "",
            info->quantity == ERG_ENERGY ? "power from the steps of its energy counter"
                                         : "power as read",
            info->method == ERG_METHOD_SIMULATED ? ", SIMULATED"
            : info->method == ERG_METHOD_MODEL ? ", MODELLED" : "");
}

bool erg_page_plots(const erg_page *page, erg_error *err)
{
    bool any = false;
    for (int d = 0; d < (int)erg_trace_device_count(page->trace); d++) {
        int channel = drawn_channel(page->trace, d);
        erg_curve curve;
        if (channel < 0)
            continue;
        if (!any)
            fputs("<section aria-label=\"Power over time\">\n<h2>Power over time</h2>\n",
                  page->out);
        any = true;
        bool good = erg_curve_make(&curve, page->trace, channel, page->span, err);
        if (good) {
            const erg_device_info *device = erg_trace_device(page->trace, d);
            put_caption(page, device, erg_trace_channel(page->trace, channel));
            good = put_plot(page, &curve, device->name, err);
            fputs("</figure>\n", page->out);
        }
        erg_curve_free(&curve);
        if (!good)
            return false;
    }
    if (any)
        put_mark_names(page);
    fputs(any ? "</section>\n" : "", page->out);
    return true;
}
