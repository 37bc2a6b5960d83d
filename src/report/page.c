/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a run: verdict first, then the picture, then every
 * figure with its doubts. Nothing is loaded from anywhere (the policy in the head
 * forbids it), so the file can be mailed and printed.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/timeline.h"
#include "report/page.h"

void erg_page_head(const erg_page *page, const char *title)
{
    fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>", page->out);
    erg_html_text(page->out, title);
    fprintf(page->out, "</title>\n%s%s%s</head>\n<body>\n<main>\n<h1>", erg_page_style,
            erg_page_style_parts, page->timeline ? erg_page_style_timeline : "");
    erg_html_text(page->out, title);
    fputs("</h1>\n", page->out);
}

static void put_tables(const erg_page *page)
{
    fputs("<section aria-label=\"Tables\">\n<h2>All figures</h2>\n", page->out);
    for (size_t i = 0; i < erg_result_table_count(page->result); i++)
        erg_html_table_turned(page->out, erg_result_table(page->result, i));
    fputs("</section>\n", page->out);
}

static bool put_page(const erg_page *page, const char *title, erg_error *err)
{
    char utc[40];

    erg_page_head(page, title);
    erg_page_verdict(page);
    if (!erg_page_plots(page, err))
        return false;
    erg_page_timeline(page);
    erg_page_sensors(page);
    erg_page_bars(page);
    erg_page_flags(page);
    erg_page_how(page);
    put_tables(page);
    fputs("<footer>erg " ERG_VERSION, page->out);
    if (erg_trace_anchor_count(page->trace)) {
        erg_utc_format(erg_trace_utc_ns(page->trace, page->span.begin_ns), 0, utc,
                       sizeof(utc));
        fprintf(page->out, ", recorded %s", utc);
    }
    fprintf(page->out,
            ". This page loads nothing from anywhere.</footer>\n</main>\n%s</body>\n"
            "</html>\n",
            erg_page_script);
    return true;
}

static bool put_run(const erg_trace *trace, const erg_result *timeline, const char *title,
                    FILE *out, erg_error *err)
{
    const erg_summary_options options = { .command = "report", .trace_facts = true };
    const erg_region_names *names = erg_region_names_of(trace, err);
    erg_result *result = names ? erg_trace_summary(trace, &options, err) : NULL;
    locale_t c_locale = result ? newlocale(LC_NUMERIC_MASK, "C", (locale_t)0) : (locale_t)0;
    erg_page page = { .trace = trace, .result = result, .timeline = timeline,
                      .names = names, .out = out };

    if (!c_locale) {
        erg_result_free(result);
        return result ? erg_fail(err, ERG_NO_MEMORY, "out of memory") : false;
    }
    page.span = erg_trace_span(trace);
    locale_t before = uselocale(c_locale);
    bool good = put_page(&page, title ? title : "A run", err);
    uselocale(before);
    freelocale(c_locale);
    erg_result_free(result);
    if (good && (fflush(out) != 0 || ferror(out)))
        return erg_fail(err, ERG_IO, "cannot write the page: %s", strerror(errno));
    return good;
}

/* A recording with events of other tools is told over time as well. */
bool erg_report_page(const erg_trace *trace, const char *title, FILE *out, erg_error *err)
{
    erg_error why = { 0 };
    size_t events = erg_trace_event_count(trace);

    erg_result *timeline = events ? erg_timeline(trace, NULL, &why) : NULL;
    if (events && !timeline && !erg_can_do_without(&why, err))
        return false;
    bool good = put_run(trace, timeline, title, out, err);
    erg_result_free(timeline);
    return good;
}

bool erg_report_timeline(const erg_trace *trace, const erg_result *timeline,
                         const char *title, FILE *out, erg_error *err)
{
    return put_run(trace, timeline, title, out, err);
}
