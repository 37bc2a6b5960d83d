/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the heat goes: a network of thermal resistances and time constants found in a
 * record of power and temperature, and what it says about the next minutes.
 *
 *   T(t) = T_a + R_0 P + sum_i R_i x_i(t),   x_i: P through a first-order lag tau_i
 *
 *   Units    SI: kelvin, watts, seconds, K/W. Unknown is NAN; never reached is INFINITY.
 *   Owning   erg_thermal and erg_thermal_state are plain values.
 *   Failing  A record that lacks the answer is no error: its verdict says so.
 *   Threads  None shared. step, time_to_limit and safe_power are pure and allocate nothing.
 *   Source   Foster networks by output error: JESD51-14; docs/thermal.md.
 */
#ifndef ERG_THERMAL_H
#define ERG_THERMAL_H

#include "erg/monitor.h"
#include "erg/training.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum { ERG_POLES_MOST = 3 };

typedef enum erg_thermal_verdict {
    ERG_THERMAL_IDENTIFIED, ERG_THERMAL_TIME_CONSTANT_ONLY, ERG_THERMAL_NOT_IDENTIFIABLE
} erg_thermal_verdict;

typedef struct erg_thermal_pole {
    double r_k_per_w, r_low_k_per_w, r_high_k_per_w;
    double tau_s, tau_low_s, tau_high_s;
} erg_thermal_pole;

typedef struct erg_thermal {
    erg_thermal_pole poles[ERG_POLES_MOST];
    int pole_count;
    double r_fast_k_per_w, r_fast_low_k_per_w, r_fast_high_k_per_w;    /* R_0 */
    double ambient_k, ambient_low_k, ambient_high_k;
    double delay_s;                     /* of the power sensor: > 0, it is late */
    double delay_half_s;                /* half of its 95 % interval */
    double rmse_k, held_out_rmse_k, held_out_max_k, residual_sd_k;
    double begin_s, end_s;              /* of the record, from its first row */
    double fan_low, fan_high, power_low_w, power_high_w;
    double step_k;                      /* of the temperature sensor */
    double noise_k;                     /* of rows whose power is sure: rows between two
                                         * powers count for less in a fit */
    size_t rows, segments;
    double n_eff;
    double leakage_w_per_k;             /* NAN: not known, or none that can be told from
                                         * 0 */
    erg_thermal_verdict verdict;
    char reason[120];                   /* "" when identified */
} erg_thermal;

typedef struct erg_thermal_options {
    double begin_s, end_s;              /* window; both 0: each steady regime of 120 s */
    double ambient_k;                   /* 0: found */
    double fan_low, fan_high;           /* rows with the fan in it alone; both 0: all */
    int poles;                          /* 0: as many as the record carries */
    bool gain_schedule;                 /* table schedule, over all windows of a device */
    bool cauer;                         /* table cauer */
    bool curves;                        /* table curves: what a page draws */
    bool relax;                         /* power taken as constant: T_inf, T_0, tau alone */
    const char *meters, *coolant;       /* of table balance; NULL: none */
} erg_thermal_options;

const char *erg_thermal_verdict_name(erg_thermal_verdict verdict);

/* One window. ERG_NO_DATA: fewer than 30 rows with both power and temperature. */
bool erg_thermal_fit(const erg_monitor_device *device, const erg_thermal_options *options,
                     erg_thermal *out, erg_error *err);
/* T = T_inf - (T_inf - T_0) exp(-t/tau): ambient_k is T_inf, r_fast the T_0 in kelvin. */
typedef struct erg_relaxation { double tau_s, end_k, begin_k, rmse_k; } erg_relaxation;
bool erg_thermal_relax(const erg_monitor_device *device, const erg_thermal_options *options,
                       erg_relaxation *out, erg_error *err);

/* Steady stretches: the fan neither goes on or off nor moves by 15 points. Up to most; the
 * count of all. Seconds from the device's first row. */
typedef struct erg_regime { double begin_s, end_s, fan_low, fan_high; } erg_regime;
size_t erg_thermal_regimes(const erg_monitor_device *device, erg_regime out[], size_t most);

/* ln R of the slowest pole, linear in the fan, over windows that were identified. False: no
 * two of them with the fan apart. */
enum { ERG_SCHEDULE_MOST = 64 };
typedef struct erg_gain_schedule {
    size_t windows;
    double r_still_k_per_w;             /* the line at fan 0 */
    double log_r_per_fan;               /* fan as 0..1 */
    double c_j_per_k, c_ratio;          /* geometric mean; largest over least */
    double fan_low, fan_high;
    bool is_consistent;                 /* capacities agree within a factor of two */
} erg_gain_schedule;
bool erg_thermal_schedule(const erg_thermal models[], size_t count, erg_gain_schedule *out);
double erg_scheduled_r(const erg_gain_schedule *schedule, double fan);

/* ---- ahead --------------------------------------------------------------------------- */

typedef struct erg_thermal_state {
    double x_w[ERG_POLES_MOST];         /* lagged power of each pole */
    double power_w;                     /* the last */
    double bias_k;                      /* what the model misses now; fades with the
                                         * slowest */
} erg_thermal_state;

/* The state at the device's row `at`, by running over all rows of the window before it. */
bool erg_thermal_state_at(const erg_thermal *model, const erg_monitor_device *device,
                          size_t at, erg_thermal_state *out, erg_error *err);
void erg_thermal_step(const erg_thermal *model, erg_thermal_state *state, double power_w,
                      double dt_s);
/* Temperature after ahead_s at constant power. */
double erg_thermal_ahead(const erg_thermal *model, const erg_thermal_state *state,
                         double power_w, double ahead_s);
/* 0: it is there; INFINITY: never. */
double erg_thermal_time_to_limit(const erg_thermal *model, const erg_thermal_state *state,
                                 double power_w, double limit_k);
/* The most power that stays below limit_k - margin_k for horizon_s (INFINITY: for ever). */
double erg_thermal_safe_power(const erg_thermal *model, const erg_thermal_state *state,
                              double limit_k, double margin_k, double horizon_s);

/* Where it ends at a power that was measured at at_k; leakage grows on the way there.
 * INFINITY: it runs away. */
typedef struct erg_thermal_power { double power_w, at_k; } erg_thermal_power;
double erg_thermal_steady(const erg_thermal *model, const erg_thermal_power *power);

/* Power that heat adds, from a stretch where load and clock stand still. NAN without
 * one. */
typedef struct erg_leakage { double w_per_k, low_w_per_k, high_w_per_k; } erg_leakage;
erg_leakage erg_thermal_leakage(const erg_monitor_device *device, const erg_thermal *model);

/* ---- energy -------------------------------------------------------------------------- */

typedef enum erg_balance_kind {
    ERG_BALANCE_FIT_RESIDUAL,   /* out from the network: closes by construction */
    ERG_BALANCE_INDEPENDENT     /* out was measured too, or in a second time */
} erg_balance_kind;
const char *erg_balance_kind_name(erg_balance_kind kind);

typedef struct erg_balance {
    double begin_s, end_s;
    double span_s;              /* of it, without gaps */
    double in_j, out_j, stored_j;       /* stored_j NAN: capacities are unknown */
    double closure, closure_low, closure_high;  /* (in - out - stored)/in, 95 % */
    double eta_p;               /* (gross - idle)/gross; NAN: idle unknown */
    erg_balance_kind kind;
    bool closes;                /* within 5 %, and 0 is in the interval */
} erg_balance;

/* options: those of the window that the model was fitted to. */
bool erg_thermal_balance(const erg_monitor_device *device,
                         const erg_thermal_options *options, const erg_thermal *model,
                         erg_balance *out, erg_error *err);
/* The integral of power against the counter. False: it has not both. */
bool erg_counter_balance(const erg_monitor_device *device, erg_balance *out);
/* "wall=gpu+cpu": in by the first meter, out by the sum of those inside it; each a device
 * with power or a counter, or a column of watts, over the time that all have (options: the
 * window). More of them after commas; this reads the first. ERG_NOT_FOUND: no such one. */
bool erg_meters_balance(const erg_monitor *monitor, const char *text,
                        const erg_thermal_options *options, erg_balance *out,
                        erg_error *err);
/* "flow=COL,in=COL,out=COL,heat=4169": a coolant's flow in l/min, its temperatures in C
 * before and after, J/(l K). Out is flow x heat x (out - in); stored_j is the model's, NAN
 * where it is not identified (or NULL). */
bool erg_coolant_balance(const erg_monitor *monitor, const erg_monitor_device *device,
                         const erg_thermal_options *options, const erg_thermal *model,
                         erg_balance *out, erg_error *err);
/* The columns that meters and coolant name: the log is read with them as `extra`. */
bool erg_balance_columns(const erg_thermal_options *options, erg_monitor_columns *out,
                         erg_error *err);
double erg_eta_p(const erg_monitor_device *device, double begin_s, double end_s);

/* Rise per watt, t_s after a step. */
double erg_thermal_zth(const erg_thermal *model, double t_s);

/* Foster to Cauer: capacities in J/K and resistances in K/W from the junction out. At most
 * four of each; false where an element would be negative. */
typedef struct erg_cauer { int count; double c_j_per_k[4], r_k_per_w[4]; } erg_cauer;
bool erg_thermal_cauer(const erg_thermal *model, erg_cauer *out, erg_error *err);
/* The way back, for nodes without a fast part. */
bool erg_thermal_foster(const erg_cauer *network, erg_thermal *out, erg_error *err);

/* ---- tables -------------------------------------------------------------------------- */

/* poles, fit, balance, and as asked for cauer, schedule: a row for each window. */
erg_result *erg_thermal_fit_tables(const erg_monitor *monitor, const char *device,
                                   const erg_thermal_options *options, erg_error *err);
typedef struct erg_forecast_options {
    erg_thermal_options fit;
    double limit_k, margin_k;           /* 0: 83 C; 2 K */
    double power_w;                     /* 0: mean of the last 10 s */
    double horizon_s;                   /* 0: for ever */
    bool score;                         /* how good would it have been on this record? */
    const erg_training *training;       /* for the alarms of gradient spikes; NULL: none */
} erg_forecast_options;
/* forecast, and with score the tables score and alarms. *reached: the limit is reached. */
erg_result *erg_thermal_forecast_tables(const erg_monitor *monitor, const char *device,
                                        const erg_forecast_options *options, bool *reached,
                                        erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
