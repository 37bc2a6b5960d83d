/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The perf PMU `power`: RAPL without wraps. A counter is an event on one CPU of each
 * package, opened for the whole system, which is why it needs CAP_PERFMON.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "device/drivers/rapl.h"

const char erg_rapl_cures[] = "cure, in this order: setcap cap_perfmon+ep "
                              "on erg (for the perf "
    "counters), a udev rule that gives a group energy_uj of /sys/class/powercap, or ergd; "
    "a chmod is lost at reboot";

static bool perf_read(int fd, int64_t *raw, erg_error *err)
{
    return read(fd, raw, sizeof(*raw)) == (ssize_t)sizeof(*raw)
        || erg_fail(err, ERG_IO, "a perf energy counter cannot be read: %s",
                    strerror(errno));
}

static bool pmu_number(const erg_env *env, const char *file, double *out)
{
    char path[ERG_PATH_MOST], text[64], *end;

    snprintf(path, sizeof(path), ERG_RAPL_PMU "/%s", file);
    if (!erg_env_line(env, path, text, sizeof(text), NULL))
        return false;
    const char *digits = strncmp(text, "event=", 6) == 0 ? text + 6 : text;
    *out = strtod(digits, &end);    /* reads 0x02 and 2.3283e-10 alike */
    return end != digits;
}

static int perf_open(unsigned type, unsigned event, int cpu, erg_error *err)
{
    struct perf_event_attr attr = { .type = type, .size = sizeof(attr), .config = event };
    int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

    if (fd < 0 && (errno == EACCES || errno == EPERM))
        erg_fail(err, ERG_NO_ACCESS, "the perf energy counters are closed to this user; %s",
                 erg_rapl_cures);
    else if (fd < 0)
        erg_fail(err, errno == ENOENT || errno == ENODEV ? ERG_NOT_FOUND : ERG_IO,
                 "perf_event_open for RAPL: %s", strerror(errno));
    return fd;
}

static bool counts_joules(const erg_env *env, const char *event, erg_error *err)
{
    char path[ERG_PATH_MOST], unit[32];

    snprintf(path, sizeof(path), ERG_RAPL_PMU "/events/%.32s.unit", event);
    return !erg_env_line(env, path, unit, sizeof(unit), NULL) || strcmp(unit, "Joules") == 0
        || erg_fail(err, ERG_UNSUPPORTED, "%s says %s, not Joules: use powercap",
                    path, unit);
}

/* Under another root the machine's own counters would be the wrong ones: there a
 * file counters/EVENT.CPU beside events/ stands for each. */
int erg_rapl_pmu_open(const erg_env *env, const char *event, int cpu, erg_rapl *state,
                      erg_error *err)
{
    char file[64], path[ERG_PATH_MOST];
    double type, config;

    snprintf(file, sizeof(file), "events/%.32s", event);
    if (!pmu_number(env, "type", &type) || !pmu_number(env, file, &config)) {
        erg_fail(err, ERG_NOT_FOUND, ERG_RAPL_PMU " has no %s", event);
        return -1;
    }
    if (!counts_joules(env, event, err))
        return -1;
    snprintf(file, sizeof(file), "events/%.32s.scale", event);
    if (!pmu_number(env, file, &state->unit_j))
        state->unit_j = 0x1p-32;
    if (!env->root || !env->root[0]) {
        state->read = perf_read;
        return perf_open((unsigned)type, (unsigned)config, cpu, err);
    }
    snprintf(path, sizeof(path), ERG_RAPL_PMU "/counters/%.32s.%d", event, cpu);
    state->read = erg_read_i64;
    erg_error fault = { 0 };
    int fd = erg_env_open(env, path, O_RDONLY, &fault);
    if (fd < 0 && fault.code == ERG_NO_ACCESS)
        erg_fail(err, fault.code, "the perf energy counters are closed to this user; %s",
                 erg_rapl_cures);
    else if (fd < 0)
        erg_fail(err, fault.code, "%s", fault.text);
    return fd;
}
