/* SPDX-License-Identifier: Apache-2.0 */
/* A calibration while it plays, for plan_*.c only. */
#ifndef ERG_SWEEP_PLAN_INSIDE_H
#define ERG_SWEEP_PLAN_INSIDE_H

#include "erg/plan.h"
#include "run/recording.h"
#include "run/spawn.h"
#include "sweep/sweep_inside.h"

typedef struct erg_plan_stage {
    const erg_env *env;
    const erg_plan *plan;
    const erg_plan_options *options;
    erg_sweep_setup setup;      /* its dials: limit, fan, as far as they are turned */
    erg_knob_setting setting;   /* what they are at */
    size_t device;
    erg_recording *rec;
    erg_child load;
    bool has_load;
    double worked_s, wanted_s;  /* of the part that plays */
} erg_plan_stage;

/* False and no err: it was asked to stop. */
bool erg_plan_play(erg_plan_stage *of, erg_error *err);
void erg_plan_say(const erg_plan_stage *of, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
