/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structure function of a fast record: the capacities that heat has filled against the
 * resistances that it has passed, from the die outwards. Table structure.
 */
#ifndef ERG_THERMAL_STRUCTURE_H
#define ERG_THERMAL_STRUCTURE_H

#include "thermal/network.h"

enum { ERG_STRUCTURE_MOST = 160 };

/* Poles of a spectrum, in any order; r_fast: what is faster than the sampling. */
typedef struct erg_rc_spectrum {
    size_t count;
    double r_fast_k_per_w;
    double r_k_per_w[ERG_STRUCTURE_MOST], tau_s[ERG_STRUCTURE_MOST];
} erg_rc_spectrum;

/* A ladder: C of a node, then R to the next; the last R ends at the ambient. */
typedef struct erg_structure {
    size_t count;
    double r_fast_k_per_w;
    double c_j_per_k[ERG_STRUCTURE_MOST], r_k_per_w[ERG_STRUCTURE_MOST];
} erg_structure;

/* Sampled so fast that the parts of a package can be told apart. */
bool erg_structure_can(const erg_window *window);
/* Resistances that are not negative on a grid of time constants, eight a decade.
 * ERG_NO_DATA: gaps, or power that does not move. */
bool erg_structure_spectrum(const erg_window *window, erg_rc_spectrum *out, erg_error *err);
/* ERG_NO_DATA without a pole; ERG_UNSUPPORTED where an element would be negative. */
bool erg_structure_of(const erg_rc_spectrum *spectrum, erg_structure *out, erg_error *err);

typedef struct erg_structure_window {
    const erg_monitor_device *device;
    const erg_thermal_options *options;
    const char *window;
} erg_structure_window;

/* Table structure, made with its first row. A window that is too slow adds none; a broken
 * one adds a note. */
bool erg_structure_put(erg_result *result, erg_table **table,
                       const erg_structure_window *of, erg_error *err);

#endif
