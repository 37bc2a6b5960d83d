/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each pair is tested, and tested again without what utilisation and clock explain.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/regression.h"
#include "math/stats.h"
#include "couple/couple_inside.h"

#define LAG_MOST_S 3.0
#define DELAY_UNSURE_S 0.25

static const double *run_of(const erg_joint *joint, int channel)
{
    return erg_joint_run(joint, &joint->channels[channel]);
}

/* Its own chance for each pair, whatever others are studied beside it. */
static uint64_t key_of(const erg_joint *joint, const erg_joint_pair *pair)
{
    const char *texts[] = { pair->device < 0 ? "" : joint->devices[pair->device].log->name,
                            joint->channels[pair->x].name, joint->channels[pair->y].name };
    uint64_t use = 0;

    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        for (const char *at = texts[i]; *at; at++)
            use = erg_random_mix(use ^ (unsigned char)*at);
        use = erg_random_mix(use);
    }
    return erg_key(joint->options->key, use);
}

static erg_detrend detrend_of(const erg_couple_options *options)
{
    if (!options->detrend || strcmp(options->detrend, "linear") == 0)
        return ERG_DETREND_LINEAR;
    return strcmp(options->detrend, "diff") == 0 ? ERG_DETREND_DIFF : ERG_DETREND_NONE;
}

static erg_pair_options options_of(const erg_joint *joint, const erg_joint_pair *pair)
{
    const erg_couple_options *options = joint->options;
    double most_s = options->lag_max_s > 0 ? options->lag_max_s : LAG_MOST_S;
    double bins = floor(most_s / joint->dt_s + 1e-9), half = (double)erg_joint_n(joint) / 4;

    return (erg_pair_options){ .lags = (size_t)fmax(1, fmin(bins, half)),
                               .detrend = detrend_of(options), .draws = options->draws,
                               .key = key_of(joint, pair), .alpha = options->alpha };
}

/* ---- drivers ----------------------------------------------------------------------- */

/* A driver is excluded where the same association still stands without its share. */
static bool test_drivers(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    const double *drivers[ERG_DRIVERS_MOST];
    erg_pair_options how = options_of(joint, pair);
    size_t n = erg_joint_n(joint), count = erg_joint_drivers(joint, pair, false, drivers);
    double alpha = joint->options->alpha > 0 ? joint->options->alpha : 0.05;

    if (!(pair->test.p_value < alpha))
        return true;
    double *x = calloc(2 * n, sizeof(*x));
    bool is_same = false;
    erg_pair rest;
    if (!x)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    how.key = erg_key(how.key, 2);
    if (count > 0 && erg_regress_out(run_of(joint, pair->x), drivers, count, n, how.lags, x)
        && erg_regress_out(run_of(joint, pair->y), drivers, count, n, how.lags, x + n)
        && erg_pair_test(x, x + n, n, &how, &rest, NULL)) {
        pair->driven_p = rest.p_value;
        is_same = rest.r * pair->test.r > 0 && abs(rest.lag - pair->test.lag) <= 1;
        erg_pair_free(&rest);
    }
    bool stands = count == 0 || (pair->driven_p < alpha && is_same);
    pair->is_drivers_excluded = pair->has_drivers && stands;
    free(x);
    return true;
}

/* ---- the pair ---------------------------------------------------------------------- */

static bool is_smoothed(const erg_joint_channel *of)
{
    return of->device >= 0
        && (of->value == ERG_MONITOR_RLE_SMOOTHED || of->value == ERG_MONITOR_RLE_NORM
            || of->value == ERG_MONITOR_PEAK || of->is_smoothed);
}

static double u_lag(const erg_joint *joint, const erg_joint_pair *pair)
{
    const erg_joint_channel *x = &joint->channels[pair->x], *y = &joint->channels[pair->y];
    bool one_clock = x->device == y->device || joint->is_one_clock;
    double delay = pair->device >= 0 && joint->devices[pair->device].delay_s > 0
        ? DELAY_UNSURE_S : 0;

    return joint->dt_s / 2 + (one_clock ? 0 : joint->half_width_s)
         + fabs(x->window_s - y->window_s) / 2 + delay;
}

static bool is_feedback(const erg_pair *test)
{
    bool early = false, late = false;

    for (int k = 1; k <= (int)test->lags; k++) {
        early = early || fabs(test->ccf_residual[(int)test->lags - k]) > test->band;
        late = late || fabs(test->ccf_residual[(int)test->lags + k]) > test->band;
    }
    return early && late;
}

static bool test_pair(erg_joint *joint, erg_joint_pair *pair, erg_error *err)
{
    erg_error why = { 0 };
    const double *x = run_of(joint, pair->x), *y = run_of(joint, pair->y);
    size_t n = erg_joint_n(joint);
    const erg_pair_options how = options_of(joint, pair);

    pair->key = how.key;
    pair->detrend = how.detrend;
    pair->hits[ERG_CHECK_SMOOTHED] = is_smoothed(&joint->channels[pair->x])
                                  || is_smoothed(&joint->channels[pair->y]);
    pair->u_lag_s = u_lag(joint, pair);
    pair->is_tested = n > 0 && erg_pair_test(x, y, n, &how, &pair->test, &why);
    if (!pair->is_tested) {
        erg_text_put(pair->why, sizeof(pair->why),
                     n > 0 ? why.text : "no bin is of the run");
        return erg_can_do_without(&why, err);
    }
    pair->is_feedback = is_feedback(&pair->test);
    return test_drivers(joint, pair, err) && erg_joint_ask_granger(joint, pair, &how, err)
        && erg_joint_test_placebos(joint, pair, &how, err);
}

bool erg_joint_test_pairs(erg_joint *joint, erg_error *err)
{
    for (size_t i = 0; i < joint->pair_count; i++)
        if (!test_pair(joint, &joint->pairs[i], err))
            return false;
    return true;
}
