/* SPDX-License-Identifier: Apache-2.0 */
/* One window of a record, and the linear part of a network's fit for given time
 * constants. */
#ifndef ERG_THERMAL_NETWORK_H
#define ERG_THERMAL_NETWORK_H

#include "base/base.h"
#include "erg/thermal.h"

enum {
    ERG_SEGMENTS_MOST = 8,
    ERG_NETWORK_COLUMNS = 3 + ERG_POLES_MOST * (1 + ERG_SEGMENTS_MOST),
    ERG_WINDOW_BLOCK = 2048,    /* rows that are multiplied at a time */
    ERG_WINDOW_SCRATCH = ERG_WINDOW_BLOCK * (3 + 2 * ERG_POLES_MOST)
};

typedef struct erg_window {
    size_t n, segments;
    double *t_s, *temp_k, *power_w, *fan;
    double *late_w;             /* power_w moved by the delay */
    double *weight;             /* of a row's residual, where is_weighed */
    bool is_weighed;
    double delay_s;             /* of late_w */
    size_t *segment;            /* 0, 1, ..: a gap of 2.5 intervals begins another */
    double dt_s, step_k;
    double ambient_k;           /* NAN: free */
    double begin_s;             /* of the first row, from the device's first row */
    double *columns;            /* scratch: n, and at least ERG_WINDOW_SCRATCH */
} erg_window;

/* A fan that moves by more is another regime, and so is one that goes on or off. */
#define ERG_FAN_MOVED 0.15
#define ERG_REGIME_LEAST_S 120.0

/* Of row i, since the device's first. */
double erg_since_s(const erg_monitor_device *device, size_t i);
/* Settled at one power: what the filters forget within a few time constants. */
void erg_thermal_settle(const erg_thermal *model, double power_w, erg_thermal_state *out);

/* Rows with power and temperature within [begin, end) of the device. Free with close. */
bool erg_window_open(const erg_monitor_device *device, const erg_thermal_options *options,
                     erg_window *out, erg_error *err);
/* A part of it, [first, first + n): borrows, needs no close. */
erg_window erg_window_part(const erg_window *whole, size_t first, size_t n);
/* The second half of the longest stretch without a gap. */
typedef struct erg_held_out { size_t begin, end; } erg_held_out;
erg_held_out erg_held_out_rows(const erg_window *window);
void erg_window_close(erg_window *window);
/* The means of so many rows each; a mean over a gap is left out. Free with close. */
bool erg_window_means(const erg_window *from, size_t rows, erg_window *out, erg_error *err);
void erg_window_delay(erg_window *window, double delay_s);
/* Weighs rows by how well late_w knows their power, where R_0 turns watts into kelvin and
 * noise_k is what is left of rows that know it; 0: all alike. Stays as the delay moves. */
void erg_window_weigh(erg_window *window, double r_fast, double noise_k);

typedef struct erg_network {
    int poles;
    double tau_s[ERG_POLES_MOST], r[ERG_POLES_MOST];
    double r_fast, ambient_k;
    double start_k[ERG_POLES_MOST][ERG_SEGMENTS_MOST];      /* b_i of each segment */
    double se_r[ERG_POLES_MOST], se_r_fast, se_ambient;     /* white residuals */
    double sse;
} erg_network;

/* Best R >= 0, T_a and b for the taus that are in `net`. False: the columns depend on each
 * other. */
bool erg_network_solve(const erg_window *window, erg_network *net);
/* residual[k] = measured - model, over the window. */
void erg_network_residuals(const erg_window *window, const erg_network *net,
                           double residual[]);
/* x_i over the window for one tau, zero at the head of each segment. */
void erg_lag(const erg_window *window, double tau_s, double x[]);

/* Best network of so many poles by a grid of time constants and golden sections. */
bool erg_network_search(const erg_window *window, int poles, erg_network *out);
/* The best network of one pole, on a coarser grid. */
erg_network erg_network_glance(const erg_window *window);
/* The grid's ends. */
void erg_network_grid(const erg_window *window, double *low_s, double *high_s);

#endif
