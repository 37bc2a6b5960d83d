/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by device; what was torn is dropped and counted, never guessed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/stamp.h"
#include "thermal/monitor_hwinfo.h"
#include "thermal/monitor_inside.h"

enum { FILE_MOST = 1 << 30 };

typedef struct reading {
    erg_monitor *monitor;
    const char *file;
    erg_monitor_take *take;     /* of each row */
    void *taker;
    size_t rows;
    const erg_monitor_options *options;
    erg_zone *zone;
    erg_layout_map maps[ERG_HWINFO_DEVICES];    /* one, but for logs of HWiNFO */
    size_t map_count;
    int64_t last_ns;
    bool has_header;
} reading;

/* ---- rows ------------------------------------------------------------------ */

static bool torn(reading *of, size_t line, erg_error *err)
{
    erg_monitor *monitor = of->monitor;

    if (!erg_grow((void **)&monitor->torn, &monitor->torn_capacity, monitor->torn_count,
                  sizeof(*monitor->torn), err))
        return false;
    monitor->torn[monitor->torn_count++] = line;
    return true;
}

/* ---- cells ----------------------------------------------------------------- */

/* Empty is unknown, and so is what monitors write for it; other words are torn. */
static bool number(erg_field cell, double *out)
{
    static const char *const unknown[] = { "", "nan", "N/A", "None", "null" };

    cell = erg_field_trim(cell);
    *out = NAN;
    for (size_t i = 0; i < ERG_COUNT(unknown); i++)
        if (erg_field_is(cell, unknown[i]))
            return true;
    if (erg_field_is(cell, "Yes") || erg_field_is(cell, "No")) {
        *out = cell.count == 3;
        return true;
    }
    return erg_number_parse(cell.text, cell.count, '.', out);
}

/* The enhanced layout is known to write UTC without saying so. Of an hour that comes twice
 * it is the second one where the log would go back otherwise. */
static bool stamp(const reading *of, const erg_csv_row *row, int64_t *out)
{
    const erg_layout_map *map = &of->maps[0];
    erg_stamp_style style = { .zone = of->zone };
    erg_stamp at;

    if (map->time >= row->count)
        return false;
    erg_field cell = erg_field_trim(row->fields[map->time]);
    char whole[64];
    double seconds;

    if (map->clock != SIZE_MAX) {
        if (map->clock >= row->count)
            return false;
        erg_field clock = erg_field_trim(row->fields[map->clock]);
        int count = snprintf(whole, sizeof(whole), "%.*s %.*s", (int)cell.count, cell.text,
                             (int)clock.count, clock.text);
        if (count < 0 || (size_t)count >= sizeof(whole))
            return false;
        cell = (erg_field){ whole, (size_t)count };
    }
    /* A short number counts from the start of the log. */
    if (erg_number_parse(cell.text, cell.count, '.', &seconds) && fabs(seconds) < 1e8) {
        of->monitor->lacks_zone = true;
        return erg_stamp_count(cell.text, cell.count, ERG_NS_PER_S, '.', out);
    }
    if (!erg_stamp_parse(cell.text, cell.count, &style, &at))
        return false;
    if (!at.has_zone && !of->zone && strcmp(map->layout->name, "enhanced") != 0)
        of->monitor->lacks_zone = of->monitor->is_local = true;
    *out = at.utc_ns < of->last_ns ? at.later_ns : at.utc_ns;
    if (of->monitor->is_local)
        *out = erg_stamp_once(*out, of->last_ns, &of->monitor->twice_ns);
    return true;
}

static bool is_device(erg_field cell)
{
    if (cell.count == 0 || cell.count >= sizeof((erg_monitor_device){ 0 }.name))
        return false;
    for (size_t i = 0; i < cell.count; i++)
        if ((unsigned char)cell.text[i] <= ' ')
            return false;
    return cell.text[0] > '9' || cell.text[0] < '0';
}

/* The reasons of a throttle that say Yes; NAN: none of them says anything. */
static double throttle(const erg_layout_map *map, const erg_csv_row *row)
{
    double bits = NAN, is_set;
    unsigned all = 0;

    for (size_t i = 0; i < map->flag_count; i++)
        if (map->flags[i].at < row->count && number(row->fields[map->flags[i].at], &is_set)
            && !isnan(is_set)) {
            all |= is_set > 0 ? map->flags[i].bits : 0;
            bits = all;
        }
    return bits;
}

/* False: the row is torn. */
static bool read_cells(const reading *of, const erg_layout_map *map, const erg_csv_row *row,
                       erg_monitor_row *out)
{
    *out = (erg_monitor_row){ .line = row->line };
    if (row->has_nul || !stamp(of, row, &out->t_ns))
        return false;
    for (size_t i = 0; i < ERG_MONITOR_VALUES; i++) {
        out->value[i] = NAN;
        if (map->at[i] < 0 || (size_t)map->at[i] >= row->count)
            continue;
        if (!number(row->fields[map->at[i]], &out->value[i]) && i < ERG_MONITOR_EXTRA)
            return false;
        out->value[i] = out->value[i] * map->factor[i] + map->shift[i];
    }
    if (map->flag_count)
        out->value[ERG_MONITOR_THROTTLE] = throttle(map, row);
    return true;
}

static bool name_extras(reading *of)
{
    for (size_t i = 0; i < ERG_MONITOR_EXTRAS; i++)
        if (of->maps[0].at[ERG_MONITOR_EXTRA + i] >= 0)
            erg_text_put(of->monitor->extra[i], sizeof(of->monitor->extra[i]),
                         of->options->extra[i]);
    return true;
}

static bool take_header(reading *of, const erg_csv_row *row, erg_error *err)
{
    const erg_monitor_options *options = of->options;
    erg_text said = { 0 };

    of->has_header = true;
    of->map_count = 1;
    if (options->map || !erg_hwinfo_is(row))
        return erg_layout_of(row, of->file, options, &of->maps[0], err) && name_extras(of);
    bool ok = erg_hwinfo_choose(row, of->file, of->maps, &of->map_count, &said, err);
    for (size_t i = 0; ok && i < of->map_count; i++)
        erg_layout_take_extras(row, options, &of->maps[i]);
    of->monitor->chosen = ok ? erg_text_take(&said) : NULL;
    erg_text_free(&said);
    return ok && (of->monitor->chosen || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
        && name_extras(of);
}

/* HWiNFO writes its header once more at the end, and under it the names of the sensors. */
static bool is_footer(const erg_layout_map *map, const erg_csv_row *row)
{
    if (map->clock >= row->count || map->time >= row->count)
        return false;
    erg_field clock = erg_field_trim(row->fields[map->clock]);
    return erg_field_is(clock, "Time")
        || (clock.count == 0 && erg_field_trim(row->fields[map->time]).count == 0);
}

static bool give(reading *of, const erg_layout_map *map, erg_field device,
                 const erg_monitor_row *row, erg_error *err)
{
    of->last_ns = row->t_ns;
    of->rows++;
    return of->take(of->taker, map, device, row, err);
}

/* A line of several devices is torn as a whole. */
static bool take_devices(reading *of, const erg_csv_row *row, erg_error *err)
{
    erg_monitor_row out[ERG_HWINFO_DEVICES] = { { 0 } };
    bool ok = true;

    for (size_t i = 0; i < of->map_count; i++)
        if (!read_cells(of, &of->maps[i], row, &out[i]))
            return torn(of, row->line, err);
    for (size_t i = 0; ok && i < of->map_count; i++) {
        const char *name = of->maps[i].name;
        ok = give(of, &of->maps[i], (erg_field){ name, strlen(name) }, &out[i], err);
    }
    return ok;
}

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reading *of = self;
    const erg_layout_map *map = &of->maps[0];
    erg_field device = { "device", 6 };
    erg_monitor_row out;

    if (!of->has_header)
        return take_header(of, row, err);
    if (is_footer(map, row))
        return true;
    if (map->name)
        return take_devices(of, row, err);
    if (map->device != SIZE_MAX)
        device = map->device < row->count
            ? erg_field_trim(row->fields[map->device]) : (erg_field){ "", 0 };
    if (!is_device(device) || !read_cells(of, map, row, &out))
        return torn(of, row->line, err);
    return give(of, map, device, &out, err);
}

static bool keep_row(void *self, const erg_layout_map *map, erg_field device,
                     const erg_monitor_row *row, erg_error *err)
{
    erg_monitor_rows *to = erg_monitor_rows_of(self, device.text, device.count, err);

    (void)map;
    return to && erg_monitor_push(to, row, err);
}

/* ---- the whole ------------------------------------------------------------- */

/* bytes NULL: of the file at path, as it streams by. */
static bool read_all(reading *of, const char *path, const char *bytes, size_t size,
                     erg_error *err)
{
    const erg_csv csv = { .name = of->file, .separator = ',', .row = take_row, .self = of };
    bool torn_last = false;

    if (!(bytes ? erg_csv_read(&csv, bytes, size, &torn_last, err)
                : erg_csv_read_file(&csv, path, &torn_last, err)))
        return false;
    if (!of->rows)
        return erg_fail(err, ERG_BAD_INPUT, "%s: no row of it could be read", of->file);
    of->monitor->layout = of->maps[0].layout->name;
    of->monitor->torn_last = torn_last;
    return true;
}

static erg_monitor *read_with(reading *of, const char *path, const char *bytes, size_t size,
                              erg_error *err)
{
    static const erg_monitor_options none;
    bool good = false;

    of->last_ns = INT64_MIN;
    of->options = of->options ? of->options : &none;
    of->zone = of->options->zone ? erg_zone_new(of->options->zone, err) : NULL;
    if (of->options->zone && !of->zone)
        return NULL;
    of->monitor = calloc(1, sizeof(*of->monitor));
    if (!of->monitor)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else if (!of->take)
        of->take = keep_row, of->taker = of->monitor;
    good = of->monitor && read_all(of, path, bytes, size, err)
        && erg_monitor_look(of->monitor, of->options->writer, err);
    erg_zone_free(of->zone);
    if (good)
        return of->monitor;
    erg_monitor_free(of->monitor);
    return NULL;
}

erg_monitor *erg_monitor_parse(const char *name, const char *bytes, size_t size,
                               const erg_monitor_options *options, erg_error *err)
{
    reading of = { .file = name, .options = options };

    return read_with(&of, NULL, size ? bytes : "", size, err);
}

erg_monitor *erg_monitor_stream(const char *path, const char *name,
                                const erg_monitor_options *options, erg_monitor_take *take,
                                void *self, erg_error *err)
{
    reading of = { .file = name, .options = options, .take = take, .taker = self };

    return read_with(&of, path, NULL, 0, err);
}

erg_monitor *erg_monitor_load(const char *path, const erg_monitor_options *options,
                              erg_error *err)
{
    static const char sqlite[] = "SQLite format 3";
    size_t size = 0;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    erg_monitor *monitor = NULL;

    if (!bytes)
        return NULL;
    if (size < sizeof(sqlite) || memcmp(bytes, sqlite, sizeof(sqlite)) != 0)
        monitor = erg_monitor_parse(path, bytes, size, options, err);
    else {
        erg_trace *trace = erg_trace_load(path, err);
        monitor = trace ? erg_monitor_of_trace(trace, err) : NULL;
        erg_trace_free(trace);
    }
    free(bytes);
    return monitor;
}
