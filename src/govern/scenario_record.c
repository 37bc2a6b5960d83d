/* SPDX-License-Identifier: Apache-2.0 */
/* A record's watts out of a CSV or a run file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/trace.h"
#include "format/csv.h"
#include "govern/record_load.h"

enum { RECORD_UNITS_MOST = 4096 };
#define BYTES_MOST ((size_t)1 << 31)

typedef erg_record_unit unit;

typedef struct reading {
    erg_record *record;
    int time_at, power_at, unit_at;     /* columns of a CSV; -1: none */
    double time_scale;
    bool has_head;
} reading;

static void forget(erg_record *from)
{
    for (size_t i = 0; i < from->count; i++) {
        free(from->units[i].t_s);
        free(from->units[i].power_w);
    }
    free(from->units);
}

static unit *unit_of(erg_record *to, const char *name, size_t length, erg_error *err)
{
    if (length >= ERG_RECORD_NAME)
        length = ERG_RECORD_NAME - 1;
    /* Of lines in turns it is the one behind the last, of blocks the last itself. */
    for (size_t k = 0; k < to->count; k++) {
        unit *at = &to->units[(to->last + k) % to->count];
        if (strncmp(at->name, name, length) == 0 && !at->name[length]) {
            to->last = (size_t)(at - to->units);
            return at;
        }
    }
    if (to->count == RECORD_UNITS_MOST) {
        erg_fail(err, ERG_BAD_INPUT, "%s: more than %d units", to->path, RECORD_UNITS_MOST);
        return NULL;
    }
    if (!erg_grow((void **)&to->units, &to->capacity, to->count, sizeof(*to->units), err))
        return NULL;
    to->last = to->count;
    unit *made = &to->units[to->count++];
    *made = (unit){ 0 };
    memcpy(made->name, name, length);
    return made;
}

static bool add_sample(unit *to, double t_s, double power_w, erg_error *err)
{
    if (!erg_grow((void **)&to->t_s, &to->t_capacity, to->count, sizeof(double), err)
        || !erg_grow((void **)&to->power_w, &to->capacity, to->count, sizeof(double), err))
        return false;
    to->t_s[to->count] = t_s;
    to->power_w[to->count++] = power_w;
    return true;
}

/* ---- CSV ----------------------------------------------------------------------------- */

typedef struct time_column { const char *name; double scale; } time_column;

static const time_column time_columns[] = { { "t_ns", 1e-9 }, { "t_s", 1 },
                                            { "time_s", 1 } };

/* Which of two was meant nobody says: t_s beside t_ns are two times as well. */
static bool take_column(const reading *to, const erg_csv_row *row, int *at, int column,
                        erg_error *err)
{
    if (*at >= 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: columns %d and %d say the same: take "
                        "one of them out", to->record->path, row->line, *at + 1,
                        column + 1);
    *at = column;
    return true;
}

static bool read_head(reading *to, const erg_csv_row *row, erg_error *err)
{
    to->time_at = to->power_at = to->unit_at = -1;
    for (size_t i = 0; i < row->count; i++) {
        erg_field field = erg_field_trim(row->fields[i]);
        int *at = erg_field_is(field, "power_w") ? &to->power_at
                : erg_field_is(field, "unit") ? &to->unit_at : NULL;
        for (size_t k = 0; k < ERG_COUNT(time_columns); k++)
            if (erg_field_is(field, time_columns[k].name))
                at = &to->time_at, to->time_scale = time_columns[k].scale;
        if (at && !take_column(to, row, at, (int)i, err))
            return false;
    }
    to->has_head = true;
    if (to->time_at >= 0 && to->power_at >= 0)
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s:%zu: the first line must name the columns t_ns or t_s,"
                    " power_w and perhaps unit; of another log erg import makes a run file",
                    to->record->path, row->line);
}

static bool number_at(const erg_csv_row *row, int at, double *out)
{
    erg_field field = { 0 };

    if ((size_t)at >= row->count)
        return false;
    field = erg_field_trim(row->fields[at]);
    return erg_number_parse(field.text, field.count, '.', out);
}

/* The column unit says which device: taken for the unit of the watts it would be read a
 * thousandfold off. */
static bool is_of_power(erg_field name)
{
    static const char *const units[] = { "mW", "uW", "kW", "MW" };

    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (erg_field_is(name, units[i]))
            return true;
    return false;
}

static bool read_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reading *to = self;
    double t_s, power_w;
    erg_field name = { "", 0 };

    if (!to->has_head)
        return read_head(to, row, err);
    if (to->unit_at >= 0 && (size_t)to->unit_at < row->count)
        name = erg_field_trim(row->fields[to->unit_at]);
    if (is_of_power(name))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: unit names a device, not '%.*s': "
                        "power_w is in watts", to->record->path, row->line, (int)name.count,
                        name.text);
    if (!number_at(row, to->time_at, &t_s) || !number_at(row, to->power_at, &power_w))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: the time or the power is no number",
                        to->record->path, row->line);
    if (power_w < 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a power of %.4g W: a load draws 0 W "
                        "or more; take out what the meter was off by", to->record->path,
                        row->line, power_w);
    unit *of = unit_of(to->record, name.text, name.count, err);
    if (of && of->count && t_s * to->time_scale <= of->t_s[of->count - 1])
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: time does not go on", to->record->path,
                        row->line);
    return of && add_sample(of, t_s * to->time_scale, power_w, err);
}

static bool read_bytes(erg_record *to, const char *bytes, size_t size, erg_error *err)
{
    reading of_csv = { .record = to };
    erg_csv csv = { .name = to->path, .row = read_row, .self = &of_csv,
                    .keep_last = true };
    bool ok = erg_csv_read(&csv, bytes, size, NULL, err);

    for (size_t i = 0; ok && i < to->count; i++) {
        const unit *of = &to->units[i];
        to->facts.begun_s = fmin(to->facts.begun_s, of->t_s[0]);
        to->facts.ended_s = fmax(to->facts.ended_s, of->t_s[of->count - 1]);
    }
    return ok && (to->count > 0 || erg_fail(err, ERG_BAD_INPUT,
                                          "%s: no rows: below the names of its columns a "
                                          "record has a line a sample", to->path));
}

static bool read_csv(erg_record *to, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(to->path, BYTES_MOST, &size, err);
    bool ok = bytes && read_bytes(to, bytes, size, err);

    free(bytes);
    return ok;
}

/* ---- a run file ---------------------------------------------------------------------- */

static bool read_channel(erg_record *to, const erg_trace *trace, int channel,
                         erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    int64_t begin_ns = erg_trace_span(trace).begin_ns;
    char name[16];

    snprintf(name, sizeof(name), "%d", channel);
    unit *of = unit_of(to, name, strlen(name), err);
    to->window_s = fmax(to->window_s, fmax(info->window_s, info->update_s));
    for (size_t i = 0; of && i < count; i++) {
        double t_s = erg_s_from_ns(samples[i].t_ns - begin_ns);
        if (isnan(samples[i].value) || (of->count && t_s <= of->t_s[of->count - 1]))
            continue;
        if (samples[i].value < 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s says %.4g W %.6g s after its first "
                            "sample: a load draws 0 W or more; take out what the meter was "
                            "off by", to->path, info->name, samples[i].value,
                            erg_s_from_ns(samples[i].t_ns - samples[0].t_ns));
        if (!add_sample(of, t_s, samples[i].value, err))
            return false;
    }
    return of != NULL;
}

static bool read_run(erg_record *to, erg_error *err)
{
    erg_trace *trace = erg_trace_load(to->path, err);
    size_t all = trace ? erg_trace_channel_count(trace) : 0;
    int *channels = trace ? calloc(all + 1, sizeof(*channels)) : NULL;
    bool ok = trace && (channels || erg_fail(err, ERG_NO_MEMORY, "out of memory"));
    size_t count = ok ? erg_record_channels(trace, channels) : 0;

    for (size_t i = 0; ok && i < count; i++)
        ok = read_channel(to, trace, channels[i], err);
    ok = ok && erg_record_facts_of(trace, &to->facts, err);
    free(channels);
    erg_trace_free(trace);
    return ok && (to->count > 0
                  || erg_fail(err, ERG_NO_DATA, "%s: no channel of power over time",
                              to->path));
}

/* ---- both ---------------------------------------------------------------------------- */

static erg_record begin(const char *path)
{
    return (erg_record){ .path = path, .window_s = NAN, .facts = erg_record_facts_none() };
}

static erg_scenario *finish(erg_record *from, bool is_read, const erg_load_options *options,
                            erg_error *err)
{
    erg_scenario *scenario = is_read ? erg_scenario_new(from->path, err) : NULL;

    if (scenario && !erg_record_load(from, options, scenario, err)) {
        erg_scenario_free(scenario);
        scenario = NULL;
    }
    forget(from);
    return scenario;
}

erg_scenario *erg_scenario_record_parse(const char *name, const char *bytes, size_t size,
                                        const erg_load_options *options, erg_error *err)
{
    erg_record from = begin(name);

    return finish(&from, read_bytes(&from, bytes, size, err), options, err);
}

erg_scenario *erg_scenario_record(const char *path, const erg_load_options *options,
                                  erg_error *err)
{
    erg_record from = begin(path);
    bool is_run = erg_text_ends(path, ".erg");
    bool is_read = is_run ? read_run(&from, err) : read_csv(&from, err);

    return finish(&from, is_read, options, err);
}
