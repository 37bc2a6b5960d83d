/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power laws in time, with energy in closed form: the truth behind `sim`, the
 * fake NVML and many tests. A law is a sum of parts; a part is a row of straight
 * lines, repeated for ever or held at both ends. Time 0 is the law's own.
 */
#ifndef ERG_PLANT_POWER_H
#define ERG_PLANT_POWER_H

#include "base/base.h"

enum { ERG_LAW_PARTS_MOST = 4, ERG_LAW_LINES_MOST = 16 };

typedef struct erg_law_line {
    double duration_s, begin_w, end_w;
} erg_law_line;

typedef struct erg_law_part {
    erg_law_line lines[ERG_LAW_LINES_MOST];
    size_t count;
    bool repeats; /* else the first and the last level are held */
} erg_law_part;

typedef struct erg_law {
    erg_law_part parts[ERG_LAW_PARTS_MOST];
    size_t count;
} erg_law;

/* constant:W  square:LOW:HIGH:PERIOD[:DUTY]  ramp:FROM:TO:DURATION
 * list:W:DURATION[:W:DURATION]..., repeated; joined by + they are added. A
 * square begins with HIGH. Watts may go without "W", durations need a unit. */
bool erg_law_parse(const char *text, erg_law *out, erg_error *err);
erg_law erg_law_constant(double level_w);
erg_law erg_law_square(double low_w, double high_w, double period_s, double duty);

double erg_law_w(const erg_law *law, double t_s);
/* Exact but for rounding; negative if end is before begin. */
double erg_law_j(const erg_law *law, double begin_s, double end_s);

#endif
