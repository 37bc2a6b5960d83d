/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many CPUs a control group may use: cpu.max of cgroup v2, a knob in CPUs.
 *
 * cpu.max is "QUOTA PERIOD" in microseconds, or "max PERIOD" where there is no limit. The
 * groups above limit too: what is in force is the least on the way up. Only the quota is
 * turned; the period stays as it is. Named by its path under /sys/fs/cgroup.
 * Source: Documentation/admin-guide/cgroup-v2.rst of Linux.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/driver.h"

#define CGROUP "/sys/fs/cgroup"
enum { DEEPEST = 8, GROUPS_MOST = 4096 };
static const double least_quota_us = 1000, usual_period_us = 100000;
static const char unlimited[] = "max";

typedef struct limit {
    double quota_us; /* INFINITY: none */
    double period_us;
} limit;

/* ---- one group's files ------------------------------------------------------- */

static void path_of(const char *group, const char *file, char to[ERG_PATH_MOST])
{
    snprintf(to, ERG_PATH_MOST, CGROUP "/%.400s/%s", group, file);
}

static bool parse(const char *text, limit *out)
{
    char quota[24], period[24];

    if (sscanf(text, "%23s %23s", quota, period) != 2
        || !erg_number_parse(period, strlen(period), '.', &out->period_us)
        || !(out->period_us > 0))
        return false;
    out->quota_us = INFINITY;
    return strcmp(quota, unlimited) == 0
           || (erg_number_parse(quota, strlen(quota), '.', &out->quota_us)
               && out->quota_us > 0);
}

static bool get(const erg_env *env, const char *group, limit *out, erg_error *err)
{
    char path[ERG_PATH_MOST], text[64];

    path_of(group, "cpu.max", path);
    return erg_env_line(env, path, text, sizeof(text), err)
           && (parse(text, out)
               || erg_fail(err, ERG_IO, "%s says '%.40s', which is no quota and period",
                           path, text));
}

/* Of the group and of all above it; a group without the file limits nothing. */
static double least_cpus(const erg_env *env, const char *group)
{
    char name[ERG_PATH_MOST];
    double least = INFINITY;
    limit one;

    erg_text_put(name, sizeof(name), group);
    for (char *slash = name; slash; slash = strrchr(name, '/')) {
        if (slash != name)
            *slash = '\0';
        if (get(env, name, &one, NULL))
            least = fmin(least, one.quota_us / one.period_us);
    }
    return least;
}

/* "0-3,8": how many. */
static double count_cpus(const char *list)
{
    double count = 0;

    for (const char *at = list; at && *at;
         at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        unsigned first, last;
        int got = sscanf(at, "%u-%u", &first, &last);
        if (got < 1 || (got == 2 && last < first))
            return NAN;
        count += got == 2 ? last - first + 1 : 1;
    }
    return count > 0 ? count : NAN;
}

static double cpus_of(const erg_env *env, const char *group)
{
    char path[ERG_PATH_MOST], text[512];

    path_of(group, "cpuset.cpus.effective", path);
    if (erg_env_line(env, path, text, sizeof(text), NULL) && *text)
        return count_cpus(text);
    return erg_env_line(env, "/sys/devices/system/cpu/online", text, sizeof(text), NULL)
               ? count_cpus(text)
               : NAN;
}

/* ---- find, open, read, close --------------------------------------------------- */

static uint32_t mix(const char *text)
{
    uint32_t hash = 2166136261u;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash;
}

/* A long path is told by its end, and told apart by all of it. */
static void name_put(char *to, size_t size, const char *before, const char *group)
{
    size_t room = size - strlen(before) - 1, count = strlen(group);
    char whole[ERG_PATH_MOST];

    if (count <= room)
        snprintf(whole, sizeof(whole), "%s%.400s", before, group);
    else
        snprintf(whole, sizeof(whole), "%s%08x%.400s", before, (unsigned)mix(group),
                 group + count - (room - 8));
    erg_text_put(to, size, whole);
}

static bool add_group(erg_devices *found, const char *group, erg_error *err)
{
    char name[sizeof(((erg_device_info *)NULL)->name)];

    name_put(name, sizeof(name), "cgroup:", group);
    erg_device *dev = erg_devices_add(found, &erg_driver_cgroup, name, err);
    if (!dev)
        return false;
    name_put(dev->info.uuid, sizeof(dev->info.uuid), "", group);
    erg_text_put(dev->argument, sizeof(dev->argument), group);
    dev->info.scope = ERG_SCOPE_PACKAGE;
    name_put(dev->info.model, sizeof(dev->info.model), "control group ", group);
    return true;
}

typedef struct search {
    erg_devices *found;
    erg_error *err;
    size_t seen;
} search;

/* path: "/sys/fs/cgroup/a.slice/b.service/cpu.max" */
static bool see(void *self, const char *path)
{
    search *of = self;
    char group[ERG_PATH_MOST];
    int count = (int)(strrchr(path, '/') - path - (long)strlen(CGROUP "/"));

    snprintf(group, sizeof(group), "%.*s", count, path + strlen(CGROUP "/"));
    /* What does not fit where a device keeps its path can be read by nobody. */
    if (of->seen++ >= GROUPS_MOST || strlen(group) >= sizeof(((erg_device *)0)->argument))
        return true;
    return add_group(of->found, group, of->err);
}

static bool find_each(erg_devices *found, erg_error *err)
{
    search of = { .found = found, .err = err };
    char pattern[128] = CGROUP;

    for (int depth = 0; depth < DEEPEST; depth++) {
        char whole[160];
        strcat(pattern, "/*");
        snprintf(whole, sizeof(whole), "%s/cpu.max", pattern);
        if (!erg_devices_match(found, whole, see, &of, err))
            return false;
    }
    return of.seen > 0
           || erg_devices_absent(
               found, &erg_driver_cgroup, ERG_ABSENT, err,
               "no group under " CGROUP " has cpu.max: cgroup v2 is not "
               "mounted there (systemd.unified_cgroup_hierarchy=1), or the "
               "cpu controller is off (echo +cpu > cgroup.subtree_control)");
}

/* As a person writes it: with or without the folder in front. */
static bool group_of(const char *argument, char to[ERG_PATH_MOST], erg_error *err)
{
    const char *from = argument;
    size_t most = sizeof(((erg_device *)NULL)->argument);

    if (strncmp(from, CGROUP "/", strlen(CGROUP "/")) == 0)
        from += strlen(CGROUP "/");
    from += strspn(from, "/");
    erg_text_put(to, most, from);
    for (size_t end = strlen(to); end > 0 && to[end - 1] == '/'; end--)
        to[end - 1] = '\0';
    bool climbs = strcmp(to, "..") == 0 || strncmp(to, "../", 3) == 0 || strstr(to, "/../")
                  || (strlen(to) > 2 && strcmp(to + strlen(to) - 3, "/..") == 0);
    return (*to && !climbs && strlen(from) < most)
           || erg_fail(
               err, ERG_BAD_INPUT,
               "cgroup:%.60s is no group under " CGROUP ": write "
               "its path from there, as in cgroup:system.slice/job.service, of at most "
               "%zu letters",
               argument, most - 1);
}

static bool cgroup_find(erg_devices *found, const char *argument, erg_error *err)
{
    char group[ERG_PATH_MOST];
    erg_error fault = { 0 };
    limit now;

    if (!argument)
        return erg_devices_absent(found, &erg_driver_cgroup, ERG_ABSENT, err,
                                  "a control group is looked at when it is named: --sensor "
                                  "cgroup:system.slice/job.service, or --sensor cgroup for "
                                  "all that have cpu.max");
    if (!*argument)
        return find_each(found, err);
    if (!group_of(argument, group, err))
        return false;
    if (get(erg_devices_env(found), group, &now, &fault))
        return add_group(found, group, err);
    return erg_devices_absent(
        found, &erg_driver_cgroup, fault.code == ERG_NO_ACCESS ? ERG_DENIED : ERG_ABSENT,
        err,
        "%.140s: there is no such group, or its cpu controller is off: "
        "sudo sh -c 'echo +cpu > cgroup.subtree_control' in the group "
        "above it",
        fault.text);
}

static const struct {
    const char *name, *key;
} times[] = {
    { "cpu_time", "usage_usec" },
    { "throttled", "throttled_usec" },
};

/* A line "KEY MICROSECONDS" of cpu.stat. */
static double time_of(const erg_device *dev, const char *key)
{
    char path[ERG_PATH_MOST], whole[ERG_PATH_MOST];
    double us = NAN;
    size_t count;

    path_of(dev->argument, "cpu.stat", path);
    char *text = erg_path_join(dev->env, path, whole, NULL)
                     ? erg_file_read(whole, 65536, &count, NULL)
                     : NULL;
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t size = strlen(key);
        if (strncmp(line, key, size) == 0 && line[size] == ' ')
            us = strtod(line + size, NULL);
    }
    free(text);
    return 1e-6 * us;
}

static bool cgroup_open(erg_device *dev, erg_error *err)
{
    char path[ERG_PATH_MOST];
    limit now;

    if (!get(dev->env, dev->argument, &now, err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(times); i++)
        erg_device_channel(dev, times[i].name, ERG_DURATION, ERG_COUNTER);
    erg_device_knob *knob = erg_device_add_knob(dev, ERG_CPU_MAX);
    knob->low = least_quota_us / now.period_us;
    knob->high = cpus_of(dev->env, dev->argument);
    knob->now = isfinite(now.quota_us) ? now.quota_us / now.period_us : NAN;
    path_of(dev->argument, "cpu.max", path);
    knob->can_turn = erg_env_may_write(dev->env, path);
    if (!knob->can_turn)
        snprintf(knob->reason, sizeof(knob->reason),
                 "%.180s is root's: run erg as root, or "
                 "have systemd delegate the group (Delegate=cpu)",
                 path);
    return true;
}

static bool cgroup_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    (void)err;
    erg_reading_put(out, time_of(dev, times[channel].key));
    return true;
}

/* ---- turning ---------------------------------------------------------------------- */

static bool put(const erg_device *dev, const char *text, erg_error *err)
{
    char path[ERG_PATH_MOST];

    path_of(dev->argument, "cpu.max", path);
    return erg_env_put(dev->env, path, text, err);
}

static bool cgroup_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    limit now;

    (void)which;
    if (!get(dev->env, dev->argument, &now, err))
        return false;
    if (isfinite(now.quota_us))
        erg_text_add(to, "%.0f %.0f", now.quota_us, now.period_us);
    else
        erg_text_add(to, "%s %.0f", unlimited, now.period_us);
    return true;
}

static bool cgroup_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                        erg_error *err)
{
    char text[64];
    limit now;

    (void)which;
    if (!get(dev->env, dev->argument, &now, NULL))
        now.period_us = usual_period_us;
    snprintf(text, sizeof(text), "%.0f %.0f", fmax(value * now.period_us, least_quota_us),
             now.period_us);
    if (!put(dev, text, err))
        return false;
    double least = least_cpus(dev->env, dev->argument);
    *enforced = isfinite(least) ? least : NAN;
    return true;
}

static bool cgroup_put_back(erg_device *dev, erg_knob which, const char *saved,
                            erg_error *err)
{
    limit was;

    (void)which;
    if (!parse(saved, &was))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no quota and period of %s", saved,
                        dev->info.name);
    return put(dev, saved, err);
}

const erg_driver erg_driver_cgroup = {
    .name = "cgroup",
    .about = "CPUs that a control group may use (cgroup v2, cpu.max)",
    .find = cgroup_find,
    .open = cgroup_open,
    .read = cgroup_read,
    .save = cgroup_save,
    .turn = cgroup_turn,
    .put_back = cgroup_put_back,
};
