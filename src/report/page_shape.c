/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of policies over a load, from its tables alone: verdicts first,
 * then each policy's wave and spectrum over the base's, and the gate's clauses in words.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/page_shape.h"

static const char style[] =
"<style>\n"
".yes,.no,.open{border-radius:.8rem;padding:.1rem .6rem;font-size:.8rem;font-weight:600;"
"white-space:nowrap}\n"
".yes{background:#009e73;color:#000}.no{background:#d55e00;color:#000}\n"
".open{background:var(--card);color:var(--soft)}\n"
".clauses{list-style:none;padding:0;margin:.5rem 0 0;font-size:.9rem}\n"
".clauses li{padding-left:7rem;text-indent:-7rem}\n"
".clauses b{display:inline-block;min-width:7rem;font-weight:600;text-indent:0}\n"
"h2 .yes,h2 .no,h2 .open{margin-left:.5rem;vertical-align:middle}\n"
"h2{overflow-wrap:anywhere}\n"
"table.sum a{color:var(--power)}\n"
"table.sum td,table.sum th{padding-right:.9rem}\n"
".pairs figure{min-width:0}\n"
"</style>\n";

/* ---- verdicts ------------------------------------------------------------------------ */

typedef enum answer { NO, YES, NEITHER } answer;

/* A column that is nowhere given reads back as text. */
static answer answer_of(const erg_table *table, size_t row, const char *column)
{
    for (size_t c = 0; c < erg_table_column_count(table); c++) {
        const erg_column *at = erg_table_column(table, c);
        erg_cell cell = erg_table_cell(table, row, c);
        if (strcmp(at->name, column) == 0 && at->type == ERG_TRUTH
            && cell.integer != ERG_NONE)
            return cell.integer ? YES : NO;
    }
    return NEITHER;
}

static bool is_base(const erg_shape_page *page, size_t row)
{
    return strcmp(erg_page_text(page->policies, row, "reason"), "base") == 0;
}

static void put_answer(const erg_shape_page *page, size_t row)
{
    static const struct { const char *mark, *words; } answers[] = {
        [NO] = { "no", "rejected" }, [YES] = { "yes", "accepted" },
        [NEITHER] = { "open", "not assessable" },
    };
    answer is = answer_of(page->policies, row, "accepted");

    fprintf(page->out, "<span class=\"%s\">%s</span>",
            is_base(page, row) ? "open" : answers[is].mark,
            is_base(page, row) ? "base" : answers[is].words);
}

/* ---- comparison ---------------------------------------------------------------------- */

typedef struct figure { const char *column, *head, *unit; } figure;

static const figure figures[] = {
    { "peak_10ms_w", "peak of 10 ms", "W" }, { "mean_w", "mean", "W" },
    { "range", "range", "%" }, { "ramp_w_per_s", "steepest ramp", "W/s" },
    { "band_rms", "0.1 to 20 Hz", "%" }, { "throughput_loss", "throughput lost", "%" },
    { "energy_per_step_j", "energy a step", "J" }, { "burned_j", "burned", "J" },
    { "breaker_margin", "breaker margin", "%" },
};

static void put_figure(FILE *out, double value, const char *unit)
{
    if (isfinite(value) && strcmp(unit, "%") == 0)
        fprintf(out, "%.1f\xc2\xa0%%", 100 * value + 0.0);
    else
        erg_page_quantity(out, value, unit);
}

static void put_comparison(const erg_shape_page *page)
{
    fputs("<div class=\"scroll\" tabindex=\"0\"><table class=\"sum\"><caption>"
          "Comparison</caption><thead><tr><th scope=\"col\">policy</th><th scope=\"col\">"
          "verdict</th>", page->out);
    for (size_t c = 0; c < ERG_COUNT(figures); c++)
        fprintf(page->out, "<th scope=\"col\" class=\"n\">%s</th>", figures[c].head);
    fputs("</tr></thead>\n<tbody>\n", page->out);
    for (size_t i = 0; i < erg_page_rows(page->policies); i++) {
        fprintf(page->out, "<tr><td><a href=\"#p%zu\">", i);
        erg_html_text(page->out, erg_page_text(page->policies, i, "policy"));
        fputs("</a></td><td>", page->out);
        put_answer(page, i);
        fputs("</td>", page->out);
        for (size_t c = 0; c < ERG_COUNT(figures); c++) {
            fputs("<td class=\"n\">", page->out);
            put_figure(page->out, erg_page_real(page->policies, i, figures[c].column),
                       figures[c].unit);
            fputs("</td>", page->out);
        }
        fputs("</tr>\n", page->out);
    }
    fputs("</tbody></table></div>\n", page->out);
}

/* ---- clauses ------------------------------------------------------------------------- */

/* How a clause of the gate reads, of its value and its limit. */
typedef struct clause_words { const char *name, *title, *unit; } clause_words;

static const clause_words clauses[] = {
    { "gain", "gain", "%" }, { "throughput", "throughput", "%" },
    { "energy", "energy", "%" }, { "collective", "collectives", "%" },
    { "timeouts", "timeouts", "" }, { "throttling", "throttling", "s" },
    { "breaker", "breaker", "" },
};

static const clause_words *words_of(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(clauses); i++)
        if (strcmp(clauses[i].name, name) == 0)
            return &clauses[i];
    return NULL;
}

/* A gain may be a ramp or a band that the user limited: a ratio is below 1. */
static void put_value(const erg_shape_page *page, const clause_words *words, double value)
{
    bool is_share = words && words->unit[0] == '%' && fabs(value) < 10;

    if (is_share)
        fprintf(page->out, "%+.1f\xc2\xa0%%", fabs(value) < 5e-4 ? 0 : 100 * value);
    else if (words && words->unit[0] == 's')
        erg_page_quantity(page->out, value, "s");
    else
        fprintf(page->out, "%.4g", value);
}

static void put_clause(const erg_shape_page *page, size_t row)
{
    static const char *const marks[] = { [NO] = "\xe2\x9c\x97 fails",
                                         [YES] = "\xe2\x9c\x93 holds" };
    const char *name = erg_page_text(page->explain, row, "clause");
    const clause_words *words = words_of(name);
    double value = erg_page_real(page->explain, row, "value");
    double limit = erg_page_real(page->explain, row, "limit");
    bool is_gate = strcmp(name, "breaker") == 0 || strcmp(name, "timeouts") == 0;

    fputs("<li><b>", page->out);
    erg_html_text(page->out, words ? words->title : name);
    answer is = answer_of(page->explain, row, "passed");
    fprintf(page->out, "</b> %s", marks[is]);
    if (!is_gate) {
        fputs(": ", page->out);
        put_value(page, words, value);
        fputs(isfinite(limit) ? ", at most " : ", no limit", page->out);
        if (isfinite(limit))
            put_value(page, words, limit);
    }
    fputs(" <span class=\"soft\">", page->out);
    if (!is_gate)
        erg_html_text(page->out, erg_page_text(page->explain, row, "about"));
    fputs("</span></li>\n", page->out);
}

/* What could not be judged takes one line together. */
static void put_unknown(const erg_shape_page *page, const char *policy)
{
    const char *before = "<li><b>not measured</b> <span class=\"soft\">";
    size_t count = 0;

    for (size_t i = 0; i < erg_page_rows(page->explain); i++)
        if (strcmp(erg_page_text(page->explain, i, "policy"), policy) == 0
            && answer_of(page->explain, i, "passed") == NEITHER) {
            fputs(count++ ? ", " : before, page->out);
            erg_html_text(page->out, erg_page_text(page->explain, i, "clause"));
        }
    if (count)
        fputs("</span></li>\n", page->out);
}

static void put_clauses(const erg_shape_page *page, size_t row)
{
    const char *policy = erg_page_text(page->policies, row, "policy");

    fputs("<ul class=\"clauses\">\n", page->out);
    for (size_t i = 0; i < erg_page_rows(page->explain); i++)
        if (strcmp(erg_page_text(page->explain, i, "policy"), policy) == 0
            && answer_of(page->explain, i, "passed") != NEITHER)
            put_clause(page, i);
    put_unknown(page, policy);
    fputs("</ul>\n", page->out);
}

/* ---- the page ------------------------------------------------------------------------ */

static bool put_policy(const erg_shape_page *page, size_t row)
{
    fprintf(page->out, "<section id=\"p%zu\"><h2>", row);
    erg_html_text(page->out, erg_page_text(page->policies, row, "policy"));
    put_answer(page, row);
    fputs("</h2>\n", page->out);
    if (!is_base(page, row)) {
        fputs("<p>", page->out);
        erg_html_text(page->out, erg_page_text(page->policies, row, "reason"));
        fputs("</p>\n", page->out);
        put_clauses(page, row);
    }
    bool ok = erg_shape_pictures(page, row);
    fputs("</section>\n", page->out);
    return ok;
}

static void put_lead(const erg_shape_page *page)
{
    size_t accepted = 0, judged = 0;

    for (size_t i = 0; i < erg_page_rows(page->policies); i++) {
        judged += !is_base(page, i);
        accepted += answer_of(page->policies, i, "accepted") == YES;
    }
    fprintf(page->out, "<p class=\"big\">%zu of %zu <small>accepted by the gate</small>"
            "</p>\n", accepted, judged);
    for (size_t i = 0; i < erg_result_note_count(page->result); i++)
        if (strncmp(erg_result_note_at(page->result, i), "simulated", 9) == 0)
            fputs("<p class=\"alarm\" role=\"note\">"
                  "SIMULATED: no figure of a policy on this page was measured.</p>\n",
                  page->out);
    fputs("<p class=\"lead\">What a policy does to power over time, and "
          "what it costs: each against the base.</p>\n", page->out);
}

static void put_tables(const erg_shape_page *page)
{
    fputs("<section><h2>All figures</h2>\n", page->out);
    erg_html_table_turned(page->out, page->policies);
    erg_html_notes(page->out, page->result);
    fputs("</section>\n", page->out);
}

static bool put_all(erg_shape_page *page, const char *title)
{
    erg_page head = { .out = page->out };
    bool ok = true;

    erg_page_head(&head, title);
    fputs(erg_chart_style, page->out);
    fputs(style, page->out);
    put_lead(page);
    put_comparison(page);
    erg_shape_scales(page);
    for (size_t i = 0; ok && i < erg_page_rows(page->policies); i++)
        ok = put_policy(page, i);
    put_tables(page);
    erg_page_foot(page->out);
    return ok;
}

bool erg_report_shape(const erg_result *shape, const char *title, FILE *out, erg_error *err)
{
    erg_shape_page page = { .result = shape, .policies = erg_result_find(shape, "policies"),
                            .explain = erg_result_find(shape, "explain"),
                            .wave = erg_result_find(shape, "wave"),
                            .spectrum = erg_result_find(shape, "spectrum"), .out = out,
                            .err = err };

    if (!page.policies)
        return erg_fail(err, ERG_BAD_INPUT, "this result has no policies: erg shape --wave "
                        "--spectrum --explain --format json writes them");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    bool ok = put_all(&page, title ? title : "Policies over a load");
    return erg_page_numbers_end(&plain, out, ok, err);
}
