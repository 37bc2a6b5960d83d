/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of an intervention, and what the two settings differ by. */
#ifndef ERG_COUPLE_INTERVENTION_H
#define ERG_COUPLE_INTERVENTION_H

#include "base/base.h"
#include "erg/intervene.h"

/* What a block is judged by. */
typedef enum erg_trial_value {
    ERG_TRIAL_STEP_S,
    ERG_TRIAL_POWER,
    ERG_TRIAL_TEMP,
    ERG_TRIAL_LOSS_SLOPE,
    ERG_TRIAL_VALUES
} erg_trial_value;

typedef struct erg_trial_block {
    erg_span span;
    int pair; /* from 1 */
    bool is_high;
    double value[ERG_TRIAL_VALUES]; /* means after what is dropped; NAN: not measured */
} erg_trial_block;

typedef struct erg_effect {
    size_t pairs;                           /* both blocks measured */
    double low, high;                       /* means */
    double effect, effect_low, effect_high; /* high - low, 95 % by t over pairs */
    double p, q;
    double r, r_low, r_high, least_r; /* as a correlation with the setting */
} erg_effect;

/* Over the pairs that are whole. q is left NAN. */
erg_effect erg_effect_of(const erg_trial_block blocks[], size_t count,
                         erg_trial_value value, uint64_t key);
/* The mark of a begin: + pair for the high setting, - for the low; 0: the end. */
extern const char erg_trial_mark[];

#endif
