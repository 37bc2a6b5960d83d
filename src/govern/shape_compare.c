/* SPDX-License-Identifier: Apache-2.0 */
/* The gate on a real change: a record from before it and one from after it. */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "govern/shape_rows.h"

typedef struct steps { double mean_s, error_s; size_t count; } steps;

/* Lengths of the steps of the first unit, and how sure their mean is. */
static bool measure_steps(const erg_scenario *scenario, steps *out, erg_error *err)
{
    const erg_scenario_job *job = &scenario->jobs[0];
    double *lengths = malloc((job->phase_count + 1) * sizeof(*lengths)), t_s = 0,
           begun_s = NAN;
    size_t count = 0;

    if (!lengths)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for steps");
    for (size_t i = 0; i < job->phase_count; i++) {
        const erg_phase *phase = &scenario->phases[job->first_phase + i];
        if (phase->begins_step && !isnan(begun_s))
            lengths[count++] = t_s - begun_s;
        if (phase->begins_step)
            begun_s = t_s;
        t_s += phase->duration_s;
    }
    *out = (steps){ erg_mean(lengths, count), INFINITY, count };
    if (count >= 3)
        out->error_s = erg_sd(lengths, count) / sqrt(erg_n_eff(lengths, count));
    free(lengths);
    return true;
}

/* 1 - T_base/T_new, and the upper end of its one-sided 95 % interval
 * by error propagation. */
static double loss_of(const steps *base, const steps *changed, double *upper)
{
    double ratio = base->mean_s / changed->mean_s;
    double relative = hypot(base->error_s / base->mean_s,
                            changed->error_s / changed->mean_s);

    *upper = NAN;
    if (base->count < 3 || changed->count < 3)
        return NAN;
    double df = (double)(base->count < changed->count ? base->count : changed->count) - 1;
    *upper = 1 - ratio + erg_student_t(0.95, df) * ratio * relative;
    return 1 - ratio;
}

static erg_gate_side side_of(const erg_shaped *shaped, const erg_record_facts *facts,
                             double loss)
{
    return (erg_gate_side){
        .peak_10ms_w = shaped->metrics.peak_mean_w[0],
        .ramp_w_per_s = shaped->metrics.ramp_w_per_s[0],
        .band_rms = shaped->metrics.band_rms,
        .throughput_loss = loss, .energy_per_step_j = shaped->energy_per_step_j,
        .collective_p99_s = shaped->collective_p99_s,
        .throttled_s = facts->throttled / shaped->steps_per_s, .timeouts = NAN,
    };
}

static bool put_rows(erg_shape_tables *tables, const erg_shaped both[2],
                     const erg_scenario *const scenarios[2], const double losses[2],
                     erg_verdict *verdict, erg_error *err)
{
    const erg_gate_side base = side_of(&both[0], &scenarios[0]->facts, 0);
    const erg_gate_side changed = side_of(&both[1], &scenarios[1]->facts, losses[1]);
    const erg_shape_row rows[] = {
        { "base", &both[0], 0, true, true, base, base },
        { "new", &both[1], losses[0], false, true, base, changed },
    };
    const erg_shape_wave waves[] = { { "base", &both[0] }, { "new", &both[1] } };

    return erg_shape_tables_add(tables, &rows[0], verdict, err)
        && erg_shape_tables_add(tables, &rows[1], verdict, err)
        && erg_shape_details_add(tables, "base", &both[0], err)
        && erg_shape_details_add(tables, "new", &both[1], err)
        && erg_shape_waves_add(tables, waves, ERG_COUNT(waves), err)
        && (isnan(losses[1])
            ? erg_result_note(tables->result, err, "two records are compared; in one of "
                              "them fewer than 4 steps begin, so that the lost throughput "
                              "is not known")
            : erg_result_note(tables->result, err, "two records are compared; the gate "
                              "takes the upper end of the 95 %% interval of the lost "
                              "throughput, %.3g", losses[1]))
        && erg_result_note(tables->result, err,
                           "one was recorded after the other: what changed meanwhile is in "
                           "the difference (temperature alone has moved equal work by "
                           "3.9 %% in 117 s); taking turns tells them apart: record 3 or "
                           "more of each, base, new, base, new, .., and name them all with "
                           "--base and --new");
}

erg_result *erg_shape_compare(const erg_scenario *base, const erg_scenario *changed,
                              const erg_shape_options *options, erg_verdict *verdict,
                              erg_error *err)
{
    const erg_policy_chain none = { .text = "none" };
    const erg_scenario *const scenarios[2] = { base, changed };
    erg_shape_tables tables = { 0 };
    erg_shaped both[2] = { 0 };
    steps lengths[2];
    double losses[2];
    bool ok = erg_shape_tables_begin(&tables, options, err);

    for (int i = 0; ok && i < 2; i++) {
        ok = erg_shape_simulate(scenarios[i], &none, 0, &both[i], err)
            && measure_steps(scenarios[i], &lengths[i], err);
        both[i].collective_p99_s = scenarios[i]->facts.collective_p99_s;
    }
    if (ok) {
        losses[0] = loss_of(&lengths[0], &lengths[1], &losses[1]);
        ok = put_rows(&tables, both, scenarios, losses, verdict, err);
    }
    erg_shaped_free(&both[0]);
    erg_shaped_free(&both[1]);
    if (ok)
        return tables.result;
    erg_result_free(tables.result);
    return NULL;
}
