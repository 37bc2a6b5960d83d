/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far an estimate is from what was measured, and how wide that makes it.
 * Errors of one profile are common to all its launches: totals do not shrink.
 */
#include <math.h>
#include <string.h>
#include "estimate/interval.h"
#include "estimate/latency.h"
#include "estimate/run.h"

#define SAME_CLOCK 0.02         /* of the profile's */
#define FITTED_SHARE 0.99       /* of the matrix FLOP */

static bool runs_alike(const erg_profile *profile, const erg_estimate_options *options)
{
    return options->runtime == profile->runtime
        && erg_fusion_of(options->fusion, options->runtime)
            == erg_fusion_of(ERG_FUSION_AUTO, profile->runtime);
}

static bool same_setting(const erg_estimation *to, const erg_profile *profile,
                         const erg_estimate_options *options)
{
    return runs_alike(profile, options) && options->streams <= 1
        && to->graph->phase == ERG_PREFILL
        && fabs(to->clock_hz / profile->clock_hz - 1) <= SAME_CLOCK;
}

/* FLOP of the whole on each unit. */
static erg_work sum_of(const erg_estimation *to, const erg_work work[])
{
    erg_work sum = { 0 };

    for (int32_t i = 0; i < to->partition->subgraph_count; i++)
        for (int class = 0; class < ERG_UNIT_CLASSES; class++)
            for (int precision = 0; precision < ERG_PRECISIONS; precision++)
                sum.flop[class][precision] += work[i].flop[class][precision];
    return sum;
}

static bool is_fitted(const erg_work *sum, const erg_energy_terms *terms)
{
    double all = 0, fitted = 0;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++) {
            all += sum->flop[class][precision];
            fitted += terms->op_rows[class][precision] ? sum->flop[class][precision] : 0;
        }
    return fitted >= FITTED_SHARE * all;
}

/* Rows of another device say little of this one, however they were taken. */
static bool is_of_another(const erg_estimation *to, const erg_profile *profile)
{
    return strcmp(profile->hardware, to->hardware->name) != 0;
}

static erg_grade energy_grade(const erg_estimation *to, const erg_profile *profile,
                              const erg_estimate_options *options, const erg_work *sum)
{
    if (!profile->energy.rows || is_of_another(to, profile))
        return ERG_THEORETICAL;
    return is_fitted(sum, &profile->energy) && same_setting(to, profile, options)
        ? ERG_CALIBRATED : ERG_INTERPOLATED;
}

/* The unit class that does most of the matrix work; vector if there is none. */
static erg_unit_class main_class(const erg_work *sum)
{
    double flop[ERG_UNIT_CLASSES] = { 0 };

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            flop[class] += sum->flop[class][precision];
    return flop[ERG_UNIT_TENSOR] > flop[ERG_UNIT_VECTOR]
        ? ERG_UNIT_TENSOR : ERG_UNIT_VECTOR;
}

/* Nothing but the cap holds the clock. */
static bool runs_free(const erg_estimation *to, const erg_estimate_options *options)
{
    return !options->thermal_point
        && !(options->clock_hz > 0 && options->clock_hz < to->hardware->top_clock_hz);
}

static erg_grade time_grade(const erg_estimation *to, const erg_time_terms *terms,
                            const erg_profile *profile, const erg_estimate_options *options)
{
    if (options->measured_latency_s > 0)
        return ERG_CALIBRATED;
    if (!terms->rows || is_of_another(to, profile))
        return ERG_THEORETICAL;
    if (erg_terms_hold_cap(terms, to->cap_w) && runs_free(to, options)
        && options->streams <= 1)
        return to->graph->phase == ERG_PREFILL && runs_alike(profile, options)
            ? ERG_CALIBRATED : ERG_INTERPOLATED;
    return same_setting(to, profile, options) ? ERG_CALIBRATED : ERG_INTERPOLATED;
}

static void widen(erg_estimate *e, double q_energy, double q_time)
{
    double share = e->total_j > 0 ? e->static_j / e->total_j : 0;
    double q = hypot(q_energy, share * q_time);

    e->low_j = e->total_j * exp(-q);
    e->high_j = e->total_j * exp(q);
}

void erg_grade_estimation(erg_estimation *to, const erg_profile *profile,
                          const erg_estimate_options *options, const erg_work work[],
                          erg_estimate energy[], erg_cap_doubt doubt)
{
    erg_work sum = sum_of(to, work);
    const erg_time_terms *terms = &profile->time[main_class(&sum)];
    erg_grade by_energy = energy_grade(to, profile, options, &sum);
    erg_grade by_time = time_grade(to, terms, profile, options);
    double unknown = 1 - to->graph->coverage;
    double q_energy = unknown + erg_graded_half_width(profile->energy.half_width, by_energy,
                                                      ERG_THEORETICAL_ENERGY);
    double q_time = unknown + erg_graded_half_width(terms->half_width, by_time,
                                                    ERG_THEORETICAL_TIME);

    if (options->measured_latency_s > 0)
        q_time = 0;
    double q_less = hypot(q_time, doubt.less), q_more = hypot(q_time, doubt.more);
    for (int32_t i = 0; i < to->partition->subgraph_count; i++)
        widen(&energy[i], q_energy, fmax(q_less, q_more));
    widen(&to->total, q_energy, fmax(q_less, q_more));
    to->latency_low_s = to->latency_s * exp(-q_less);
    to->latency_high_s = to->latency_s * exp(q_more);
    to->grade = by_energy > by_time ? by_energy : by_time;
}
