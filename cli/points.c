/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of points and lists of clocks from the command line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "points.h"

enum { CLOCKS_MOST = 100000, WORD_MOST = 64 };

bool cli_definition(const char *name, erg_activity *out, erg_error *err)
{
    *out = ERG_ACTIVITY_UNKNOWN;
    return !name || erg_activity_parse(name, out)
        || erg_fail(err, ERG_BAD_INPUT, "--definition is half, sum or all, not '%.40s'",
                    name);
}

erg_points *cli_points(const cli *call, char *const paths[], size_t count,
                       const erg_points_options *options, erg_error *err)
{
    erg_points *points = erg_points_new(err);

    for (size_t i = 0; points && i < count; i++) {
        if (erg_points_load(points, &call->env, paths[i], options, err))
            continue;
        erg_points_free(points);
        /* A file that is not there is bad input, not absent hardware. */
        if (err->code == ERG_NOT_FOUND || err->code == ERG_NO_ACCESS)
            err->code = ERG_BAD_INPUT;
        return NULL;
    }
    return points;
}

/* Megahertz without a unit: that is how clocks are listed everywhere. */
static bool read_clock(const char *text, size_t length, double *hz, erg_error *err)
{
    char word[WORD_MOST];
    double mhz;

    if (length == 0 || length >= sizeof(word))
        return erg_fail(err, ERG_BAD_INPUT, "a clock is missing or too long");
    memcpy(word, text, length);
    word[length] = '\0';
    if (erg_quantity_parse(word, "", &mhz, NULL))
        *hz = mhz * 1e6;
    else if (!erg_quantity_parse(word, "Hz", hz, err))
        return false;
    return *hz > 0 || erg_fail(err, ERG_BAD_INPUT, "'%s' is no clock", word);
}

static size_t split(const char *text, char at, const char *starts[], size_t lengths[],
                    size_t most)
{
    size_t count = 0;

    while (count < most) {
        const char *end = strchr(text, at);
        starts[count] = text;
        lengths[count++] = end ? (size_t)(end - text) : strlen(text);
        if (!end)
            return count;
        text = end + 1;
    }
    return most + 1;
}

static bool read_range(const char *text, size_t length, double *clocks, size_t *count,
                       erg_error *err)
{
    const char *starts[3];
    size_t lengths[3], parts;
    char word[3 * WORD_MOST];
    double low = NAN, high, step;

    if (length >= sizeof(word))
        return erg_fail(err, ERG_BAD_INPUT, "a range of clocks is too long");
    memcpy(word, text, length);
    word[length] = '\0';
    parts = split(word, ':', starts, lengths, 3);
    if (parts != 1 && parts != 3)
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is no clock and no low:high:step", word);
    if (!read_clock(starts[0], lengths[0], &low, err))
        return false;
    high = low, step = 1e6;
    if (parts == 3 && (!read_clock(starts[1], lengths[1], &high, err)
                       || !read_clock(starts[2], lengths[2], &step, err)))
        return false;
    if (high < low || !(step > 0) || (high - low) / step >= CLOCKS_MOST - (double)*count)
        return erg_fail(err, ERG_BAD_INPUT,
                        "'%s' has no clock, no step, or more than %d clocks", word,
                        CLOCKS_MOST);
    for (size_t i = 0; low + (double)i * step <= high * (1 + 1e-12); i++)
        clocks[(*count)++] = low + (double)i * step;
    return true;
}

double *cli_clocks(const char *text, size_t *count, erg_error *err)
{
    double *clocks = calloc(CLOCKS_MOST + 1, sizeof(*clocks));
    const char *starts[256];
    size_t lengths[256], parts = split(text, ',', starts, lengths, 256);
    bool good = (clocks || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
        && (parts <= 256 || erg_fail(err, ERG_BAD_INPUT, "more than 256 clocks in a list"));

    *count = 0;
    for (size_t i = 0; good && i < parts; i++)
        good = read_range(starts[i], lengths[i], clocks, count, err);
    if (good)
        return clocks;
    free(clocks);
    return NULL;
}

bool cli_put_curve(erg_table *table, const char *application, const erg_curve_point *at,
                   erg_error *err)
{
    const struct { const char *column; double value; } reals[] = {
        { "sm_clock_mhz", at->clock_hz / 1e6 }, { "time_s", at->time_s },
        { "time_low_s", at->time_low_s }, { "time_high_s", at->time_high_s },
        { "energy_j", at->energy_j }, { "energy_low_j", at->energy_low_j },
        { "energy_high_j", at->energy_high_j }, { "mean_w", at->power_w },
        { "mean_low_w", at->power_low_w }, { "mean_high_w", at->power_high_w },
    };
    bool good = erg_table_row(table, err)
        && erg_table_text(table, "application", application, err);

    for (size_t i = 0; good && i < CLI_COUNT(reals); i++)
        good = erg_table_real(table, reals[i].column, reals[i].value, err);
    return good;
}
