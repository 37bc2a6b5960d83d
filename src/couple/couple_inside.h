/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A coupling study on its way to tables: two streams on one clock and one grid, what is
 * wrong with them, and the pairs.
 */
#ifndef ERG_COUPLE_COUPLE_INSIDE_H
#define ERG_COUPLE_COUPLE_INSIDE_H

#include "base/base.h"
#include "erg/couple.h"
#include "couple/granger.h"
#include "couple/pair_test.h"

/* ---- checks -------------------------------------------------------------------------- */

typedef enum erg_check_code {
    ERG_CHECK_DEVICE_MISMATCH,
    ERG_CHECK_NO_EXCITATION,
    ERG_CHECK_PLACEBO_FAILS,
    ERG_CHECK_PLACEHOLDER,
    ERG_CHECK_DERIVED,
    ERG_CHECK_CLOSED_FORM,
    ERG_CHECK_CLOCK_UNKNOWN,
    ERG_CHECK_NO_OVERLAP,
    ERG_CHECK_TOO_SHORT,
    ERG_CHECK_NOT_WHITE,
    ERG_CHECK_STARVED,
    ERG_CHECK_TWO_WRITERS,
    ERG_CHECK_IDENTICAL_RUNS,
    /* Flags: from here on nothing is refused. */
    ERG_CHECK_SENSOR_LAG,
    ERG_CHECK_LAG_UNRESOLVED,
    ERG_CHECK_SMOOTHED,
    ERG_CHECK_MIXED_REGIME,
    ERG_CHECK_NOT_SETTLED,
    ERG_CHECK_NOT_CONVERGING,
    ERG_CHECK_NO_BASELINE,
    ERG_CHECK_NO_AMBIENT,
    ERG_CHECK_SUSPECT_NOISE,
    ERG_CHECK_CLOCK_OFFSET,
    ERG_CHECK_TORN,
    ERG_CHECK_GAPS,
    ERG_CHECK_HELD,
    ERG_CHECK_RESTARTED,
    ERG_CHECK_ZONE_GUESSED,
    ERG_CHECK_CODES
} erg_check_code;

typedef struct erg_check_info { const char *name, *advice; } erg_check_info;
const erg_check_info *erg_check_describe(erg_check_code code);
static inline bool erg_check_refuses(erg_check_code code)
{
    return code < ERG_CHECK_SENSOR_LAG;
}

typedef enum erg_check_state {
    ERG_CHECK_OK,
    ERG_CHECK_UNKNOWN,
    ERG_CHECK_HIT
} erg_check_state;

typedef struct erg_check {
    erg_check_code code;
    char device[32];            /* "": of the log, or of all */
    char pair[72];              /* "": of the device */
    double value, limit;
    erg_check_state state;
    char what[160];             /* one clause more, or "" */
    char cure[120];             /* instead of the code's advice, or "" */
} erg_check;

/* ---- streams ------------------------------------------------------------------------- */

typedef struct erg_joint_point { int64_t t_ns; double value; } erg_joint_point;

typedef struct erg_joint_channel {
    char name[32];              /* "temp", "grad_norm" */
    int device;                 /* of the study; -1: the training log */
    int value;                  /* erg_monitor_value, or erg_training_value */
    erg_joint_point *points;    /* as sampled, finite ones alone */
    size_t count;
    double period_s;            /* median distance of points */
    double window_s;            /* that one value of the grid is a mean of */
    double sensor_s;            /* that one reading is a mean of; 0: not known */
    double *bins;               /* of the whole grid; NAN: nothing there */
    erg_check_code refused;     /* ERG_CHECK_CODES: it is not */
    bool is_void;               /* no sensor: pairs of it drop out */
    bool is_smoothed;           /* a moving mean longer than its bin */
    bool is_counted;            /* power of a bin is the difference of a counter */
} erg_joint_channel;

typedef struct erg_joint_device {
    const erg_monitor_device *log;
    bool is_studied;            /* others only tell the clock */
    double period_s;            /* between true updates */
    double median_on, median_off, mad_off, level_step;  /* of what tells work */
    bool is_driven, has_off, sensor_lag;
    double contrast;            /* (median_on - median_off) over what noise allows */
    double delay_s;             /* of the power sensor, applied to its stamps */
    bool is_fit_tried;          /* one thermal pole; NAN where it is not identifiable: */
    double fit_tau_s, fit_delay_s;
} erg_joint_device;

/* ---- pairs --------------------------------------------------------------------------- */

typedef struct erg_placebo {
    double shift_s, r, p_value;
    const char *session;        /* whose y; NULL: of this one, off its run */
    bool is_same_x;             /* of the other session: it counts for nothing */
} erg_placebo;

typedef struct erg_joint_pair {
    int x, y;                   /* channels */
    int device;
    uint64_t key;               /* its own chance */
    erg_detrend detrend;
    erg_pair test;
    bool is_tested;
    char why[120];              /* it was not tested */
    double q_value, u_lag_s;
    double driven_p; /* of the test without the drivers' share; NAN: none known */
    bool is_drivers_excluded, has_drivers;
    erg_placebo *placebos;
    size_t placebo_count, placebos_weighed;
    double placebo_run_r, placebo_median_r; /* |r|: of the run at the lag of its test, and
                                             * of the placebos */
    erg_granger granger;
    bool has_granger;
    double granger_shift_s[2];  /* taken off the stamps of x and y before */
    char granger_why[160];      /* it was not asked */
    erg_granger granger_driven; /* of what common drivers leave */
    bool has_granger_driven;
    bool hits[ERG_CHECK_CODES];
    bool is_feedback;           /* both signs of lag stand out */
    char verdict[200];
} erg_joint_pair;

struct erg_joint;
/* Another session, opened: its y is a placebo for x of this one. */
typedef struct erg_joint_other {
    const char *name;
    const struct erg_joint *joint;
} erg_joint_other;

typedef struct erg_joint {
    const erg_monitor *monitor;
    const erg_couple_options *options;
    size_t log_torn;
    bool is_alone;              /* the training log holds nothing: sensors are studied */
    erg_training_clock clock;   /* of the training log, as it came */
    erg_joint_device *devices;
    size_t device_count;
    erg_joint_channel *channels;
    size_t channel_count, channel_capacity;
    erg_joint_pair *pairs;
    size_t pair_count, pair_capacity;
    erg_check *checks;
    size_t check_count, check_capacity;
    /* bin k of the grid is [origin_ns + k dt, + dt) of UTC; run: [run_begin, run_end) */
    int64_t origin_ns, dt_ns;
    double dt_s;
    size_t bin_count, run_begin, run_end;
    int64_t start_ns, end_ns;   /* first and last record */
    /* the clock */
    double offset_s, half_width_s;
    bool has_edges, is_zone_guessed;
    bool is_one_clock;          /* both logs were stamped by one clock */
    int edge_device;
    const erg_joint_other *others;
    size_t other_count;
    erg_result *result;         /* notes go here */
} erg_joint;

bool erg_joint_check(erg_joint *joint, const erg_check *check, erg_error *err);
bool erg_joint_hits(const erg_joint *joint, erg_check_code code, const char *device);
/* NULL: no such channel. device -1: of the training log. */
erg_joint_channel *erg_joint_find(const erg_joint *joint, int device, const char *name);
/* One of the names that erg gives to values of a monitor. */
bool erg_joint_is_sensor(const char *name);
/* The values of the run that a channel has on the grid. */
static inline size_t erg_joint_n(const erg_joint *joint)
{
    return joint->run_end - joint->run_begin;
}
static inline const double *erg_joint_run(const erg_joint *joint,
                                          const erg_joint_channel *of)
{
    return of->bins + joint->run_begin;
}
static inline double erg_joint_s(const erg_joint *joint, size_t bin)    /* from the start */
{
    return erg_s_from_ns(joint->origin_ns + (int64_t)bin * joint->dt_ns - joint->start_ns);
}

/* A study without tables, for one that needs the streams themselves: monitor, options,
 * result and edge_device -1 are set before. erg_joint_free lets go of it, not of result. */
bool erg_joint_study(erg_joint *joint, const erg_training *log, erg_error *err);
/* Its two halves: streams with their checks and flags; then the pairs. Between them others
 * may be set. */
bool erg_joint_open(erg_joint *joint, const erg_training *log, erg_error *err);
bool erg_joint_decide(erg_joint *joint, erg_error *err);
void erg_joint_free(erg_joint *joint);

/* Its steps, in this order. */
bool erg_joint_take_log(erg_joint *joint, const erg_training *log, erg_error *err);
bool erg_joint_take_devices(erg_joint *joint, erg_error *err);
bool erg_joint_align(erg_joint *joint, erg_error *err);
bool erg_joint_grid(erg_joint *joint, erg_error *err);
bool erg_joint_fill(const erg_joint *joint, erg_joint_channel *of, erg_error *err);
/* Its n values of the run on bins of dt_s, whatever grid the study has; yours to free. */
double *erg_joint_on_grid(const erg_joint *joint, const erg_joint_channel *of, double dt_s,
                          size_t *n, erg_error *err);
/* The same values in the same order, or r above 0.999999: one realisation. */
bool erg_joint_is_same(const erg_joint_channel *a, const erg_joint_channel *b);
bool erg_joint_check_devices(erg_joint *joint, erg_error *err);
bool erg_joint_check_channels(erg_joint *joint, erg_error *err);
bool erg_joint_flag(erg_joint *joint, erg_error *err);
bool erg_joint_list_pairs(erg_joint *joint, erg_error *err);
bool erg_joint_test_pairs(erg_joint *joint, erg_error *err);
bool erg_joint_test_placebos(const erg_joint *joint, erg_joint_pair *pair,
                             const erg_pair_options *how, erg_error *err);
bool erg_joint_ask_granger(const erg_joint *joint, erg_joint_pair *pair,
                           const erg_pair_options *how, erg_error *err);
/* use, clock, lr and with is_power power, but x and y; how many. */
enum { ERG_DRIVERS_MOST = 4 };
size_t erg_joint_drivers(const erg_joint *joint, erg_joint_pair *pair, bool is_power,
                         const double *drivers[ERG_DRIVERS_MOST]);
/* What would make the residuals white, tried on the data; "": a longer record. */
void erg_joint_whiter(const erg_joint *joint, const erg_joint_pair *pair, char *to,
                      size_t size);
bool erg_joint_judge(erg_joint *joint, erg_error *err);
bool erg_joint_tables(erg_joint *joint, erg_error *err);
/* Tables surrogates, transfer, rates, spikes: they never decide. */
bool erg_joint_beside(erg_joint *joint, erg_error *err);
/* What the monitor, the grid and the clock are, and what one run cannot show. */
bool erg_joint_notes(const erg_joint *joint, erg_error *err);
/* A new row with x, y and device. */
bool erg_joint_begin_row(const erg_joint *joint, const erg_joint_pair *pair,
                         erg_table *table, erg_error *err);
/* Table placebo of the pair: of the run (index 0), else of placebo index - 1. */
enum { ERG_PLACEBO_COLUMNS = 8 };
extern const erg_column erg_placebo_columns[ERG_PLACEBO_COLUMNS];
bool erg_joint_put_placebo(const erg_joint *joint, const erg_joint_pair *pair, size_t index,
                           erg_table *table, erg_error *err);
/* Tables scatter and residuals. */
bool erg_joint_pictures(const erg_joint *joint, erg_error *err);
/* Tables coefficient and drops. */
bool erg_joint_responses(const erg_joint *joint, erg_error *err);

/* Medians of what tells work (power, else use), on and > 2 s off the run. */
void erg_joint_contrast(const erg_joint *joint, erg_joint_device *device, erg_span run);
/* The channel that tells work: power, else use. NULL: neither. */
const erg_joint_channel *erg_joint_work(const erg_joint *joint, int device);
#define ERG_JOINT_OUTSIDE_NS (2 * ERG_NS_PER_S)
/* Values of a channel inside or that far outside of run, into out; how many. */
size_t erg_joint_values(const erg_joint_channel *of, erg_span run, bool inside,
                        double out[]);

#endif
