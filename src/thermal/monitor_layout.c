/* SPDX-License-Identifier: Apache-2.0 */
/* Columns go by name: order, and columns that nobody asks for, do not matter. */
#include <string.h>
#include "thermal/monitor_layout.h"

static const erg_layout layouts[] = {
    { "harness",  "timestamp_shared", "timestamp_shared" },
    { "enhanced", "workload_state",   "timestamp" },
    { "v1",       "cycles_per_joule", "timestamp" },
    { "old",      "vram_temp_c",      "timestamp" },
    { "mobile",   "battery_temp_c",   "timestamp" },
    { "hwinfo",   "Date",             "Date" },
    { "other",    NULL,               "timestamp" },
};

typedef struct value_row {
    erg_monitor_value value;
    const char *column;
    double factor, shift;       /* SI = cell * factor + shift */
} value_row;

/* The first row of a value is its name in tables and in --map. */
static const value_row value_rows[] = {
    { ERG_MONITOR_TEMP_K,       "temp_c",            1,    273.15 },
    { ERG_MONITOR_TEMP_K,       "battery_temp_c",    1,    273.15 },
    { ERG_MONITOR_POWER_W,      "power_w",           1,    0 },
    { ERG_MONITOR_USE,          "util_pct",          0.01, 0 },
    { ERG_MONITOR_USE,          "cpu_util_pct",      0.01, 0 },
    { ERG_MONITOR_FAN,          "fan_pct",           0.01, 0 },
    { ERG_MONITOR_FAN,          "gpu_fan_pct",       0.01, 0 },
    { ERG_MONITOR_CLOCK_HZ,     "clock_mhz",         1e6,  0 },
    { ERG_MONITOR_CLOCK_HZ,     "gpu_clock_mhz",     1e6,  0 },
    { ERG_MONITOR_CLOCK_HZ,     "cpu_freq_ghz",      1e9,  0 },
    { ERG_MONITOR_VOLTAGE_V,    "voltage_v",         1,    0 },
    { ERG_MONITOR_VOLTAGE_V,    "battery_voltage_v", 1,    0 },
    { ERG_MONITOR_CURRENT_A,    "current_a",         1,    0 },
    { ERG_MONITOR_CURRENT_A,    "battery_current_a", 1,    0 },
    { ERG_MONITOR_RLE_RAW,      "rle_raw",           1,    0 },
    { ERG_MONITOR_RLE_SMOOTHED, "rle_smoothed",      1,    0 },
    { ERG_MONITOR_RLE_NORM,     "rle_norm",          1,    0 },
    { ERG_MONITOR_E_TH,         "e_th",              1,    0 },
    { ERG_MONITOR_E_PW,         "e_pw",              1,    0 },
    { ERG_MONITOR_LOAD,         "a_load",            1,    0 },
    { ERG_MONITOR_SUSTAIN_S,    "t_sustain_s",       1,    0 },
    { ERG_MONITOR_PEAK,         "rolling_peak",      1,    0 },
    { ERG_MONITOR_COLLAPSE,     "collapse",          1,    0 },
    { ERG_MONITOR_THROTTLE,     "throttle",          1,    0 },
    { ERG_MONITOR_ENERGY_J,     "energy_j",          1,    0 },
    { ERG_MONITOR_VRAM_K,       "vram_temp_c",       1,    273.15 },
    { ERG_MONITOR_VRAM_K,       "gpu_memory_temp",   1,    273.15 },
};

const char *erg_monitor_value_name(erg_monitor_value value)
{
    for (size_t i = 0; i < ERG_COUNT(value_rows); i++)
        if (value_rows[i].value == value)
            return value_rows[i].column;
    return NULL;
}

/* The next letter, small; the degree sign is passed over, in UTF-8 as in cp1252, so that
 * "[C]" finds it too. 0: the end. */
static int next_letter(const char *text, size_t count, size_t *at)
{
    while (*at < count && (text[*at] == '\xc2' || text[*at] == '\xb0'))
        (*at)++;
    if (*at >= count)
        return 0;
    int letter = (unsigned char)text[(*at)++];
    return letter >= 'A' && letter <= 'Z' ? letter + 32 : letter;
}

/* Any case: "E_th" and "e_th" are one column. */
static bool same_word(erg_field field, const char *word, size_t count)
{
    size_t i = 0, j = 0;

    field = erg_field_trim(field);
    for (;;) {
        int a = next_letter(field.text, field.count, &i), b = next_letter(word, count, &j);
        if (a != b || a == 0)
            return a == b;
    }
}

static int nth_column(const erg_csv_row *header, const char *word, size_t count,
                      unsigned long nth)
{
    for (size_t i = 0; i < header->count; i++)
        if (same_word(header->fields[i], word, count) && --nth == 0)
            return (int)i;
    return -1;
}

/* "Core Max [C]#2" is the second of that name: HWiNFO names several columns alike. */
static int column_of(const erg_csv_row *header, const char *word, size_t count)
{
    int at = nth_column(header, word, count, 1);
    size_t name = count;

    while (name > 0 && word[name - 1] >= '0' && word[name - 1] <= '9')
        name--;
    if (at >= 0 || name == count || count - name > 3 || name < 2 || word[name - 1] != '#')
        return at;
    unsigned long nth = 0;
    for (size_t i = name; i < count; i++)
        nth = 10 * nth + (unsigned long)(word[i] - '0');
    return nth ? nth_column(header, word, name - 1, nth) : -1;
}

static const value_row *value_named(const char *word, size_t count)
{
    for (size_t i = 0; i < ERG_COUNT(value_rows); i++)
        if (strlen(value_rows[i].column) == count
            && memcmp(value_rows[i].column, word, count) == 0)
            return &value_rows[i];
    return NULL;
}

static void take(erg_layout_map *map, const value_row *row, int at)
{
    if (at < 0 || map->at[row->value] >= 0)
        return;
    map->at[row->value] = at;
    map->factor[row->value] = row->factor;
    map->shift[row->value] = row->shift;
}

/* One "temp_c=COL" of --map; "time=COL" and "device=COL" move those. */
static bool take_mapped(erg_layout_map *map, const erg_csv_row *header, const char *part,
                        size_t count, erg_error *err)
{
    const char *equals = memchr(part, '=', count);
    size_t name = equals ? (size_t)(equals - part) : 0;
    int at = equals ? column_of(header, equals + 1, count - name - 1) : -1;
    const value_row *row = equals ? value_named(part, name) : NULL;

    if (at < 0)
        return erg_fail(err, ERG_BAD_INPUT, "--map %.*s names no column of the file",
                        (int)count, part);
    if (row)
        take(map, row, at);
    else if (name == 4 && memcmp(part, "time", 4) == 0)
        map->time = (size_t)at;
    else if (name == 6 && memcmp(part, "device", 6) == 0)
        map->device = (size_t)at;
    else
        return erg_fail(
            err, ERG_BAD_INPUT,
            "--map knows time, device, temp_c, power_w, "
            "util_pct, fan_pct and the other columns of docs/formats.md, not %.*s",
            (int)name, part);
    return true;
}

static bool take_map(erg_layout_map *map, const erg_csv_row *header, const char *text,
                     erg_error *err)
{
    while (text && *text) {
        size_t count = strcspn(text, ",");
        if (!take_mapped(map, header, text, count, err))
            return false;
        text += count + (text[count] == ',');
    }
    return true;
}

static const erg_layout *layout_by_mark(const erg_csv_row *header)
{
    for (size_t i = 0; i + 1 < ERG_COUNT(layouts); i++)
        if (column_of(header, layouts[i].mark, strlen(layouts[i].mark)) >= 0)
            return &layouts[i];
    return &layouts[ERG_COUNT(layouts) - 1];
}

/* Other logs call the time otherwise. */
static int time_column(const erg_csv_row *header, const erg_layout *layout)
{
    static const char *const names[] = { "timestamp", "time", "t_s", "elapsed_time",
                                         "time_s" };
    int at = column_of(header, layout->time, strlen(layout->time));

    for (size_t i = 0; at < 0 && i < ERG_COUNT(names); i++)
        at = column_of(header, names[i], strlen(names[i]));
    return at;
}

const erg_layout *erg_layout_named(const char *name)
{
    for (size_t i = 0; i + 1 < ERG_COUNT(layouts); i++)
        if (strcmp(layouts[i].name, name) == 0)
            return &layouts[i];
    return &layouts[ERG_COUNT(layouts) - 1];
}

void erg_layout_take_extras(const erg_csv_row *header, const erg_monitor_options *options,
                            erg_layout_map *out)
{
    for (size_t i = 0; i < options->extra_count && i < ERG_MONITOR_EXTRAS; i++)
        take(out, &(value_row){ (erg_monitor_value)(ERG_MONITOR_EXTRA + (int)i),
                                options->extra[i], 1, 0 },
             column_of(header, options->extra[i], strlen(options->extra[i])));
}

bool erg_layout_of(const erg_csv_row *header, const char *file,
                   const erg_monitor_options *options, erg_layout_map *out, erg_error *err)
{
    const erg_layout *layout = layout_by_mark(header);
    int time = time_column(header, layout), device = column_of(header, "device", 6);

    int clock = strcmp(layout->name, "hwinfo") == 0 ? column_of(header, "Time", 4) : -1;

    *out = (erg_layout_map){ .layout = layout, .time = SIZE_MAX, .device = SIZE_MAX,
                             .clock = clock >= 0 ? (size_t)clock : SIZE_MAX };
    for (size_t i = 0; i < ERG_MONITOR_VALUES; i++)
        out->at[i] = -1;
    if (!take_map(out, header, options->map, err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(value_rows); i++)
        take(out, &value_rows[i],
             column_of(header, value_rows[i].column, strlen(value_rows[i].column)));
    erg_layout_take_extras(header, options, out);
    if (out->time == SIZE_MAX && time >= 0)
        out->time = (size_t)time;
    else
        out->clock = SIZE_MAX;      /* --map names whole stamps */
    if (out->device == SIZE_MAX && device >= 0)
        out->device = (size_t)device;
    bool has_any = false;
    for (size_t i = 0; i < ERG_MONITOR_VALUES; i++)
        has_any = has_any || out->at[i] >= 0;
    if (out->time == SIZE_MAX || !has_any)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: line %zu has no column of time or none of a "
                        "monitor; --map time=COL,temp_c=COL,power_w=COL names them",
                        file, header->line);
    return true;
}
