/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HWiNFO names its columns after the sensor, with the unit in brackets, and many of them
 * alike. Which one to read is decided by well-known words, best first; where several
 * sensors have the same words, by where the device's power stands: the columns of one
 * sensor are neighbours.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "thermal/monitor_hwinfo.h"

typedef enum unit { UNIT_TEMP, UNIT_POWER, UNIT_SHARE, UNIT_CLOCK, UNIT_FLAG } unit;

static const struct { const char *text; unit unit; double factor, shift; } units[] = {
    { "C",      UNIT_TEMP,  1,       273.15 },
    { "F",      UNIT_TEMP,  5 / 9.0, 459.67 * 5 / 9 },
    { "W",      UNIT_POWER, 1,       0 },
    { "%",      UNIT_SHARE, 0.01,    0 },
    { "MHz",    UNIT_CLOCK, 1e6,     0 },
    { "Yes/No", UNIT_FLAG,  1,       0 },
};

enum { CPU, GPU };
static const char *const devices[ERG_HWINFO_DEVICES] = { "cpu", "gpu" };
#define HEAT 0x20               /* as NVML's reasons */
#define POWER_LIMIT 0x04

/* Best first for each value. A name that begins with '=' must be the whole one. */
static const struct word_row {
    int device;
    erg_monitor_value value;
    unit unit;
    const char *name, *without;
    unsigned bits;              /* of ERG_MONITOR_THROTTLE: each match counts */
} words[] = {
    { CPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "CPU Package Power",        "Limit",    0 },
    { CPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "CPU PPT",                  "Limit",    0 },
    { CPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "=Package Power",           NULL,       0 },
    { CPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "=CPU Power",               NULL,       0 },
    { CPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "CPU Core Power",           "Limit",    0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "Tctl/Tdie",                NULL,       0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=CPU Package",             NULL,       0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "CPU Die",                  NULL,       0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=Core Max",                NULL,       0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "Core Temperatures",        "Distance", 0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=CPU Temperature",         NULL,       0 },
    { CPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=CPU",                     NULL,       0 },
    { CPU, ERG_MONITOR_USE,      UNIT_SHARE, "Total CPU Usage",          NULL,       0 },
    { CPU, ERG_MONITOR_USE,      UNIT_SHARE, "Total CPU Utility",        NULL,       0 },
    { CPU, ERG_MONITOR_USE,      UNIT_SHARE, "Core Usage (avg)",         NULL,       0 },
    { CPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "Average Effective Clock",  NULL,       0 },
    { CPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "Core Effective Clocks",    NULL,       0 },
    { CPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "Core Clocks (avg)",        NULL,       0 },
    { CPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "Core 0 Clock",             NULL,       0 },
    { CPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "Core #0 Clock",            NULL,       0 },
    { CPU, ERG_MONITOR_THROTTLE, UNIT_FLAG,  "Thermal Throttling",       "GPU",      HEAT },
    { CPU, ERG_MONITOR_THROTTLE, UNIT_FLAG,  "Power Limit Exceeded",     "GPU",
      POWER_LIMIT },
    { GPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "Total Board Power",        "Limit",    0 },
    { GPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "GPU Power (Total)",        NULL,       0 },
    { GPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "=GPU Power",               NULL,       0 },
    { GPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "GPU ASIC Power",           NULL,       0 },
    { GPU, ERG_MONITOR_POWER_W,  UNIT_POWER, "GPU Chip Power",           NULL,       0 },
    { GPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=GPU Temperature",         NULL,       0 },
    { GPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=GPU Core Temperature",    NULL,       0 },
    { GPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "=GPU Thermal Diode",       NULL,       0 },
    { GPU, ERG_MONITOR_TEMP_K,   UNIT_TEMP,  "GPU Hot Spot",             NULL,       0 },
    { GPU, ERG_MONITOR_VRAM_K,   UNIT_TEMP,  "GPU Memory Junction",      NULL,       0 },
    { GPU, ERG_MONITOR_VRAM_K,   UNIT_TEMP,  "GPU Memory Temperature",   NULL,       0 },
    { GPU, ERG_MONITOR_USE,      UNIT_SHARE, "GPU Utilization",          NULL,       0 },
    { GPU, ERG_MONITOR_USE,      UNIT_SHARE, "GPU Core Load",            NULL,       0 },
    { GPU, ERG_MONITOR_USE,      UNIT_SHARE, "=GPU Usage",               NULL,       0 },
    { GPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "=GPU Clock",               NULL,       0 },
    { GPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "=GPU Core Clock",          NULL,       0 },
    { GPU, ERG_MONITOR_CLOCK_HZ, UNIT_CLOCK, "GPU Effective Clock",      NULL,       0 },
    { GPU, ERG_MONITOR_FAN,      UNIT_SHARE, "GPU Fan",                  NULL,       0 },
    { GPU, ERG_MONITOR_THROTTLE, UNIT_FLAG,  "Performance Limit - Thermal", NULL,    HEAT },
    { GPU, ERG_MONITOR_THROTTLE, UNIT_FLAG,  "Performance Limit - Power", NULL,
      POWER_LIMIT },
};

/* ---- names -------------------------------------------------------------------------- */

typedef struct title { erg_field name; size_t unit; } title;    /* unit: row of units */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static bool same(const char *a, const char *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

static bool has(erg_field name, const char *word)
{
    size_t count = strlen(word);

    for (size_t i = 0; i + count <= name.count; i++)
        if (same(name.text + i, word, count))
            return true;
    return false;
}

/* The degree sign before the letter is one byte in cp1252 and two in UTF-8. */
static bool split(erg_field cell, title *out)
{
    cell = erg_field_trim(cell);
    size_t open = cell.count;
    while (open > 0 && cell.text[open - 1] != '[')
        open--;
    if (open == 0 || cell.text[cell.count - 1] != ']')
        return false;
    erg_field inside = { cell.text + open, cell.count - open - 1 };
    while (inside.count && (*inside.text == '\xc2' || *inside.text == '\xb0')) {
        inside.text++;
        inside.count--;
    }
    out->name = erg_field_trim((erg_field){ cell.text, open - 1 });
    for (out->unit = 0; out->unit < ERG_COUNT(units); out->unit++)
        if (inside.count == strlen(units[out->unit].text)
            && same(inside.text, units[out->unit].text, inside.count))
            return true;
    return false;
}

static bool is_match(const struct word_row *row, erg_field cell)
{
    title of;

    if (!split(cell, &of) || units[of.unit].unit != row->unit)
        return false;
    if (row->name[0] == '=')
        return of.name.count == strlen(row->name + 1)
            && same(of.name.text, row->name + 1, of.name.count);
    return has(of.name, row->name) && !(row->without && has(of.name, row->without));
}

bool erg_hwinfo_is(const erg_csv_row *header)
{
    title of;

    if (header->count < 3 || !erg_field_is(erg_field_trim(header->fields[0]), "Date")
        || !erg_field_is(erg_field_trim(header->fields[1]), "Time"))
        return false;
    for (size_t i = 2; i < header->count; i++)
        if (split(header->fields[i], &of))
            return true;
    return false;
}

/* ---- what was chosen, said ----------------------------------------------------------- */

/* cp1252's degree sign becomes UTF-8's; other bytes that are no ASCII a question mark. */
static void say_name(erg_text *said, erg_field name)
{
    for (size_t i = 0; i < name.count; i++) {
        unsigned char c = (unsigned char)name.text[i];
        if (c == 0xc2 && i + 1 < name.count && (unsigned char)name.text[i + 1] == 0xb0)
            continue;
        if (c == 0xb0)
            erg_text_add(said, "\xc2\xb0");
        else
            erg_text_add(said, "%c", c >= ' ' && c < 0x7f ? c : '?');
    }
}

static void say(erg_text *said, const erg_csv_row *header, const struct word_row *row,
                size_t at)
{
    erg_field name = erg_field_trim(header->fields[at]);
    size_t alike = 0, nth = 0;

    for (size_t i = 0; i < header->count; i++) {
        erg_field other = erg_field_trim(header->fields[i]);
        if (other.count == name.count && memcmp(other.text, name.text, name.count) == 0) {
            alike++;
            nth += i <= at;
        }
    }
    erg_text_add(said, "%s%s %s = ", said->count ? ", " : "", devices[row->device],
                 erg_monitor_value_name(row->value));
    say_name(said, name);
    if (alike > 1)
        erg_text_add(said, "#%zu (of %zu)", nth, alike);
}

/* ---- the choice ---------------------------------------------------------------------- */

/* The match of that row nearest to the device's power; SIZE_MAX: none. */
static size_t nearest(const erg_csv_row *header, const struct word_row *row, int power)
{
    size_t best = SIZE_MAX, least = SIZE_MAX;

    for (size_t i = 2; i < header->count; i++) {
        size_t far = power < 0 ? i : (size_t)llabs((long long)i - power);
        if (is_match(row, header->fields[i]) && far < least) {
            least = far;
            best = i;
        }
    }
    return best;
}

static void take_value(const erg_csv_row *header, const struct word_row *row,
                       erg_layout_map *map, erg_text *said)
{
    title of;
    size_t at = map->at[row->value] < 0
        ? nearest(header, row, map->at[ERG_MONITOR_POWER_W]) : SIZE_MAX;

    if (at == SIZE_MAX || at > INT_MAX || !split(header->fields[at], &of))
        return;
    map->at[row->value] = (int)at;
    map->factor[row->value] = units[of.unit].factor;
    map->shift[row->value] = units[of.unit].shift;
    say(said, header, row, at);
}

static void take_flags(const erg_csv_row *header, const struct word_row *row,
                       erg_layout_map *map, erg_text *said)
{
    for (size_t i = 2; i < header->count && map->flag_count < ERG_LAYOUT_FLAGS; i++)
        if (is_match(row, header->fields[i])) {
            map->flags[map->flag_count].at = i;
            map->flags[map->flag_count++].bits = row->bits;
            say(said, header, row, i);
        }
}

static void choose(const erg_csv_row *header, int device, erg_layout_map *map,
                   erg_text *said)
{
    *map = (erg_layout_map){ .layout = erg_layout_named("hwinfo"), .time = 0, .clock = 1,
                             .device = SIZE_MAX, .name = devices[device] };
    for (size_t i = 0; i < ERG_MONITOR_VALUES; i++)
        map->at[i] = -1;
    for (size_t i = 0; i < ERG_COUNT(words); i++) {
        if (words[i].device != device)
            continue;
        if (words[i].unit == UNIT_FLAG)
            take_flags(header, &words[i], map, said);
        else
            take_value(header, &words[i], map, said);
    }
}

bool erg_hwinfo_choose(const erg_csv_row *header, const char *file,
                       erg_layout_map maps[ERG_HWINFO_DEVICES], size_t *count,
                       erg_text *said, erg_error *err)
{
    *count = 0;
    for (int device = 0; device < ERG_HWINFO_DEVICES; device++) {
        erg_layout_map *map = &maps[*count];
        erg_text one = { 0 };
        choose(header, device, map, &one);
        bool is_of_use = map->at[ERG_MONITOR_POWER_W] >= 0
            || map->at[ERG_MONITOR_TEMP_K] >= 0;
        if (is_of_use && one.count) {
            erg_text_add(said, "%s", said->count ? "; " : "");
            erg_text_add_bytes(said, one.data, one.count);
            (*count)++;
        }
        erg_text_free(&one);
    }
    return *count > 0
        || erg_fail(err, ERG_BAD_INPUT, "%s: no column of this HWiNFO log is known by its "
                    "name as power or temperature; --map temp_c=COL,power_w=COL names them",
                    file);
}
