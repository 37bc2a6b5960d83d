/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a page: a value in a unit that suits it, its interval, place and colour. */
#include <math.h>
#include <string.h>
#include "report/page.h"

typedef struct scale_row { double from, factor; const char *text; } scale_row;

static const scale_row prefixes[] = {
    { 1e12, 1e-12, "T" }, { 1e9, 1e-9, "G" }, { 1e6, 1e-6, "M" }, { 1e3, 1e-3, "k" },
    { 1, 1, "" }, { 1e-3, 1e3, "m" }, { 1e-6, 1e6, "\xc2\xb5" }, { 0, 1e9, "n" },
};

static const scale_row *prefix_of(double value, const char *unit)
{
    enum { ONE = 4 };
    size_t i = strcmp(unit, "s") == 0 ? ONE : 0;     /* no kiloseconds */
    if (strncmp(unit, "FLOP/B", 6) == 0)            /* a ratio: 0.25, not 250 m */
        return &prefixes[ONE];
    while (fabs(value) < prefixes[i].from)
        i++;
    return value == 0 ? &prefixes[ONE] : &prefixes[i];
}

/* Four digits that count, and no exponent. */
static void put_digits(FILE *out, double value)
{
    double size = fabs(value);
    int decimals = size >= 1000 || size == 0 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    char text[ERG_NUMBER_MOST];
    snprintf(text, sizeof(text), "%.*f", decimals, value);
    if (strchr(text, '.')) {
        size_t end = strlen(text);
        while (text[end - 1] == '0')
            text[--end] = '\0';
        if (text[end - 1] == '.')
            text[end - 1] = '\0';
    }
    fputs(text, out);
}

void erg_page_quantity(FILE *out, double value, const char *unit)
{
    if (!isfinite(value)) {
        fputs("n/a", out);
        return;
    }
    const scale_row *scale = prefix_of(value, unit);
    put_digits(out, value * scale->factor);
    fprintf(out, "\xc2\xa0%s%s", scale->text, unit);
}

/* A figure in the unit that its value suits; lopsided: its low and high are told. */
typedef struct scaled {
    double low, value, high, half;
    bool has_interval, is_lopsided;
    int decimals;           /* two digits of the half-width */
    const char *prefix, *unit;
} scaled;

static scaled scaled_of(double low, double value, double high, const char *unit)
{
    const scale_row *scale = prefix_of(value, unit);
    double half = (high - low) / 2 * scale->factor;
    int place = half > 0 ? 1 - (int)floor(log10(half)) : 3;

    return (scaled){
        low * scale->factor, value * scale->factor, high * scale->factor, half,
        .has_interval = isfinite(value) && isfinite(low) && isfinite(high),
        .is_lopsided = fabs(high + low - 2 * value) > 0.02 * (high - low),
        .decimals = place < 0 ? 0 : place > 6 ? 6 : place,
        .prefix = scale->text, .unit = unit,
    };
}

static void put_ends(FILE *out, const scaled *of)
{
    put_digits(out, of->low);
    fputs("\xc2\xa0..\xc2\xa0", out);
    put_digits(out, of->high);
}

void erg_page_interval(FILE *out, double low, double value, double high, const char *unit)
{
    scaled of = scaled_of(low, value, high, unit);

    if (!of.has_interval) {
        erg_page_quantity(out, value, unit);
        return;
    }
    if (of.is_lopsided) {
        put_digits(out, of.value);
        fputs("\xc2\xa0(", out);
        put_ends(out, &of);
        fprintf(out, ")\xc2\xa0%s%s", of.prefix, unit);
        return;
    }
    fprintf(out, "%.*f\xc2\xa0\xc2\xb1\xc2\xa0%.*f\xc2\xa0%s%s", of.decimals, of.value,
            of.decimals, of.half, of.prefix, unit);
}

void erg_page_tile(FILE *out, double low, double value, double high, const char *unit)
{
    scaled of = scaled_of(low, value, high, unit);

    fputs("<dd>", out);
    if (!of.has_interval || of.is_lopsided)
        erg_page_quantity(out, value, unit);
    else
        fprintf(out, "%.*f\xc2\xa0%s%s", of.decimals, of.value, of.prefix, unit);
    fputs("</dd><dd class=\"spread\">", out);
    if (!of.has_interval)
        fputs("no interval is known", out);
    else if (of.is_lopsided)
        put_ends(out, &of);
    else
        fprintf(out, "\xc2\xb1\xc2\xa0%.*f", of.decimals, of.half);
    if (of.has_interval)
        fprintf(out, "\xc2\xa0%s%s", of.prefix, unit);
    fputs("</dd>", out);
}

double erg_page_percent(const erg_page *page, int64_t t_ns)
{
    double range = (double)(page->span.end_ns - page->span.begin_ns);
    double share = range > 0 ? 100 * (double)(t_ns - page->span.begin_ns) / range : 0;
    return fmin(100, fmax(0, share));
}

int erg_page_colour(const erg_page *page, const char *region)
{
    enum { COLOURS = 7 };
    int32_t number = erg_region_name_number(page->names, region);

    return (int)(number < 0 ? page->names->count : (size_t)number) % COLOURS;
}
