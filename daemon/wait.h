/* SPDX-License-Identifier: Apache-2.0 */
/* Cores at their least clock while a process waits on them: wait.c, wait_saved.c. */
#ifndef ERGD_WAIT_H
#define ERGD_WAIT_H

#include "daemon.h"

/* As cpufreq writes it: kHz. */
typedef struct ergd_wait_clock {
    int cpu;
    char was[24], least[24];
} ergd_wait_clock;

/* ---- wait_saved.c ------------------------------------------------------------------ */

/* Of one core's cpufreq. */
void ergd_wait_path(const char *root, int cpu, const char *name, char *to, size_t size);
/* cpu is given. ERG_UNSUPPORTED, ERG_REFUSED: it cannot be turned, or not alone. */
bool ergd_wait_read(const char *root, ergd_wait_clock *clock, erg_error *err);
/* All that may be lowered from now on, on the disk; none: nothing is left of it. */
bool ergd_waits_save(const erg_govern_config *config, const ergd_wait_clock clocks[],
                     size_t count, erg_error *err);

#endif
