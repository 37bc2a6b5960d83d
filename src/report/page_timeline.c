/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's timeline: work of each stream under the power, spikes with their cause, a
 * strip of limiters, and the joules of every kernel. Ten million kernels become some
 * hundred rectangles a stream: columns of the screen that show the same are one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page.h"

enum { COLUMNS = 720, LANES_MOST = 8, COLOURS = 6, OTHER = 6, SPIKES_MOST = 200,
       STRIP_MOST = 1500, ROWS_MOST = 20, LISTED_MOST = 12 };

static const erg_table *table_of(const erg_page *page, const char *name)
{
    return page->timeline ? erg_result_find(page->timeline, name) : NULL;
}

static size_t rows_of(const erg_table *table)
{
    return table ? erg_table_row_count(table) : 0;
}

bool erg_page_has_timeline(const erg_page *page, const char *device)
{
    const erg_table *summary = table_of(page, "summary");
    const char *source = rows_of(summary) ? erg_page_text(summary, 0, "source") : "";
    size_t size = strlen(device);

    return strncmp(source, device, size) == 0 && source[size] == '/';
}

/* ---- spikes over the power ---------------------------------------------------------- */

void erg_page_spikes(const erg_page *page)
{
    const erg_table *spikes = table_of(page, "spikes");
    size_t count = rows_of(spikes), step = count / SPIKES_MOST + 1;
    double seconds = erg_s_from_ns(page->span.end_ns - page->span.begin_ns);

    for (size_t i = 0; i < count && seconds > 0; i += step) {
        double x = 100 * erg_page_real(spikes, i, "time_s") / seconds;
        const char *cause = erg_page_text(spikes, i, "cause");
        fprintf(page->out,
                "<line class=\"spike\" x1=\"%.5g\" x2=\"%.5g\" y1=\"0\" y2=\"8\">"
                "<title>spike of ", x, x);
        erg_page_quantity(page->out, erg_page_real(spikes, i, "peak_w"), "W");
        fputs(*cause ? ", " : ", cause unknown", page->out);
        erg_html_text(page->out, cause);
        fputs("</title></line>\n", page->out);
    }
}

/* ---- streams ------------------------------------------------------------------------ */

/* What is most of a column: a vote (Boyer and Moore 1981), weighted by time. */
typedef struct column_vote { double busy, lead; int colour; } column_vote;

typedef struct lane { int32_t track; double busy_s; column_vote columns[COLUMNS]; } lane;

static bool is_device_work(int32_t kind)
{
    return kind == ERG_EVENT_KERNEL || kind == ERG_EVENT_COPY || kind == ERG_EVENT_SET
        || kind == ERG_EVENT_COLLECTIVE;
}

static void vote(column_vote *column, int colour, double share)
{
    column->busy += share;
    if (column->colour == colour || column->lead <= 0) {
        column->lead = column->colour == colour ? column->lead + share : share;
        column->colour = colour;
    } else {
        column->lead -= share;
    }
}

static void draw_event(const erg_page *page, lane *to, const erg_trace_event *event,
                       int colour)
{
    double width = (double)(page->span.end_ns - page->span.begin_ns) / COLUMNS;
    double from = (double)(event->begin_ns - page->span.begin_ns) / width;
    double until = from + (double)event->duration_ns / width;

    to->busy_s += erg_s_from_ns(event->duration_ns);
    for (int c = from > 0 ? (int)fmin(from, COLUMNS) : 0; c < COLUMNS && c < until; c++)
        vote(&to->columns[c], colour, fmin(until, c + 1) - fmax(from, c));
}

/* Colours go to those with most joules; the rest is grey. */
static int *colours_of(const erg_page *page, erg_error *err)
{
    const erg_table *table = table_of(page, "attribution");
    int32_t names = erg_trace_event_name_count(page->trace);
    int *colours = calloc((size_t)names + 1, sizeof(*colours));

    if (!colours) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    for (int32_t i = 0; i < names; i++) {
        const char *name = erg_trace_event_name(page->trace, i);
        colours[i] = OTHER;
        for (size_t row = 0; row < rows_of(table) && row < COLOURS; row++)
            if (strcmp(erg_page_text(table, row, "name"), name) == 0)
                colours[i] = (int)row;
    }
    return colours;
}

static int busiest_first(const void *a, const void *b)
{
    const lane *x = a, *y = b;
    if (x->busy_s != y->busy_s)
        return x->busy_s > y->busy_s ? -1 : 1;
    return x->track < y->track ? -1 : x->track > y->track;
}

/* A column as high as it is busy; equal neighbours are one rectangle. */
static void put_colour(const erg_page *page, const lane *of, int colour)
{
    bool any = false;

    for (int c = 0; c < COLUMNS;) {
        int end = c + 1, tenths = (int)ceil(10 * fmin(1, of->columns[c].busy));
        bool is_own = of->columns[c].busy > 0 && of->columns[c].colour == colour;
        while (is_own && end < COLUMNS && of->columns[end].colour == colour
               && of->columns[end].busy > 0
               && (int)ceil(10 * fmin(1, of->columns[end].busy)) == tenths)
            end++;
        if (is_own && !any)
            fprintf(page->out, "<path class=\"f%d\" d=\"", colour);
        if (is_own)
            fprintf(page->out, "M%d %dh%dV10h-%dz", c, 10 - tenths, end - c, end - c);
        any |= is_own;
        c = end;
    }
    fputs(any ? "\"/>" : "", page->out);
}

static void put_stream(const erg_page *page, const lane *of)
{
    const erg_track *track = erg_trace_track(page->trace, of->track);
    double seconds = erg_s_from_ns(page->span.end_ns - page->span.begin_ns);

    fputs("<div class=\"stream\"><span class=\"soft\">", page->out);
    erg_html_text(page->out, track && *track->name ? track->name : "stream");
    fprintf(page->out, ", busy %.3g\xc2\xa0%%</span>\n<svg viewBox=\"0 0 %d 10\" "
            "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Work "
            "of this stream over time\">", 100 * fmin(1, of->busy_s / seconds),
            (int)COLUMNS);
    for (int colour = 0; colour <= OTHER; colour++)
        put_colour(page, of, colour);
    fputs("</svg></div>\n", page->out);
}

static void put_legend(const erg_page *page)
{
    const erg_table *table = table_of(page, "attribution");

    fputs("<p class=\"soft keys\">", page->out);
    for (size_t row = 0; row < rows_of(table) && row < COLOURS; row++) {
        if (strcmp(erg_page_text(table, row, "kind"), "remainder") == 0)
            continue;
        fprintf(page->out, "<span><i class=\"c%zu\"></i>", row);
        erg_html_text(page->out, erg_page_text(table, row, "name"));
        fputs("</span> ", page->out);
    }
    fprintf(page->out, "<span><i class=\"c%d\"></i>other work</span></p>\n", (int)OTHER);
}

static void put_streams(const erg_page *page, lane lanes[], size_t count)
{
    size_t busy = 0;

    qsort(lanes, count, sizeof(*lanes), busiest_first);
    while (busy < count && lanes[busy].busy_s > 0)
        busy++;
    for (size_t i = 0; i < busy && i < LANES_MOST; i++)
        put_stream(page, &lanes[i]);
    if (busy)
        put_legend(page);
    if (busy > LANES_MOST)
        fprintf(page->out, "<p class=\"soft\">"
                "The %d busiest of %zu streams are drawn.</p>\n", (int)LANES_MOST, busy);
}

typedef struct drawing { const erg_page *page; lane *lanes; const int *colours; } drawing;

static bool draw_events(void *self, const erg_trace_event events[], size_t count,
                        erg_error *err)
{
    drawing *own = self;

    (void)err;
    for (size_t i = 0; i < count; i++)
        if (is_device_work(events[i].kind))
            draw_event(own->page, &own->lanes[events[i].track], &events[i],
                       own->colours[events[i].name]);
    return true;
}

/* Kernels lie on the streams of devices; without any, operators on their threads. */
static bool draw_streams(const erg_page *page, erg_error *err)
{
    size_t tracks = (size_t)erg_trace_track_count(page->trace);
    int *colours = colours_of(page, err);
    lane *lanes = calloc(tracks + 1, sizeof(*lanes));
    drawing own = { page, lanes, colours };
    bool ok = (colours && lanes) || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < tracks; i++)
        lanes[i].track = (int32_t)i;
    ok = ok && erg_trace_each_event(page->trace, draw_events, &own, err);
    if (ok)
        put_streams(page, lanes, tracks);
    free(colours);
    free(lanes);
    return ok;
}

/* ---- limiters ----------------------------------------------------------------------- */

static const struct { const char *label; int colour; } label_colours[] = {
    { "compute_bound", 2 }, { "bandwidth_bound", 0 }, { "power_capped", 1 },
    { "thermal_throttled", 5 }, { "fabric_limited", 3 }, { "memory_pressured", 4 },
    { "reliability_risk", 5 }, { "gpu_active", 0 },
};

static int colour_of(const char *label)
{
    for (size_t i = 0; i < ERG_COUNT(label_colours); i++)
        if (strcmp(label_colours[i].label, label) == 0)
            return label_colours[i].colour;
    return OTHER;
}

static void put_strip(const erg_page *page, const char *device)
{
    const erg_table *labels = table_of(page, "labels");
    double seconds = erg_s_from_ns(page->span.end_ns - page->span.begin_ns);
    size_t drawn = 0;

    for (size_t i = 0; i < rows_of(labels) && drawn < STRIP_MOST && seconds > 0; i++) {
        const char *label = erg_page_text(labels, i, "label");
        double begin_s = fmax(0, erg_page_real(labels, i, "begin_s"));
        double width = 100 * (erg_page_real(labels, i, "end_s") - begin_s) / seconds;
        if (strcmp(erg_page_text(labels, i, "device"), device) != 0)
            continue;
        fputs(drawn++
                  ? "" : "<div class=\"lane\" role=\"img\" aria-label=\"What limits the "
              "device over time\">", page->out);
        fprintf(page->out,
                "<i class=\"c%d\" style=\"left:%.5g%%;width:%.5g%%\" title=\"%s\">%s"
                "</i>", colour_of(label), 100 * begin_s / seconds, width, label,
                width > 12 ? label : "");
    }
    fputs(drawn ? "</div>\n" : "", page->out);
}

bool erg_page_streams(const erg_page *page, const char *device, erg_error *err)
{
    put_strip(page, device);
    return draw_streams(page, err);
}

/* ---- words -------------------------------------------------------------------------- */

static void put_spike_list(const erg_page *page)
{
    const erg_table *causes = table_of(page, "causes");
    const erg_table *summary = table_of(page, "summary");
    bool has_summary = rows_of(summary) > 0;
    double resolution_s = has_summary ? erg_page_real(summary, 0, "resolution_s") : NAN;

    fprintf(page->out, "<h2>Spikes</h2>\n<p>%zu spikes above ",
            rows_of(table_of(page, "spikes")));
    erg_page_quantity(page->out, has_summary ? erg_page_real(summary, 0, "above_w") : NAN,
                      "W");
    fputs(". The sensor shows nothing finer than ", page->out);
    erg_page_quantity(page->out, resolution_s, "s");
    fputs(".</p>\n", page->out);
    if (rows_of(causes) == 0)
        return;
    fputs("<div class=\"scroll\" tabindex=\"0\"><table><caption>"
          "What begins just before</caption><thead><tr><th scope=\"col\">cause</th>"
          "<th scope=\"col\">kind</th><th scope=\"col\" class=\"n\">spikes</th>"
          "<th scope=\"col\" class=\"n\">lift</th><th scope=\"col\" class=\"n\">p</th></tr>"
          "</thead>\n<tbody>\n", page->out);
    for (size_t i = 0; i < rows_of(causes) && i < LISTED_MOST; i++) {
        fputs("<tr><td>", page->out);
        erg_html_text(page->out, erg_page_text(causes, i, "cause"));
        fprintf(page->out, "</td><td>%s</td><td class=\"n\">%lld</td><td class=\"n\">"
                "%.3g</td><td class=\"n\">%.2g</td></tr>\n",
                erg_page_text(causes, i, "kind"),
                (long long)erg_table_find(causes, i, "spikes").integer,
                erg_page_real(causes, i, "lift"), erg_page_real(causes, i, "p_value"));
    }
    fputs("</tbody></table></div>\n", page->out);
}

static void put_part(const erg_page *page, const erg_table *table, size_t row,
                     double most_j)
{
    double low_j = erg_page_real(table, row, "energy_low_j"),
           high_j = erg_page_real(table, row, "energy_high_j");
    double energy_j = erg_page_real(table, row, "energy_j");
    bool is_rest = strcmp(erg_page_text(table, row, "kind"), "remainder") == 0;

    fputs("<div class=\"bar\"><b>", page->out);
    erg_html_text(page->out, erg_page_text(table, row, "name"));
    fprintf(page->out, " <span class=\"soft\">%s, %.3g\xc2\xa0%%</span></b>"
            "<span class=\"room\" aria-hidden=\"true\"><span class=\"fill c%d\" "
            "style=\"width:%.4g%%\"></span><span class=\"whisker\" "
            "style=\"left:%.4g%%;width:%.4g%%\"></span></span><span class=\"num\">",
            erg_page_text(table, row, "kind"), 100 * erg_page_real(table, row, "share"),
            row < COLOURS && !is_rest ? (int)row : (int)OTHER, 100 * energy_j / most_j,
            100 * low_j / most_j, 100 * (high_j - low_j) / most_j);
    erg_page_interval(page->out, low_j, energy_j, high_j, "J");
    fputs("</span></div>\n", page->out);
}

static void put_parts(const erg_page *page)
{
    const erg_table *table = table_of(page, "attribution"),
                    *summary = table_of(page, "summary");
    size_t count = rows_of(table);
    double most_j = 0;

    for (size_t i = 0; i < count; i++)
        most_j = fmax(most_j, erg_page_real(table, i, "energy_high_j"));
    if (!(most_j > 0))
        return;
    fputs("<h2>Energy by ", page->out);
    erg_html_text(page->out, rows_of(summary) ? erg_page_text(summary, 0, "by") : "");
    fputs("</h2>\n<p class=\"soft\">Joules of each reading are shared among "
          "what ran in it; what ran in nothing is unattributed. Rows add up to the whole. "
          "Whiskers span the 95\xc2\xa0% interval: they are wide where a sensor this slow "
          "cannot tell.</p>\n", page->out);
    for (size_t i = 0; i < count; i++)
        if (i < ROWS_MOST || i + 1 == count)
            put_part(page, table, i, most_j);
    if (count > ROWS_MOST + 1)
        fprintf(page->out, "<p class=\"soft\">%zu more: erg timeline --format csv --table "
                "attribution lists them.</p>\n", count - ROWS_MOST - 1);
}

static void put_limiters(const erg_page *page)
{
    const erg_table *table = table_of(page, "limiters");

    if (rows_of(table) == 0)
        return;
    fputs("<h2>What limits</h2>\n<p class=\"soft keys\">", page->out);
    for (size_t i = 0; i < rows_of(table); i++) {
        fprintf(page->out, "<span><i class=\"c%d\"></i>",
                colour_of(erg_page_text(table, i, "label")));
        erg_html_text(page->out, erg_page_text(table, i, "device"));
        fprintf(page->out, " %s ", erg_page_text(table, i, "label"));
        erg_page_quantity(page->out, erg_page_real(table, i, "duration_s"), "s");
        fprintf(page->out, " (%.3g\xc2\xa0%%)</span> ",
                100 * erg_page_real(table, i, "share"));
    }
    fputs("</p>\n", page->out);
}

void erg_page_timeline(const erg_page *page)
{
    if (!page->timeline)
        return;
    fputs("<section aria-label=\"Timeline\">\n", page->out);
    put_spike_list(page);
    put_limiters(page);
    put_parts(page);
    fputs("</section>\n", page->out);
}

const char erg_page_style_timeline[] =
"<style>\n"
".plot .spike{stroke:var(--alarm);stroke-width:1.5;vector-effect:non-scaling-stroke}\n"
".stream{font-size:.75rem;line-height:1.2;margin-top:.45rem}\n"
".plot .stream svg{height:1.5rem;overflow:hidden;background:var(--card);"
"border-radius:3px}\n"
".f0{fill:#56b4e9}.f1{fill:#e69f00}.f2{fill:#009e73}.f3{fill:#cc79a7}.f4{fill:#f0e442}"
".f5{fill:#d55e00}.f6{fill:#999}\n"
".keys{max-width:none;font-size:.8rem}.keys span{display:inline-block;margin-right:1rem;"
"overflow-wrap:anywhere}\n"
".keys i{display:inline-block;width:.8em;height:.8em;border-radius:2px;"
"margin-right:.35em}\n"
"</style>\n";
