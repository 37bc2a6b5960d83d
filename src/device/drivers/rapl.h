/* SPDX-License-Identifier: Apache-2.0 */
/* One RAPL counter, wherever it is read. */
#ifndef ERG_DEVICE_DRIVERS_RAPL_H
#define ERG_DEVICE_DRIVERS_RAPL_H

#include "device/driver.h"

#define ERG_RAPL_PMU "/sys/bus/event_source/devices/power"

extern const char erg_rapl_cures[];

typedef struct erg_rapl {
    int fd;
    double unit_j;
    bool (*read)(int fd, int64_t *raw, erg_error *err);
    char zone[128];             /* that limits the package; "" if none does */
} erg_rapl;

/* The PMU's event on a CPU: fills unit_j and read, returns the fd; -1 and err. */
int erg_rapl_pmu_open(const erg_env *env, const char *event, int cpu, erg_rapl *state,
                      erg_error *err);

/* The power limit of a package, where a zone has one. */
void erg_rapl_add_knob(erg_device *dev);
bool erg_rapl_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
bool erg_rapl_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                   erg_error *err);
bool erg_rapl_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err);

#endif
