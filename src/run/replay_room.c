/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that a replay may take. Linux promises more than there is and then ends somebody:
 * what does not fit is refused before it is touched.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/replay_bench.h"

enum { FILE_MOST = 1 << 16 };

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

double erg_replay_room_bytes(const erg_env *env)
{
    double free_bytes = 1024 * number_in(env, "/proc/meminfo", "MemAvailable:");
    double own_bytes = number_in(env, "/sys/fs/cgroup/memory.max", "")
                       - number_in(env, "/sys/fs/cgroup/memory.current", "");

    return fmin(isnan(free_bytes) ? INFINITY : free_bytes,
                isnan(own_bytes) ? INFINITY : own_bytes);
}
