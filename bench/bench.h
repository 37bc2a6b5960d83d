/* SPDX-License-Identifier: Apache-2.0 */
/* What every bench needs: clocks, medians, children, and a row with floor and limit. */
#ifndef ERG_BENCH_H
#define ERG_BENCH_H

#include <stddef.h>
#include <sys/resource.h>
#include <time.h>

typedef struct bench_row {
    const char *name, *unit;
    double value;
    double floor;       /* the same without us, in the same run; NAN: there is none */
    double limit;       /* at most; NAN: none is set */
    size_t n;
} bench_row;

void bench_print(const bench_row *row);
double bench_now_s(clockid_t which);
double bench_median(double values[], size_t count);
double bench_cpu_s(const struct rusage *use);
/* The child's output goes to /dev/null; exits when it cannot be run. */
int bench_start(char *const argv[]);
/* Wall seconds of one child and what it used. */
double bench_child_s(char *const argv[], struct rusage *use);

#endif
