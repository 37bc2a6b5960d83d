/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors, settings, and the meta rows of docs/formats.md that a recording writes. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "erg/version.h"
#include "run/facts.h"

static const int64_t anchor_gap_ns = 60 * ERG_NS_PER_S;
static const int64_t settings_gap_ns = 10 * ERG_NS_PER_S;
/* The two clocks are read some ns apart; a suspend is longer than this. */
static const int64_t asleep_least_ns = 100 * ERG_NS_PER_MS;

static void put_anchor(erg_facts *facts, const erg_env *env, erg_sink *sink)
{
    int64_t before_ns = erg_env_now_ns(env);
    erg_anchor anchor = { .boot_ns = erg_env_boot_ns(env), .utc_ns = erg_env_utc_ns(env) };
    anchor.half_width_ns = (erg_env_now_ns(env) - before_ns) / 2;
    anchor.mono_ns = before_ns + anchor.half_width_ns;
    erg_sink_anchor(sink, &anchor);
    facts->anchor_ns = anchor.mono_ns + anchor_gap_ns;
    facts->asleep_ns = anchor.boot_ns - anchor.mono_ns;
}

static void put_line(erg_sink *sink, const char *key, const erg_env *env, const char *file)
{
    char path[ERG_PATH_MOST], line[128];
    if (erg_path_join(env, file, path, NULL)
        && erg_file_line(path, line, sizeof(line), NULL))
        erg_sink_meta(sink, key, line);
}

void erg_facts_begin(erg_facts *facts, const erg_env *env, int64_t now_ns, erg_sink *sink)
{
    char utc[40];
    erg_utc_format(erg_env_utc_ns(env), 6, utc, sizeof(utc));
    erg_sink_meta(sink, "begin_utc", utc);
    erg_sink_meta(sink, "erg_version", erg_version());
    put_line(sink, "host_id", env, "/proc/sys/kernel/hostname");
    put_line(sink, "boot_id", env, "/proc/sys/kernel/random/boot_id");
    put_anchor(facts, env, sink);
    facts->settings_ns = now_ns + settings_gap_ns;
}

bool erg_facts_due(erg_facts *facts, const erg_env *env, int64_t now_ns, erg_sink *sink)
{
    int64_t slept_ns = erg_env_boot_ns(env) - erg_env_now_ns(env) - facts->asleep_ns;
    if (now_ns >= facts->anchor_ns || slept_ns > asleep_least_ns)
        put_anchor(facts, env, sink);
    if (now_ns < facts->settings_ns)
        return false;
    facts->settings_ns = now_ns + settings_gap_ns;
    return true;
}

void erg_facts_end(erg_facts *facts, const erg_env *env, uint64_t dropped, erg_sink *sink)
{
    char text[32];
    if (dropped) {
        snprintf(text, sizeof(text), "%" PRIu64, dropped);
        erg_sink_meta(sink, "events_dropped", text);
    }
    put_anchor(facts, env, sink);
}

void erg_facts_setting(erg_sink *sink, int64_t now_ns, int device, const char *key,
                       double value)
{
    erg_setting setting = { .t_ns = now_ns, .device = device };
    erg_text_put(setting.key, sizeof(setting.key), key);
    snprintf(setting.value, sizeof(setting.value), "%.10g", value);
    erg_sink_setting(sink, &setting);
}

void erg_facts_drivers(erg_sink *sink, const erg_devices *devices, int64_t now_ns)
{
    erg_setting setting = { .t_ns = now_ns, .key = "driver" };
    for (size_t i = 0; i < erg_devices_count(devices); i++) {
        const erg_device_info *info = erg_devices_info(devices, i);
        if (erg_devices_state(devices, i) != ERG_PRESENT)
            continue;
        erg_text_put(setting.value, sizeof(setting.value), info->driver_version);
        if (*info->driver_version)
            erg_sink_setting(sink, &setting);
        setting.device++;
    }
}

void erg_facts_governor(erg_sink *sink, const erg_env *env, int64_t now_ns)
{
    erg_setting setting = { .t_ns = now_ns, .device = -1, .key = "cpu_governor" };
    char path[ERG_PATH_MOST];
    if (erg_path_join(env, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                      path, NULL)
        && erg_file_line(path, setting.value, sizeof(setting.value), NULL))
        erg_sink_setting(sink, &setting);
}

void erg_facts_absent(erg_sink *sink, const char *device, const char *reason)
{
    char key[64];
    snprintf(key, sizeof(key), "absent:%s", device);
    erg_sink_meta(sink, key, reason);
}

void erg_facts_sampling(erg_sink *sink, const erg_devices *devices,
                        const erg_sampled *channel, int64_t disordered)
{
    const erg_sampling *sampling = &channel->sampling;
    const erg_lateness *lateness = &channel->lateness;
    const erg_device_info *device = erg_devices_info(devices, channel->device);
    char key[96], text[256];

    snprintf(key, sizeof(key), "sampling:%s/%s", device->name, channel->info.name);
    snprintf(text, sizeof(text),
             "period_s=%.9g interval_s=%.9g jitter_s=%.3g late_most_s=%.3g polls=%" PRId64
             " updates=%" PRId64 " misses=%" PRId64 " errors=%" PRId64 " lost=%" PRId64,
             erg_s_from_ns(channel->period_ns), erg_sampling_interval_s(lateness),
             erg_sampling_jitter_s(lateness), lateness->late_most_s, sampling->polls,
             sampling->updates, lateness->misses, sampling->errors,
             sampling->lost + disordered);
    erg_sink_meta(sink, key, text);
}
