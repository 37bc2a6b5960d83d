/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a workload took at many settings: applications, the visits made to their
 * points, and the mean of each point.
 *
 *   Units    SI: clocks in hertz, limits in watts. NAN: not turned, not measured.
 *   Owning   erg_points owns what it holds; pointers into it last until the next add.
 *   Failing  A row that cannot be used is kept as a rejection with its line and reason;
 *            reading fails only when nothing is left or the file is not a table.
 *   Threads  None shared.
 *   Source   The column names are those of docs/formats.md, "Tables of points".
 */
#ifndef ERG_POINTS_H
#define ERG_POINTS_H

#include <stddef.h>
#include <stdint.h>
#include "erg/env.h"
#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* What can be turned. OTHER is the further coordinate that a user names, as batch_size; a
 * sweep keeps there what has no column of its own. A fan moves heat and no work: it is
 * turned in interventions and calibrations, never swept. SMOOTHING is on or off; what
 * follows it is the preset in force and that preset's parameters. */
typedef enum erg_knob {
    ERG_SM_CLOCK, ERG_POWER_LIMIT, ERG_CPU_CLOCK, ERG_MEM_CLOCK, ERG_OTHER_SETTING, ERG_FAN,
    ERG_CPU_MAX, ERG_WORKLOAD_PROFILE, ERG_SMOOTHING, ERG_SMOOTHING_PROFILE,
    ERG_SMOOTHING_FLOOR, ERG_SMOOTHING_RAMP_UP, ERG_SMOOTHING_RAMP_DOWN,
    ERG_SMOOTHING_HYSTERESIS, ERG_SMOOTHING_SECOND_FLOOR, ERG_SMOOTHING_ACTIVE_WINDOW,
    ERG_SMOOTHING_TARGET_WINDOW, ERG_SMOOTHING_OFFSET,
    ERG_KNOBS
} erg_knob;

typedef struct erg_knob_info {
    const char *name;           /* "sm_clock" */
    const char *unit;           /* "Hz" */
    const char *column;         /* "sm_clock_mhz": in tables */
    double per_column_unit;     /* 1e6: one of the column's unit, in SI */
    bool from_zero;             /* 0 is a setting too: a profile, a switch, a margin */
} erg_knob_info;

extern const erg_knob_info erg_knob_infos[ERG_KNOBS];
bool erg_knob_parse(const char *name, erg_knob *out);
/* "1410", in the column's unit, or "1.41GHz"; false where it is no setting of the knob. */
bool erg_knob_value_parse(const char *text, size_t size, erg_knob knob, double *out);

typedef struct erg_knob_setting { double at[ERG_KNOBS]; } erg_knob_setting;

erg_knob_setting erg_knob_setting_none(void);               /* all NAN */
bool erg_knob_setting_equal(const erg_knob_setting *a, const erg_knob_setting *b);

/* Worst last: a visit has the worst that is true of it. Only ERG_VISIT_OK is kept in
 * means; a throttled visit may be chosen but is never fitted. */
typedef enum erg_visit_state {
    ERG_VISIT_OK, ERG_VISIT_NOT_COVERED, ERG_VISIT_CONTAMINATED, ERG_VISIT_CACHE_MISSES,
    ERG_VISIT_THROTTLED, ERG_VISIT_CLOCK_NOT_REACHED, ERG_VISIT_TIMEOUT, ERG_VISIT_FAILED,
    ERG_VISIT_STATES
} erg_visit_state;
const char *erg_visit_state_name(erg_visit_state state);    /* "clock_not_reached" */
bool erg_visit_state_parse(const char *name, erg_visit_state *out);

/* Which pipes fp_active counts: FP32/2 + FP64, FP32 + FP64, or those and FP16 and tensor.
 * A model refuses data of another definition. */
typedef enum erg_activity { ERG_ACTIVITY_UNKNOWN, ERG_ACTIVITY_HALF, ERG_ACTIVITY_SUM,
                            ERG_ACTIVITY_ALL } erg_activity;
const char *erg_activity_name(erg_activity definition);     /* "half" */
bool erg_activity_parse(const char *name, erg_activity *out);

typedef struct erg_application {
    char name[192];             /* unique in a set; never split by cross-validation */
    char profile[64], settings[256];    /* "precision=fp16,batch=8"; "" if none */
    char device[96], device_model[96], node[96];
    char unit[24];              /* of work, as "token"; "": not said */
    erg_activity definition;
    double retention, retention_low;    /* quality against the baseline, and its one-sided
                                         * 95 % bound; NAN: not scored */
    bool is_simulated;
} erg_application;

typedef struct erg_visit {
    size_t application;
    erg_knob_setting setting;   /* as requested and snapped */
    int block, place;           /* repetition and order; -1: unknown */
    int64_t start_ns;           /* UTC; INT64_MIN: unknown */
    double time_s, energy_j, mean_w, peak_w, temp_c;
    double energy_listed_j;     /* as a table had it, where energy_j is power x time */
    double samples;             /* of power, as a table had it: n_samples */
    double time_half_s;         /* known half-width of time_s, as of whole seconds; 0:
                                 * none */
    double sm_clock_seen_hz;
    double fp_active, dram_active;      /* 0..1 */
    double units;               /* of work that the command says it did; 0: it did not
                                 * say */
    double llc_misses;          /* of the last-level cache; 0: not counted */
    char output_hash[17];       /* of its answers, SHA-256, 16 digits of it; "": none */
    erg_visit_state state;
    int exit_status;
} erg_visit;

/* Kept visits of one application at one setting. Bounds: 95 % t-interval; NAN for one. */
typedef struct erg_point {
    size_t application;
    erg_knob_setting setting;
    size_t visits, dropped;
    double time_s, time_low_s, time_high_s, energy_j, energy_low_j, energy_high_j;
    double mean_w, peak_w, temp_c, fp_active, dram_active;
    double units, energy_per_unit_j;    /* means of kept visits; NAN: not all of them
                                         * said */
    erg_visit_state state;      /* OK with at least one kept visit, else the mildest seen */
} erg_point;

typedef struct erg_points erg_points;

erg_points *erg_points_new(erg_error *err);
void erg_points_free(erg_points *points);
/* The index of an equally named application, or of a new one. */
bool erg_points_application(erg_points *points, const erg_application *app, size_t *index,
                            erg_error *err);
bool erg_points_add(erg_points *points, const erg_visit *visit, erg_error *err);
bool erg_points_reject(erg_points *points, const char *application,
                       const erg_knob_setting *setting, const char *reason, erg_error *err);
bool erg_points_note(erg_points *points, erg_error *err, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

size_t erg_points_applications(const erg_points *points);
const erg_application *erg_points_application_at(const erg_points *points, size_t index);
erg_application *erg_points_application_edit(erg_points *points, size_t index);
size_t erg_points_visits(const erg_points *points);
const erg_visit *erg_points_visit_at(const erg_points *points, size_t index);
erg_visit *erg_points_visit_edit(erg_points *points, size_t index);
const char *erg_points_other_name(const erg_points *points);    /* of OTHER; "" if unused */
bool erg_points_name_other(erg_points *points, const char *name, erg_error *err);

/* All points, by application and then from the highest setting down; free() it.
 * NULL with count 0 and no error: there is none. */
erg_point *erg_points_means(const erg_points *points, size_t *count, erg_error *err);
/* A copy in which time and energy are of one unit of work, where visits say their units. */
erg_points *erg_points_per_unit(const erg_points *points, erg_error *err);
/* A copy with the visits of one application only, or (except) of all others. */
erg_points *erg_points_part(const erg_points *points, size_t application, bool except,
                            erg_error *err);

typedef struct erg_points_options {     /* zero means unset */
    const char *other;          /* column that is a coordinate (--setting batch_size) */
    erg_activity definition;    /* what fp_active counts where the file does not say */
    bool no_checks;             /* leave contaminated visits in, as published rules did */
    bool by_phase;              /* of a run file: an application for each region inside
                                 * `work`, where the command marked any */
} erg_points_options;

/* A CSV table of visits or points, "-" for stdin, appended to points. */
bool erg_points_read_csv(erg_points *points, const char *path,
                         const erg_points_options *options, erg_error *err);
/* That, or the points of a run file: whatever is at path. */
bool erg_points_load(erg_points *points, const erg_env *env, const char *path,
                     const erg_points_options *options, erg_error *err);
/* A run file of these points alone, replaced whole; notes come along. */
bool erg_points_save(const erg_points *points, const char *path, erg_error *err);
/* States of the visits by their figures: contaminated (time > 3 x the median of the
 * application), cache_misses (> 1.05 x those at the reference), and notes OUTLIER,
 * TIME_AGAINST_CLOCK, TWO_LEVELS, DRIFT, CACHE_MISSES. Reading a table has done it. */
bool erg_points_check(erg_points *points, erg_error *err);
/* Divides time, energy and power by the line that the reference visits follow over the
 * hours, where that line is a DRIFT. */
bool erg_points_correct_drift(erg_points *points, erg_error *err);

typedef struct erg_rejected {
    const char *application, *reason;
    const erg_knob_setting *setting;
} erg_rejected;
size_t erg_points_rejections(const erg_points *points);
erg_rejected erg_points_rejection_at(const erg_points *points, size_t index);
size_t erg_points_notes(const erg_points *points);
const char *erg_points_note_at(const erg_points *points, size_t index);

/* Tables points, visits, rejected, and the notes, into a result. */
bool erg_points_table(const erg_points *points, erg_result *result, erg_error *err);
/* The notes alone, and how many rows were rejected. */
bool erg_points_tell(const erg_points *points, erg_result *result, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
