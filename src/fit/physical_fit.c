/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical model among the kinds of models. Training finds the knee of the GPU
 * model and nothing else; an application's own curve comes from its anchors.
 */
#include <stdlib.h>
#include "fit/fit.h"
#include "fit/physical.h"

/* A knee is learned from three applications at five clocks; from fewer it would be
 * their noise. */
enum { KNEE_APPLICATIONS = 3, KNEE_CLOCKS = 5 };

static erg_anchor anchor_of(const erg_clock_point *point, double top_hz)
{
    return (erg_anchor){ .x = point->clock_hz / top_hz, .power_w = point->power_w,
                         .time_s = point->time_s, .power_error = point->power_error,
                         .time_error = point->time_error };
}

static erg_anchor *anchors_of(const erg_clock_point *points, size_t count, erg_error *err)
{
    erg_anchor *anchors = calloc(count + 1, sizeof(*anchors));

    if (!anchors)
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu anchors", count);
    for (size_t i = 0; anchors && i < count; i++)
        anchors[i] = anchor_of(&points[i], points[0].clock_hz);
    return anchors;
}

/* Applications, not curves, are counted: other settings of one are no second opinion. */
static bool sum_costs(const erg_train *in, double sum[ERG_KNEES], size_t *applications,
                      erg_error *err)
{
    double costs[ERG_KNEES];
    size_t last = SIZE_MAX;

    for (size_t a = 0; a < in->count; a++) {
        const erg_fit_curve *curve = &in->curves[a];
        if (curve->count < KNEE_CLOCKS)
            continue;
        erg_anchor *anchors = anchors_of(curve->at, curve->count, err);
        if (!anchors)
            return false;
        erg_knee_costs(anchors, curve->count, costs);
        free(anchors);
        for (size_t i = 0; i < ERG_KNEES; i++)
            sum[i] += costs[i];
        *applications += curve->group != last;
        last = curve->group;
    }
    return true;
}

static bool train(const erg_train *in, erg_trained *out, erg_error *err)
{
    const erg_model *source = in->options ? in->options->source : NULL;
    double sum[ERG_KNEES] = { 0 };
    size_t applications = 0;
    erg_knee knee = erg_knee_default, known;

    if (source && erg_model_knee(source, &known.xk, &known.vm))
        knee = known;
    if (!sum_costs(in, sum, &applications, err))
        return false;
    if (applications >= KNEE_APPLICATIONS)
        knee = erg_knee_least(sum);
    return erg_trained_term(out, err, knee.xk, "xk")
        && erg_trained_term(out, err, knee.vm, "vm");
}

static bool predict(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err)
{
    const erg_anchors *from = &of->anchors;
    erg_knee knee = { erg_trained_value(trained, "xk"), erg_trained_value(trained, "vm") };
    bool is_time = trained->target == ERG_TARGET_TIME;
    erg_anchor *anchors = anchors_of(from->at, from->count, err);
    double *x = calloc(2 * of->count + 1, sizeof(*x));
    bool good = anchors && (x || erg_fail(err, ERG_NO_MEMORY, "no memory for a curve"));
    erg_physical form = { .anchors = anchors, .count = from->count,
                          .knee = knee, .draws = sd ? ERG_PHYSICAL_DRAWS : 0 };

    if (good && !(knee.xk > 0 && knee.xk < 1 && knee.vm > 0 && knee.vm <= 1))
        good = erg_fail(err, ERG_BAD_INPUT, "a physical model with its knee at %g, %g",
                        knee.xk, knee.vm);
    for (size_t i = 0; good && i < of->count; i++)
        x[i] = of->clock_hz[i] / from->at[0].clock_hz;
    good = good
        && erg_physical_predict(&form, is_time, x, of->count, out, sd ? sd : x + of->count,
                                NULL, err);
    free(anchors);
    free(x);
    return good;
}

const erg_fit erg_fit_physical = {
    .name = "physical",
    .about =
        "power p0 + c x v(x)^2 and time from a part that follows the clock and one that "
        "does not, through the anchors, with a Gaussian process for the rest",
    .not_for =
        "one anchor; clocks far below the lowest anchor; work whose time the host sets",
    .anchors_least = ERG_PHYSICAL_LEAST,
    .groups_least = 1,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .train = train,
    .predict = predict,
};
