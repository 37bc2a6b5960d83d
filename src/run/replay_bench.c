/* SPDX-License-Identifier: Apache-2.0 */
/* What each part of a replay asks: its rules, the machine, whether to go on. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "device/driver.h"
#include "run/replay_bench.h"

enum { FILE_MOST = 1 << 16 };
static const double default_cache_bytes = 32 * 1024 * 1024, least_s = 0.2;

erg_time_rule erg_replay_rule(const erg_replay_bench *bench, bool for_energy)
{
    const erg_replay_run_options *options = bench->options;
    double window_s = for_energy ? fmax(least_s, bench->energy_s) : least_s;

    return (erg_time_rule){
        .warmup = options->warmup > 0 ? options->warmup : 10,
        .warmup_s = 1,
        .runs = options->runs > 0 ? options->runs : 100,
        .least_s = window_s,
        .batch_s = 1e-3,
        .half_width = options->half_width > 0 ? options->half_width : 0.01,
        .most_s = fmax(window_s, options->most_s > 0 ? options->most_s : 10),
        .on_core = !bench->env->clock && bench->engine->threads
                && bench->engine->threads(bench->stage->session) == 1,
        .ask_stop = options->ask_stop,
    };
}

/* ---- the machine ----------------------------------------------------------------- */

static double cache_at(const erg_env *env, int index)
{
    char path[96], line[32], *end;

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
    if (!erg_env_line(env, path, line, sizeof(line), NULL))
        return 0;
    double size = strtod(line, &end);
    return size * (*end == 'K' ? 1024 : *end == 'M' ? 1024 * 1024 : 1);
}

double erg_replay_cache_bytes(const erg_env *env)
{
    double most = 0;

    for (int i = 0; i < 8; i++)
        most = fmax(most, cache_at(env, i));
    return most > 0 ? most : default_cache_bytes;
}

double erg_replay_clock_hz(const erg_env *env)
{
    char line[32];

    return erg_env_line(env, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", line,
                        sizeof(line), NULL)
               ? 1e3 * strtod(line, NULL)
               : NAN;
}

static double number_in(const erg_env *env, const char *path, const char *key)
{
    char joined[ERG_PATH_MOST], *end;
    size_t size;
    double number = NAN;
    char *bytes = erg_path_join(env, path, joined, NULL)
                      ? erg_file_read(joined, FILE_MOST, &size, NULL) : NULL;
    const char *at = bytes ? strstr(bytes, key) : NULL;

    if (at) {
        number = strtod(at + strlen(key), &end);
        if (end == at + strlen(key))
            number = NAN; /* "max": no limit */
    }
    free(bytes);
    return number;
}

/* Linux promises more memory than there is and then ends somebody: what does not fit is
 * refused before it is touched. */
double erg_replay_room_bytes(const erg_env *env)
{
    double free_bytes = 1024 * number_in(env, "/proc/meminfo", "MemAvailable:");
    double own_bytes = number_in(env, "/sys/fs/cgroup/memory.max", "")
                       - number_in(env, "/sys/fs/cgroup/memory.current", "");

    return fmin(isnan(free_bytes) ? INFINITY : free_bytes,
                isnan(own_bytes) ? INFINITY : own_bytes);
}

/* ---- telling --------------------------------------------------------------------- */

void erg_replay_tell(const erg_replay_bench *bench, const char *format, ...)
{
    char text[120];
    va_list arguments;

    if (!bench->options->progress)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    bench->options->progress(bench->options->progress_self, text);
}

int64_t erg_replay_region(const erg_replay_bench *bench, const char *name)
{
    return bench->rec ? erg_recording_region(bench->rec, name, false) : 0;
}

void erg_replay_region_end(const erg_replay_bench *bench, int64_t id, double runs)
{
    if (bench->rec)
        erg_recording_region_end(bench->rec, id, runs);
}

bool erg_replay_goes_on(const erg_replay_bench *bench, erg_error *err)
{
    return !bench->options->ask_stop || !*bench->options->ask_stop
           || erg_fail(err, ERG_REFUSED,
                       "the replay was stopped: nothing of it is reported");
}
