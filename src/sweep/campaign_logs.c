/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two logs of a campaign. Both hold the same runs; only one has exit statuses.
 *
 *   timing_summary.log       run_id,frequency_mhz,duration_seconds,exit_code,status
 *   experiment_summary.log   ... Run Timing Summary ...
 *                            Run 1_01 : 114s (freq: 1410MHz, status: success)
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"
#include "sweep/campaign.h"

static const char section[] = "Run Timing Summary", after[] = "Timing Statistics";
static const double most_mhz = 10000, most_s = 1e7;

enum { TIMING_FIELDS = 5, LINE_MOST = 256 };

typedef struct entry {
    char id[64], status[16];
    double mhz, duration_s;
    int exit_code;          /* -1: not said */
} entry;

typedef struct reading {
    erg_campaign *campaign;
    const char *name;
} reading;

/* A later line of the same run stands for a run that was made again, as its profile. */
static bool keep(reading *at, const entry *seen, erg_error *err)
{
    double clock_hz = seen->mhz > 0 ? 1e6 * seen->mhz : NAN;
    erg_campaign_run *run = erg_campaign_find(at->campaign, seen->id, clock_hz, err);

    if (!run)
        return false;
    if (fabs(run->duration_s - seen->duration_s) > 0
        && !erg_points_note(at->campaign->points, err,
                            "run %s: %g s and %g s are said of it; "
                            "the one of %s counts", seen->id, run->duration_s,
                            seen->duration_s, at->name))
        return false;
    run->duration_s = seen->duration_s;
    run->whole_seconds = seen->duration_s == floor(seen->duration_s);
    erg_text_put(run->status, sizeof(run->status), seen->status);
    if (seen->exit_code >= 0)
        run->exit_code = seen->exit_code;
    return true;
}

static bool is_sound(const entry *seen)
{
    return seen->id[0] && seen->status[0] && seen->mhz >= 0 && seen->mhz <= most_mhz
        && seen->duration_s >= 0 && seen->duration_s <= most_s;
}

/* ---- timing_summary.log -------------------------------------------------------- */

static bool number_of(erg_field cell, double *out)
{
    cell = erg_field_trim(cell);
    return erg_number_parse(cell.text, cell.count, '.', out);
}

static void put_field(char *to, size_t size, erg_field cell)
{
    cell = erg_field_trim(cell);
    snprintf(to, size, "%.*s", (int)cell.count, cell.count ? cell.text : "");
}

static bool parse_timing(const erg_csv_row *row, entry *seen)
{
    double exit_code;

    if (row->count < TIMING_FIELDS || row->has_nul || !number_of(row->fields[1], &seen->mhz)
        || !number_of(row->fields[2], &seen->duration_s)
        || !number_of(row->fields[3], &exit_code) || exit_code < 0 || exit_code > 255)
        return false;
    put_field(seen->id, sizeof(seen->id), row->fields[0]);
    put_field(seen->status, sizeof(seen->status), row->fields[4]);
    seen->exit_code = (int)exit_code;
    return is_sound(seen);
}

static bool on_timing(void *self, const erg_csv_row *row, erg_error *err)
{
    reading *at = self;
    entry seen = { 0 };
    erg_field first = erg_field_trim(row->fields[0]);

    if (first.count == 0 || *first.text == '#' || erg_field_is(first, "run_id"))
        return true;
    if (!parse_timing(row, &seen))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: not run_id,frequency_mhz,"
                        "duration_seconds,exit_code,status", at->name, row->line);
    return keep(at, &seen, err);
}

static bool read_timing(reading *at, const char *bytes, size_t size, erg_error *err)
{
    erg_csv csv = { .name = at->name, .separator = ',', .row = on_timing, .self = at };
    bool torn = false;

    return erg_csv_read(&csv, bytes, size, &torn, err)
        && (!torn
            || erg_points_note(at->campaign->points, err, "%s: its last line is cut and "
                               "was left out", at->name));
}

/* ---- experiment_summary.log ---------------------------------------------------- */

/* "Type: H100" */
static void take_fact(const char *line, const char *key, char *to, size_t size)
{
    size_t count = strlen(key);
    if (!to[0] && strncmp(line, key, count) == 0 && line[count] == ':')
        erg_text_put(to, size, line + count + 1 + strspn(line + count + 1, " \t"));
}

static bool parse_run(const char *line, entry *seen)
{
    char unit = 0;
    int used = 0;

    seen->exit_code = -1;
    return sscanf(line, "Run %63[^ :] : %lf%c (freq: %lfMHz, status: %15[A-Za-z_])%n",
                  seen->id, &seen->duration_s, &unit, &seen->mhz, seen->status, &used) == 5
        && unit == 's' && used > 0 && is_sound(seen);
}

static bool take_line(reading *at, const char *line, size_t number, bool *inside,
                      erg_error *err)
{
    erg_campaign *campaign = at->campaign;
    entry seen = { 0 };

    if (strncmp(line, section, strlen(section)) == 0)
        *inside = true;
    else if (strncmp(line, after, strlen(after)) == 0)
        *inside = false;
    else if (!*inside) {
        take_fact(line, "Name", campaign->application, sizeof(campaign->application));
        take_fact(line, "Type", campaign->gpu, sizeof(campaign->gpu));
    } else if (strncmp(line, "Run ", 4) == 0) {
        if (!parse_run(line, &seen))
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s:%zu: not 'Run 1_01 : 114s (freq: 1410MHz, "
                            "status: success)'", at->name, number);
        return keep(at, &seen, err);
    }
    return true;
}

static bool read_experiment(reading *at, const char *bytes, size_t size, erg_error *err)
{
    const char *c = bytes, *end = bytes + size;
    bool inside = false;

    for (size_t number = 1; c < end; number++) {
        const char *newline = memchr(c, '\n', (size_t)(end - c));
        size_t count = newline ? (size_t)(newline - c) : (size_t)(end - c);
        erg_field line = erg_field_trim((erg_field){ c, count });
        char text[LINE_MOST];
        snprintf(text, sizeof(text), "%.*s",
                 (int)(line.count < LINE_MOST ? line.count : LINE_MOST),
                 line.count ? line.text : "");
        if (!take_line(at, text, number, &inside, err))
            return false;
        c += count + 1;
    }
    return true;
}

/* ---- both ---------------------------------------------------------------------- */

static bool is_timing(erg_field line)
{
    char text[LINE_MOST], word[16];
    double numbers[2];
    int code;

    snprintf(text, sizeof(text), "%.*s",
             (int)(line.count < LINE_MOST ? line.count : LINE_MOST),
             line.count ? line.text : "");
    return strstr(text, "run_id,frequency_mhz") != NULL
        || sscanf(text, "%*[^,],%lf,%lf,%d,%15[A-Za-z_]", &numbers[0], &numbers[1], &code,
                  word) == 4;
}

/* "Run Timing Summary" is a heading in the one and a comment in the other. */
erg_campaign_log erg_campaign_sniff(const char *bytes, size_t size)
{
    const char *c = bytes, *end = bytes + size;

    for (; c < end;) {
        const char *newline = memchr(c, '\n', (size_t)(end - c));
        size_t count = newline ? (size_t)(newline - c) : (size_t)(end - c);
        erg_field line = erg_field_trim((erg_field){ c, count });
        size_t word = sizeof(section) - 1;
        if (line.count >= word && memcmp(line.text, section, word) == 0)
            return ERG_LOG_EXPERIMENT;
        if (is_timing(line))
            return ERG_LOG_TIMING;
        c += count + 1;
    }
    return ERG_LOG_NONE;
}

bool erg_campaign_read_log(erg_campaign *campaign, erg_campaign_log kind, const char *name,
                           const char *bytes, size_t size, erg_error *err)
{
    reading at = { campaign, name };

    return kind == ERG_LOG_TIMING ? read_timing(&at, bytes, size, err)
         : read_experiment(&at, bytes, size, err);
}
