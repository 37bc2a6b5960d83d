/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones: a fixed offset, or the transitions of a TZif file (RFC 8536).
 *
 * Read here and not through tzset, which would change the program we are loaded
 * into. Past the last transition the rule in the file's footer holds.
 */
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "format/stamp.h"

enum { FILE_MOST = 1 << 20, HEADER_BYTES = 44 };

typedef struct change { int64_t at_s; int32_t offset_s; } change;
typedef struct rule { int month, week, day; int32_t at_s; } rule;

struct erg_zone {
    int32_t first_s;        /* offset before the first change */
    change *changes;
    size_t count;
    bool has_rule;          /* summer time for ever after, by the footer */
    int32_t standard_s, summer_s;
    rule to_summer, to_standard;
};

static int64_t big_endian(const unsigned char *bytes, int count)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

typedef struct header { size_t is_ut, is_std, leaps, changes, types, letters; } header;

static bool read_header(const unsigned char *bytes, size_t size, header *out)
{
    if (size < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
        return false;
    size_t *fields[] = { &out->is_ut, &out->is_std, &out->leaps,
                         &out->changes, &out->types, &out->letters };
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        int64_t value = big_endian(bytes + 20 + 4 * i, 4);
        if (value < 0 || value > 4096)
            return false;
        *fields[i] = (size_t)value;
    }
    return out->types > 0;
}

static size_t body_bytes(const header *head, size_t time_bytes)
{
    return head->changes * (time_bytes + 1) + head->types * 6 + head->letters
         + head->leaps * (time_bytes + 4) + head->is_std + head->is_ut;
}

static bool read_changes(erg_zone *zone, const unsigned char *body, const header *head,
                         size_t time_bytes)
{
    const unsigned char *kinds = body + head->changes * time_bytes;
    const unsigned char *types = kinds + head->changes;

    zone->changes = calloc(head->changes + 1, sizeof(*zone->changes));
    if (!zone->changes)
        return false;
    zone->count = head->changes;
    zone->first_s = (int32_t)big_endian(types, 4);
    for (size_t i = 0; i < head->changes; i++) {
        if (kinds[i] >= head->types)
            return false;
        zone->changes[i].at_s = big_endian(body + i * time_bytes, (int)time_bytes);
        zone->changes[i].offset_s = (int32_t)big_endian(types + 6 * kinds[i], 4);
        if (llabs(zone->changes[i].offset_s) > 86400)
            return false;
    }
    return llabs(zone->first_s) <= 86400;
}

/* ---- the footer: "CET-1CEST,M3.5.0,M10.5.0/3" ----------------------------- */

static const char *skip_name(const char *at)
{
    if (*at == '<')
        return strchr(at, '>') ? strchr(at, '>') + 1 : at;
    while ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z'))
        at++;
    return at;
}

static const char *take_time(const char *at, int32_t *seconds)
{
    int sign = *at == '-' ? -1 : 1;
    long value = 0, unit = 3600;
    if (*at == '-' || *at == '+')
        at++;
    for (;; unit /= 60, at++) {
        long number = 0;
        int digits = 0;
        for (; *at >= '0' && *at <= '9' && digits < 3; at++, digits++)
            number = number * 10 + (*at - '0');
        value += number * unit;
        if (*at != ':' || unit == 1)
            break;
    }
    *seconds = (int32_t)(sign * value);
    return at;
}

static const char *take_rule(const char *at, rule *out)
{
    int count = 0;
    *out = (rule){ .at_s = 7200 };
    if (sscanf(at, ",M%2d.%1d.%1d%n", &out->month, &out->week, &out->day, &count) != 3
        || out->month < 1 || out->month > 12 || out->week < 1 || out->week > 5
        || out->day < 0
        || out->day > 6)
        return NULL;
    at += count;
    return *at == '/' ? take_time(at + 1, &out->at_s) : at;
}

/* A footer of another shape (Julian days) only loses the far future. */
static void read_footer(erg_zone *zone, const char *at)
{
    int32_t west_s;
    at = take_time(skip_name(at), &west_s);
    zone->standard_s = -west_s;
    zone->summer_s = zone->standard_s + 3600;
    const char *summer = skip_name(at);
    if (summer == at)
        return;
    at = summer;
    if (*at && *at != ',') {
        at = take_time(at, &west_s);
        zone->summer_s = -west_s;
    }
    at = take_rule(at, &zone->to_summer);
    zone->has_rule = at && take_rule(at, &zone->to_standard);
}

/* Days from civil, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int64_t erg_days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Local seconds at which a rule strikes in a year; 1970-01-01 was a Thursday. */
static int64_t strike_s(const rule *when, int64_t year)
{
    int64_t first = erg_days_from_date(year, when->month, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7;
    int64_t day = first + (when->day - weekday + 7) % 7 + 7 * (when->week - 1);
    int64_t next = when->month == 12 ? erg_days_from_date(year + 1, 1, 1)
                                     : erg_days_from_date(year, when->month + 1, 1);
    while (day >= next)
        day -= 7;
    return day * 86400 + when->at_s;
}

/* No rule strikes near a new year, so a mean year's length is good enough. */
static int32_t rule_offset(const erg_zone *zone, int64_t utc_s)
{
    int64_t year = 1970 + (utc_s + zone->standard_s) / 31556952;
    int64_t summer = strike_s(&zone->to_summer, year) - zone->standard_s;
    int64_t standard = strike_s(&zone->to_standard, year) - zone->summer_s;
    bool is_summer = summer < standard ? utc_s >= summer && utc_s < standard
                                       : utc_s < standard || utc_s >= summer;
    return is_summer ? zone->summer_s : zone->standard_s;
}

static int32_t offset_at(const erg_zone *zone, int64_t utc_s)
{
    const erg_timed_rows changes = { zone->changes, zone->count, sizeof(*zone->changes),
                                     offsetof(change, at_s) };
    size_t after = erg_first_after(changes, utc_s);

    if (zone->has_rule && after == zone->count)
        return rule_offset(zone, utc_s);
    return after ? zone->changes[after - 1].offset_s : zone->first_s;
}

/* An hour that is skipped in spring is read by the offset before it. */
void erg_zone_utc(const erg_zone *zone, int64_t local_s, int64_t *earlier, int64_t *later)
{
    *earlier = *later = local_s;
    if (!zone)
        return;
    int32_t before = offset_at(zone, local_s - 86400),
            after = offset_at(zone, local_s + 86400);
    int64_t first = local_s - before, second = local_s - after;
    bool first_good = offset_at(zone, first) == before;
    bool second_good = offset_at(zone, second) == after;

    *earlier = first_good || !second_good ? first : second;
    *later = second_good ? second : *earlier;
}

erg_zone *erg_zone_parse(const char *bytes, size_t size, erg_error *err)
{
    const unsigned char *at = (const unsigned char *)bytes;
    erg_zone *zone = calloc(1, sizeof(*zone));
    header head = { 0 };
    size_t time_bytes = 4;
    bool good = zone && read_header(at, size, &head)
        && size >= HEADER_BYTES + body_bytes(&head, 4);

    if (good && at[4] >= '2') {     /* the same again with 64-bit times */
        size_t skip = HEADER_BYTES + body_bytes(&head, 4);
        at += skip, size -= skip, time_bytes = 8;
        good = read_header(at, size, &head) && size >= HEADER_BYTES + body_bytes(&head, 8);
    }
    good = good && read_changes(zone, at + HEADER_BYTES, &head, time_bytes);
    if (!good) {
        erg_zone_free(zone);
        erg_fail(err, ERG_BAD_INPUT, "not a time zone file (TZif)");
        return NULL;
    }
    size_t used = HEADER_BYTES + body_bytes(&head, time_bytes);
    char footer[128];
    if (time_bytes == 8 && size > used + 1 && at[used] == '\n') {
        size_t count = size - used - 1 < sizeof(footer)
            ? size - used - 1 : sizeof(footer) - 1;
        memcpy(footer, at + used + 1, count);
        footer[count] = '\0';
        footer[strcspn(footer, "\n")] = '\0';
        read_footer(zone, footer);
    }
    return zone;
}

static bool parse_fixed(const char *name, int32_t *offset_s)
{
    int hour = 0, minute = 0, count = 0;
    char sign = name[0];
    *offset_s = 0;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0 || strcmp(name, "GMT") == 0)
        return true;
    if (sign != '+' && sign != '-')
        return false;
    if (sscanf(name + 1, "%2d:%2d%n", &hour, &minute, &count) != 2 || name[1 + count])
        if (sscanf(name + 1, "%2d%2d%n", &hour, &minute, &count) != 2 || name[1 + count]) {
            minute = 0;
            if (sscanf(name + 1, "%2d%n", &hour, &count) != 1 || name[1 + count])
                return false;
        }
    *offset_s = (sign == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
    return hour >= 0 && hour <= 15 && minute >= 0 && minute < 60;
}

erg_zone *erg_zone_new(const char *name, erg_error *err)
{
    char path[ERG_PATH_MOST];
    int32_t offset_s;
    size_t size = 0;

    if (parse_fixed(name, &offset_s)) {
        erg_zone *zone = calloc(1, sizeof(*zone));
        if (zone)
            zone->first_s = offset_s;
        else
            erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return zone;
    }
    char *bytes = NULL;
    if (name[0] != '/' && !strstr(name, "..") && strlen(name) < 64) {
        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
        bytes = erg_file_read(path, FILE_MOST, &size, NULL);
    }
    erg_zone *zone = bytes ? erg_zone_parse(bytes, size, NULL) : NULL;
    free(bytes);
    if (!zone)
        erg_fail(err, ERG_BAD_INPUT,
                 "no time zone '%.60s': say UTC, +02:00 or a name of tzdata "
                 "such as Europe/Berlin (package tzdata)", name);
    return zone;
}

void erg_zone_free(erg_zone *zone)
{
    if (!zone)
        return;
    free(zone->changes);
    free(zone);
}
