/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's rows as devices and channels of a run file. */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "erg/joint.h"
#include "thermal/joint_inside.h"
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

static bool has_any(const erg_monitor_device *device, erg_monitor_value value)
{
    for (size_t i = 0; i < device->count; i++)
        if (!isnan(device->rows[i].value[value]))
            return true;
    return false;
}

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

/* An empty cell is a gap, as a failed read is. */
static bool add_channel(erg_intake *in, int to, const erg_monitor_device *device,
                        erg_monitor_value value, erg_error *err)
{
    for (size_t i = 0; i < device->count; i++) {
        const erg_monitor_row *row = &device->rows[i];
        const erg_sample sample = { .t_ns = row->t_ns, .value = row->value[value] };
        if (!erg_intake_push(in, to, sample, row->line, err))
            return false;
    }
    return true;
}

static bool add_device(erg_intake *in, const erg_monitor *monitor,
                       const erg_monitor_device *device, erg_error *err)
{
    bool is_cpu = strcmp(device->name, "cpu") == 0;
    erg_device_info info = { .scope = is_cpu ? ERG_SCOPE_PACKAGE : ERG_SCOPE_BOARD };
    erg_text_put(info.name, sizeof(info.name), device->name);
    erg_text_put(info.driver, sizeof(info.driver), "monitor");
    snprintf(info.model, sizeof(info.model), "monitor log, %s layout",
             erg_monitor_layout(monitor));
    int at = erg_intake_device(in, &info, err);
    bool good = at >= 0;

    for (size_t i = 0; good && i < erg_joint_channel_count; i++) {
        if (!has_any(device, erg_joint_channels[i].value))
            continue;
        erg_channel_info channel = info_of(&erg_joint_channels[i], at, info.scope);
        int to = erg_intake_channel(in, &channel, err);
        good = to >= 0 && add_channel(in, to, device, erg_joint_channels[i].value, err);
    }
    return good;
}

static bool is_empty(const erg_trace *trace)
{
    return erg_trace_channel_count(trace) + erg_trace_region_count(trace)
        + erg_trace_mark_count(trace) + erg_trace_event_count(trace) == 0;
}

bool erg_joint_add_monitor(const erg_monitor *monitor, const char *name,
                           const erg_import_options *options, erg_trace *into,
                           erg_error *err)
{
    const erg_import_options own_options = { .start = options ? options->start : NULL };
    const erg_source source = { .name = name, .options = &own_options };
    erg_intake *in = erg_intake_new(&source, err);
    erg_trace *own = in ? erg_trace_new(err) : NULL;
    bool good = own;

    for (size_t i = 0; good && i < erg_monitor_devices(monitor); i++)
        good = add_device(in, monitor, erg_monitor_device_at(monitor, i), err);
    good = good && erg_intake_finish(in, own, err)
        && (is_empty(into) || erg_import_may_join(own, into, name, err))
        && erg_trace_copy(own, into, NULL, err);
    erg_trace_free(own);
    erg_intake_free(in);
    return good;
}
