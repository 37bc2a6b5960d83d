/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page of a recomposition, from its tables alone: the sums of kernels,
 * hot and cold, as bars stacked by tier beside the measured whole; the same in joules where
 * they were metered; then the largest kernels.
 */
#include <math.h>
#include <string.h>
#include "report/page.h"

typedef struct replay_page {
    const erg_result *result;
    const erg_table *totals, *tiers, *kernels;
    FILE *out;
} replay_page;

/* Tiers and the base, in the order in which they are stacked. */
static const struct { const char *name, *colour; } stacked[] = {
    { "gemm", "#d55e00" },  { "other", "#009e73" }, { "memory", "#56b4e9" },
    { "collective", "#cc79a7" }, { "base", "#999" },
};
static const char whole_colour[] = "#555";
enum { BASE = ERG_COUNT(stacked) - 1 };

/* What is put together: seconds, or joules over the base and the base. */
typedef struct quantity {
    const char *title, *unit, *predicted, *low, *high, *measured, *tier;
    const char *measured_low, *measured_high, *base;    /* NULL: it has none */
} quantity;

static const quantity quantities[] = {
    { "Time of a pass", "s", "predicted_s", "predicted_low_s", "predicted_high_s",
      "measured_s", "predicted_s", NULL, NULL, NULL },
    { "Energy of a pass", "J", "predicted_j", "predicted_low_j", "predicted_high_j",
      "measured_j", "dynamic_j", "measured_low_j", "measured_high_j", "base_j" },
};

static double real(const erg_table *table, size_t row, const char *column)
{
    return column ? erg_table_find(table, row, column).real : NAN;
}

static const char *text(const erg_table *table, size_t row, const char *column)
{
    const char *found = erg_table_find(table, row, column).text;
    return found ? found : "";
}

static bool is_alike(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* ---- stacked bars ---------------------------------------------------------------- */

/* Pictures, for backgrounds are not printed; 100 wide is the longest of all. */
static void begin_row(const replay_page *p, const char *name)
{
    fputs("<tr><td>", p->out);
    fputs("<div style=\"max-width:24rem;overflow:hidden;text-overflow:ellipsis\" title=\"",
          p->out);
    erg_html_text(p->out, name);
    fputs("\">", p->out);
    erg_html_text(p->out, name);
    fputs("</div></td><td style=\"width:60%\"><svg viewBox=\"0 0 100 10\" "
          "preserveAspectRatio=\"none\" role=\"img\" style=\"display:block;width:100%;"
          "min-width:12rem;height:1.6rem\">", p->out);
}

static double put_piece(const replay_page *p, double at, double wide, const char *colour,
                        const char *name, double share)
{
    if (!(wide > 0))
        return at;
    fprintf(p->out, "<rect x=\"%.3f\" width=\"%.3f\" height=\"10\" fill=\"%s\"><title>"
            "%s %.1f %%</title></rect>", at, wide, colour, name, 100 * share);
    return at + wide;
}

/* From one bound to the other, with a foot at each. */
static void put_whisker(const replay_page *p, double low, double high)
{
    if (!(high > low))
        return;
    fprintf(p->out, "<path d=\"M%.3f 3V7M%.3f 5H%.3fM%.3f 3V7\" fill=\"none\" "
            "stroke=\"var(--ink)\" vector-effect=\"non-scaling-stroke\"/>",
            low, low, high, high);
}

static void end_row(const replay_page *p, double low, double value, double high,
                    const char *unit, double ratio)
{
    fputs("</svg></td><td class=\"num\">", p->out);
    if (high > low)
        erg_page_interval(p->out, low, value, high, unit);
    else    /* nobody said how well it is known */
        erg_page_quantity(p->out, value, unit);
    fputs("</td><td class=\"num\">", p->out);
    if (isfinite(ratio))
        fprintf(p->out, "%.3f", ratio);
    fputs("</td></tr>\n", p->out);
}

static double part_of(const replay_page *p, const quantity *of, size_t row, size_t piece)
{
    const char *state = text(p->totals, row, "state");
    double sum = 0;

    if (piece == BASE)
        return real(p->totals, row, of->base);
    for (size_t i = 0; i < erg_table_row_count(p->tiers); i++)
        if (is_alike(text(p->tiers, i, "state"), state)
            && is_alike(text(p->tiers, i, "tier"), stacked[piece].name))
            sum += real(p->tiers, i, of->tier);
    return sum;
}

static void put_sum(const replay_page *p, const quantity *of, size_t row, double longest)
{
    double sum = real(p->totals, row, of->predicted), at = 0, scale = 100 / longest;
    char name[48];

    snprintf(name, sizeof(name), "sum, %.24s", text(p->totals, row, "state"));
    begin_row(p, *text(p->totals, row, "state") ? name : "sum");
    for (size_t i = 0; i < ERG_COUNT(stacked); i++) {
        double part = part_of(p, of, row, i);
        at = put_piece(p, at, part * scale, stacked[i].colour, stacked[i].name, part / sum);
    }
    put_whisker(p, real(p->totals, row, of->low) * scale,
                real(p->totals, row, of->high) * scale);
    end_row(p, real(p->totals, row, of->low), sum, real(p->totals, row, of->high), of->unit,
            sum / real(p->totals, row, of->measured));
}

static void put_whole(const replay_page *p, const quantity *of, double longest)
{
    double whole = real(p->totals, 0, of->measured), scale = 100 / longest;
    double low = real(p->totals, 0, of->measured_low);
    double high = real(p->totals, 0, of->measured_high);

    begin_row(p, "the whole, measured");
    put_piece(p, 0, whole * scale, whole_colour, "the whole", 1);
    put_whisker(p, low * scale, high * scale);
    end_row(p, low, whole, high, of->unit, 1);
}

static double longest_of(const replay_page *p, const quantity *of)
{
    double longest = 0;

    for (size_t row = 0; row < erg_table_row_count(p->totals); row++) {
        longest = fmax(longest, real(p->totals, row, of->predicted));
        longest = fmax(longest, real(p->totals, row, of->high));
        longest = fmax(longest, real(p->totals, row, of->measured));
        longest = fmax(longest, real(p->totals, row, of->measured_high));
    }
    return longest;
}

static void put_legend(const replay_page *p, const quantity *of)
{
    fputs("<p class=\"soft\">", p->out);
    for (size_t i = 0; i < ERG_COUNT(stacked); i++) {
        double any = 0;
        for (size_t row = 0; row < erg_table_row_count(p->totals); row++)
            any = fmax(any, part_of(p, of, row, i));
        if (any > 0)
            fprintf(p->out, "<svg viewBox=\"0 0 1 1\" style=\"width:.8em;height:.8em\">"
                    "<rect width=\"1\" height=\"1\" fill=\"%s\"/></svg> %s &nbsp; ",
                    stacked[i].colour, stacked[i].name);
    }
    fputs("Lines are 95 % intervals.</p>\n", p->out);
}

static void put_stacks(const replay_page *p, const quantity *of)
{
    double longest = longest_of(p, of);

    if (!(longest > 0))
        return;
    fprintf(p->out, "<section><h2>%s</h2>\n<div class=\"scroll\"><table><thead><tr>"
            "<th></th><th>by tier</th><th>%s</th><th>of the whole</th></tr></thead>"
            "<tbody>\n", of->title, of->unit);
    for (size_t row = 0; row < erg_table_row_count(p->totals); row++)
        put_sum(p, of, row, longest);
    put_whole(p, of, longest);
    fputs("</tbody></table></div>\n", p->out);
    put_legend(p, of);
    fputs("</section>\n", p->out);
}

/* ---- the largest kernels --------------------------------------------------------- */

static const char *colour_of(const char *tier)
{
    for (size_t i = 0; i < ERG_COUNT(stacked); i++)
        if (is_alike(stacked[i].name, tier))
            return stacked[i].colour;
    return whole_colour;
}

static void put_kernel(const replay_page *p, size_t row, double most)
{
    double share = real(p->kernels, row, "time_share");
    const char *tier = text(p->kernels, row, "tier");

    begin_row(p, text(p->kernels, row, "kernel"));
    put_piece(p, 0, 100 * share / most, colour_of(tier), tier, share);
    fputs("</svg></td><td class=\"num\">", p->out);
    fprintf(p->out, "%.4g &times; ", real(p->kernels, row, "count_per_step"));
    erg_page_interval(p->out, real(p->kernels, row, "time_low_s"),
                      real(p->kernels, row, "time_s"),
                      real(p->kernels, row, "time_high_s"), "s");
    fprintf(p->out, "</td><td class=\"num\">%.1f %%</td><td class=\"num\">", 100 * share);
    erg_page_quantity(p->out, real(p->kernels, row, "total_j"), "J");
    fputs("</td></tr>\n", p->out);
}

static void put_kernels(const replay_page *p, const char *state)
{
    double most = 0;

    for (size_t i = 0; i < erg_table_row_count(p->kernels); i++)
        if (is_alike(text(p->kernels, i, "state"), state))
            most = fmax(most, real(p->kernels, i, "time_share"));
    if (!(most > 0))
        return;
    fputs("<section><h2>Largest kernels", p->out);
    fputs(*state ? ", " : "", p->out);
    erg_html_text(p->out, state);
    fputs("</h2>\n<div class=\"scroll\"><table><thead><tr><th>kernel</th>"
          "<th>share of the sum's time</th><th>launches &times; time of one</th><th></th>"
          "<th>over the base</th></tr></thead><tbody>\n", p->out);
    for (size_t i = 0; i < erg_table_row_count(p->kernels); i++)
        if (is_alike(text(p->kernels, i, "state"), state))
            put_kernel(p, i, most);
    fputs("</tbody></table></div></section>\n", p->out);
}

/* ---- the page -------------------------------------------------------------------- */

static void put_verdict(const replay_page *p)
{
    const char *refused_by = text(p->totals, 0, "refused_by");

    for (size_t row = 0; row < erg_table_row_count(p->totals); row++) {
        const char *verdict = text(p->totals, row, "verdict");
        fputs("<p class=\"big\">", p->out);
        erg_html_text(p->out, *verdict ? verdict : "no verdict");
        fputs(" <small>", p->out);
        erg_html_text(p->out, text(p->totals, row, "state"));
        fprintf(p->out, "%sthe sum of kernels is %.3f of the whole's time",
                *text(p->totals, row, "state") ? ": " : "",
                real(p->totals, row, "predicted_s") / real(p->totals, row, "measured_s"));
        if (isfinite(real(p->totals, row, "agreement_en")))
            fprintf(p->out, ", E<sub>n</sub> of its energy %.2f",
                    real(p->totals, row, "agreement_en"));
        fputs("</small></p>\n", p->out);
    }
    if (!*refused_by)
        return;
    fputs("<p class=\"lead\">A check forbids a verdict: ", p->out);
    erg_html_text(p->out, refused_by);
    fputs(". <code>erg replay audit</code> says why.</p>\n", p->out);
}

static void put_all(const replay_page *p, const char *title)
{
    erg_page head = { .out = p->out };

    erg_page_head(&head, title);
    put_verdict(p);
    for (size_t i = 0; i < ERG_COUNT(quantities); i++)
        put_stacks(p, &quantities[i]);
    for (size_t row = 0; row < erg_table_row_count(p->totals); row++)
        put_kernels(p, text(p->totals, row, "state"));
    erg_page_asides(p->out, p->result);
    fputs("<section><h2>All figures</h2>\n", p->out);
    erg_html_table_turned(p->out, p->totals);
    erg_html_table_turned(p->out, p->tiers);
    fputs("</section>\n", p->out);
    erg_page_foot(p->out);
}

bool erg_report_replay(const erg_result *replay, const char *title, FILE *out,
                       erg_error *err)
{
    replay_page p = { .result = replay, .totals = erg_result_find(replay, "totals"),
                      .tiers = erg_result_find(replay, "tiers"),
                      .kernels = erg_result_find(replay, "kernels"), .out = out };

    if (!p.totals || !p.tiers || !p.kernels || !erg_table_row_count(p.totals))
        return erg_fail(err, ERG_BAD_INPUT,
                        "this result is no recomposition: it has no totals, tiers and "
                        "kernels (erg replay recompose --format json makes one)");
    erg_page_numbers plain;
    if (!erg_page_numbers_begin(&plain, err))
        return false;
    put_all(&p, title ? title : "A replay");
    return erg_page_numbers_end(&plain, out, true, err);
}
