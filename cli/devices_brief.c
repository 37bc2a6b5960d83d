/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices for a person: what can be read, then what cannot, each with the reason and
 * the cure on lines of its own. The full tables are in --verbose, json and csv.
 */
#include <math.h>
#include <string.h>
#include "cli.h"

enum { WIDTH = 100, NAMES = 12, REASON = 6 };

typedef struct group { const char *state, *head, *colour; } group;

static const group groups[] = {
    { "present", "Present", "32" },
    { "denied", "There, but not to be read", "33" },
    { "broken", "There, but broken", "31" },
    { "absent", "Absent", "2" },
};

typedef struct sheet { FILE *out; const cli *call; int width; } sheet;

static size_t letters(const char *text, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Continues a line that has reached column at; wraps words under the indent. */
static void put_words(const sheet *to, const char *text, int at, int indent)
{
    while (*(text += strspn(text, " "))) {
        size_t bytes = strcspn(text, " ");
        int wide = (int)letters(text, bytes);
        if (at > indent && at + 1 + wide > to->width) {
            fprintf(to->out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', to->out);
            at++;
        }
        cli_put_plain(to->out, text, bytes);
        text += bytes;
        at += wide;
    }
    fputc('\n', to->out);
}

static const char *text_of(const erg_table *table, size_t row, const char *column)
{
    const char *text = erg_table_find(table, row, column).text;
    return text ? text : "n/a";
}

static bool is_energy(const erg_table *channels, size_t row)
{
    const char *unit = text_of(channels, row, "unit");
    bool is_limit = strstr(text_of(channels, row, "channel"), "limit") != NULL;
    return !is_limit && (strcmp(unit, "W") == 0 || strcmp(unit, "J") == 0);
}

/* "100 ms": never more than three digits. */
static void time_words(char *to, size_t size, double seconds)
{
    double factor = seconds >= 1 ? 1 : seconds >= 1e-3 ? 1e-3 : 1e-6;
    snprintf(to, size, "%.3g %s", seconds / factor,
             seconds >= 1 ? "s" : seconds >= 1e-3 ? "ms" : "us");
}

static void put_channel(const sheet *to, const erg_table *channels, size_t row)
{
    char line[256], every[32], mean[32];
    double update_s = erg_table_find(channels, row, "update_period_s").real;
    double window_s = erg_table_find(channels, row, "window_s").real;
    int used = snprintf(line, sizeof(line), "%s, %s", text_of(channels, row, "method"),
                        text_of(channels, row, "scope"));

    time_words(every, sizeof(every), update_s);
    time_words(mean, sizeof(mean), window_s);
    if (update_s > 0 && used > 0 && (size_t)used < sizeof(line))
        used += snprintf(line + used, sizeof(line) - (size_t)used,
                         ", new value every %s", every);
    if (window_s > 0 && used > 0 && (size_t)used < sizeof(line))
        snprintf(line + used, sizeof(line) - (size_t)used, ", the mean of %s", mean);
    const char *name = text_of(channels, row, "channel");
    fprintf(to->out, "%*s", REASON, "");
    cli_put_plain(to->out, name, strlen(name));
    int wide = (int)letters(name, strlen(name)), pad = wide < NAMES ? NAMES - wide : 0;
    fprintf(to->out, "%*s ", pad, "");
    put_words(to, line, REASON + wide + pad + 1, REASON + wide + pad + 1);
}

/* Watts and joules a line each; what only explains them in one list. */
static void put_channels(const sheet *to, const erg_table *channels, const char *device)
{
    char others[600] = "";
    for (size_t i = 0; i < erg_table_row_count(channels); i++) {
        size_t used = strlen(others);
        if (strcmp(text_of(channels, i, "device"), device) != 0)
            continue;
        if (is_energy(channels, i))
            put_channel(to, channels, i);
        else
            snprintf(others + used, sizeof(others) - used, "%s%s", used ? ", " : "",
                     text_of(channels, i, "channel"));
    }
    if (!*others)
        return;
    fprintf(to->out, "%*s%-*s ", REASON, "", NAMES, "and");
    put_words(to, others, REASON + NAMES + 1, REASON + NAMES + 1);
}

typedef struct scale { const char *unit, *name; double factor; } scale;

static const scale scales[] = { { "Hz", "MHz", 1e-6 }, { "W", "W", 1 } };

static void put_knob(const sheet *to, const erg_table *knobs, size_t row)
{
    const char *unit = text_of(knobs, row, "unit");
    const char *reason = erg_table_find(knobs, row, "reason").text;
    double low = erg_table_find(knobs, row, "low").real, factor = 1;
    double high = erg_table_find(knobs, row, "high").real;
    double now = erg_table_find(knobs, row, "now").real;
    char line[640], least[32] = "";

    for (size_t i = 0; i < CLI_COUNT(scales); i++)
        if (strcmp(scales[i].unit, unit) == 0) {
            factor = scales[i].factor;
            unit = scales[i].name;
        }
    if (!isnan(low))
        snprintf(least, sizeof(least), "%.5g to ", factor * low);
    int used = snprintf(line, sizeof(line), "%s, %s%.5g %s",
                        strcmp(text_of(knobs, row, "access"), "read") ? "can be turned"
                                                                       : "fixed for "
                        "this user", *least ? least : "up to ", factor * high, unit);
    if (!isnan(now) && used > 0 && (size_t)used < sizeof(line))
        used += snprintf(line + used, sizeof(line) - (size_t)used, ", now %.5g",
                         factor * now);
    if (reason && used > 0 && (size_t)used < sizeof(line))
        snprintf(line + used, sizeof(line) - (size_t)used, "; %s", reason);
    fprintf(to->out, "%*s%-*s ", REASON, "", NAMES, text_of(knobs, row, "knob"));
    put_words(to, line, REASON + NAMES + 1, REASON + NAMES + 1);
}

static void put_knobs(const sheet *to, const erg_table *knobs, const char *device)
{
    for (size_t i = 0; i < erg_table_row_count(knobs); i++)
        if (strcmp(text_of(knobs, i, "device"), device) == 0)
            put_knob(to, knobs, i);
}

static void put_device(const sheet *to, const erg_result *result, const erg_table *devices,
                       size_t row)
{
    const char *device = text_of(devices, row, "device"),
               *name = text_of(devices, row, "name");
    const char *reason = erg_table_find(devices, row, "reason").text;
    const erg_table *channels = erg_result_find(result, "channels");
    const erg_table *knobs = erg_result_find(result, "knobs");
    int wide = (int)letters(device, strlen(device)), pad = wide < NAMES ? NAMES - wide : 0;

    fputs("  ", to->out);
    cli_put_plain(to->out, device, strlen(device));
    fprintf(to->out, "%*s  ", pad, "");
    put_words(to, name, 4 + wide + pad, 4 + wide + pad);
    if (reason) {
        fprintf(to->out, "%*s", REASON, "");
        put_words(to, reason, REASON, REASON);
    }
    if (channels)
        put_channels(to, channels, device);
    if (knobs)
        put_knobs(to, knobs, device);
}

static void put_group(const sheet *to, const group *which, const erg_result *result)
{
    const erg_table *devices = erg_result_find(result, "devices");
    bool color = cli_wants_color(to->call, to->out), any = false;

    for (size_t i = 0; i < erg_table_row_count(devices); i++) {
        if (strcmp(text_of(devices, i, "state"), which->state) != 0)
            continue;
        if (!any && color)
            fprintf(to->out, "\033[%sm%s\033[0m\n", which->colour, which->head);
        else if (!any)
            fprintf(to->out, "%s\n", which->head);
        any = true;
        put_device(to, result, devices, i);
    }
    fputs(any ? "\n" : "", to->out);
}

bool cli_devices_brief(const void *what, const void *how, FILE *out, erg_error *err)
{
    int width = cli_width_of(out);
    sheet to = { .out = out, .call = how, .width = width >= 40 ? width : WIDTH };

    (void)err;
    for (size_t i = 0; i < CLI_COUNT(groups); i++)
        put_group(&to, &groups[i], what);
    fputs("(--verbose or --format json: every channel in full; --check: read them all)\n",
          out);
    return true;
}
