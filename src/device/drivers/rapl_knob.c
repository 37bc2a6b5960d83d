/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The long-term power limit of a package, by its powercap zone.
 *
 * Some firmware resets the time window with the limit: it is read before and written
 * back after. A zone that is not enabled is switched on for as long as it is turned.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "device/drivers/rapl.h"

static const char limit_file[] = "constraint_0_power_limit_uw";
static const char window_file[] = "constraint_0_time_window_us";
static const char enabled_file[] = "enabled";

static void path_of(const erg_rapl *state, const char *file, char to[ERG_PATH_MOST])
{
    snprintf(to, ERG_PATH_MOST, "%.300s/%s", state->zone, file);
}

static bool get(const erg_device *dev, const char *file, int64_t *out)
{
    char path[ERG_PATH_MOST], text[32];
    double value;

    path_of(dev->own, file, path);
    if (!erg_env_line(dev->env, path, text, sizeof(text), NULL)
        || !erg_number_parse(text, strlen(text), '.', &value) || !(fabs(value) < 1e15))
        return false;
    *out = (int64_t)value;
    return true;
}

static bool put(const erg_device *dev, const char *file, int64_t value, erg_error *err)
{
    char path[ERG_PATH_MOST], text[32];

    path_of(dev->own, file, path);
    snprintf(text, sizeof(text), "%" PRId64, value);
    return erg_env_put(dev->env, path, text, err);
}

/* ---- what there is ------------------------------------------------------- */

/* The zone of a package that perf reads: the one of its name. */
static void find_zone(const erg_device *dev, erg_rapl *state)
{
    enum { PACKAGES_MOST = 64 };
    const char *package = strstr(dev->info.name, "package");
    char path[ERG_PATH_MOST], name[32];

    if (dev->argument[0] == '/') {
        erg_text_put(state->zone, sizeof(state->zone), dev->argument);
        return;
    }
    for (int i = 0; package && i < PACKAGES_MOST && !state->zone[0]; i++) {
        snprintf(path, sizeof(path), "/sys/class/powercap/intel-rapl:%d/name", i);
        if (erg_env_line(dev->env, path, name, sizeof(name), NULL)
            && strcmp(name, package) == 0)
            snprintf(state->zone, sizeof(state->zone), "/sys/class/powercap/intel-rapl:%d",
                     i);
    }
}

void erg_rapl_add_knob(erg_device *dev)
{
    erg_rapl *state = dev->own;
    char path[ERG_PATH_MOST];
    int64_t now_uw, high_uw = 0;

    if (dev->info.scope != ERG_SCOPE_PACKAGE)
        return;
    find_zone(dev, state);
    if (!state->zone[0] || !get(dev, limit_file, &now_uw) || now_uw <= 0)
        return;
    erg_device_knob *knob = erg_device_add_knob(dev, ERG_POWER_LIMIT);
    knob->now = 1e-6 * (double)now_uw;
    if (!get(dev, "constraint_0_max_power_uw", &high_uw) || high_uw < now_uw)
        high_uw = now_uw;       /* many zones say 0 */
    knob->high = 1e-6 * (double)high_uw;
    path_of(state, limit_file, path);
    knob->can_turn = erg_env_may_write(dev->env, path);
    if (!knob->can_turn)
        snprintf(knob->reason, sizeof(knob->reason), "%.120s is closed to this user: sudo "
                 "chmod a+w %.120s opens it until the next start", path, path);
}

/* ---- save, turn, put back -------------------------------------------------- */

/* "LIMIT_UW WINDOW_US ENABLED"; -1 where the zone has no such file. */
bool erg_rapl_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    int64_t limit_uw, window_us = -1, enabled = -1;
    (void)which;

    if (!get(dev, limit_file, &limit_uw))
        return erg_fail(err, ERG_IO, "%s does not say its power limit, so it is not turned",
                        dev->info.name);
    get(dev, window_file, &window_us);
    get(dev, enabled_file, &enabled);
    erg_text_add(to, "%" PRId64 " %" PRId64 " %" PRId64, limit_uw, window_us, enabled);
    return true;
}

static bool set_limit(erg_device *dev, int64_t limit_uw, int64_t window_us, erg_error *err)
{
    int64_t after_us;

    if (!put(dev, limit_file, limit_uw, err))
        return false;
    return window_us <= 0 || (get(dev, window_file, &after_us) && after_us == window_us)
        || put(dev, window_file, window_us, err);
}

bool erg_rapl_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                   erg_error *err)
{
    int64_t window_us = -1, enabled = -1, now_uw;
    (void)which;

    get(dev, window_file, &window_us);
    if (!set_limit(dev, (int64_t)llround(1e6 * value), window_us, err))
        return false;
    if (get(dev, enabled_file, &enabled) && enabled == 0 && !put(dev, enabled_file, 1, err))
        return false;
    if (get(dev, limit_file, &now_uw))
        *enforced = 1e-6 * (double)now_uw;
    return true;
}

bool erg_rapl_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err)
{
    int64_t limit_uw, window_us, enabled, now;
    (void)which;

    if (sscanf(saved, "%" SCNd64 " %" SCNd64 " %" SCNd64, &limit_uw, &window_us,
               &enabled) != 3
        || limit_uw <= 0)
        return erg_fail(err, ERG_BAD_INPUT, "'%.60s' is no power limit of %s", saved,
                        dev->info.name);
    bool good = set_limit(dev, limit_uw, window_us, err);
    if (enabled >= 0 && get(dev, enabled_file, &now) && now != enabled)
        good &= put(dev, enabled_file, enabled, good ? err : NULL);
    return good;
}
