/* SPDX-License-Identifier: Apache-2.0 */
/* A network on its way from a window to figures with intervals. */
#ifndef ERG_THERMAL_FIT_INSIDE_H
#define ERG_THERMAL_FIT_INSIDE_H

#include "thermal/network.h"

#define RATIO_MOST 2.5          /* of the bounds of a time constant */

typedef struct erg_fitting {
    erg_window window;
    erg_network net;
    double *residual, *slope;   /* scratch, a value a row */
    double noise_k;             /* of most rows */
    /* Independent rows: by lag 1 alone; for the time constants; for what is slowest. */
    double n_first, n_eff, n_slowest;
    double tau_low_s[ERG_POLES_MOST], tau_high_s[ERG_POLES_MOST];
    bool at_the_edge;           /* a bound of tau is the grid's */
    double delay_bend;          /* of the squares over the delay; 0: unknown */
    double delay_sse;           /* the least of them, all rows alike */
    double log_tau_per_delay[ERG_POLES_MOST];
} erg_fitting;

/* The delay of the window's power, by networks of one pole. */
bool erg_fitting_find_delay(erg_fitting *f, double *delay_s, erg_error *err);
/* Rows by how well their power is known, then the delay anew. False: nothing moves. */
bool erg_fitting_weigh(erg_fitting *f, double *delay_s);
/* Where f has several poles: delay and network once more. False: not solvable. */
bool erg_fitting_delay_of_several(erg_fitting *f, double *delay_s);
/* By what several poles leave; the delay stays. */
void erg_fitting_weigh_again(erg_fitting *f);
/* How many rows are worth an independent one to what follows slope, by edges of power
 * between two rows alone. */
double erg_fitting_rows_for_edges(const erg_fitting *f, const double slope[]);
/* Resistances may be off by what edges at one place would make of them. */
void erg_fitting_let_edges_lie(const erg_fitting *f, erg_thermal *out);
/* What the network leaves, and how many independent rows that is worth. */
void erg_fitting_look(erg_fitting *f);
/* Bounds of each time constant, by its profile. */
void erg_fitting_intervals(erg_fitting *f);
/* Half-width of the delay's interval; NAN: unknown. */
double erg_fitting_delay_half_s(const erg_fitting *f);
void erg_fitting_let_delay_vary(erg_fitting *f);
/* Of resistances and ambient, into out. */
void erg_fitting_linear_intervals(const erg_fitting *f, erg_thermal *out);
void erg_fitting_cover_halves(erg_fitting *f, erg_thermal *out);

#endif
