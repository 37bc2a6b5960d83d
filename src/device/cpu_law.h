/* SPDX-License-Identifier: Apache-2.0 */
/* Watts of a CPU from its use alone: an estimate, never a measurement. */
#ifndef ERG_DEVICE_CPU_LAW_H
#define ERG_DEVICE_CPU_LAW_H

#include "base/base.h"

enum { ERG_CPU_POINTS_MOST = 32 };

typedef struct erg_cpu_law {
    double tdp_w;               /* of all sockets; used when there are no points */
    struct { double use, power_w; } points[ERG_CPU_POINTS_MOST];    /* use rises */
    size_t count;
    double factor;              /* true watts lie in [P / factor, P * factor] */
} erg_cpu_law;

/* The law for a stated TDP. */
erg_cpu_law erg_cpu_law_of_tdp(double tdp_w);
/* "tdp=90W" or "table=0:20,50:60,100:90" (per cent of use : watts). */
bool erg_cpu_law_parse(const char *text, erg_cpu_law *out, erg_error *err);
/* use 0..1, held to that range; a table is held constant beyond its ends. */
double erg_cpu_law_power_w(const erg_cpu_law *law, double use);
/* Watts of one socket by the model name of /proc/cpuinfo; NAN if not listed. */
double erg_cpu_tdp_w(const char *model_name);

#endif
