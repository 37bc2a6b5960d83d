/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAPL: energy of CPU packages, DRAM and platform.
 *
 * The perf PMU `power` comes first: 64 bits of 2^-32 J, which never wrap for us and
 * need CAP_PERFMON. Else the powercap files: microjoules, mode 0400 since Linux
 * 5.10, back at 0 after max_energy_range_uj. The joules are handed out raw with
 * range_j beside them: whether a fall is a wrap or a reset needs the power and the
 * gap, which only trace/ knows.
 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/drivers/rapl.h"

static const double update_s = 0.001, gain_u = 0.04;
/* Firmware that sets no limit says 4095 W: that is no plausible peak. */
static const double most_limit_w = 1000;

typedef struct rapl_domain {
    const char *event;      /* of the PMU */
    const char *zone;       /* what a powercap name begins with */
    const char *name;       /* ours */
    erg_scope scope;
    bool once;              /* one per machine, not per package */
} rapl_domain;

/* "uncore" is the graphics inside the package, so its scope is that of cores. */
static const rapl_domain domains[] = {
    { "energy-pkg",   "package", "package", ERG_SCOPE_PACKAGE, false },
    { "energy-ram",   "dram",    "dram",    ERG_SCOPE_DRAM,    false },
    { "energy-psys",  "psys",    "psys",    ERG_SCOPE_PSYS,    true },
    { "energy-cores", "core",    "core",    ERG_SCOPE_CORE,    false },
    { "energy-gpu",   "uncore",  "gpu",     ERG_SCOPE_CORE,    false },
};

typedef struct rapl_search {
    erg_devices *found;
    const char *only;       /* name after "rapl:", or NULL */
    erg_error *err;
    size_t first;           /* devices before this one are not ours */
    size_t seen;
} rapl_search;

/* ---- the perf PMU -------------------------------------------------------- */

static int package_of(const erg_env *env, int cpu, int otherwise)
{
    char path[ERG_PATH_MOST], text[32];

    snprintf(path, sizeof(path),
             "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
    return erg_env_line(env, path, text, sizeof(text), NULL) ? atoi(text) : otherwise;
}

static bool is_taken(const rapl_search *search, const char *name)
{
    for (size_t i = search->first; i < erg_devices_count(search->found); i++)
        if (strcmp(erg_devices_info(search->found, i)->name, name) == 0)
            return true;
    return false;
}

/* key: how open finds it, and what tells two zones of one name apart. */
static bool rapl_add(rapl_search *search, const rapl_domain *domain, const char *suffix,
                     const char *key)
{
    const char *base = erg_path_base(key);
    char name[32];

    snprintf(name, sizeof(name), "rapl:%s%.16s", domain->name, suffix);
    if (is_taken(search, name))
        snprintf(name, sizeof(name), "rapl:%.26s", base);
    search->seen++;
    if (search->only && strcmp(search->only, name + strlen("rapl:")) != 0)
        return true;
    erg_device *dev = erg_devices_add(search->found, &erg_driver_rapl, name, search->err);
    if (!dev)
        return false;
    dev->info.scope = domain->scope;
    erg_text_put(dev->info.uuid, sizeof(dev->info.uuid), base);
    snprintf(dev->info.model, sizeof(dev->info.model), "RAPL %s%.16s",
             domain->name, suffix);
    erg_text_put(dev->argument, sizeof(dev->argument), key);
    return true;
}

static bool pmu_add_cpu(rapl_search *search, const rapl_domain *domain, int cpu,
                        int ordinal)
{
    char key[64], suffix[16] = "";

    if (domain->once && ordinal > 0)
        return true;
    if (!domain->once)
        snprintf(suffix, sizeof(suffix), "-%d",
                 package_of(erg_devices_env(search->found), cpu, ordinal));
    snprintf(key, sizeof(key), "%s.%d", domain->event, cpu);
    return rapl_add(search, domain, suffix, key);
}

/* cpumask: "0,16" or "0-1", one CPU of each package. */
static bool pmu_add_domain(rapl_search *search, const rapl_domain *domain,
                           const char *mask)
{
    int ordinal = 0;
    char *end;

    for (const char *at = mask; *at; at = *end == ',' ? end + 1 : end) {
        long first = strtol(at, &end, 10), last = first;
        if (end == at)
            break;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        for (long cpu = first; cpu <= last && ordinal < 64; cpu++)
            if (!pmu_add_cpu(search, domain, (int)cpu, ordinal++))
                return false;
    }
    return true;
}

static bool pmu_find(rapl_search *search)
{
    const erg_env *env = erg_devices_env(search->found);
    char mask[256], path[ERG_PATH_MOST], line[64];

    if (!erg_env_line(env, ERG_RAPL_PMU "/cpumask", mask, sizeof(mask), NULL))
        return true;
    for (size_t i = 0; i < ERG_COUNT(domains); i++) {
        snprintf(path, sizeof(path), ERG_RAPL_PMU "/events/%s", domains[i].event);
        if (erg_env_line(env, path, line, sizeof(line), NULL)
            && !pmu_add_domain(search, &domains[i], mask))
            return false;
    }
    return true;
}

/* ---- powercap ------------------------------------------------------------- */

static const rapl_domain *zone_domain(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(domains); i++)
        if (strncmp(name, domains[i].zone, strlen(domains[i].zone)) == 0)
            return &domains[i];
    return NULL;
}

static bool zone_name(const erg_env *env, const char *path, size_t count, char name[32])
{
    char file[ERG_PATH_MOST];

    snprintf(file, sizeof(file), "%.*s/name", (int)count, path);
    return erg_env_line(env, file, name, 32, NULL);
}

/* "intel-rapl:1:0" is called "dram" in every package: its parent "package-1" says
 * which. */
static bool zone_add(void *self, const char *path)
{
    rapl_search *search = self;
    const erg_env *env = erg_devices_env(search->found);
    const char *colon = strrchr(path, ':'), *suffix = "";
    char name[32], parent[32] = "";

    const rapl_domain *domain = zone_name(env, path, strlen(path), name) ? zone_domain(name)
                                                                        : NULL;
    if (!domain)
        return true;
    if (strchr(path, ':') != colon && zone_name(env, path, (size_t)(colon - path), parent))
        suffix = strncmp(parent, "package", 7) == 0 ? parent + 7 : "";
    else
        suffix = domain->once ? "" : name + strlen(domain->zone);
    return rapl_add(search, domain, suffix, path);
}

/* The MMIO zones are the same registers as the MSR zones, read another way. */
static bool zones_find(rapl_search *search)
{
    return erg_devices_match(search->found, "/sys/class/powercap/intel-rapl:*",
                             zone_add, search, search->err)
        && (search->seen
            || erg_devices_match(search->found, "/sys/class/powercap/intel-rapl-mmio:*",
                                 zone_add, search, search->err));
}

static double zone_micro(const erg_env *env, const char *zone, const char *file)
{
    char path[ERG_PATH_MOST], text[32];

    snprintf(path, sizeof(path), "%.400s/%s", zone, file);
    return erg_env_line(env, path, text, sizeof(text), NULL)
        ? 1e-6 * strtod(text, NULL) : 0;
}

/* The highest limit that the zone knows; 0 if none is plausible. */
static double zone_limit_w(const erg_env *env, const char *zone)
{
    static const char *const files[] = { "constraint_0_max_power_uw",
        "constraint_0_power_limit_uw", "constraint_1_power_limit_uw" };
    double most_w = 0;

    for (size_t i = 0; i < ERG_COUNT(files); i++) {
        double limit_w = zone_micro(env, zone, files[i]);
        if (limit_w > most_w && limit_w <= most_limit_w)
            most_w = limit_w;
    }
    return most_w;
}

static int zone_open(const erg_env *env, const char *zone, erg_rapl *state, erg_error *err)
{
    char path[ERG_PATH_MOST];
    erg_error fault = { 0 };

    snprintf(path, sizeof(path), "%.400s/energy_uj", zone);
    state->unit_j = 1e-6;
    state->read = erg_read_i64;
    int fd = erg_env_open(env, path, O_RDONLY, &fault);
    if (fd < 0 && fault.code == ERG_NO_ACCESS)
        erg_fail(err, fault.code, "%s is closed to this user; %s", path, erg_rapl_cures);
    else if (fd < 0)
        erg_fail(err, fault.code, "%s", fault.text);
    return fd;
}

/* ---- the driver ------------------------------------------------------------ */

static bool is_zone(const char *key)
{
    return key[0] == '/';
}

static int counter_open(const erg_device *dev, erg_rapl *state, erg_error *err)
{
    char event[64];

    if (is_zone(dev->argument))
        return zone_open(dev->env, dev->argument, state, err);
    erg_text_put(event, sizeof(event), dev->argument);
    char *dot = strrchr(event, '.');
    if (dot)
        *dot = '\0';
    return erg_rapl_pmu_open(dev->env, event, dot ? atoi(dot + 1) : 0, state, err);
}

/* Whether the devices from first on can be opened, tried on the first of them. */
static bool can_open(erg_devices *found, size_t first)
{
    erg_rapl state = { 0 };
    bool good = erg_devices_count(found) > first;

    if (good) {
        state.fd = counter_open(erg_devices_at(found, first), &state, NULL);
        good = state.fd >= 0;
        if (good)
            close(state.fd);
    }
    return good;
}

static bool rapl_find(erg_devices *found, const char *argument, erg_error *err)
{
    size_t first = erg_devices_count(found);
    rapl_search search = { found, argument && *argument ? argument : NULL, err, first, 0 };

    if (!pmu_find(&search))
        return false;
    if (can_open(found, first))
        return true;
    /* The PMU is missing or closed: where powercap is open it serves as well. */
    size_t second = search.first = erg_devices_count(found);
    search.seen = 0;
    if (!zones_find(&search))
        return false;
    if (can_open(found, second))
        erg_devices_drop(found, first, second - first);
    else if (second > first)
        erg_devices_drop(found, second, erg_devices_count(found) - second);
    if (erg_devices_count(found) > first)
        return true;
    if (search.only && search.seen)
        return erg_devices_absent(found, &erg_driver_rapl, ERG_ABSENT, err,
                                  "no RAPL zone is called \"%.40s\"", search.only);
    return erg_devices_absent(found, &erg_driver_rapl, ERG_ABSENT, err,
        "neither " ERG_RAPL_PMU " nor /sys/class/powercap/intel-rapl:* is there: a virtual "
        "machine, a CPU without RAPL, or a missing module (modprobe intel_rapl_msr)");
}

static bool rapl_open(erg_device *dev, erg_error *err)
{
    erg_rapl *state = erg_device_state(dev, sizeof(*state), err);
    int64_t raw;

    if (!state)
        return false;
    state->fd = counter_open(dev, state, err);
    if (state->fd < 0 || !state->read(state->fd, &raw, err))
        return false;
    erg_channel_info *energy = erg_device_channel(dev, "energy", ERG_ENERGY, ERG_COUNTER);
    energy->update_s = update_s;
    energy->gain_u = gain_u;
    if (is_zone(dev->argument)) {
        energy->range_j = zone_micro(dev->env, dev->argument, "max_energy_range_uj");
        energy->max_w = zone_limit_w(dev->env, dev->argument);
    }
    erg_rapl_add_knob(dev);
    return true;
}

static bool rapl_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    const erg_rapl *state = dev->own;
    int64_t raw;

    (void)channel, (void)err;
    bool good = state->read(state->fd, &raw, NULL);
    erg_reading_put(out, good ? state->unit_j * (double)raw : NAN);
    return true;
}

static void rapl_close(erg_device *dev)
{
    const erg_rapl *state = dev->own;

    if (state->fd > 0)
        close(state->fd);
}

const erg_driver erg_driver_rapl = {
    .name = "rapl",
    .about = "energy of CPU packages, DRAM and platform (RAPL)",
    .find = rapl_find,
    .open = rapl_open,
    .read = rapl_read,
    .close = rapl_close,
    .save = erg_rapl_save,
    .turn = erg_rapl_turn,
    .put_back = erg_rapl_put_back,
};
