/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of erg timeline share: a recording on its way to tables. */
#ifndef ERG_TIMELINE_TIMELINE_INSIDE_H
#define ERG_TIMELINE_TIMELINE_INSIDE_H

#include "math/stats.h"
#include "trace/rows.h"
#include "timeline/timeline.h"
#include "trace/window.h"

/* What work is for; of a region its program may tell nothing. */
typedef enum erg_purpose {
    ERG_FOR_COMPUTE, ERG_FOR_COMMUNICATION, ERG_FOR_MEMORY, ERG_FOR_REGION, ERG_PURPOSES
} erg_purpose;

/* What counts as one: kernels of a name, regions of a name. */
typedef struct erg_class {
    const char *name, *kind;
    int64_t count;
    double duration_s;
    double for_s[ERG_PURPOSES];     /* of duration_s */
    double bytes;                   /* moved by one run; NAN: nobody said */
} erg_class;

/* The total with its doubt. */
typedef struct erg_whole {
    erg_energy energy;
    double rest_u_j;            /* of the total, its gain left out */
    double parts_u_j;           /* of all parts, added up */
} erg_whole;

/* Begins taken together, whatever their names. */
typedef enum erg_begin_group {
    ERG_BEGIN_COLLECTIVE, ERG_BEGIN_WORK, ERG_BEGIN_GROUPS
} erg_begin_group;

typedef struct erg_timeline_tables {
    erg_table *spikes, *attribution, *split, *causes, *throttling, *limiters, *labels,
              *summary;
} erg_timeline_tables;

typedef struct erg_timeline_case {
    const erg_trace *trace;
    const erg_timeline_options *options;
    erg_result *result;
    erg_timeline_tables tables;
    int channel;                /* whose joules are shared */
    int power;                  /* whose power is looked at: the same, or beside it */
    erg_span span;
    double above_w;             /* readings above it are a spike */
    double resolution_s;        /* the sensor's: nothing finer is told */
    double clock_u_s;           /* of the meter's clock against ours, 95 % */
    double offset_s;            /* by which the meter's stamps are off; NAN: not known to
                                 * be */
    erg_bounds offset;          /* its 95 % interval */
    erg_rows points;            /* erg_power_point */
    erg_rows spikes;            /* erg_spike */
    erg_spill steps;            /* erg_sensor_step */
    int64_t reached_ns;         /* the end of the last of them */
    erg_sum steps_j;            /* joules of them all */
    erg_spill works;            /* erg_work, by begin */
    erg_rows classes;           /* erg_class */
    int64_t events_of[ERG_EVENT_KINDS];     /* counted with the causes */
    erg_lift begun[ERG_BEGIN_GROUPS];       /* near the spikes that were tried */
    size_t spikes_tried;
    bool has_counter;           /* of throttled time, on the device that is looked at */
    const char *by;             /* "kernel", "operator", "region" */
    erg_error *err;
} erg_timeline_case;

/* ---- timeline_columns.c ------------------------------------------------------------- */

bool erg_timeline_add_tables(erg_timeline_case *all);

/* ---- timeline_steps.c --------------------------------------------------------------- */
bool erg_timeline_points(erg_timeline_case *all);
bool erg_timeline_steps(erg_timeline_case *all);
/* The sensor's own averaging time, or the time between its values where that is longer. */
double erg_timeline_resolution_s(const erg_timeline_case *all);

/* ---- timeline_work.c ---------------------------------------------------------------- */

/* Fills works, classes, by. ERG_BAD_INPUT where what was asked for is not in the trace. */
bool erg_timeline_works(erg_timeline_case *all);

/* ---- timeline_prior.c --------------------------------------------------------------- */

/* Watts of each class from the file options->prior; NAN: not expected. */
bool erg_timeline_prior(erg_timeline_case *all, double class_w[]);

/* ---- timeline_split.c --------------------------------------------------------------- */

/* Of work that no profiler has sorted: collectives of MPI, NCCL and PyTorch by name. */
bool erg_timeline_is_communication(const char *name);
/* The 95 % interval of part of the whole. */
erg_bounds erg_timeline_ends(const erg_whole *total, const erg_part *part);
/* The table split. parts: one a class, and the remainder. */
bool erg_timeline_split(erg_timeline_case *all, const erg_whole *total,
                        const erg_part parts[]);

/* ---- timeline_clock.c ---------------------------------------------------------------- */

/* Joules that were shared, and of what. */
typedef struct erg_shared {
    const erg_work_list *work;
    const erg_step_list *steps;
    const erg_prior *prior;
    erg_part *parts;
} erg_shared;

/* Adds the uncertainty of the clock to that of the parts. */
bool erg_timeline_widen(erg_timeline_case *all, const erg_shared *of);

/* ---- timeline_offset.c -------------------------------------------------------------- */

/* Sets offset_s and widens clock_u_s where the power follows the events elsewhere. */
bool erg_timeline_offset(erg_timeline_case *all);

/* ---- timeline_causes.c -------------------------------------------------------------- */

/* What happened after a spike. */
typedef struct erg_aftermath {
    const char *throttle;       /* the counter that rose within 200 ms; NULL: none */
    double clock_drop_hz;       /* NAN: no clock was read */
} erg_aftermath;

/* The tables spikes and causes. after: one a spike. Counts the events. */
bool erg_timeline_causes(erg_timeline_case *all, const erg_aftermath after[]);

/* ---- timeline_after.c --------------------------------------------------------------- */

/* Fills after[] and adds the table throttling. */
bool erg_timeline_after(erg_timeline_case *all, erg_aftermath after[]);

/* ---- timeline_questions.c ----------------------------------------------------------- */

/* The columns crest and thd of summary. */
double erg_timeline_crest(const erg_timeline_case *all);
double erg_timeline_thd(const erg_timeline_case *all);
/* A note for each of four questions after a spike; none without spikes. */
bool erg_timeline_questions(erg_timeline_case *all, const erg_aftermath after[]);

/* ---- timeline_labels.c -------------------------------------------------------------- */

/* The tables limiters and labels. */
bool erg_timeline_labels(erg_timeline_case *all);

/* Channel of a device by name; -1: none. */
int erg_channel_named(const erg_trace *trace, int device, const char *name);

/* Seconds since what is told of begins. */
static inline double erg_timeline_s(const erg_timeline_case *all, int64_t t_ns)
{
    return erg_s_from_ns(t_ns - all->span.begin_ns);
}

#endif
