/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of the CPU: the least and the highest that the governor of each policy may
 * choose (cpufreq). A knob and no sensor.
 *
 * Linux refuses a least above the highest: when the clock rises the highest is written
 * first, when it falls the least.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/driver.h"

#define CPUFREQ "/sys/devices/system/cpu/cpufreq"
enum { LINE_MOST = 4096 };

typedef struct policy {
    char name[24];              /* "policy0" */
    double low_khz, high_khz;   /* what its hardware can */
} policy;

typedef struct cpufreq {
    policy *items;
    size_t count, capacity;
} cpufreq;

/* ---- one policy's files ----------------------------------------------------- */

static void path_of(const char *name, const char *file, char to[ERG_PATH_MOST])
{
    snprintf(to, ERG_PATH_MOST, CPUFREQ "/%s/%s", name, file);
}

static bool get(const erg_env *env, const char *name, const char *file, double *khz)
{
    char path[ERG_PATH_MOST], text[32];

    path_of(name, file, path);
    return erg_env_line(env, path, text, sizeof(text), NULL)
        && erg_number_parse(text, strlen(text), '.', khz);
}

static bool put(const erg_env *env, const char *name, const char *file, double khz,
                erg_error *err)
{
    char path[ERG_PATH_MOST], text[32];

    path_of(name, file, path);
    snprintf(text, sizeof(text), "%.0f", khz);
    return erg_env_put(env, path, text, err);
}

static bool set_pair(const erg_env *env, const char *name, double low_khz, double high_khz,
                     erg_error *err)
{
    double now_khz;
    bool rises = !get(env, name, "scaling_max_freq", &now_khz) || high_khz > now_khz;

    if (rises)
        return put(env, name, "scaling_max_freq", high_khz, err)
            && put(env, name, "scaling_min_freq", low_khz, err);
    return put(env, name, "scaling_min_freq", low_khz, err)
        && put(env, name, "scaling_max_freq", high_khz, err);
}

/* ---- find, open, close ------------------------------------------------------- */

typedef struct search {
    const erg_env *env;
    cpufreq *to;
    erg_error *err;
} search;

/* A policy whose CPUs are all offline has no clocks to read: it is left alone. */
static bool add_policy(void *self, const char *path)
{
    search *into = self;
    cpufreq *to = into->to;
    policy one = { 0 };

    erg_text_put(one.name, sizeof(one.name), strrchr(path, '/') + 1);
    if (!get(into->env, one.name, "cpuinfo_min_freq", &one.low_khz)
        || !get(into->env, one.name, "cpuinfo_max_freq", &one.high_khz)
        || !(one.low_khz > 0 && one.low_khz <= one.high_khz))
        return true;
    if (!erg_grow((void **)&to->items, &to->capacity, to->count, sizeof(one), into->err))
        return false;
    to->items[to->count++] = one;
    return true;
}

static bool cpufreq_find(erg_devices *found, const char *argument, erg_error *err)
{
    cpufreq all = { 0 };
    search into = { erg_devices_env(found), &all, err };

    if (argument && *argument)
        return erg_fail(err, ERG_BAD_INPUT,
                        "cpufreq takes no argument: it turns every policy");
    if (!erg_devices_match(found, CPUFREQ "/policy*", add_policy, &into, err)) {
        free(all.items);
        return false;
    }
    if (all.count == 0)
        return erg_devices_absent(found, &erg_driver_cpufreq, ERG_ABSENT, err,
                                  CPUFREQ "/policy* says no clocks: a "
                                  "virtual machine, or a kernel without cpufreq; "
                                  "its host turns the clock");
    erg_device *dev = erg_devices_add(found, &erg_driver_cpufreq, "cpufreq", err);
    cpufreq *own = dev ? erg_device_state(dev, sizeof(*own), err) : NULL;
    if (!own) {
        free(all.items);
        return false;
    }
    *own = all;
    dev->info.scope = ERG_SCOPE_PACKAGE;
    snprintf(dev->info.model, sizeof(dev->info.model), "CPU clocks, %zu polic%s", all.count,
             all.count == 1 ? "y" : "ies");
    return true;
}

/* acpi-cpufreq lists its clocks; intel_pstate and others take any. */
static bool add_values(const erg_device *dev, erg_device_knob *knob, erg_error *err)
{
    const cpufreq *own = dev->own;
    char path[ERG_PATH_MOST], line[LINE_MOST];
    double hz[LINE_MOST / 2];
    size_t count = 0;

    path_of(own->items[0].name, "scaling_available_frequencies", path);
    if (!erg_env_line(dev->env, path, line, sizeof(line), NULL))
        return true;
    for (char *at = line, *end; count < ERG_COUNT(hz); at = end) {
        double khz = strtod(at, &end);
        if (end == at)
            break;
        hz[count++] = 1e3 * khz;
    }
    return count == 0 || erg_device_knob_values(knob, hz, count, err);
}

static bool cpufreq_open(erg_device *dev, erg_error *err)
{
    const cpufreq *own = dev->own;
    erg_device_knob *knob = erg_device_add_knob(dev, ERG_CPU_CLOCK);
    char path[ERG_PATH_MOST];
    double khz;

    knob->now = 0;
    for (size_t i = 0; i < own->count; i++) {
        const policy *one = &own->items[i];
        knob->low = fmin(knob->low, 1e3 * one->low_khz);    /* fmin passes a NAN by */
        knob->high = fmax(knob->high, 1e3 * one->high_khz);
        if (get(dev->env, one->name, "scaling_max_freq", &khz))
            knob->now = fmax(knob->now, 1e3 * khz);
        path_of(one->name, "scaling_max_freq", path);
        knob->can_turn &= erg_env_may_write(dev->env, path);
    }
    if (!knob->can_turn)
        erg_text_put(knob->reason, sizeof(knob->reason),
                     "the clocks are closed to this user: sudo chmod a+w " CPUFREQ
                     "/policy*/scaling_m??_freq opens them until the next start");
    return add_values(dev, knob, err);
}

static bool cpufreq_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    (void)channel, (void)out;
    return erg_fail(err, ERG_NOT_FOUND, "%s is no sensor", dev->info.name);
}

static void cpufreq_close(erg_device *dev)
{
    cpufreq *own = dev->own;
    free(own->items);
}

/* ---- save, turn, put back ------------------------------------------------------ */

/* "policy0:800000:3600000 policy4:..." */
static bool cpufreq_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    const cpufreq *own = dev->own;
    (void)which;

    for (size_t i = 0; i < own->count; i++) {
        double low_khz, high_khz;
        const char *name = own->items[i].name;
        if (!get(dev->env, name, "scaling_min_freq", &low_khz)
            || !get(dev->env, name, "scaling_max_freq", &high_khz))
            return erg_fail(err, ERG_IO,
                            CPUFREQ "/%s does not say its clocks, so nothing is "
                            "turned", name);
        erg_text_add(to, "%s%s:%.0f:%.0f", i ? " " : "", name, low_khz, high_khz);
    }
    return true;
}

/* Each within what it can. Read back: the one that is furthest from what it was told,
 * the highest of equals. */
static bool cpufreq_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                         erg_error *err)
{
    const cpufreq *own = dev->own;
    double worst_khz = -1;
    (void)which;

    for (size_t i = 0; i < own->count; i++) {
        const policy *one = &own->items[i];
        double now_khz, khz = fmax(one->low_khz, fmin(one->high_khz, 1e-3 * value));
        if (!set_pair(dev->env, one->name, khz, khz, err))
            return false;
        if (!get(dev->env, one->name, "scaling_max_freq", &now_khz))
            continue;
        double off_khz = fabs(now_khz - khz);
        if (off_khz > worst_khz || (off_khz == worst_khz && 1e3 * now_khz > *enforced))
            *enforced = 1e3 * now_khz;
        worst_khz = fmax(worst_khz, off_khz);
    }
    return true;
}

static bool cpufreq_put_back(erg_device *dev, erg_knob which, const char *saved,
                             erg_error *err)
{
    bool good = true;
    (void)which;

    for (const char *at = saved; *at; at += strspn(at, " ")) {
        char name[24];
        double low_khz, high_khz;
        int count = 0;
        if (sscanf(at, "%23[a-z0-9]:%lf:%lf%n", name, &low_khz, &high_khz, &count) != 3
            || !(low_khz > 0 && high_khz >= low_khz) || strncmp(name, "policy", 6) != 0)
            return erg_fail(good ? err : NULL, ERG_BAD_INPUT, "'%.60s' is no clock of %s",
                            at, dev->info.name);
        good &= set_pair(dev->env, name, low_khz, high_khz, good ? err : NULL);
        at += count;
    }
    return good;
}

const erg_driver erg_driver_cpufreq = {
    .name = "cpufreq",
    .about = "clock of the CPU (Linux cpufreq): a knob, no sensor",
    .find = cpufreq_find,
    .open = cpufreq_open,
    .read = cpufreq_read,
    .close = cpufreq_close,
    .save = cpufreq_save,
    .turn = cpufreq_turn,
    .put_back = cpufreq_put_back,
};
