/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a coupling study, from its tables alone: the verdicts first,
 * then what forbids or limits them, then the pictures, each with its data.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page_couple.h"

/* ---- verdicts ------------------------------------------------------------------------ */

static double percent(double r) { return 50 + 50 * fmax(-1, fmin(1, r)); }

static void put_interval(FILE *out, double r, double low, double high)
{
    fputs("<div class=\"room\">", out);
    fputs("<i class=\"whisker\" style=\"left:50%;width:1px;height:1rem;margin-top:-.5rem;"
          "opacity:.3\"></i>", out);
    if (isfinite(low) && isfinite(high))
        fprintf(out, "<i class=\"whisker\" style=\"left:%.2f%%;width:%.2f%%\"></i>",
                percent(low), percent(high) - percent(low));
    if (isfinite(r))
        fprintf(out, "<i class=\"s0\" style=\"position:absolute;left:%.2f%%;top:.25rem;"
                "width:.8rem;height:.8rem;margin-left:-.4rem;border-radius:50%%\"></i>",
                percent(r));
    fputs("</div>", out);
}

static void put_number(FILE *out, const char *before, double value, const char *after)
{
    if (isfinite(value))
        fprintf(out, "%s%.2g%s", before, value, after);
}

static void put_pair(const erg_couple_page *page, size_t row)
{
    const erg_table *t = page->verdict;
    const char *device = erg_page_text(t, row, "device");
    double low = erg_page_real(t, row, "r_low"), high = erg_page_real(t, row, "r_high");
    double r = erg_page_real(t, row, "r");

    fputs("<div class=\"bar r\"><b>", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "x"));
    fputs(" : ", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "y"));
    if (device[0]) {
        fputs(" <small class=\"soft\">", page->out);
        erg_html_text(page->out, device);
        fputs("</small>", page->out);
    }
    fputs("</b>", page->out);
    put_interval(page->out, r, low, high);
    fputs("<span class=\"num\">", page->out);
    put_number(page->out, "r ", r, "");
    if (isfinite(low) && isfinite(high))
        fprintf(page->out, " <small class=\"soft\">%.2f to %.2f</small>", low, high);
    put_number(page->out, ", q ", erg_page_real(t, row, "q_value"), "");
    fputs("</span></div>\n<p class=\"soft\" style=\"margin-top:0\">", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "verdict"));
    put_number(page->out, "; lag ", erg_page_real(t, row, "lag_s"), " s");
    put_number(page->out, "; least |r| that would be seen ",
               erg_page_real(t, row, "min_detectable_r"), "");
    fputs("</p>\n", page->out);
}

static size_t count_verdicts(const erg_couple_page *page, const char *begin)
{
    size_t count = 0;

    for (size_t i = 0; i < erg_page_rows(page->verdict); i++)
        count += strncmp(erg_page_text(page->verdict, i, "verdict"), begin, strlen(begin))
              == 0;
    return count;
}

/* The strongest thing that may be said. */
static const char *headline(const erg_couple_page *page, size_t *shown)
{
    size_t rows = erg_page_rows(page->verdict);

    *shown = count_verdicts(page, "coupling shown");
    return *shown                                             ? "Coupling shown"
         : count_verdicts(page, "associated")                 ? "Associated, cause open"
         : rows && count_verdicts(page, "cannot be") == rows  ? "Cannot be decided"
         : rows                                               ? "No coupling shown"
                                                              : "No pair was tested";
}

static void put_verdicts(const erg_couple_page *page)
{
    size_t shown, rows = erg_page_rows(page->verdict);

    if (!page->verdict)
        return;
    fprintf(page->out, "<p class=\"big\">%s", headline(page, &shown));
    if (shown)
        fprintf(page->out, " <small>%zu of %zu pairs</small>", shown, rows);
    fputs("</p>\n<p class=\"lead\">Correlation of what is left of two series once each is "
          "predicted from its own past; the whisker holds 95 % over all lags. "
          "Lag above 0: the first leads.</p>\n<section>\n", page->out);
    for (size_t i = 0; i < rows; i++)
        put_pair(page, i);
    fputs("</section>\n", page->out);
}

static bool is_raised(const erg_table *checks, size_t row)
{
    const char *state = erg_page_text(checks, row, "state");
    return strcmp(state, "refused") == 0 || strcmp(state, "flag") == 0;
}

/* What several pairs share is said once, with their names. */
static bool is_same(const erg_table *checks, size_t row, size_t other)
{
    static const char *const columns[] = { "check", "device", "what", "advice", "state" };
    bool same = erg_page_text(checks, row, "pair")[0]
        && erg_page_text(checks, other, "pair")[0];

    for (size_t i = 0; same && i < ERG_COUNT(columns); i++)
        same = strcmp(erg_page_text(checks, row, columns[i]),
                      erg_page_text(checks, other, columns[i])) == 0;
    return same;
}

static void put_check(const erg_couple_page *page, const erg_table *t, size_t row)
{
    const char *what = erg_page_text(t, row, "what");

    fputs("<dt>", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "check"));
    fputs(" <span class=\"soft\">", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "device"));
    for (size_t i = row; i < erg_page_rows(t); i++)
        if (i == row ? erg_page_text(t, row, "pair")[0] != '\0' : is_same(t, row, i)) {
            fputs(i == row ? " " : ", ", page->out);
            erg_html_text(page->out, erg_page_text(t, i, "pair"));
        }
    fputs(" ", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "state"));
    fputs("</span></dt><dd>", page->out);
    erg_html_text(page->out, what);
    fputs(what[0] ? ": " : "", page->out);
    erg_html_text(page->out, erg_page_text(t, row, "advice"));
    fputs("</dd>\n", page->out);
}

static void put_checks(const erg_couple_page *page)
{
    const erg_table *t = erg_result_find(page->result, "checks");
    bool any = false;

    for (size_t i = 0; i < erg_page_rows(t); i++) {
        bool was_said = false;
        for (size_t before = 0; before < i && !was_said; before++)
            was_said = is_same(t, before, i);
        if (!is_raised(t, i) || was_said)
            continue;
        fputs(any ? "" : "<section><h2>What refuses or limits the verdict</h2>\n"
                         "<dl class=\"flags\">\n", page->out);
        any = true;
        put_check(page, t, i);
    }
    if (any)
        fputs("</dl></section>\n", page->out);
}

/* ---- the sheet ----------------------------------------------------------------------- */

static void put_value(FILE *out, double value)
{
    char text[ERG_NUMBER_MOST];

    if (!isfinite(value))
        return;
    erg_number_short(value, text);
    fputs(text, out);
}

static void put_block(const erg_couple_page *page, const char *section, const char *title)
{
    const erg_table *t = page->sheet;

    fprintf(page->out, "<h3>%s</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>"
            "<thead><tr><th>name</th><th class=\"n\">value</th><th class=\"n\">95 %%</th>"
            "<th>unit</th><th>note</th><th>convention</th></tr></thead><tbody>\n", title);
    for (size_t i = 0; i < erg_page_rows(t); i++) {
        double low = erg_page_real(t, i, "low"), high = erg_page_real(t, i, "high");
        if (strcmp(erg_page_text(t, i, "section"), section) != 0)
            continue;
        fputs("<tr><td>", page->out);
        erg_html_text(page->out, erg_page_text(t, i, "name"));
        fputs("</td><td class=\"n\">", page->out);
        put_value(page->out, erg_page_real(t, i, "value"));
        fputs("</td><td class=\"n\">", page->out);
        put_value(page->out, low);
        fputs(isfinite(low) && isfinite(high) ? " to " : "", page->out);
        put_value(page->out, high);
        for (size_t c = 0; c < 3; c++) {
            static const char *const words[] = { "unit", "note", "convention" };
            fputs("</td><td>", page->out);
            erg_html_text(page->out, erg_page_text(t, i, words[c]));
        }
        fputs("</td></tr>\n", page->out);
    }
    fputs("</tbody></table></div>\n", page->out);
}

static void put_sheet(const erg_couple_page *page)
{
    if (!page->sheet)
        return;
    fputs("<section><h2>Data sheet</h2>\n", page->out);
    put_block(page, "session", "Session");
    put_block(page, "results", "Results");
    fputs("</section>\n", page->out);
}

/* ---- the page ------------------------------------------------------------------------ */

static void put_rest(const erg_couple_page *page)
{
    fputs("<section><h2>Notes</h2>\n", page->out);
    erg_html_notes(page->out, page->result);
    fputs("</section>\n", page->out);
    erg_page_all_folded(page->out, page->result);
    erg_page_foot(page->out);
}

static bool put_all(const erg_couple_page *page, const char *title)
{
    erg_page head = { .out = page->out };

    erg_page_head(&head, title);
    fputs(erg_chart_style, page->out);
    put_verdicts(page);
    put_checks(page);
    erg_couple_sessions(page);
    bool ok = erg_couple_timeline(page) && erg_couple_pictures(page);
    put_sheet(page);
    put_rest(page);
    return ok;
}

bool erg_report_couple(const erg_result *couple, const char *title, FILE *out,
                       erg_error *err)
{
    const erg_couple_page page = { .result = couple, .out = out, .err = err,
                                   .verdict = erg_result_find(couple, "verdict"),
                                   .sheet = erg_result_find(couple, "sheet") };

    if (!page.verdict && !erg_result_find(couple, "sessions") && !page.sheet)
        return erg_fail(err, ERG_BAD_INPUT, "this result is no coupling study: it has no "
                        "verdict, no sessions and no sheet");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    bool ok = put_all(&page, title ? title : "A coupling study");
    return erg_page_numbers_end(&plain, out, ok, err);
}
