/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joules of kernels that were never alone: windows of the running model that hold different
 * counts of them.
 *
 *   E_w = P_base T_w + sum_k n_(k,w) e_k,  e_k >= 0
 *
 *   Leaks    Time and energy that were measured with the target are no columns: the base
 *            is taken off with a power that was measured elsewhere, or it stays in e_k.
 */
#ifndef ERG_REPLAY_REGRESS_H
#define ERG_REPLAY_REGRESS_H

#include "replay/replay.h"

typedef struct erg_regress_window {
    char name[160];
    double time_s, energy_j, system_j;
} erg_regress_window;

typedef struct erg_regress_kernel {
    char name[ERG_KERNEL_NAME];
    erg_tier tier;
    size_t group;               /* kernels of one group could not be told apart */
    double energy_j, low_j, high_j;     /* of a launch, mean of its group; 95 % */
    double isolated_j, isolated_u_j;    /* dynamic, by the replay; NAN */
    double agreement_en;        /* of the group; NAN: not to be compared */
} erg_regress_kernel;

typedef struct erg_regress_set {
    char source[160];
    erg_regress_window *windows;
    size_t window_count, window_capacity;
    erg_regress_kernel *kernels;
    size_t kernel_count, kernel_capacity;
    struct erg_regress_count { size_t window, kernel; double count; } *counts;
    size_t count_count, count_capacity;
    bool is_system;             /* joules are of all the machine, and no device's */
    double base_w;              /* taken off each window; NAN: joules are gross */
    /* found */
    size_t group_count;
    double condition;
    double *predicted_j, *left_out_j;   /* of each window; the second by the others */
    double *group_en;                   /* of each group */
    double left_out_error;      /* mean of |predicted / measured - 1| */
} erg_regress_set;

erg_regress_set *erg_regress_set_new(const char *source, erg_error *err);
void erg_regress_set_free(erg_regress_set *set);
/* Index of the row of that name, a new one where there is none; SIZE_MAX: no memory. */
size_t erg_regress_window_of(erg_regress_set *set, const char *name, erg_error *err);
size_t erg_regress_kernel_of(erg_regress_set *set, const char *name, erg_error *err);
bool erg_regress_add(erg_regress_set *set, size_t window, size_t kernel, double count,
                     erg_error *err);

/* CSV model,module_name,kernel_name,..: a window is a model and a module. */
erg_regress_set *erg_regress_read(const char *path, erg_error *err);
/* Regions that hold regions of kernels: a window is one that no other holds, a kernel
 * one that is no parent. Joules of the channel; -1: the first of power or energy. */
erg_regress_set *erg_regress_of_trace(const erg_trace *trace, int channel, erg_error *err);

bool erg_regress_solve(erg_regress_set *set, erg_error *err);
/* Beside kernels of the same name that were replayed alone (replay/meter.h). The number of
 * groups that are apart by more than an interval that all of them keep together. */
size_t erg_regress_compare(erg_regress_set *set, const erg_replay *replay);
bool erg_regress_tables(const erg_regress_set *set, size_t apart, erg_result *result,
                        erg_error *err);

#endif
