/* SPDX-License-Identifier: Apache-2.0 */
/* What a page of a run says first: the figure, where it comes from, and its tiles. */
#include <math.h>
#include <string.h>
#include "report/page.h"

typedef struct method_words {
    const char *method, *words;
    const char *alarm, *partly;     /* of all figures, of those of some devices */
} method_words;

static const method_words methods[] = {
    { "counter", "measured by an energy counter", NULL, NULL },
    { "integral", "measured as power over time", NULL, NULL },
    { "model", "estimated by a model",
      "MODELLED: no sensor measured this. The figures are estimates, and the interval says "
      "how wrong they can be.",
      "MODELLED. No sensor measured this: it is an estimate, and the interval says how "
      "wrong it can be." },
    { "simulated", "simulated",
      "SIMULATED: nothing on this page was measured. The figures come from a simulated "
      "device.",
      "SIMULATED. This was not measured: it comes from a simulated device." },
};

static const method_words *words_of(const char *method)
{
    for (size_t i = 0; i < ERG_COUNT(methods); i++)
        if (strcmp(methods[i].method, method) == 0)
            return &methods[i];
    return NULL;
}

bool erg_page_is_made(const char *method)
{
    return words_of(method) && words_of(method)->alarm;
}

static bool is_mixed(const erg_page *page)
{
    const erg_table *devices = erg_result_find(page->result, "devices");
    const char *first = erg_page_text(devices, 0, "method");
    for (size_t i = 1; i < erg_table_row_count(devices); i++)
        if (strcmp(erg_page_text(devices, i, "method"), first) != 0)
            return true;
    return false;
}

/* Which devices, where others were measured or made in another way. */
static void put_devices(const erg_page *page, const erg_table *devices, const char *method)
{
    const char *comma = "";

    for (size_t i = 0; i < erg_table_row_count(devices); i++)
        if (strcmp(erg_page_text(devices, i, "method"), method) == 0) {
            fputs(comma, page->out);
            erg_html_text(page->out, erg_page_text(devices, i, "source"));
            comma = ", ";
        }
    fputs(": ", page->out);
}

static void put_alarms(const erg_page *page)
{
    const erg_table *devices = erg_result_find(page->result, "devices");
    bool is_partly = is_mixed(page);

    for (size_t m = 0; m < ERG_COUNT(methods); m++) {
        size_t found = 0;
        for (size_t i = 0; i < erg_table_row_count(devices); i++)
            found += strcmp(erg_page_text(devices, i, "method"), methods[m].method) == 0;
        if (!methods[m].alarm || !found)
            continue;
        fputs("<p class=\"alarm\" role=\"note\">", page->out);
        if (is_partly)
            put_devices(page, devices, methods[m].method);
        fprintf(page->out, "%s</p>\n", is_partly ? methods[m].partly : methods[m].alarm);
    }
}

static void put_sentence(const erg_page *page, const erg_table *summary)
{
    const method_words *words = words_of(erg_page_text(summary, 0, "method"));
    const char *quality = erg_page_text(summary, 0, "quality");
    const char *source = erg_page_text(summary, 0, "source");

    fputs("<p class=\"lead\">", page->out);
    erg_page_quantity(page->out, erg_page_real(summary, 0, "duration_s"), "s");
    if (*erg_page_text(summary, 0, "command")) {
        fputs(" of <code>", page->out);
        erg_html_text(page->out, erg_page_text(summary, 0, "command"));
        fputs("</code>", page->out);
    }
    fprintf(page->out, ", %s%s%s", is_mixed(page) ? "partly " : "",
            words ? words->words : "not measured", *source ? ", from " : ": no sensor");
    erg_html_text(page->out, source);
    fputs(". Quality: <b>", page->out);
    erg_html_text(page->out, quality);
    fputs("</b>", page->out);
    for (int q = 0; q <= ERG_QUALITY_NO_DATA && !is_mixed(page); q++)
        if (strcmp(quality, erg_quality_name((erg_quality)q)) == 0)
            fprintf(page->out, " (%s)", erg_quality_about((erg_quality)q));
    fputs(".</p>\n", page->out);
}

/* ---- tiles ------------------------------------------------------------------- */

typedef struct tile {
    const char *name, *value, *low, *high, *unit;
    const char *source;     /* column of it; NULL: that of the run */
} tile;

/* clang-format off */
static const tile tiles[] = {
    { "energy per run", "energy_per_repeat_j", "energy_per_repeat_low_j",
      "energy_per_repeat_high_j", "J", NULL },
    { "mean power", "mean_w", "mean_low_w", "mean_high_w", "W", NULL },
    { "highest reading", "peak_w", "peak_low_w", "peak_high_w", "W", "peak_source" },
    { "idle power", "idle_w", "idle_low_w", "idle_high_w", "W", NULL },
    { "energy above idle", "net_energy_j", "net_energy_low_j", "net_energy_high_j", "J",
      NULL },
    { "electricity", "energy_wh", "energy_low_wh", "energy_high_wh", "Wh", NULL },
    { "CO<sub>2</sub>, of a stated grid", "co2_g", "co2_low_g", "co2_high_g", "g", NULL },
};
/* clang-format on */

/* "nvml:0/energy", or how many there are: the sentence above names them all. */
static void put_source(const erg_page *page, const char *source)
{
    int count = 1;
    for (const char *at = source; (at = strstr(at, " + ")); at += 3)
        count++;
    if (count == 1)
        erg_html_text(page->out, source);
    else
        fprintf(page->out, "%d sources", count);
}

/* What a counter's device showed at one moment is no difference of the counter; and what
 * was made is said once, for its quality has the same name. */
static void put_trust(const erg_page *page, const erg_table *summary, const tile *of)
{
    const char *method = erg_page_text(summary, 0, "method");

    if (!erg_page_is_made(method))
        fprintf(page->out, ", %s", of->source ? "one reading" : method);
    fprintf(page->out, ", %s", erg_page_text(summary, 0, "quality"));
}

static bool has_tiles(const erg_table *summary)
{
    for (size_t i = 0; i < ERG_COUNT(tiles); i++)
        if (isfinite(erg_page_real(summary, 0, tiles[i].value)))
            return true;
    return false;
}

static void put_tile(const erg_page *page, const erg_table *summary, const tile *of)
{
    const char *source = erg_page_text(summary, 0, of->source ? of->source : "source");
    double value = erg_page_real(summary, 0, of->value);

    if (!isfinite(value))
        return;
    fprintf(page->out, "<div><dt>%s</dt>", of->name);
    erg_page_tile(page->out, erg_page_real(summary, 0, of->low), value,
                  erg_page_real(summary, 0, of->high), of->unit);
    fputs("<dd class=\"of\">", page->out);
    put_source(page, source);
    put_trust(page, summary, of);
    fputs("</dd></div>\n", page->out);
}

static void put_tiles(const erg_page *page, const erg_table *summary)
{
    if (!has_tiles(summary))
        return;
    fputs("<dl class=\"cards\">\n", page->out);
    for (size_t i = 0; i < ERG_COUNT(tiles); i++)
        put_tile(page, summary, &tiles[i]);
    fputs("</dl>\n<p class=\"soft\">&plusmn; and .. are 95\xc2\xa0% intervals.</p>\n",
          page->out);
}

void erg_page_verdict(const erg_page *page)
{
    const erg_table *summary = erg_result_find(page->result, "summary");
    double energy_j = erg_page_real(summary, 0, "energy_j");

    bool is_short = erg_page_is_flagged(summary, 0, "TOO_SHORT");

    fputs("<p class=\"big\">", page->out);
    if (isfinite(energy_j)) {
        fputs(is_short ? "(" : "", page->out);
        erg_page_interval(page->out, erg_page_real(summary, 0, "energy_low_j"), energy_j,
                          erg_page_real(summary, 0, "energy_high_j"), "J");
        fprintf(page->out, "%s <small>95\xc2\xa0%% interval%s</small></p>\n",
                is_short ? ")" : "", is_short ? ", too short to trust" : "");
    } else {
        fputs("No energy figure</p>\n<p class=\"alarm\" role=\"note\">Nothing was "
              "measured, or "
              "the figure would be wrong: the reasons are below.</p>\n",
              page->out);
    }
    put_sentence(page, summary);
    put_alarms(page);
    put_tiles(page, summary);
}
