/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's rows as devices and channels of a run file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "erg/joint.h"
#include "thermal/joint_inside.h"
#include "thermal/monitor_inside.h"
#include "import/formats/copy.h"
#include "import/formats/importer.h"

/* As the drivers call them, so that who reads a recording reads these. */
const erg_joint_channel erg_joint_channels[] = {
    { ERG_MONITOR_POWER_W,      "power",        "W",  ERG_POWER },
    { ERG_MONITOR_TEMP_K,       "temperature",  "K",  ERG_TEMPERATURE },
    { ERG_MONITOR_USE,          "use",          "",   ERG_USE },
    { ERG_MONITOR_CLOCK_HZ,     "sm_clock",     "Hz", ERG_CLOCK_RATE },
    { ERG_MONITOR_FAN,          "fan",          "",   ERG_OTHER },
    { ERG_MONITOR_VOLTAGE_V,    "voltage",      "V",  ERG_OTHER },
    { ERG_MONITOR_CURRENT_A,    "current",      "A",  ERG_OTHER },
    { ERG_MONITOR_RLE_RAW,      "rle_raw",      "",   ERG_OTHER },
    { ERG_MONITOR_RLE_SMOOTHED, "rle_smoothed", "",   ERG_OTHER },
    { ERG_MONITOR_RLE_NORM,     "rle_norm",     "",   ERG_OTHER },
    { ERG_MONITOR_E_TH,         "e_th",         "",   ERG_OTHER },
    { ERG_MONITOR_E_PW,         "e_pw",         "",   ERG_OTHER },
    { ERG_MONITOR_LOAD,         "a_load",       "",   ERG_OTHER },
    { ERG_MONITOR_SUSTAIN_S,    "t_sustain",    "s",  ERG_OTHER },
    { ERG_MONITOR_PEAK,         "rolling_peak", "",   ERG_OTHER },
    { ERG_MONITOR_COLLAPSE,     "collapse",     "",   ERG_OTHER },
    { ERG_MONITOR_THROTTLE,     "throttle",     "bits", ERG_OTHER },
    { ERG_MONITOR_ENERGY_J,     "energy",       "J",  ERG_ENERGY },
    { ERG_MONITOR_VRAM_K,       "vram_temp",    "K",  ERG_OTHER },
};
const size_t erg_joint_channel_count = ERG_COUNT(erg_joint_channels);

static erg_channel_info info_of(const erg_joint_channel *channel, int device,
                                erg_scope scope)
{
    erg_channel_info info = channel->quantity == ERG_POWER
        ? erg_power_channel(device, channel->name, scope)
        : (erg_channel_info){ .device = device, .quantity = channel->quantity, .gain = 1,
                              .method = ERG_METHOD_INTEGRAL, .scope = scope };
    if (channel->quantity == ERG_ENERGY) {
        info.kind = ERG_COUNTER;
        info.method = ERG_METHOD_COUNTER;
    }
    erg_text_put(info.name, sizeof(info.name), channel->name);
    erg_text_put(info.unit, sizeof(info.unit), channel->unit);
    return info;
}

enum { SEATS_MOST = 64, VALUES_MOST = 32 };

/* A device and its channels. */
typedef struct seat {
    char name[sizeof((erg_monitor_device){ 0 }.name)];
    int channels[VALUES_MOST];  /* by erg_joint_channels; -1: it has no such value */
    bool has_any[VALUES_MOST];
    size_t rows;
} seat;

static bool take_seat(erg_intake *in, const char *layout, const bool wanted[], seat *to,
                      erg_error *err)
{
    bool is_cpu = strcmp(to->name, "cpu") == 0;
    erg_device_info info = { .scope = is_cpu ? ERG_SCOPE_PACKAGE : ERG_SCOPE_BOARD };
    erg_text_put(info.name, sizeof(info.name), to->name);
    erg_text_put(info.driver, sizeof(info.driver), "monitor");
    snprintf(info.model, sizeof(info.model), "monitor log, %s layout", layout);
    int at = erg_intake_device(in, &info, err);
    bool good = at >= 0;

    for (size_t i = 0; i < erg_joint_channel_count; i++) {
        to->channels[i] = -1;
        if (!good || !wanted[erg_joint_channels[i].value])
            continue;
        erg_channel_info channel = info_of(&erg_joint_channels[i], at, info.scope);
        to->channels[i] = erg_intake_channel(in, &channel, err);
        good = to->channels[i] >= 0;
    }
    return good;
}

/* An empty cell is a gap, as a failed read is. */
static bool put_row(erg_intake *in, seat *to, const erg_monitor_row *row, erg_error *err)
{
    bool good = true;

    to->rows++;
    for (size_t i = 0; good && i < erg_joint_channel_count; i++) {
        const erg_sample sample = { .t_ns = row->t_ns,
                                    .value = row->value[erg_joint_channels[i].value] };
        to->has_any[i] |= !isnan(sample.value);
        good = to->channels[i] < 0
            || erg_intake_push(in, to->channels[i], sample, row->line, err);
    }
    return good;
}

static bool is_empty(const erg_trace *trace)
{
    return erg_trace_channel_count(trace) + erg_trace_region_count(trace)
        + erg_trace_mark_count(trace) + erg_trace_event_count(trace) == 0;
}

/* What was taken in, beside what is there. */
static bool join(erg_intake *in, const erg_monitor *log, const char *name, erg_trace *into,
                 erg_error *err)
{
    for (size_t i = 0; i < log->torn_count; i++)
        erg_intake_torn(in, log->torn[i]);
    if (log->torn_last)
        erg_intake_torn(in, 0);
    if (log->is_local)
        erg_intake_local(in, log->twice_ns);
    erg_trace *own = erg_trace_new(err);
    bool good = own && (!erg_trace_has_aside(into) || erg_trace_put_events_aside(own, err))
             && erg_intake_finish(in, own, err)
             && (is_empty(into) || erg_import_may_join(own, into, name, err))
             && erg_trace_copy(own, into, NULL, err);

    erg_trace_free(own);
    return good;
}

/* ---- a log in memory ------------------------------------------------------------ */

static bool add_device(erg_intake *in, const erg_monitor *monitor,
                       const erg_monitor_device *device, erg_error *err)
{
    bool wanted[ERG_MONITOR_VALUES] = { false };
    seat to = { .name = "" };

    erg_text_put(to.name, sizeof(to.name), device->name);
    for (size_t i = 0; i < device->count; i++)
        for (size_t v = 0; v < ERG_MONITOR_VALUES; v++)
            wanted[v] |= !isnan(device->rows[i].value[v]);
    bool good = take_seat(in, erg_monitor_layout(monitor), wanted, &to, err);
    for (size_t i = 0; good && i < device->count; i++)
        good = put_row(in, &to, &device->rows[i], err);
    return good;
}

bool erg_joint_add_monitor(const erg_monitor *monitor, const char *name,
                           const erg_import_options *options, erg_trace *into,
                           erg_error *err)
{
    static const erg_import_options unset;
    const erg_source source = { .name = name, .options = options ? options : &unset,
                                .joins = into };
    erg_intake *in = erg_intake_new(&source, err);
    bool good = in;

    for (size_t i = 0; good && i < erg_monitor_devices(monitor); i++)
        good = add_device(in, monitor, erg_monitor_device_at(monitor, i), err);
    good = good && join(in, monitor, name, into, err);
    erg_intake_free(in);
    return good;
}

/* ---- a log that streams by ------------------------------------------------------ */

typedef struct stream {
    erg_intake *in;
    seat seats[SEATS_MOST];
    size_t count;
} stream;

static bool take_row(void *self, const erg_layout_map *map, erg_field device,
                     const erg_monitor_row *row, erg_error *err)
{
    stream *to = self;
    bool wanted[ERG_MONITOR_VALUES];
    size_t i = 0;

    while (i < to->count && !erg_field_is(device, to->seats[i].name))
        i++;
    if (i == SEATS_MOST || device.count >= sizeof(to->seats->name))
        return erg_fail(err, ERG_BAD_INPUT, "more devices than a monitor has");
    if (i == to->count) {
        memcpy(to->seats[to->count++].name, device.text, device.count);
        for (size_t v = 0; v < ERG_MONITOR_VALUES; v++)
            wanted[v] = map->at[v] >= 0 || (v == ERG_MONITOR_THROTTLE && map->flag_count);
        if (!take_seat(to->in, map->layout->name, wanted, &to->seats[i], err))
            return false;
    }
    return put_row(to->in, &to->seats[i], row, err);
}

/* Were all rows kept, and by one program? A column of empty cells is no channel. */
static bool settle(const seat *one, erg_intake *in, erg_error *err)
{
    erg_stamped stamps = { NULL, sizeof(erg_sample) };
    erg_span writers;
    double usual_s;

    for (size_t i = 0; i < erg_joint_channel_count; i++)
        if (one->channels[i] >= 0 && !one->has_any[i])
            erg_intake_forget(in, one->channels[i]);
        else if (one->channels[i] >= 0 && !stamps.rows)
            stamps.rows = erg_intake_rows(in, one->channels[i]);
    return stamps.rows && stamps.rows->count == one->rows
        && erg_stamped_writers(stamps, &writers, &usual_s, err)
        && writers.begin_ns == INT64_MIN;
}

bool erg_joint_stream_monitor(const char *path, const erg_source *source, erg_trace *into,
                              bool *added, erg_error *err)
{
    const erg_monitor_options options = { .zone = source->options->tz };
    stream *of = calloc(1, sizeof(*of));
    erg_error why = { 0 };

    *added = false;
    if (!of)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    of->in = erg_intake_new(source, &why);
    erg_monitor *log = of->in
        ? erg_monitor_stream(path, source->name, &options, take_row, of, &why) : NULL;
    bool good = log != NULL;
    for (size_t i = 0; good && i < of->count; i++)
        good = settle(&of->seats[i], of->in, &why);
    *added = good;
    good = good ? join(of->in, log, source->name, into, err)
                : erg_can_do_without(&why, err);
    erg_monitor_free(log);
    erg_intake_free(of->in);
    free(of);
    return good;
}
